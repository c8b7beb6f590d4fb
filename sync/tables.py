"""A replica's tables, made and migrated from the declarations: adding a field is one line, and a
migration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from schema.record import DELETED, Field, Kind
from schema.types import Choices, YesNo
from sync.change import Mark, Slot, State
from sync.paperbytes import TABLE as PAPER_BYTES
from sync.storage import Connection, transaction
from sync.unread import TABLE as UNREAD

SYSTEM = {
    "id": "TEXT PRIMARY KEY",
    "_root": "TEXT NOT NULL",
    "_seq": "INTEGER NOT NULL",
    "_deleted": "TEXT",
    "_pending": "INTEGER NOT NULL DEFAULT 0",
    "_open": "INTEGER NOT NULL DEFAULT 0",
    "_meta": "BLOB NOT NULL",
}
"""Columns that every record table has before its fields. `_root`: the record under which it is shown,
itself or its parent, and of merged files the kept one."""

FIXED = (
    "CREATE TABLE state(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # One row a change that the hub has not confirmed; `body` is the change as it travels.
    "CREATE TABLE outbox(seq INTEGER PRIMARY KEY, record TEXT NOT NULL, txn TEXT NOT NULL,"
    " body BLOB NOT NULL)",
    "CREATE INDEX outbox_record ON outbox(record)",
    # What came back: invalid, or in the county's quarantine. Stays until mended or dropped.
    "CREATE TABLE returned(seq INTEGER PRIMARY KEY, record TEXT NOT NULL, status TEXT NOT NULL,"
    " code TEXT NOT NULL, field TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL)",
    # Canonical state of records that have unsent changes on top; NULL: the hub does not know them
    # yet.
    "CREATE TABLE shadow(id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID",
    # Open conflicts of the records as shown here.
    "CREATE TABLE conflict(id TEXT PRIMARY KEY, record TEXT NOT NULL, kind TEXT NOT NULL,"
    " slot TEXT NOT NULL, opened INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX conflict_record ON conflict(record)",
    # The log as far as this device has been sent it: history.
    "CREATE TABLE log(seq INTEGER PRIMARY KEY, record TEXT NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX log_record ON log(record)",
    # Narrow, so that a search reads little: written by casework's indexer.
    "CREATE TABLE search(kind TEXT, sort TEXT, id TEXT, hay TEXT,"
    " PRIMARY KEY(kind, sort, id)) WITHOUT ROWID",
    "CREATE INDEX search_id ON search(id)",
    # Half-written forms, kept until saved or thrown away.
    "CREATE TABLE draft(place TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)"
    " WITHOUT ROWID",
)

KEPT = (
    # Own changes that the county has and no backup of it, of records that have left this device.
    # `number`: in the log; 0: to be sent again. `at`: hub time, ms.
    "CREATE TABLE kept(seq INTEGER PRIMARY KEY, record TEXT NOT NULL, txn TEXT NOT NULL,"
    " number INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL)",
    # All that is to be sent: what is unsent, and what a county put back to a backup may have lost.
    "CREATE VIEW sendable AS SELECT seq, record, txn, body FROM outbox"
    " UNION ALL SELECT seq, record, txn, body FROM kept WHERE number = 0",
)

SCANS = (
    # Bytes of papers by their SHA-256: as the first program to have papers kept them.
    "CREATE TABLE scan(digest TEXT PRIMARY KEY, size INTEGER NOT NULL, body BLOB NOT NULL,"
    " is_sent INTEGER NOT NULL)",
)

HEALING = (
    # Who writes in the record tables: 'ours' while the program does, inside its transaction only;
    # 'other' once somebody else has (sync/scrub.py).
    "CREATE TABLE hand(who TEXT PRIMARY KEY) WITHOUT ROWID",
    # Every time that records here differed from the county's: when, which (JSON), both roots before.
    "CREATE TABLE healing(at INTEGER NOT NULL, records TEXT NOT NULL, mine TEXT NOT NULL,"
    " theirs TEXT NOT NULL, is_whole INTEGER NOT NULL)",
)


# What to tell a person whose value does not count (sync/notices.py). `version`: the own value.
# `cause`: the conflict, or the decision, for which it does not count. `done`: the cause for which it
# was asked back or put away here.
NOTICE = (
    "CREATE TABLE notice(id TEXT PRIMARY KEY, record TEXT NOT NULL, kind TEXT NOT NULL,"
    " slot TEXT NOT NULL, version TEXT NOT NULL, cause TEXT NOT NULL, stamp INTEGER NOT NULL,"
    " done TEXT NOT NULL DEFAULT '') WITHOUT ROWID",
    "CREATE INDEX notice_record ON notice(record)",
)
# Decisions and the conflicts as they stood before (sync/decisions.py). `taken_back`: the version of
# the change that did.
DECIDED = (
    "CREATE TABLE decided(version TEXT PRIMARY KEY, conflict TEXT NOT NULL, record TEXT NOT NULL,"
    " kind TEXT NOT NULL, slot TEXT NOT NULL, stamp INTEGER NOT NULL, author TEXT NOT NULL,"
    " note TEXT NOT NULL, before BLOB NOT NULL, taken_back TEXT NOT NULL DEFAULT '')"
    " WITHOUT ROWID",
    "CREATE INDEX decided_record ON decided(record)",
    "CREATE INDEX decided_conflict ON decided(conflict)",
)


def table(kind: str) -> str:
    """Name of a kind's table, quoted."""
    return f'"r_{kind}"'


