"""The words two replicas exchange: change, mark, head, slot, state, log entry.

All are arrays on the wire (`array_like`): fields are only ever added at the end, with a default.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from schema.record import DELETED

_encode = msgspec.json.Encoder().encode

OPS = ("create", "put", "delete", "undelete", "resolve", "reopen")


class Grant(Struct, frozen=True, array_like=True, gc=False):
    """A role in a unit and everything under it, or for one child."""

    role: str
    unit: str = ""
    child: str = ""


class Change(Struct, frozen=True, array_like=True, gc=False):
    """One save of one record by one author on one device. Immutable."""

    device: str
    seq: int
    txn: str
    op: str
    kind: str
    id: str
    author: str
    hlc: int
    """Claimed stamp (sync/clock.py)."""
    fields: dict[str, Any]
    """Slot to value; a group's value is a dict of its members; None empties."""
    base: dict[str, str] = {}
    """Slot to the version of the value its author saw; a slot never seen is absent.
    A change that hides the record names every slot that has changed since it was made."""
    seen: str | None = None
    """Date on which the author last saw the child."""
    note: str = ""
    names: list[str] = []
    """Resolve: the versions of the heads it closes. Reopen: those that are to stand again. Delete:
    the heads seen besides the standing ones."""

    @property
    def version(self) -> str:
        return f"{self.device}.{self.seq}"


MOST_DEPTH = 6
"""Of lists and objects in a value: a group of sets has two. What the limit of Python's own stack
lets in at one place it would refuse to write out at another."""


def is_shallow(value: Any, left: int = MOST_DEPTH) -> bool:
    """True when a value is nested no deeper than any program has reason to."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return True
    return left > 0 and all(is_shallow(v, left - 1) for v in value if type(v) in _NESTING)


_NESTING = frozenset((dict, list))


def device_of(version: str) -> str:
    """The device part of a version."""
    return version.partition(".")[0]


def seq_of(version: str) -> int:
    """The sequence number inside a version."""
    return int(raw_version(version).partition(".")[2])


def raw_version(version: str) -> str:
    """The change that a version is named after."""
    return version.partition("*")[0]


def combined(version: str, ops: Iterable[str]) -> str:
    """The version of what the hub makes of a change together with others.

    It tells with which: a log grown anew after a backup may combine the same change with others,
    and whoever saw the one has not seen the other.
    """
    return f"{version}*{zlib.crc32(' '.join(sorted(ops)).encode()):08x}"


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """Who wrote a value, when, and when that person last saw the child."""

    version: str
    author: str
    stamp: int
    seen: str | None = None


class Head(Struct, frozen=True, array_like=True, gc=False):
    """One of the values standing in a slot; `ops` are the changes in it that no other change has
    seen."""

    mark: Mark
    value: Any
    ops: tuple[str, ...]
    is_decision: bool = False
    """True when a person's resolve put it there."""


class Slot(Struct, frozen=True, array_like=True, gc=False):
    """What the log says of one slot. `heads[0]` stands; more than one head is an open conflict."""

    heads: tuple[Head, ...]
    conflict: str | None = None
    base_version: str | None = None
    base_value: Any = None
    opened: int = 0
    """Stamp of the change that opened the conflict."""

    @property
    def standing(self) -> Head:
        return self.heads[0]


class State(Struct, array_like=True, gc=False):
    """A record as the log makes it. `slots` holds only what differs from `made`."""

    kind: str
    id: str
    root: str
    """Id of the record whose units it follows: its own, its parent's, or '' for public kinds."""
    made: Mark
    last: Mark
    """Of the last change of the whole record."""
    values: dict[str, Any]
    """Field to standing value, empty ones left out; `_deleted` holds the reason."""
    slots: dict[str, Slot]
    seq: int = 0
    """Log number of the last entry in it."""

    def slot(self, name: str, value: Any) -> Slot | None:
        """The slot, or None when nobody ever wrote it. `value` is what stands in it."""
        found = self.slots.get(name)
        if found is None and value is not None:
            return Slot((Head(self.made, value, (self.made.version,)),))
        return found

    def version(self, name: str, value: Any) -> str | None:
        """The version of what stands in a slot."""
        found = self.slots.get(name)
        if found is not None:
            return found.standing.mark.version
        return None if value is None else self.made.version

    @property
    def is_deleted(self) -> bool:
        return self.values.get(DELETED) is not None

    def copy(self) -> State:
        """A copy that can be replayed upon without touching this one."""
        return State(
            self.kind, self.id, self.root, self.made, self.last,
            dict(self.values), dict(self.slots), self.seq,
        )  # fmt: skip


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """One row of the hub's log: the change, its effective stamp and what became of it."""

    seq: int
    change: Change
    stamp: int
    outcome: dict[str, Slot] = {}
    """Only slots whose result is not simply the change's own value with nothing beside it."""
    root: str = ""


def entry_json(
    seq: int, change: bytes, stamp: int, outcome: dict[str, Slot], root: str
) -> bytes:
    """JSON of an `Entry` whose change is encoded already."""
    return _encode((seq, Raw(change), stamp, outcome, root))


def entry_sql(seq: str, change: str, stamp: str, root: str) -> str:
    """`entry_json` without an outcome, of SQL expressions, as one: for many at once."""
    parts = f"({seq})", f"CAST({change} AS TEXT)", stamp, "'{}'", f"json_quote({root})"
    return "CAST('[' || " + " || ',' || ".join(parts) + " || ']' AS BLOB)"


class Conflict(Struct, frozen=True):
    """An open conflict as readers get it."""

    id: str
    record: str
    kind: str
    slot: str
    meeting: str
    """`critical`, `contested`, `late` (of a merged file, sync/carrying.py) or `edit_delete`."""
    base_version: str | None
    base_value: Any
    heads: tuple[Head, ...]
    opened_ms: int
