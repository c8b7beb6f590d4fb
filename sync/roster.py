"""A page of nothing but new records, taken as a whole: most of a county's first push, every roster.

A record that nobody here has met can meet nobody: what becomes of it is what it says, with one
version. So such a page is judged column by column, each text once, and nothing is asked that is about
meetings. What needs no store for that is told by sync/preparing.py, perhaps long before. One change of
each sort goes through `Judge` like any other; where anything is out of the ordinary the whole page is
left to `Batch.take`, which takes it change by change. Both ways end in the same tables, byte for byte
(tests/sync/test_roster.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sync import clock
from sync.change import Entry, Mark, State
from sync.hubstore import Place, Session
from sync.judging import Judge, Made, Refusal
from sync.preparing import New, Prepared, Unusual

if TYPE_CHECKING:
    from sync.intake import Batch

_ANY_ROOT = "-"
"""No record's id: what grants cover is asked by units alone."""

Units = tuple[str, ...]


def take(batch: Batch, session: Session, page: Prepared) -> bool:
    """Take changes of which none is known here into the batch; False, and nothing is taken, where
    they are anything but new records that are fit to be stored."""
    if not page.sorts:
        return False
    try:
        units = _judged(batch, session, page.sorts)
    except (Unusual, Refusal):
        return False
    _accept(batch, page, units)
    return True


def _judged(batch: Batch, session: Session, sorts: Sequence[Sequence[New]]) -> dict[str, Units]:
    """The units in which each record is made, by id; raises where one may not go into the log."""
    made = {new.change.id: new for some in sorts for new in some}
    above = {new.state.root for new in made.values()} - made.keys()
    batch.load([*made, *above], ())
    roots = {s.root for i in above if (s := batch.states[i])}
    batch.load(roots, roots)
    if any(batch.states[i] for i in made) or batch.store.erased({*made, *above}):
        raise Unusual
    judge = Judge(batch, session)
    units: dict[str, Units] = {}
    for some in sorts:
        first = some[0]
        if first.is_root:
            _place_roots(batch, some)
            units |= {new.change.id: new.units for new in some}
        else:
            units |= {new.change.id: _place_above(batch, new, units) for new in some}
        above_it: Made = {}
        up = first.state.root
        if not first.is_root and up in made:
            above_it[up] = made[up].kind, up, units[up]
        judge.judge(first.change, above_it)
    return units


def _place_roots(batch: Batch, some: Sequence[New]) -> None:
    """Raises where a root is made out of its author's reach."""
    makers = some[0].kind.makers
    for units in {new.units for new in some}:
        is_known = all(unit in batch.tree.parents for unit in units)
        if not is_known or not batch.scope.may(makers, _ANY_ROOT, units):
            raise Unusual


def _place_above(batch: Batch, new: New, made: dict[str, Units]) -> Units:
    """The units of the root that a record hangs on; raises where it is out of its author's
    reach."""
    root = new.state.root
    units = made.get(root)
    if units is None:
        state, place = batch.states[root], batch.places.get(root)
        if place is None or state is None or state.is_deleted:
            raise Unusual
        units = place.units
    if not batch.scope.may(new.kind.makers, root, units):
        raise Unusual
    return units


def _accept(batch: Batch, page: Prepared, units: dict[str, Units]) -> None:
    """What `Batch.accept` does with one change after the other, for records that are new."""
    made = {new.change.seq: new for some in page.sorts for new in some}
    stamp = batch.store.last_stamp(page.device)
    for seq, change in enumerate(page.changes, batch.seq + 1):
        new = made[change.seq]
        state, version = new.state, new.state.made.version
        stamp = clock.admit(change.hlc, batch.now_ms, stamp)
        if stamp == change.hlc:
            batch.digests[seq] = new.digest
        else:
            mark = Mark(version, change.author, stamp, change.seen)
            state = State(state.kind, state.id, state.root, mark, mark, state.values, {})
        state.seq = seq
        batch.states[change.id] = state
        batch.entries[version] = Entry(seq, change, stamp, {}, state.root)
        batch.bodies[version] = new.body, new.content
        if new.is_root:
            batch.places[change.id] = Place(units[change.id], seq)
            if new.number:
                batch.numbers[change.id] = new.number
    batch.seq += len(page.changes)
