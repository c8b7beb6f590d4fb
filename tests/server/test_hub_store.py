"""The suite of `store_suite.py` over SQLite, open and encrypted, and what only SQLite does."""

from __future__ import annotations

import secrets
import threading

import pytest
from store_suite import NOW, StoreSuite, change, put_log, state

from server.store.sqlite import SqliteStore
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
    from server.store.sqlite import SCHEMA

    assert len(migrations.pending(Database(memory=True))) == SCHEMA
