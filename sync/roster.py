"""A page of nothing but new records, taken as a whole: most of a county's first push, every roster.

A record that nobody here has met can meet nobody: what becomes of it is what it says, with one
version. So such a page is judged column by column, each text once, and nothing is asked that is about
meetings. One change of each sort goes through `Judge` like any other; where anything is out of the
ordinary the whole page is left to `Batch.take`, which takes it change by change. Both ways end in the
same tables, byte for byte (tests/sync/test_roster.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from schema import idnumber
from schema.kinds import KINDS
from schema.record import Kind
from sync import answering, clock
from sync.change import Change, Entry, Mark, State
from sync.forms import fits
from sync.hubstore import Place, Session
from sync.judging import RECORD_ID, Judge, Made, Refusal, is_day
from sync.scope import units_of
from sync.twins import hash_of

if TYPE_CHECKING:
    from sync.intake import Batch

APART = answering.NAMES | {"duplicate"}
"""Kinds of which something follows when one is made."""
_ANY_ROOT = "-"
"""No record's id: what grants cover is asked by units alone."""

_encode = msgspec.json.Encoder().encode

Sorts = dict[tuple[str, tuple[str, ...]], list[Change]]
"""Changes by kind and by the slots that they fill, in their order."""
Values = dict[str, Any]
Where = tuple[str, tuple[str, ...]]
"""Root and units of a record."""
New = dict[str, tuple[Kind, Values, Where]]
"""The records that a page makes, by id."""


class _Unusual(Exception):
    """The page is to be taken change by change."""


def take(batch: Batch, session: Session, changes: Sequence[Change]) -> bool:
    """Take changes of which none is known here into the batch; False, and nothing is taken, where
    they are anything but new records that are fit to be stored."""
    try:
        new = _judged(batch, session, _sorted_out(session, changes))
    except (_Unusual, Refusal):
        return False
    _accept(batch, session, changes, new)
    return True


def _sorted_out(session: Session, changes: Sequence[Change]) -> Sorts:
    """The changes by their sorts, roots first; each has the form of a new record."""
    sorts: Sorts = {}
    last = 0
    for change in changes:
        if not (
            change.op == "create"
            and change.seq > last
            and fits(change)
            and change.device == session.device
            and change.author == session.user
            and not change.base
            and not change.names
            and RECORD_ID.fullmatch(change.id)
        ):
            raise _Unusual
        last = change.seq
        sorts.setdefault((change.kind, tuple(change.fields)), []).append(change)
    for name, slots in sorts:
        kind = KINDS.get(name)
        if kind is None or kind.scope == "public" or kind.report or name in APART or not slots:
            raise _Unusual
    if not all(is_day(day) for day in {c.seen for c in changes} if day is not None):
        raise _Unusual
    return dict(sorted(sorts.items(), key=lambda sort: KINDS[sort[0][0]].scope != "root"))


def _judged(batch: Batch, session: Session, sorts: Sorts) -> New:
    """The records that the changes make; raises where one may not go into the log."""
    seqs = {c.id: c.seq for some in sorts.values() for c in some}
    rows = {sort: _rows(KINDS[sort[0]], sort[1], some) for sort, some in sorts.items()}
    above = {v[p] for (name, _), vs in rows.items() if (p := KINDS[name].parent) for v in vs}
    batch.load({*seqs, *above}, ())
    roots = {s.root for i in above if (s := batch.states[i])}
    batch.load(roots, roots)
    is_met = any(batch.states[i] for i in seqs) or batch.store.erased({*seqs, *above})
    if is_met or len(seqs) < sum(map(len, sorts.values())):
        raise _Unusual
    judge = Judge(batch, session)
    new: New = {}
    for (name, slots), some in sorts.items():
        kind, values = KINDS[name], rows[name, slots]
        if kind.scope == "root":
            places = _own_places(batch, kind, some, values)
        else:
            places = [
                _place_above(batch, kind, c.seq, v[kind.parent], new, seqs)
                for c, v in zip(some, values, strict=True)
            ]
        up = values[0].get(kind.parent, "")
        made: Made = {up: (new[up][0], *new[up][2])} if up in new else {}
        judge.judge(some[0], made)
        new |= {c.id: (kind, v, w) for c, v, w in zip(some, values, places, strict=True)}
    return new


