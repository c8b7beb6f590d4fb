"""Unsent changes laid over the canonical state: what the person at this laptop sees until the hub
has spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schema.kinds import KINDS
from schema.record import Kind
from sync.change import Change, Entry, Head, Mark, Slot, State, raw_version
from sync.decide import first_values, put
from sync.reopening import again

if TYPE_CHECKING:
    from sync.records import Records


def overlay(
    state: State | None,
    changes: Sequence[Change],
    root: str = "",
    held: Records | None = None,
) -> State | None:
    """`state` with unsent changes on top, in order. A change to a record not held here shows
    nothing. `held`: asked for the record's past when a change opens something again."""
    told: list[State] = []
    for change in changes:
        kind = KINDS[change.kind]
        if state is None:
            if change.op != "create":
                return None
            state = _made(kind, change, root)
        elif change.op == "reopen":
            told.append(state)
            state = _opened_again(kind, state, change, told, changes, held)
        else:
            told.append(state)
            state = _changed(kind, state, change)
    return state


def _as_entry(change: Change) -> Entry:
    return Entry(1 << 53, change, change.hlc)


def _opened_again(
    kind: Kind,
    before: State,
    change: Change,
    told: Sequence[State],
    changes: Sequence[Change],
    held: Records | None,
) -> State:
    """As the hub will do it (sync/reopening.py), as far as what is held here tells."""
    (name,) = change.fields
    known = [*(held.entries(change.id) if held else ()), *map(_as_entry, changes)]
    entries = {e.change.version: e for e in known}
    wanted = {raw_version(version) for version in change.names}
    slots = [e.outcome[name] for v, e in entries.items() if v in wanted and name in e.outcome]
    slots += held.slots_decided(change.id, name) if held else ()
    slots += [s.slots[name] for s in told if name in s.slots]
    after = before.copy()
    after.last = Mark(change.version, change.author, change.hlc, change.seen)
    stands = before.slot(name, kind.slot_value(name, before.values))
    if stands is not None:
        slot = again(kind, stands, change, change.hlc, slots, entries.get)
        put(kind, after, name, slot)
    return after


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
        put(kind, after, name, slot)
    return after
