"""What a replica shows of itself: whose it is, a record as a person saw it, a change not yet sent or
come back, a step of history, the state of synchronising."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from schema.kinds import KINDS
from schema.record import DELETED
from sync.change import Grant, Slot
from sync.receipts import Receipt


class Identity(Struct, frozen=True):
    """Whose replica this is."""

    user: str
    device: str
    grants: tuple[Grant, ...] = ()
    server: str = ""
    name: str = ""
    county: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(g.role for g in self.grants))


class View(Struct, frozen=True):
    """A record as a person saw it; the base of what they save next."""

    id: str
    kind: str
    root: str
    values: dict[str, Any]
    """Field to value; empty ones left out."""
    slots: dict[str, Slot]
    """Every slot ever written."""
    last: str
    """Version of the last change of the whole record."""
    pending: int
    made: str = ""
    """Version of the change that made it."""

    def version(self, field: str) -> str | None:
        found = self.slots.get(slot_name(self.kind, field))
        return found.standing.mark.version if found else None

    def author(self, field: str) -> str | None:
        found = self.slots.get(slot_name(self.kind, field))
        return found.standing.mark.author if found else None

    @property
    def deleted(self) -> str | None:
        return self.values.get(DELETED)

    @property
    def conflicts(self) -> dict[str, str]:
        """Slot to the id of its open conflict."""
        return {name: s.conflict for name, s in self.slots.items() if s.conflict}


class Pending(Struct, frozen=True):
    """A change not yet on the server."""

    seq: int
    kind: str
    id: str
    op: str
    fields: dict[str, Any]
    at_ms: int
    root: str = ""


class Returned(Struct, frozen=True):
    """A change that came back: `invalid` (mend it) or `quarantined` (the county keeps it)."""

    seq: int
    kind: str
    id: str
    op: str
    fields: dict[str, Any]
    status: str
    code: str
    field: str
    at_ms: int


class Past(Struct, frozen=True):
    """One step in the history of a record's slot."""

    field: str
    value: Any
    author: str
    device: str
    at_ms: int
    version: str
    op: str
    is_sent: bool
    note: str = ""
    receipt: Receipt | None = None
    """Of a change of this device that the county has."""


class SyncState(Struct, frozen=True):
    """What the title bar says."""

    pending: int
    returned: int
    conflicts: int
    last_sync_ms: int | None
    server: str
    cursor: str
    in_step: bool | None


def slot_name(kind: str, field: str) -> str:
    found = KINDS[kind].by_name.get(field)
    return found.slot if found else field