def quoted(name: str) -> str:
    return f'"{name}"'


def _sql_type(field: Field) -> str:
    return "INTEGER" if field.type.sql is int else "TEXT"


def _steps() -> Iterable[tuple[str, Sequence[str]]]:
    """Every migration of today's declarations, named; those not yet applied are run in this
    order."""
    yield "0001.fixed", FIXED
    # Own changes up to this log number were in the county's log at this hub time: a row a page.
    receipt = "CREATE TABLE receipt(up_to INTEGER PRIMARY KEY, at INTEGER NOT NULL)"
    yield "0002.receipt", (receipt,)
    yield "0003.unread", UNREAD
    yield "0004.kept", KEPT
    yield "0005.decided", DECIDED
    yield "0006.notice", NOTICE
    yield "0007.healing", HEALING
    yield "0008.scans", SCANS
    # What came back and its author let go, each with a reason.
    let_go = (
        "CREATE TABLE let_go(seq INTEGER PRIMARY KEY, record TEXT NOT NULL, at INTEGER NOT NULL,"
        " reason TEXT NOT NULL, body BLOB NOT NULL)"
    )
    yield "0009.let_go", (let_go,)
    # Of a change that makes a record: its kind, the stamp that it claims, and the digest of the record
    # should nothing else come to it (sync/confirming.py). NULL: not known.
    of_new = "kind TEXT", "stamp INTEGER", "digest BLOB"
    yield "0010.of_new", [f"ALTER TABLE outbox ADD COLUMN {column}" for column in of_new]
    for kind in KINDS.values():
        name = table(kind.name)
        columns = ", ".join(f"{quoted(c)} {t}" for c, t in SYSTEM.items())
        yield f"{kind.name}.table", (f"CREATE TABLE {name}({columns})",)
        for field in kind.fields:
            add = f"ALTER TABLE {name} ADD COLUMN {quoted(field.name)} {_sql_type(field)}"
            yield f"{kind.name}.field.{field.name}", (add,)
        yield f"{kind.name}.watch", [_watch(kind.name, op) for op in _WATCHED]
        for column, where in _indexed(kind):
            made = f'CREATE INDEX "{kind.name}_{column}" ON {name}({quoted(column)}) {where}'
            yield f"{kind.name}.index.{column}", (made,)
        if kind.reckoned_by:
            columns = ", ".join(quoted(c) for c in ("_root", *kind.reckoned_by))
            made = f'CREATE INDEX "{kind.name}_reckoned" ON {name}({columns})'
            yield f"{kind.name}.reckoned", (f"{made} WHERE _deleted IS NULL",)
    yield "scans.by_paper", PAPER_BYTES


