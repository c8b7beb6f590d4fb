"""What the county's admin is told of conflicts in records that they may not read: that there is one, in
which township and since when.

The hub keeps one record of the kind `withheld` for each, which goes the way of all records: pages,
bundles, backups, digests. Its id follows from record and field, which the admin's device never holds.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import msgspec

from schema.kinds import KINDS
from schema.record import Kind
from schema.roles import REVIEWERS
from sync import clock, ids
from sync.change import Slot, State
from sync.scope import FILE, UnitTree

if TYPE_CHECKING:
    from sync.intake import Batch

NAME = "withheld"
_ZONE = datetime.timezone(datetime.timedelta(hours=8))

_decode_state = msgspec.json.Decoder(State).decode


def is_restricted(kind: Kind) -> bool:
    """True for what hangs on a child and not every reviewer of the child may read."""
    return kind.scope == "hangs" and not REVIEWERS.issubset(kind.read)


_RESTRICTED = frozenset(name for name, kind in KINDS.items() if is_restricted(kind))


def id_of(record: str, slot: str) -> str:
    """Of the record that says so of one field: at most one conflict is open there."""
    return ids.derived_id(NAME, record, slot)


def follow(batch: Batch) -> None:
    """Bring what is told into line with what the batch has changed, before it is written."""
    changed = [
        state
        for id, state in list(batch.states.items())
        if state is not None
        and state.kind in _RESTRICTED
        and state is not batch.before.get(id)
    ]
    batch.load((), {state.root for state in changed})
    for state in changed:
        before = batch.before.get(state.id)
        slots = {*state.slots, *(before.slots if before else ())}
        was = before.slots if before else {}
        _tell(batch, state, [n for n in slots if _is_open(was.get(n)) or _is_open(state.slots.get(n))])
    for state in _moved(batch, {s.id for s in changed}):
        _tell(batch, state, [name for name, slot in state.slots.items() if _is_open(slot)])


def tell_standing(batch: Batch, states: Iterable[State]) -> None:
    """Tell of the conflicts that stand in restricted records, not told of before."""
    for state in states:
        batch.load((), [state.root])
        _tell(batch, state, [name for name, slot in state.slots.items() if _is_open(slot)])
    batch._write()


def _moved(batch: Batch, changed: Collection[str]) -> Iterable[State]:
    """Restricted records of children that are in another place, or whose village is."""
    roots = {move.root for move in batch.moves}
    for _seq, unit, _before in batch.unit_moves:
        after = ""
        while page := batch.store.roots_in(batch.tree.under(unit), (), after, 5000):
            roots.update(page)
            after = page[-1]
    if not roots:
        return
    batch.load((), roots)
    for _root, kind, body in batch.store.records_of(sorted(roots)):
        if is_restricted(KINDS[kind]):
            state = _decode_state(body)
            if state.id not in changed:
                yield state


def _is_open(slot: Slot | None) -> bool:
    return slot is not None and bool(slot.conflict) and len(slot.heads) > 1


def _tell(batch: Batch, state: State, slots: Iterable[str]) -> None:
    for name in sorted(slots):
        slot = state.slots.get(name)
        told: dict[str, str | None] = {"opened": None}
        if slot is not None and _is_open(slot):
            told = {"opened": _day(slot.opened), "unit": _township(batch, state.root)}
        id = id_of(state.id, name)
        batch.load([id], [id])
        held = batch.states[id]
        values = held.values if held else {}
        news = {n: v for n, v in told.items() if values.get(n) != v}
        if news:
            batch._own(NAME, id, news)


def _day(stamp: int) -> str:
    return datetime.datetime.fromtimestamp(clock.ms_of(stamp) / 1000, _ZONE).date().isoformat()


def _township(batch: Batch, root: str) -> str | None:
    """Below the county itself: a village of three families would name the child. Of several, any: who
    reviews there may decide."""
    place = batch.places.get(root)
    units = [u for u in place.units if not u.startswith(FILE)] if place else []
    return min((_below_the_top(batch.tree, u) for u in units), default=None)


def _below_the_top(tree: UnitTree, unit: str) -> str:
    path = tree.path(unit)
    return path[-2] if len(path) > 1 else unit
