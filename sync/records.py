"""The record tables of a replica: states in and out, in bulk, with search, conflicts and shadows
kept true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.record import Kind
from sync import keeping, paperbytes
from sync.change import Change, Entry, Slot, State
from sync.following import follow
from sync.protocol import Run
from sync.storage import Connection, insert
from sync.tables import CODECS, meta_of, quoted, table, unwatched
from sync.unread import Unread

Indexer = Callable[[Connection, Mapping[str, set[str]], Mapping[str, State]], None]
"""Called with the connection, per kind the ids of records written or removed, and by id the states of
those that came new and stand as they came: they need not be read again. In their transaction."""

ALONE = "_pending = 1"
"""True of a record with one unsent change."""

SLICE = 2000
"""Records of a kind that the indexers get at once."""

_state = msgspec.json.Decoder(State)
_entry = msgspec.json.Decoder(Entry)
_slot = msgspec.json.Decoder(Slot)


def as_json(values: Iterable[Any]) -> str:
    """A list for `json_each(?)`."""
    return msgspec.json.encode(list(values)).decode()


def may_hold(connection: Connection, name: str, column: str, ids: Collection[str]) -> bool:
    """False when a table has none of these in a column that has an index: told by one look-up, as a
    fill comes in the order of ids."""
    statement = f"SELECT 1 FROM {name} WHERE {column} BETWEEN ? AND ? LIMIT 1"  # noqa: S608
    return bool(ids) and bool(connection.execute(statement, (min(ids), max(ids))).fetchone())


class Records:
    """Reads and writes states. Every method runs inside the caller's transaction."""

    def __init__(self, connection: Connection, indexers: Sequence[Indexer] = ()) -> None:
        self.connection = connection
        self.indexers = tuple(indexers)
        self.unread = Unread(connection)
        self._touched: dict[str, set[str]] = {}
        self._new: dict[str, State] = {}

    # -- reading

    def kind_of(self, ids: Collection[str]) -> dict[str, str]:
        """Id to kind, of records shown here."""
        found: dict[str, str] = {}
        listed = as_json(ids)
        for kind in KINDS:
            rows = self.connection.execute(
                f"SELECT id FROM {table(kind)} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
                (listed,),
            )
            found.update((row[0], kind) for row in rows)
            if len(found) == len(ids):
                break
        return found

    def shown(self, kind: str, ids: Collection[str]) -> dict[str, State]:
        """States as people see them: unsent changes on top."""
        codec = CODECS[kind]
        rows = self.connection.execute(
            f"{codec.select} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
            (as_json(ids),),
        )
        return {row[0]: codec.state(row) for row in rows}

    def canonical(self, wanted: Mapping[str, Collection[str]]) -> dict[str, State | None]:
        """States as the hub's log makes them, by kind and ids; None when the hub does not know
        them."""
        every = [i for ids in wanted.values() for i in ids]
        shadows = self.connection.execute(
            "SELECT id, body FROM shadow WHERE id IN (SELECT value FROM json_each(?))",
            (as_json(every),),
        )
        found: dict[str, State | None] = {
            id_: None if body is None else _state.decode(body) for id_, body in shadows
        }
        for kind, ids in wanted.items():
            bare = [i for i in ids if i not in found]
            if bare:
                found.update(self.shown(kind, bare) if kind in KINDS else self.unread.states(bare))
        return {i: found.get(i) for i in every}

    # -- writing

    def put(self, states: Iterable[tuple[State, int]], *, is_new: bool = False) -> None:
        """Write states as shown, each with the number of unsent changes on top of it. `is_new`:
        nothing of any of them is here."""
        by_kind: dict[str, list[tuple[State, int]]] = {}
        for state, pending in states:
            by_kind.setdefault(state.kind, []).append((state, pending))
        self._take_hand()
        for kind, rows in by_kind.items():
            codec = CODECS[kind]
            self._note_touched(kind, {s.id for s, _ in rows})
            alike: dict[str, list[tuple[Any, ...]]] = {}
            for state, pending in rows:
                into, row = codec.row(state, pending)
                alike.setdefault(into, []).append(row)
            with unwatched(self.connection, kind, len(rows)):
                for into, made in alike.items():
                    if is_new:
                        insert(self.connection, into, made)
                    else:
                        marks = ", ".join("?" * len(made[0]))
                        replace = f"INSERT OR REPLACE INTO {into} VALUES ({marks})"  # noqa: S608
                        self.connection.executemany(replace, made)
            self._note_conflicts([s for s, _ in rows])
            if is_new:
                pointer = KINDS[kind].pointer  # what it names may show it under another file
                self._new.update((s.id, s) for s, _ in rows if pointer not in s.values)

    def confirm(self, states: Iterable[State]) -> bool:
        """Note that the hub has taken what is shown just as it is shown; False when one is not
        here."""
        rows: dict[str, list[tuple[int, bytes, str]]] = {}
        for state in states:
            rows.setdefault(state.kind, []).append((state.seq, meta_of(state), state.id))
        self._take_hand()
        is_whole = True
        for kind, some in rows.items():
            statement = f"UPDATE {table(kind)} SET _seq = ?, _pending = 0, _meta = ? WHERE id = ?"  # noqa: S608
            with unwatched(self.connection, kind, len(some)):
                is_whole &= self.connection.executemany(statement, some).rowcount == len(some)
        return is_whole

    def number(self, kind: Kind, run: Run) -> list[tuple[int, str | None]]:
        """`confirm` of the records of a kind that a run of own changes makes, whose marks are as they
        were shown; log numbers, and the days by which some are held, of those of which nothing else
        is here, or known to the hub."""
        self._take_hand()
        name = table(kind.name)
        day = quoted(kind.window_field) if kind.window_field else "NULL"
        statement = (
            f"UPDATE OR FAIL {name} SET _seq = o.seq + ?, _pending = 0"  # noqa: S608
            " FROM outbox o CROSS JOIN shadow s ON s.id = o.record AND s.body IS NULL"
            f" WHERE {name}.id = o.record AND {ALONE} AND o.seq BETWEEN ? AND ?"
            " AND o.kind = ? AND o.digest IS NOT NULL"
            f" RETURNING _seq, {day}"
        )
        upto = run.device_seq + run.count - 1
        given = run.seq - run.device_seq, run.device_seq, upto, kind.name
        with unwatched(self.connection, kind.name, run.count):
            return list(self.connection.execute(statement, given).fetchall())

    def void(self, kind: str) -> None:
        """The numbers of every record of a kind are of a log that is no more."""
        self._take_hand()
        self.connection.execute(f"UPDATE {table(kind)} SET _seq = 0")  # noqa: S608

    def remove(self, kind: str, ids: Collection[str]) -> None:
        listed = as_json(ids)
        keeping.keep(self.connection, listed)
        self._take_hand()
        self._note_touched(kind, ids)
        for statement in (
            f"DELETE FROM {table(kind)} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
            "DELETE FROM conflict WHERE record IN (SELECT value FROM json_each(?))",
            "DELETE FROM log WHERE record IN (SELECT value FROM json_each(?))",
            "DELETE FROM notice WHERE record IN (SELECT value FROM json_each(?))",
            "DELETE FROM decided WHERE record IN (SELECT value FROM json_each(?))",
        ):
            self.connection.execute(statement, (listed,))

    def _note_touched(self, kind: str, ids: Collection[str]) -> None:
        """Before they are written: with what is shown under another file, that one is touched
        too."""
        touched = self._touched.setdefault(kind, set())
        touched.update(ids)
        if self._new:
            for id_ in ids:
                self._new.pop(id_, None)
        if KINDS[kind].pointer:
            statement = f"SELECT id, _root FROM {table(kind)} WHERE _root <> id"  # noqa: S608
            of = dict(self.connection.execute(statement).fetchall())
            touched.update(of[i] for i in of.keys() & set(ids))

    def _take_hand(self) -> None:
        """Until `settle` it is the program that writes: see sync/scrub.py."""
        self.connection.execute("INSERT OR IGNORE INTO hand VALUES ('ours')")

    def keep_shadow(self, id: str, state: State | None) -> None:
        """Remember the canonical state of a record that gets its first unsent change."""
        body = None if state is None else msgspec.json.encode(state)
        self.connection.execute("INSERT OR IGNORE INTO shadow VALUES (?, ?)", (id, body))

    def set_shadows(self, shadows: Mapping[str, State | None], gone: Collection[str]) -> None:
        self.connection.executemany(
            "INSERT OR REPLACE INTO shadow VALUES (?, ?)",
            [(i, None if s is None else msgspec.json.encode(s)) for i, s in shadows.items()],
        )
        self.connection.executemany("DELETE FROM shadow WHERE id = ?", [(i,) for i in gone])

    def _note_conflicts(self, states: Sequence[State]) -> None:
        # Also of those without a slot: after a restore a record may stand there with less than it had.
        if self.connection.execute("SELECT 1 FROM conflict LIMIT 1").fetchone():
            self.connection.execute(
                "DELETE FROM conflict WHERE record IN (SELECT value FROM json_each(?))",
                (as_json([s.id for s in states]),),
            )
        rows = [
            (slot.conflict, state.id, state.kind, name, slot.opened)
            for state in states
            for name, slot in state.slots.items()
            if slot.conflict and KINDS[state.kind].knows(name)
        ]
        if rows:
            self.connection.executemany("INSERT OR REPLACE INTO conflict VALUES (?,?,?,?,?)", rows)

    def settle(self) -> None:
        """Let the indexers see what was touched; called before the transaction ends."""
        touched, new = self._touched, self._new
        self.forget()
        follow(self.connection, touched)
        self.connection.execute("DELETE FROM hand WHERE who = 'ours'")
        if "paper" in touched:
            paperbytes.tidy(self.connection)
        self._index(touched, new)

    def forget(self) -> None:
        """What was touched has been undone, or is settled."""
        self._touched, self._new = {}, {}

    def touch(self, kind: str, ids: Collection[str]) -> None:
        """Note what is written beside `put`, for `settle`."""
        self._take_hand()
        self._note_touched(kind, ids)

    def index(self, kind: str, ids: Collection[str]) -> None:
        """Let the indexers see records whose index is to be made anew."""
        self._index({kind: set(ids)}, {})

    def _index(self, touched: Mapping[str, set[str]], new: Mapping[str, State]) -> None:
        for part in _slices(touched):
            for indexer in self.indexers:
                indexer(self.connection, part, new)

    def catch_up(self) -> None:
        """After an update of the program: what came for it before it knew becomes as all else."""
        states = [(state, 0) for state in self.unread.known_now()]
        for kind in KINDS:
            states += self._with_new_fields(kind)
        self.put(states)
        self.settle()

    def _with_new_fields(self, kind: str) -> list[tuple[State, int]]:
        """Records of a kind that hold values of a field for which there is a column now."""
        codec = CODECS[kind]
        found = []
        where = "json_array_length(CAST(_meta AS TEXT)) > 3"
        for row in self.connection.execute(f"{codec.select} WHERE {where}").fetchall():
            state = codec.state(row)
            found.append((state, row[codec.columns.index("_pending")]))
        return found

    def entries(self, id: str) -> list[Entry]:
        """The log of a record as far as it is held here, the oldest first."""
        rows = self.connection.execute("SELECT body FROM log WHERE record = ? ORDER BY seq", (id,))
        return [_entry.decode(row[0]) for row in rows]

    def slots_decided(self, id: str, name: str) -> list[Slot]:
        """A slot as it stood before each decision about it that is held here, the oldest first."""
        rows = self.connection.execute(
            "SELECT before FROM decided WHERE record = ? AND slot = ? ORDER BY stamp", (id, name)
        )
        return [_slot.decode(row[0]) for row in rows]

    # -- unsent changes

    def unsent(self, ids: Collection[str] | None = None) -> dict[str, list[Change]]:
        """Unsent changes by record, in order of saving."""
        if ids is None:
            rows = self.connection.execute("SELECT record, body FROM outbox ORDER BY seq")
        else:
            rows = self.connection.execute(
                "SELECT record, body FROM outbox"
                " WHERE record IN (SELECT value FROM json_each(?)) ORDER BY seq",
                (as_json(ids),),
            )
        found: dict[str, list[Change]] = {}
        for record, body in rows:
            found.setdefault(record, []).append(msgspec.json.decode(body, type=Change))
        return found


def _slices(touched: Mapping[str, set[str]]) -> Iterator[dict[str, set[str]]]:
    """The same in parts, every kind in the first: the texts of a whole import would take 20 MB."""
    waiting = {kind: sorted(ids) for kind, ids in touched.items()}
    while waiting:
        yield {kind: set(ids[:SLICE]) for kind, ids in waiting.items()}
        waiting = {kind: ids[SLICE:] for kind, ids in waiting.items() if ids[SLICE:]}