_WATCHED = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def unwatched(connection: Connection, kind: str, rows: int) -> Iterator[None]:
    """Inside a transaction: the program writes many rows of a kind, and no trigger looks at each
    (2 µs). Others find the triggers as they were: what fails in here undoes the transaction."""
    if rows < _MANY:
        yield
        return
    for op in _WATCHED:
        connection.execute(f"DROP TRIGGER {_watch_name(kind, op)}")
    yield
    for op in _WATCHED:
        connection.execute(_watch(kind, op))


_MANY = 500
"""Rows from which on it pays: taking the triggers off and putting them back costs 0.5 ms."""


def _watch_name(kind: str, op: str) -> str:
    return quoted(f"{kind}_{op.lower()}")


def _watch(kind: str, op: str) -> str:
    """A trigger that tells of rows written by another hand."""
    when = "NOT EXISTS (SELECT 1 FROM hand WHERE who = 'ours')"
    named = _watch_name(kind, op)
    then = "INSERT OR IGNORE INTO hand VALUES ('other')"
    return f"CREATE TRIGGER {named} AFTER {op} ON {table(kind)} WHEN {when} BEGIN {then}; END"


def _indexed(kind: Kind) -> Iterable[tuple[str, str]]:
    """Columns with an index, each with the condition that keeps it small."""
    yield "_deleted", f"WHERE {quoted(DELETED)} IS NOT NULL"  # so that the others are soon counted
    yield "_open", "WHERE _open > 0"
    yield "_pending", "WHERE _pending > 0"
    if kind.scope == "hangs":
        yield "_root", ""  # whole: SQLite does not use a partial one for `_root IN (…)`
        yield kind.parent, f"WHERE _root <> {quoted(kind.parent)}"
    if kind.pointer:
        yield "_root", "WHERE _root <> id"
    for field in kind.fields:
        if field.name in (*kind.unit_fields, kind.pointer) or field.is_critical:
            yield field.name, f"WHERE {quoted(field.name)} IS NOT NULL"


def fingerprint() -> int:
    """A number that changes with the declarations; kept as the file's `user_version`."""
    names = "\n".join(name for name, _ in _steps())
    return int.from_bytes(hashlib.blake2b(names.encode(), digest_size=3).digest(), "big") + 1


def schema() -> str:
    """Today's declarations as people name them: six hexadecimal digits that change with them."""
    return f"{fingerprint():06x}"


def migrate(connection: Connection, catch_up: Callable[[], None]) -> None:
    """Bring a store to today's declarations, then `catch_up` in the same transaction. Costs one
    PRAGMA when it is there already."""
    today = fingerprint()
    if connection.execute("PRAGMA user_version").fetchone()[0] == today:
        return
    import sqlite_utils
    from sqlite_utils.migrations import Migrations  # 60 ms, hence not at every start

    migrations = Migrations("replica")
    for name, statements in _steps():
        migrations(name=name)(_runner(statements))
    with transaction(connection):
        migrations.apply(sqlite_utils.Database(connection, execute_plugins=False))
        connection.execute(f"PRAGMA user_version = {today}")
        catch_up()


def _runner(statements: Sequence[str]) -> Callable[[Any], None]:
    def run(db: Any) -> None:
        for statement in statements:
            db.execute(statement)

    return run


class Meta(Struct, array_like=True):
    """What a row keeps of a state besides its values."""

    made: Mark
    last: Mark
    slots: dict[str, Slot]
    rest: dict[str, Any] = {}
    """Values of fields that this program does not know."""


class _Shape(Struct, frozen=True):
    """What follows from which values a state has, in which order: most records have one of few."""

    into: str
    """The table and the columns of such rows; all others are empty."""
    filled: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """Of the values those that have a column, in order of declaration."""
    lists: tuple[str, ...]
    """Those of them that hold a list."""
    strange: tuple[str, ...]
    """Values of fields that this program does not know."""


