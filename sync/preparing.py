"""What can be told of a page of new records before the store is asked: whether it is one, what each
record says, and how that is written.

Nothing here depends on anything but who sends the page and what the program declares. So a thread that
reads can do it while another writes; the rest is sync/roster.py's.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from operator import lt
from typing import Any

import msgspec
from msgspec import Struct

from schema import idnumber
from schema.kinds import KINDS
from schema.record import Kind
from sync import answering, digest
from sync.change import Change
from sync.forms import fits
from sync.hubstore import Session
from sync.judging import RECORD_ID, is_day
from sync.scope import units_of
from sync.twins import hash_of

APART = answering.NAMES | {"duplicate"}
"""Kinds of which something follows when one is made."""

_encode = msgspec.json.Encoder().encode

Slots = tuple[str, ...]
Sorts = dict[tuple[str, Slots], list[Change]]
"""Changes by kind and by the slots that they fill, in their order."""
Values = dict[str, Any]


class Unusual(Exception):
    """The page is to be taken change by change."""


class New(Struct, frozen=True, gc=False):
    """A record that a page makes."""

    kind: Kind
    change: Change
    root: str
    values: Values
    body: bytes
    """JSON of the change."""
    content: bytes
    """Hash of that."""
    digest: int
    """Of its state when its stamp stands as it was claimed."""
    units: Slots = ()
    """Of a root: where it is made."""
    number: str | None = None
    """Of a root: its valid ID number."""

    @property
    def is_root(self) -> bool:
        return self.kind.scope == "root"


class Prepared(Struct, frozen=True):
    """A page as far as it can be judged without the store."""

    device: str
    user: str
    changes: Sequence[Change]
    sorts: list[list[New]]
    """Its records by kind and by the slots that they fill, roots first; none where anything is out of
    the ordinary."""
    made: dict[str, New]
    """The same by id."""

    def is_of(self, session: Session, changes: Sequence[Change]) -> bool:
        """True when it was made of this very page for this sender."""
        return (
            self.changes is changes
            and self.device == session.device
            and self.user == session.user
        )


def prepare(device: str, user: str, changes: Sequence[Change]) -> Prepared:
    """The page that a user sends from a device."""
    try:
        sorts = _sorted_out(device, user, changes)
        news = [_made(KINDS[name], slots, some) for (name, slots), some in sorts.items()]
        return Prepared(device, user, changes, news, _by_id(news))
    except Unusual:
        return Prepared(device, user, changes, [], {})


def _sorted_out(device: str, user: str, changes: Sequence[Change]) -> Sorts:
    """The changes by their sorts, roots first; each has the form of a new record."""
    seqs = [change.seq for change in changes]
    if not (
        {(c.op, c.device, c.author) for c in changes} == {("create", device, user)}
        and all(map(lt, seqs, seqs[1:]))
        and all(map(fits, changes))
        and all(map(RECORD_ID.fullmatch, [c.id for c in changes]))
        and not any(c.base or c.names for c in changes)
    ):
        raise Unusual
    sorts: Sorts = {}
    for change in changes:
        sorts.setdefault((change.kind, tuple(change.fields)), []).append(change)
    for name, slots in sorts:
        kind = KINDS.get(name)
        if kind is None or kind.scope == "public" or kind.report or name in APART or not slots:
            raise Unusual
    if not all(is_day(day) for day in {c.seen for c in changes} if day is not None):
        raise Unusual
    return dict(sorted(sorts.items(), key=lambda sort: KINDS[sort[0][0]].scope != "root"))


def _made(kind: Kind, slots: Slots, some: Sequence[Change]) -> list[New]:
    """The records that the changes of one sort make."""
    rows = _rows(kind, slots, some)
    bodies = list(map(_encode, some))
    contents = map(hash_of, bodies)
    digests = map(digest.of_ordered, some, rows)
    if kind.scope != "root":
        roots = [values[kind.parent] for values in rows]
        of_each = zip(some, roots, rows, bodies, contents, digests, strict=True)
    else:
        ids = [change.id for change in some]
        numbers = [values.get("id_number") for values in rows]
        valid = {number for number in numbers if idnumber.is_valid(number)}
        held = [number if number in valid else None for number in numbers]
        of_each = zip(
            some, ids, rows, bodies, contents, digests, _units(kind, rows), held, strict=True
        )
    return list(itertools.starmap(functools.partial(New, kind), of_each))


def _units(kind: Kind, rows: Sequence[Values]) -> Iterator[Slots]:
    """The units of every root; many are in the same."""
    known: dict[tuple[Any, ...], Slots] = {}
    for values in rows:
        named = tuple([values.get(name) for name in kind.unit_fields])
        if (units := known.get(named)) is None:
            units = known[named] = units_of(kind, values)
        yield units


def _by_id(sorts: Sequence[Sequence[New]]) -> dict[str, New]:
    """The records of a page by id; raises where one is made twice, or hangs on one of the page that is
    no root or comes later."""
    made = {new.change.id: new for some in sorts for new in some}
    if len(made) < sum(map(len, sorts)):
        raise Unusual
    for new in made.values():
        above = None if new.is_root else made.get(new.root)
        if above and not (above.is_root and above.change.seq < new.change.seq):
            raise Unusual
    return made


def _rows(kind: Kind, slots: Sequence[str], some: Sequence[Change]) -> list[Values]:
    """Field to value of every change of one sort, as `first_values` has them, in the order of the
    fields' names; raises where one cannot be stored."""
    columns: dict[str, Sequence[Any]] = {}
    every = zip(*(c.fields.values() for c in some), strict=True)
    for slot, column in zip(slots, every, strict=True):
        if kind.is_group(slot):
            members = [field.name for field in kind.slots[slot]]
            known = set(members)
            if not all(type(v) is dict and v.keys() <= known for v in column):
                raise Unusual
            columns |= {name: [v.get(name) for v in column] for name in members}
        elif slot in kind.slots and slot != kind.pointer:
            columns[slot] = column
        else:
            raise Unusual
    gaps = {name for name, column in columns.items() if not _is_sound(kind, name, column)}
    for name in gaps:  # of a group often nobody fills all
        if not any(value is not None for value in columns[name]):
            del columns[name]
    if any(f.is_required and f.name not in columns.keys() - gaps for f in kind.fields):
        raise Unusual
    columns = dict(sorted(columns.items()))
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for name in gaps & columns.keys():  # taken out again: half the time of making each row by itself
        for row, value in zip(rows, columns[name], strict=True):
            if value is None:
                del row[name]
    for rule in kind.rules:
        if not rule.problem.is_doubt and any(map(rule.fault, rows)):
            raise Unusual
    return rows


def _is_sound(kind: Kind, name: str, column: Sequence[Any]) -> bool:
    """Whether a value stands in every row; raises where one cannot be stored."""
    types = set(map(type, column))
    # Equal texts are one; True and 1 are equal too, and no list goes into a set.
    distinct = set(column) if types <= {str, type(None)} else column
    check = kind.by_name[name].type.check
    problems = [p for value in distinct if value is not None and (p := check(value))]
    if not all(problem.is_doubt for problem in problems):
        raise Unusual
    return type(None) not in types
