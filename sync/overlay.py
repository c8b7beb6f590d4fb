"""Unsent changes laid over the canonical state: what the person at this laptop sees until the hub
has spoken."""

from __future__ import annotations

from collections.abc import Sequence

from schema.kinds import KINDS
from schema.record import Kind
from sync.change import Change, Head, Mark, Slot, State
from sync.decide import first_values


def overlay(state: State | None, changes: Sequence[Change], root: str = "") -> State | None:
    """`state` with unsent changes on top, in order. A change to a record not held here shows
    nothing."""
    for change in changes:
        kind = KINDS[change.kind]
        if state is None:
            if change.op != "create":
                return None
            state = _made(kind, change, root)
        else:
            state = _changed(kind, state, change)
    return state


def _made(kind: Kind, change: Change, root: str) -> State:
    mark = Mark(change.version, change.author, change.hlc, change.seen)
    values = first_values(kind, change)
    return State(kind.name, change.id, root, mark, mark, values, {}, 0)


def _changed(kind: Kind, before: State, change: Change) -> State:
    mark = Mark(change.version, change.author, change.hlc, change.seen)
    after = before.copy()
    after.last = mark
    for name, value in change.fields.items():
        found = before.slot(name, kind.slot_value(name, before.values))
        rest: tuple[Head, ...] = ()
        if found is not None and found.conflict:
            closed = {change.base.get(name), *change.names}
            rest = tuple(h for h in found.heads if h.mark.version not in closed)
        mine = Head(mark, value, (mark.version,))
        if rest and found is not None:
            slot = Slot(
                (mine, *rest), found.conflict, found.base_version, found.base_value, found.opened
            )
        else:
            slot = Slot((mine,))
        after.slots[name] = slot
        for field, shown in kind.spread(name, value).items():
            if shown is None:
                after.values.pop(field, None)
            else:
                after.values[field] = shown
    return after