_MOST_SHAPES = 10_000

_encode = msgspec.json.Encoder().encode


def meta_of(state: State) -> bytes:
    """A state's `Meta` as JSON."""
    return _meta(state, CODECS[state.kind].shape(state.values).strange)


def _meta(state: State, strange: Sequence[str]) -> bytes:
    if not strange:
        return _encode((state.made, state.last, state.slots))
    rest = {name: state.values[name] for name in strange}
    return _encode((state.made, state.last, state.slots, rest))


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """The values of these names: `itemgetter`, which takes one or none otherwise."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple([values[name] for name in names])


class Codec:
    """A kind's states to rows and back."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.names = [f.name for f in kind.fields]
        self.columns = [*SYSTEM, *self.names]
        self.known = frozenset({DELETED, *self.names})
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._lists = {f.name for f in kind.fields if isinstance(f.type, Choices)}
        self._flags = {f.name for f in kind.fields if isinstance(f.type, YesNo)}
        listed = ", ".join(quoted(c) for c in self.columns)
        self.select = f"SELECT {listed} FROM {table(kind.name)}"  # noqa: S608

    def shape(self, values: Mapping[str, Any]) -> _Shape:
        key = tuple(values)
        found = self._shapes.get(key)
        if found is None:
            if len(self._shapes) == _MOST_SHAPES:  # each is a way to order dozens of names
                self._shapes.clear()
            filled = tuple(n for n in (DELETED, *self.names) if n in values)
            lists = tuple(n for n in filled if n in self._lists)
            strange = tuple(sorted(values.keys() - self.known))
            columns = [*(c for c in SYSTEM if c != DELETED), *filled]
            into = f"{table(self.kind.name)}({', '.join(map(quoted, columns))})"
            found = self._shapes[key] = _Shape(into, _getter(filled), lists, strange)
        return found

    def row(self, state: State, pending: int) -> tuple[str, tuple[Any, ...]]:
        """The table and columns of such a row, the same for all with the same columns filled; and
        the row.

        Empty columns are not bound: sqlcipher3 takes 0.15 µs for each None, and most of a child's
        are.
        """
        values = state.values
        shape = self.shape(values)
        if shape.lists:
            told = {n: _encode(v).decode() for n in shape.lists if (v := values[n]) is not None}
            values = values | told
        opened = sum(1 for s in state.slots.values() if s.conflict) if state.slots else 0
        meta = _meta(state, shape.strange)
        system = (state.id, state.root, state.seq, pending, opened, meta)
        return shape.into, system + shape.filled(values)

    def value(self, name: str, stored: Any) -> Any:
        """A column's content as a field value."""
        if stored is None:
            return None
        if name in self._flags:
            return bool(stored)
        return msgspec.json.decode(stored) if name in self._lists else stored

    def worded(self, row: dict[str, Any]) -> dict[str, Any]:
        """The same row, each column as a field value: `value` for those few that are stored
        otherwise."""
        for name in self._flags:
            if row[name] is not None:
                row[name] = bool(row[name])
        for name in self._lists:
            if row[name] is not None:
                row[name] = msgspec.json.decode(row[name])
        return row

    def state(self, row: Sequence[Any]) -> State:
        id_, root, seq, deleted, _pending, _opened, meta, *fields = row
        kept = _decode_meta(meta)
        values = kept.rest | {
            name: self.value(name, stored)
            for name, stored in zip(self.names, fields, strict=True)
            if stored is not None
        }
        if deleted is not None:
            values[DELETED] = deleted
        # `_root` says under which file a record is shown (sync/following.py), not which it names.
        named = {"root": id_, "hangs": values.get(self.kind.parent)}.get(self.kind.scope, root)
        return State(
            self.kind.name, id_, named or root, kept.made, kept.last, values, kept.slots, seq
        )


_decode_meta = msgspec.json.Decoder(Meta).decode
CODECS = {name: Codec(kind) for name, kind in KINDS.items()}
