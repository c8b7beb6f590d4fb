"""A page of nothing but new records, taken as a whole: most of a county's first push, every roster.

A record that nobody here has met can meet nobody: what becomes of it is what it says, with one
version. So such a page is judged column by column, each text once, and nothing is asked that is about
meetings. What needs no store for that is told by sync/preparing.py, perhaps long before. One change of
each sort goes through `Judge` like any other; where anything is out of the ordinary the whole page is
left to `Batch.take`, which takes it change by change. Both ways end in the same tables, byte for byte
(tests/sync/test_roster.py).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sync import clock, window
from sync.change import Entry
from sync.decide import replay
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
        units = _judged(batch, session, page)
    except (Unusual, Refusal):
        return False
    _accept(batch, page, units)
    return True


def _judged(batch: Batch, session: Session, page: Prepared) -> dict[str, Units]:
    """The units in which each record is made, by id; raises where one may not go into the log."""
    made = page.made
    above = {new.root for new in made.values()} - made.keys()
    if batch.store.states(made) or batch.store.erased({*made, *above}):
        raise Unusual
    batch.load(above, ())
    roots = {s.root for i in above if (s := batch.states[i])}
    batch.load(roots, roots)
    judge = Judge(batch, session)
    units: dict[str, Units] = {}
    for some in page.sorts:
        first = some[0]
        if first.is_root:
            _place_roots(batch, some)
            units |= {new.change.id: new.units for new in some}
        else:
            units |= {new.change.id: _place_above(batch, new, units) for new in some}
        above_it: Made = {}
        up = first.root
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
    root = new.root
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
    made = [page.made[change.id] for change in page.changes]
    batch.numbers |= {new.change.id: new.number for new in made if new.number}
    if _is_as_claimed(batch, page):
        _write(batch, made, units)
    else:
        _accept_each(batch, made, units)


def _is_as_claimed(batch: Batch, page: Prepared) -> bool:
    """True when the stamp of every change stands as its device claims it."""
    stamps = [change.hlc for change in page.changes]
    last = batch.store.last_stamp(page.device)
    return (
        clock.admit(stamps[0], batch.now_ms, last) == stamps[0]
        and all(map(operator.lt, stamps, stamps[1:]))
        and clock.admit(stamps[-1], batch.now_ms, last) == stamps[-1]
    )


def _write(batch: Batch, made: Sequence[New], units: dict[str, Units]) -> None:
    """Put the records where they belong at once; nothing is left to be told of them but sums and
    numbers."""
    first = batch.seq + 1
    batch.store.put_new(first, made)
    places = {
        new.change.id: Place(units[new.change.id], seq)
        for seq, new in enumerate(made, first)
        if new.is_root
    }
    batch.store.put_places(places, {})
    for new in made:
        if window.is_held(new.kind, new.values, batch.since):
            key = new.kind.name, units[new.change.id]
            batch.sums[key] = batch.sums.get(key, 0) + new.digest
    batch.seq += len(made)


def _accept_each(batch: Batch, made: Sequence[New], units: dict[str, Units]) -> None:
    stamp = batch.store.last_stamp(made[0].change.device)
    for seq, new in enumerate(made, batch.seq + 1):
        change = new.change
        stamp = clock.admit(change.hlc, batch.now_ms, stamp)
        entry = Entry(seq, change, stamp, {}, new.root)
        batch.states[change.id] = replay(new.kind, None, entry)
        batch.entries[change.version] = entry
        batch.bodies[change.version] = new.body, new.content
        if new.is_root:
            batch.places[change.id] = Place(units[change.id], seq)
    batch.seq += len(made)
