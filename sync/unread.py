"""What this program cannot read yet: records of kinds that it does not know, kept as they came
until a newer program reads them.

They count in the digest as everywhere, go when their root leaves the scope, and are never sent
back. Fields that it does not know of a kind it knows stand beside the others, in the row's `_meta`
(sync/tables.py). Whatever may be added to the declarations without a new protocol is in
docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.record import Kind
from sync.change import State
from sync.storage import Connection

TABLE = (
    # `body` is the state: as it came where it came as a row, else as the log makes it.
    "CREATE TABLE unread(id TEXT PRIMARY KEY, kind TEXT NOT NULL, root TEXT NOT NULL,"
    " body BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX unread_root ON unread(root)",
)

_decode = msgspec.json.Decoder(State).decode


def kind_of(name: str) -> Kind:
    """The declaration of a kind, or what is known of one that is not declared here: its name."""
    return KINDS.get(name) or _unknown(name)


@cache
def _unknown(name: str) -> Kind:
    nobody: frozenset[Any] = frozenset()
    return Kind(name, name, "hangs", (), read=nobody, write=nobody, delete=nobody)


class Unread:
    """The shelf of one store. Every method runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def count(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM unread").fetchone()[0])

    def every(self) -> list[State]:
        """A row that rotted is left out: the digest misses it, and it comes again."""
        return _readable(row[0] for row in self.connection.execute("SELECT body FROM unread"))

    def states(self, ids: Collection[str]) -> dict[str, State]:
        rows = self.connection.execute(
            "SELECT body FROM unread WHERE id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(list(ids)).decode(),),
        )
        return {state.id: state for state in _readable(row[0] for row in rows)}

    def put(self, states: Iterable[State], as_sent: Mapping[str, bytes]) -> None:
        """Keep states; `as_sent`: the bytes of those that came as rows, by id."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO unread VALUES (?, ?, ?, ?)",
            [(s.id, s.kind, s.root, as_sent.get(s.id) or msgspec.json.encode(s)) for s in states],
        )

    def drop(self, roots: Collection[str]) -> list[State]:
        """Take out what left the scope with these roots; returns it."""
        listed = (msgspec.json.encode(list(roots)).decode(),)
        where = "WHERE root IN (SELECT value FROM json_each(?))"
        rows = self.connection.execute(f"SELECT body FROM unread {where}", listed).fetchall()  # noqa: S608
        if rows:
            self.connection.execute(f"DELETE FROM unread {where}", listed)  # noqa: S608
        return _readable(row[0] for row in rows)

    def remove(self, ids: Collection[str]) -> None:
        self.connection.executemany("DELETE FROM unread WHERE id = ?", [(i,) for i in ids])

    def forget_log(self) -> None:
        """Another log begins: the numbers of this one are void, what is kept stays."""
        states = self.every()
        for state in states:
            state.seq = 0
        self.put(states, {})

    def known_now(self) -> list[State]:
        """What this program can read after all; taken off the shelf."""
        kinds = [row[0] for row in self.connection.execute("SELECT DISTINCT kind FROM unread")]
        states: list[State] = []
        for kind in KINDS.keys() & kinds:
            rows = self.connection.execute("SELECT body FROM unread WHERE kind = ?", (kind,))
            states += _readable(row[0] for row in rows)
            self.connection.execute("DELETE FROM unread WHERE kind = ?", (kind,))
        return states


def _readable(bodies: Iterable[bytes]) -> list[State]:
    states = []
    for body in bodies:
        with suppress(msgspec.MsgspecError):
            states.append(_decode(body))
    return states
