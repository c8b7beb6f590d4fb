"""The suite of `store_suite.py` over SQLite, open and encrypted, and what only SQLite does."""

from __future__ import annotations

import secrets
import threading

import msgspec
import pytest
from store_suite import NOW, StoreSuite, change, entry, put_log, row, state

from schema.kinds import KINDS
from schema.problems import InvalidValue
from server.store.sqlite import SCHEMA, SqliteStore
from sync.change import Entry
from sync.decide import replay
from sync.storage import open_encrypted, open_plain


class TestPlain(StoreSuite):
    @pytest.fixture
    def store(self):
        return SqliteStore(open_plain(":memory:"))


class TestEncrypted(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path):
        connection = open_encrypted(tmp_path / "hub.db", secrets.token_bytes(32))
        yield SqliteStore(connection)
        connection.close()


@pytest.fixture
def two(tmp_path):
    """Two stores over one file, as two processes have them."""
    stores = [SqliteStore(open_plain(tmp_path / "hub.db", same_thread=False)) for _ in range(2)]
    yield stores
    for store in stores:
        store.connection.close()


def test_a_reader_keeps_its_view_while_another_writes(two):
    writer, reader = two
    put_log(writer, change(1))
    with reader.read():
        assert reader.head() == 1
        put_log(writer, change(2))
        assert reader.head() == 1
    assert reader.head() == 2


def test_what_a_store_remembers_follows_the_other_process(two):
    one, other = two
    for store, unit in ((one, "51"), (other, "52"), (one, "53")):
        with store.write():
            seq = store.head() + 1
            put_log(store, change(seq, unit, kind="unit"))
            store.put_states([state(unit, seq, "unit", "")])
            store.add_to_buckets({("unit", ()): 10, ("child", (unit,)): 1})
    for store in two:
        assert set(store.parents()) == {"51", "52", "53"}
        assert ("unit", (), 30) in list(store.buckets())
        assert len(list(store.buckets())) == 4


def test_threads_with_their_own_connections_number_the_log_without_gaps(tmp_path):
    SqliteStore(open_plain(tmp_path / "hub.db")).connection.close()

    def work(device: str) -> None:
        store = SqliteStore(open_plain(tmp_path / "hub.db"))
        for seq in range(1, 26):
            put_log(store, change(seq, f"{device}{seq}", device=device))
        store.connection.close()

    threads = [threading.Thread(target=work, args=(f"dev{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = SqliteStore(open_plain(tmp_path / "hub.db"))
    assert [r.seq for r in store.log_rows(0, 1000)] == list(range(1, 101))


def test_opening_a_second_time_changes_nothing(tmp_path):
    first = SqliteStore(open_plain(tmp_path / "hub.db"))
    epoch = first.epoch()
    put_log(first, change(1))
    first.connection.close()
    again = SqliteStore(open_plain(tmp_path / "hub.db"))
    assert again.epoch() == epoch
    assert again.head() == 1


def test_the_time_of_arrival_stands_beside_the_claimed_one():
    store = SqliteStore(open_plain(":memory:"), now_ms=lambda: NOW)
    put_log(store, change(1))
    assert store.connection.execute("SELECT at, stamp FROM log").fetchall() == [(NOW, 1 << 20)]


def test_the_schemas_number_counts_its_steps_so_that_no_store_misses_one():
    from sqlite_utils import Database

    from server.store.migrations import migrations

    assert len(migrations.pending(Database(memory=True))) == SCHEMA


def test_what_only_one_entry_says_is_not_written_twice():
    store = SqliteStore(open_plain(":memory:"), now_ms=lambda: NOW)
    changes = [change(1, "51", kind="unit", name="县"), change(2, "r1", name="一"), change(3, "r2")]
    entries = [entry(n, c) for n, c in enumerate(changes, 1)]
    entries[0] = Entry(1, changes[0], 1 << 20)
    states = [replay(KINDS[e.change.kind], None, e) for e in entries]
    merged = msgspec.structs.replace(states[2], last=states[1].made)  # something came to it
    with store.write():
        store.append([row(e) for e in entries])
        store.put_states([*states[:2], merged])
    lengths = "SELECT length(state) > 0 FROM record ORDER BY seq"
    assert [r[0] for r in store.connection.execute(lengths)] == [1, 0, 1]
    assert store.states(["51", "r1", "r2"]) == dict(
        zip(["51", "r1", "r2"], [*states[:2], merged], strict=True)
    )


def test_a_store_of_a_newer_program_is_left_alone(tmp_path):
    path = tmp_path / "hub.db"
    SqliteStore(open_plain(path)).connection.close()
    newer = open_plain(path)
    newer.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    newer.execute("CREATE TABLE of_tomorrow (id TEXT)")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(InvalidValue) as caught:
        SqliteStore(open_plain(path))
    assert caught.value.problem.code == "store_newer"
    assert path.read_bytes() == before
