"""What was written while two files were one, to be looked at since they are two again: it stays with the
child it was written for, or belongs to the other, as a reviewer says."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from casework import duplicates, wording
from schema.kinds import KINDS
from schema.kinds.placed import BOTH as BOTH
from schema.kinds.placed import HERE as HERE
from schema.kinds.placed import THERE as THERE
from schema.record import DELETED, Kind
from schema.types import Ref
from sync import clock, following, ids, merges, merging
from sync.change import Head, Mark
from sync.language import _
from sync.partings import Parting, partings
from sync.reading import Reading
from sync.records import as_json
from sync.replica import Refused, Replica
from sync.tables import quoted, table

PLACED = KINDS["placed"]


class Written(Struct, frozen=True):
    """Something written into `file` while it was one with `other`: a slot of it, or a record that
    hangs on it (`slot` empty)."""

    id: str
    file: str
    other: str
    kind: str
    record: str
    slot: str
    value: Any
    """Of the slot."""
    author: str
    at_ms: int
    merged_ms: int
    """When the two became one."""


def unplaced(replica: Reading) -> list[Written]:
    """What nobody has said anything about yet, the oldest first."""
    apart = partings(replica)
    if not apart:
        return []
    found = [w for p in apart for kind in _kinds() for w in _slots(replica, kind, p)]
    for kind in _kinds():
        for hanging in following.hanging_on(kind):
            if not hanging.is_bookkeeping:  # what people write
                found += _hanging(replica, hanging, apart)
    said = {r["id"] for r in replica.rows(PLACED.name, [w.id for w in found])}
    unsaid = {w.id: w for w in found if w.id not in said}
    kinds = list(KINDS)
    return sorted(unsaid.values(), key=lambda w: (w.at_ms, kinds.index(w.kind), w.id))


def _kinds() -> list[Kind]:
    return [kind for kind in KINDS.values() if kind.pointer]


def _slots(replica: Reading, kind: Kind, parting: Parting) -> list[Written]:
    states = replica.records.shown(kind.name, [parting.kept, parting.away])
    kept, away = states.get(parting.kept), states.get(parting.away)
    if kept is None or away is None or kept.is_deleted or away.is_deleted:
        return []
    found = []
    for name in kind.slots:
        slot = kept.slot(name, kind.slot_value(name, kept.values))
        theirs = kind.slot_value(name, away.values)
        for head in slot.heads if slot and name != kind.pointer else ():
            mark = _typed(replica, kept.id, head)
            is_meanwhile = mark is not None and parting.begun < mark.stamp < parting.ended
            if mark is not None and is_meanwhile and head.value != theirs:
                id_ = ids.derived_id(PLACED.name, kept.id, away.id, name, mark.version)
                found.append(
                    Written(
                        id_, kept.id, away.id, kind.name, kept.id, name, head.value, mark.author,
                        clock.ms_of(mark.stamp), clock.ms_of(parting.begun),
                    )
                )  # fmt: skip
    return found


def _typed(replica: Reading, record: str, head: Head) -> Mark | None:
    """Who typed what stands, and when; None where nobody did. The county may have put it back as the
    merge was taken back: then the log tells, as far as it is held here."""
    if not merging.is_carried(head.mark.version):
        return head.mark
    typed = [op for op in head.ops if not merging.is_carried(op)]
    entries = {e.change.version: e for e in replica.records.entries(record)} if typed else {}
    for op in reversed(typed):
        if op in entries:
            change = entries[op].change
            return Mark(op, change.author, entries[op].stamp, change.seen)
    return None


def _hanging(replica: Reading, kind: Kind, apart: Collection[Parting]) -> list[Written]:
    rows = replica.connection.execute(
        f"SELECT id, {quoted(kind.parent)} FROM {table(kind.name)} WHERE _deleted IS NULL"  # noqa: S608
        f" AND {quoted(kind.parent)} IN (SELECT value FROM json_each(?))",
        (as_json({p.kept for p in apart}),),
    ).fetchall()
    on = dict(rows)
    return [
        Written(
            ids.derived_id(PLACED.name, state.id, p.away), p.kept, p.away, kind.name, state.id, "",
            None, state.made.author, clock.ms_of(state.made.stamp), clock.ms_of(p.begun),
        )
        for state in replica.records.shown(kind.name, on).values()
        for p in apart
        if on[state.id] == p.kept and p.begun < state.made.stamp < p.ended
    ]  # fmt: skip


def file_text(replica: Reading, file: str, today: datetime.date) -> str:
    """The child and where: the two may bear one name."""
    kind = next(k for k in KINDS.values() if k.pointer)
    rows = replica.rows(kind.name, [file], with_deleted=True)
    units = [rows[0][f] for f in kind.unit_fields if rows[0].get(f)] if rows else []
    where = [wording.unit_text(u, replica, today) for u in units[:1]]
    return " ".join([wording.record_text(kind, file, replica, today), *where])


def words(replica: Reading, one: Written, today: datetime.date) -> tuple[str, str]:
    """What it is, and what it says."""
    kind = KINDS[one.kind]
    if not one.slot:
        return _(kind.label), wording.record_text(kind, one.record, replica, today)
    text = wording.slot_text(kind, one.slot, one.value, replica, today, is_masked=True)
    return wording.slot_label(kind, one.slot), text.replace("\n", " ") or _("空着")


def find(replica: Reading, id: str) -> Written:
    """Raises `Refused` where there is no such thing, or somebody has spoken of it."""
    for written in unplaced(replica):
        if written.id == id:
            return written
    raise Refused("not_found", id)


def place(replica: Replica, written: Written, goes: str) -> None:
    """Say to which file it belongs: it is written there too and, going `there`, no longer stands here.

    What may not be deleted (a case, a record of somebody else's) stays in both.

    Raises:
        Refused: the user does not review both files.
        InvalidRecord: it breaks a rule in the other file.
    """
    if not merges.may_merge(replica, written.file, written.other):
        raise Refused("not_permitted")
    with replica.together():
        waiting = {w.record: w for w in unplaced(replica) if not w.slot and w.other == written.other}
        if replica.get(written.id, PLACED.name) is None:
            given = {PLACED.parent: written.file, "goes": goes}
            replica.save(PLACED.name, given, new_id=written.id)
        else:
            replica.undelete(written.id)
            replica.save(PLACED.name, {"goes": goes}, written.id)
        if goes == HERE:
            return
        kind = KINDS[written.kind]
        if written.slot:
            replica.save(kind.name, kind.spread(written.slot, written.value), written.other)
            if goes == THERE:
                _put_back(replica, kind, written)
        else:
            _copy(replica, written, waiting)
            if goes == THERE:
                _take_away(replica, kind, written)


def assign(replica: Replica, changes: Sequence[duplicates.Since], kept: str, away: str) -> None:
    """Put what these changes say into the other file of a merge taken back.

    Raises:
        Refused, InvalidRecord: as `place`.
    """
    with replica.together():
        rest = []
        for change in changes:
            mine = [
                w
                for w in unplaced(replica)
                if w.record == change.record and (not w.slot or w.slot in change.fields)
            ]
            for written in mine:
                place(replica, written, THERE)
            if not mine:  # written over since, or in what hung on the file before the merge
                rest.append(change)
        duplicates.assign(replica, rest, kept, away)


def way_back(replica: Replica, written: Written) -> Callable[[], None]:
    """What takes the next `place` of this back: both files as they are now. A value is written anew, so
    that it counts as looked at."""
    kind = KINDS[written.kind]
    views = [replica.get(file, kind.name) for file in (written.file, written.other)]
    known = [kind.spread(written.slot, kind.slot_value(written.slot, v.values)) for v in views if v]

    def back() -> None:
        with replica.together():
            if replica.rows(PLACED.name, [written.id]):
                replica.delete(written.id, "→")
            if written.slot:
                for file, members in zip((written.file, written.other), known, strict=True):
                    replica.save(kind.name, members, file)
                return
            copy = _copy_id(written.record, written.other)
            made, first = (replica.get(i, kind.name) for i in (copy, written.record))
            if first is not None and first.deleted is not None:
                replica.undelete(written.record)
            if made is not None and made.deleted is None and not kind.is_append_only:
                replica.delete(copy, "→ " + written.record)

    return back


def _put_back(replica: Replica, kind: Kind, written: Written) -> None:
    """The slot as it was when the two became one, where that is known here; a required one is never
    emptied."""
    past = replica.history(written.file)
    if not any(p.op == "create" for p in past):
        return
    before = [p for p in past if p.field == written.slot and p.at_ms < written.merged_ms]
    value = before[-1].value if before else None
    members = kind.spread(written.slot, value)
    if all(v is not None or not kind.by_name[n].is_required for n, v in members.items()):
        replica.save(kind.name, members, written.file)


def _copy(replica: Replica, written: Written, waiting: Mapping[str, Written]) -> None:
    """Make the record anew on the other file, and before it what it names and waits too: a step goes
    with its case."""
    kind = KINDS[written.kind]
    view = replica.get(written.record, kind.name)
    made = _copy_id(written.record, written.other)
    known = replica.get(made, kind.name)
    if known is not None and known.deleted is not None:
        replica.undelete(made)
    if view is None or view.deleted is not None or known is not None:
        return
    values = {n: v for n, v in view.values.items() if n != DELETED}
    for name, value in values.items():
        named = kind.by_name[name].type
        if isinstance(named, Ref) and KINDS[named.kind].scope == "hangs":
            if value in waiting:
                _copy(replica, waiting[value], waiting)
            copied = _copy_id(str(value), written.other)
            values[name] = copied if replica.get(copied, named.kind) else value
    replica.save(kind.name, {**values, kind.parent: written.other}, new_id=made)


def _copy_id(record: str, other: str) -> str:
    """Two reviewers make one."""
    return ids.derived_id("copy", record, other)


def _take_away(replica: Replica, kind: Kind, written: Written) -> None:
    view = replica.get(written.record, kind.name)
    if view is None or kind.is_append_only:
        return
    units = replica.units_of_root(view.root)
    if replica.may_withdraw(view) or replica.scope.may_delete(kind, view.root, units):
        replica.delete(written.record, "→ " + _copy_id(written.record, written.other))
