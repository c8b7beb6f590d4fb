"""The suite of `store_suite.py` over SQLite, open and encrypted, and what only SQLite does."""

from __future__ import annotations

import secrets
import threading
from contextlib import contextmanager

import msgspec
import pytest
from store_suite import NOW, StoreSuite, change, entry, put_log, row, state

from schema.kinds import KINDS
from schema.problems import InvalidValue
from server.store.sqlite import SCHEMA, SqliteStore
from sync.change import Entry
from sync.decide import replay
from sync.hub import Place
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


class _Apart(SqliteStore):
    """Whatever is written stands apart from what is ordered by unit and number."""

    much = 1


class _Settling(_Apart):
    """And is put in its place, a root at a time, with the same transaction."""

    @contextmanager
    def write(self):
        with super().write():
            yield
            self._put_numbers()
            self.settle(1)


class TestApart(StoreSuite):
    @pytest.fixture
    def store(self):
        return _Apart(open_plain(":memory:"))


class TestSettling(StoreSuite):
    @pytest.fixture
    def store(self):
        return _Settling(open_plain(":memory:"))


FRESH = ("place_unit_fresh", "id_number_fresh")
SETTLED = ("place_unit", "id_number")


def rows_of(store, tables) -> list[list[tuple]]:
    return [
        sorted(store.connection.execute(f"SELECT * FROM {table}").fetchall()) for table in tables
    ]


def looks(store) -> list[object]:
    """What is asked by unit and by number."""
    return [
        [store.roots_in([unit], ["b1"], after, 9) for unit in "uvw" for after in ("", "b2")],
        [sorted(store.roots_at((unit,))) for unit in "uvw"],
        store.roots_with_id(["n1", "n2", "n3", "n9"]),
        [row.seq for unit in "uvw" for row in store.log_rows_in(0, [unit], [])],
    ]


def roster(store) -> None:
    """Five children come together; then one moves, one gets another number, and one has none."""
    changes = [change(n, f"b{n}") for n in range(1, 6)]
    units = ("u", "v"), ("u",), ("v",), (), ("w", "u")
    with store.write():
        store.put_states([state(f"x{n}", n, "unit", "") for n in range(40)])  # few of many units
        store.append([row(entry(n, c)) for n, c in enumerate(changes, 1)])
        store.put_places({f"b{n}": Place(at, n) for n, at in enumerate(units, 1)}, {})
        for n, number in enumerate(("n1", "n2", "n1", "n3"), 1):
            store.put_id(f"b{n}", number)


def corrections(store) -> None:
    with store.write():
        store.put_places({"b2": Place(("w",), 2)}, {"b2": Place(("u",), 2)})
        store.put_id("b2", "n9")
        store.put_id("b4", None)


def test_what_stands_apart_is_found_and_goes_to_its_place_step_by_step():
    usual, apart = SqliteStore(open_plain()), _Apart(open_plain())
    for store in (usual, apart):
        roster(store)
    assert rows_of(usual, FRESH) == [[], []] and rows_of(apart, SETTLED) == [[], []]
    assert looks(apart) == looks(usual)
    steps, is_left = 0, True
    while is_left:
        with apart.write():
            is_left = apart.settle(2)
        steps += 1
        assert looks(apart) == looks(usual)
    assert steps == 3
    assert rows_of(apart, FRESH) == [[], []]
    assert rows_of(apart, SETTLED) == rows_of(usual, SETTLED)


@pytest.mark.parametrize("settled", [0, 2, 9])
@pytest.mark.parametrize("again", [SqliteStore, _Apart])
def test_a_root_that_stands_apart_moves_and_gets_another_number(settled, again):
    """Corrected by few or by many at once, before, while and after what it came with is put away."""
    usual, apart = SqliteStore(open_plain()), _Apart(open_plain())
    for store in (usual, apart):
        roster(store)
    if settled:
        with apart.write():
            apart.settle(settled)
    corrections(usual)
    other = again(apart.connection)
    corrections(other)
    assert looks(other) == looks(usual)
    with other.write():
        assert not other.settle()
    assert rows_of(other, SETTLED) == rows_of(usual, SETTLED)
    assert looks(other) == looks(usual)


def test_what_another_process_put_apart_is_found(tmp_path):
    one, other = (_Apart(open_plain(tmp_path / "hub.db")) for _ in range(2))
    with one.write():
        one.put_id("a1", "n7")
    assert one.roots_with_id(["n7", "n1"]) == {"n7": ["a1"]}
    roster(other)
    assert one.roots_with_id(["n7", "n1"]) == {"n7": ["a1"], "n1": ["b1", "b3"]}
    with pytest.raises(ZeroDivisionError), one.write():
        one.put_id("c1", "n2")
        assert one.roots_with_id(["n2"]) == {"n2": ["b2", "c1"]}
        raise ZeroDivisionError
    assert one.roots_with_id(["n2"]) == {"n2": ["b2"]}
    with other.write():
        other.settle()
    assert one.roots_with_id(["n2", "n1"]) == {"n2": ["b2"], "n1": ["b1", "b3"]}
    for store in (one, other):
        store.connection.close()
