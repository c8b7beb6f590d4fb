"""What was decided of the conflicts held here: kept so that a decision can be told, counted and
taken back.

A log entry of a decision names the versions it closed, not the conflict; the slot as it was before
is kept beside it, whether the laptop was there when the conflict opened or not.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from sync.change import Change, Conflict, Slot, raw_version
from sync.clock import ms_of
from sync.storage import Connection

COLUMNS = "version, conflict, record, kind, slot, stamp, author, note, before, taken_back"


class Decision(Struct, frozen=True):
    """One decision of a person about a conflict."""

    version: str
    conflict: str
    record: str
    kind: str
    slot: str
    at_ms: int
    author: str
    note: str
    before: Slot
    """The conflict as it stood."""
    taken_back: str = ""
    """Version of the change that took it back; empty while it holds."""

    @property
    def opened_ms(self) -> int:
        return ms_of(self.before.opened)


def is_own_critical(conflict: Conflict, user: str) -> bool:
    """True when a conflict bears on a child's safety and `user` wrote one of its values: somebody
    else is to decide it."""
    authors = {head.mark.author for head in conflict.heads}
    return conflict.meeting == "critical" and user in authors


def note(connection: Connection, change: Change, stamp: int, before: Slot | None) -> None:
    """Remember a decision, or that one was taken back. Inside the caller's transaction."""
    (slot,) = change.fields
    if change.op == "resolve" and (before is None or not before.conflict):
        before = _decided_too(connection, change, slot)
    if change.op == "resolve" and before is not None:
        connection.execute(
            "INSERT OR IGNORE INTO decided VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
            (
                change.version, before.conflict, change.id, change.kind, slot, stamp,
                change.author, change.note, msgspec.json.encode(before),
            ),
        )  # fmt: skip
    elif change.op == "reopen" and slot in change.base:
        connection.execute(
            "UPDATE decided SET taken_back = ? WHERE version = ?",
            (change.version, raw_version(change.base[slot])),
        )


def _decided_too(connection: Connection, change: Change, slot: str) -> Slot | None:
    """The conflict that somebody else had decided before, unseen by this reviewer."""
    values = (change.id, slot)
    for known in decisions(connection, "WHERE record = ? AND slot = ?", values):
        if any(head.mark.version in change.names for head in known.before.heads):
            return known.before
    return None


def decisions(
    connection: Connection, where: str = "", values: Sequence[str] = ()
) -> list[Decision]:
    """Those held here, the newest first; `where` is a condition over the table."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM decided {where} ORDER BY stamp DESC, version DESC",  # noqa: S608
        tuple(values),
    )
    return [
        Decision(
            version, conflict, record, kind, slot, ms_of(stamp), author, why,
            msgspec.json.decode(before, type=Slot), taken_back,
        )
        for version, conflict, record, kind, slot, stamp, author, why, before, taken_back in rows
    ]  # fmt: skip


def find(connection: Connection, id: str) -> Decision | None:
    """The decision of a version, or the last one of a conflict that still holds."""
    found = decisions(connection, "WHERE version = ? OR conflict = ?", (id, id))
    holding = [d for d in found if not d.taken_back]
    return next(iter(holding or found), None)


def forget(connection: Connection, change: Change) -> None:
    """A decision, or its taking back, that the county did not take."""
    connection.execute("DELETE FROM decided WHERE version = ?", (change.version,))
    connection.execute("UPDATE decided SET taken_back = '' WHERE taken_back = ?", (change.version,))