def _rows(kind: Kind, slots: Sequence[str], some: Sequence[Change]) -> list[Values]:
    """Field to value of every change of one sort, as `first_values` has them; raises where one
    cannot be stored."""
    columns: dict[str, Sequence[Any]] = {}
    every = zip(*(c.fields.values() for c in some), strict=True)
    for slot, column in zip(slots, every, strict=True):
        if kind.is_group(slot):
            members = [field.name for field in kind.slots[slot]]
            if not all(type(v) is dict and v.keys() <= set(members) for v in column):
                raise _Unusual
            columns |= {name: [v.get(name) for v in column] for name in members}
        elif slot in kind.slots and slot != kind.pointer:
            columns[slot] = column
        else:
            raise _Unusual
    gaps = {name for name, column in columns.items() if not _is_sound(kind, name, column)}
    for name in gaps:  # of a group often nobody fills all
        if not any(value is not None for value in columns[name]):
            del columns[name]
    if any(f.is_required and f.name not in columns.keys() - gaps for f in kind.fields):
        raise _Unusual
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if not gaps.isdisjoint(columns):
        rows = [{name: v for name, v in row.items() if v is not None} for row in rows]
    for rule in kind.rules:
        if not rule.problem.is_doubt and any(map(rule.fault, rows)):
            raise _Unusual
    return rows


def _is_sound(kind: Kind, name: str, column: Sequence[Any]) -> bool:
    """Whether a value stands in every row; raises where one cannot be stored."""
    types = set(map(type, column))
    # Equal texts are one; True and 1 are equal too, and no list goes into a set.
    distinct = set(column) if types <= {str, type(None)} else column
    check = kind.by_name[name].type.check
    problems = [p for value in distinct if value is not None and (p := check(value))]
    if not all(problem.is_doubt for problem in problems):
        raise _Unusual
    return type(None) not in types


def _own_places(
    batch: Batch, kind: Kind, some: Sequence[Change], rows: Sequence[Values]
) -> list[Where]:
    """Where roots are made; raises where one is out of its author's reach."""
    found: dict[tuple[str | None, ...], tuple[str, ...]] = {}
    places: list[Where] = []
    for change, values in zip(some, rows, strict=True):
        named = tuple(map(values.get, kind.unit_fields))
        units = found.get(named)
        if units is None:
            units = found[named] = units_of(kind, values)
            is_known = all(unit in batch.tree.parents for unit in units)
            if not is_known or not batch.scope.may(kind.makers, _ANY_ROOT, units):
                raise _Unusual
        places.append((change.id, units))
    return places


def _place_above(
    batch: Batch, kind: Kind, seq: int, parent: str, new: New, seqs: dict[str, int]
) -> Where:
    """Where a record is made that hangs on one; raises where it is out of its author's reach."""
    state = batch.states[parent]
    if parent in new:
        if new[parent][0].scope != "root" or seqs[parent] > seq:
            raise _Unusual
        root, units = new[parent][2]
    else:
        place = batch.places.get(parent)
        if place is None or state is None or state.is_deleted:
            raise _Unusual
        root, units = parent, place.units
    if not batch.scope.may(kind.makers, root, units):
        raise _Unusual
    return root, units


def _accept(batch: Batch, session: Session, changes: Sequence[Change], new: New) -> None:
    """What `Batch.accept` does with one change after the other, for records that are new."""
    stamp = batch.store.last_stamp(session.device)
    for seq, change in enumerate(changes, batch.seq + 1):
        kind, values, (root, units) = new[change.id]
        version = change.version
        stamp = clock.admit(change.hlc, batch.now_ms, stamp)
        mark = Mark(version, change.author, stamp, change.seen)
        state = State(kind.name, change.id, root, mark, mark, values, {}, seq)
        batch.states[change.id] = state
        batch.entries[version] = Entry(seq, change, stamp, {}, root)
        body = _encode(change)
        batch.bodies[version] = body, hash_of(body)
        if kind.scope == "root":
            batch.places[root] = Place(units, seq)
            if idnumber.is_valid(number := values.get("id_number")):
                batch.numbers[root] = number
    batch.seq = seq
