"""The hub's core: takes changes in, decides them in log order, hands out what each device may see.

Sans-I/O: storage (`HubStore`), time and sessions are passed in. One request is `push` and then
`pull`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sync.branches import Compare
from sync.change import Change
from sync.feed import Feed, is_known
from sync.hubstore import HubStore, Known, LogRow, Move, Place, Session
from sync.intake import Batch
from sync.preparing import Prepared
from sync.protocol import Cursor, SyncResponse, Verdict
from sync.twins import content_hash, hash_of

__all__ = [
    "Hub",
    "HubStore",
    "Known",
    "LogRow",
    "Move",
    "Place",
    "Session",
    "content_hash",
    "hash_of",
]


class Hub:
    """Decides and hands out."""

    def __init__(self, store: HubStore, now_ms: Callable[[], int]) -> None:
        self.store = store
        self.now_ms = now_ms

    # ------------------------------------------------------------------ in

    def push(
        self,
        session: Session,
        changes: Sequence[Change],
        cursor: str = "",
        prepared: Prepared | None = None,
    ) -> list[Verdict]:
        """Take changes into the log or quarantine; one transaction. Answers only what is not news.

        Whoever comes with a cursor of a log that is no more is told so first: they will send again
        what this log lost, and all in the order in which they saved it.

        `prepared`: the changes as this session's page, where that has been done already.
        """
        if not changes:
            return []
        with self.store.write():
            if cursor and not is_known(self.store, Cursor.decode(cursor)):
                return []
            return Batch(self.store, session, self.now_ms()).take(changes, prepared)

    def write(self, kind: str, id: str, fields: dict[str, Any], op: str = "") -> None:
        """A change of the hub's own: units, users, pairs. Joins the caller's `write` block if
        any."""
        with self.store.write():
            Batch(self.store, None, self.now_ms()).own(kind, id, fields, op)

    # ----------------------------------------------------------------- out

    def pull(
        self,
        session: Session,
        cursor: str,
        held: int,
        limit: int,
        strays: Sequence[str] = (),
        compare: Compare | None = None,
        older: Sequence[str] = (),
    ) -> SyncResponse:
        """The next page for a device; on the last one, an answer to what it would compare."""
        with self.store.read():
            feed = Feed(self.store, session, self.now_ms())
            return feed.page(cursor, held, limit, strays, compare, older)
