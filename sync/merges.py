"""Two files of one child made one, and two again: what a reviewer's device writes.

A merge is two changes of one txn: the pointer in the file that goes, naming all its merger saw
there, and then what the kept file takes over from it. Its id is the version of the pointer. What
others write into either file meanwhile is the county's to carry over (sync/carrying.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from schema.record import Kind
from sync import clock, following, merging
from sync.change import Change, Entry, device_of, raw_version, seq_of
from sync.reading import Reading
from sync.records import as_json
from sync.replica import Refused, Replica
from sync.tables import quoted, table
from sync.views import View


class Merge(Struct, frozen=True):
    """One file merged into another, as it stands."""

    id: str
    kept: str
    away: str
    by: str
    at_ms: int


def merges(replica: Reading) -> list[Merge]:
    """Every merge that stands here, the newest first."""
    found = []
    for kind in KINDS.values():
        for id_ in _away(replica, kind):
            view = replica.get(id_, kind.name)
            if view is not None:
                mark = view.slots[kind.pointer].standing.mark
                into = view.values[kind.pointer]
                ms = clock.ms_of(mark.stamp)
                found.append(Merge(raw_version(mark.version), into, id_, mark.author, ms))
    return sorted(found, key=lambda m: (-m.at_ms, m.id))


def standing(replica: Reading, one: str, other: str) -> str | None:
    """The merge by which two files are one already; None when they are not."""
    if one == other or replica.kept(one) != replica.kept(other):
        return None
    of_child = [m for m in merges(replica) if replica.kept(m.away) == replica.kept(one)]
    of_child.sort(key=lambda m: {m.kept, m.away} != {one, other})
    return of_child[0].id if of_child else None


def _away(replica: Reading, kind: Kind) -> list[str]:
    if not kind.pointer:
        return []
    rows = replica.connection.execute(
        f"SELECT id FROM {table(kind.name)} WHERE {quoted(kind.pointer)} IS NOT NULL ORDER BY id"  # noqa: S608
    )
    return [row[0] for row in rows]


def may_merge(replica: Replica, one: str, other: str) -> bool:
    """True when the user reviews both files."""
    return all(replica.scope.may_resolve(i, replica.units_of_root(i)) for i in (one, other))


def filled(kind: Kind, kept: View, away: View, take: Mapping[str, str]) -> dict[str, Any]:
    """What the kept file takes over, slot by slot: what `take` says (`kept` or `away`), else what
    it lacks itself."""
    fields: dict[str, Any] = {}
    for name in kind.slots:
        mine, theirs = (kind.slot_value(name, v.values) for v in (kept, away))
        asked = take.get(name, "away" if mine is None else "kept")
        is_fixed = any(f.is_fixed or (f.is_required and theirs is None) for f in kind.slots[name])
        if name != kind.pointer and not is_fixed and asked == "away" and theirs != mine:
            fields[name] = theirs
    return fields


def merge(
    replica: Replica, kept: str, away: str, take: Mapping[str, str] | None = None, note: str = ""
) -> str:
    """Merge the file `away` into `kept`; returns the id of the merge.

    `take`: slot to `kept` or `away`, where the value is not the kept file's unless it has none.
    Either may be merged already: then the files they are shown under are meant, and two that are
    one already stay as they are.

    Raises:
        Refused: a file is not here or deleted, or the user does not review both.
    """
    with replica.together():
        kept, away = replica.kept(kept), replica.kept(away)
        views = [replica.get(i) for i in (kept, away)]
        one, other = views
        if one is None or other is None or not KINDS[one.kind].pointer or one.kind != other.kind:
            raise Refused("not_found", kept if one is None else away)
        if kept == away:
            raise Refused("same_file", kept)
        for view in (one, other):
            if view.deleted is not None:
                raise Refused("deleted", view.id)
        if not may_merge(replica, kept, away):
            raise Refused("not_permitted")
        kind = KINDS[one.kind]
        base, names = replica._everything_seen(other)
        change = replica._write(
            "put", kind, away, {kind.pointer: kept}, base, names=names, note=note
        )
        fields = filled(kind, one, other, take or {})
        if fields:
            replica._write("put", kind, kept, fields, replica._base(one, fields), note=note)
        return change.version


def unmerge(replica: Replica, id: str, note: str = "") -> tuple[str, str]:
    """Take a merge back; returns the ids of the file that was kept and the one that went.

    A merge that no longer stands stays undone: the same may be said twice.

    Raises:
        Refused: no such merge here, or the user does not review these files.
    """
    with replica.together():
        merged = _pointed(replica, id)
        if merged is None:
            raise Refused("not_found", id)
        kept, away, kind = merged
        if not may_merge(replica, kept, away):
            raise Refused("not_permitted")
        for one, other in ((away, kept), (kept, away)):
            view = replica.get(one, kind.name)
            if view is None or kind.pointer not in view.slots:
                continue
            slot = view.slots[kind.pointer]
            is_beside = any(h.value == other for h in slot.heads[1:])
            if slot.standing.value == other:
                _give_back(replica, kind, view, other, note)
            elif is_beside:
                names = [h.mark.version for h in slot.heads]
                base = {kind.pointer: names[0]}
                fields = {kind.pointer: slot.standing.value}
                replica._write("resolve", kind, one, fields, base, names=names, note=note)
        return kept, away


def _give_back(replica: Replica, kind: Kind, away: View, kept: str, note: str) -> None:
    """The pointer is emptied, and what the kept file had taken over goes, where it still stands."""
    head = away.slots[kind.pointer].standing
    base = {kind.pointer: head.mark.version}
    replica._write("put", kind, away.id, {kind.pointer: None}, base, note=note)
    view = replica.get(kept, kind.name)
    if view is None:
        return
    for op in head.ops:
        merge_ = change_of(replica, away.id, op)
        taken = change_of(replica, kept, f"{device_of(op)}.{seq_of(op) + 1}")
        if merge_ is None or taken is None or taken.txn != merge_.txn:
            continue  # not held here: the county does it
        fields: dict[str, Any] = {}
        for name in taken.fields:
            slot = view.slots.get(name)
            is_known, value = _value_before(replica, kept, name, taken)
            if slot and [h.ops for h in slot.heads] == [(taken.version,)] and is_known:
                fields[name] = value
        if fields:
            replica._write("put", kind, kept, fields, replica._base(view, fields), note=note)


def _value_before(replica: Reading, record: str, slot: str, taken: Change) -> tuple[bool, Any]:
    version = taken.base.get(slot)
    if version is None:
        return True, None
    change = None if "*" in version else change_of(replica, record, version)
    return change is not None, change.fields.get(slot) if change else None


def change_of(replica: Reading, record: str, version: str) -> Change | None:
    """A change of a record by its version, unsent or in the log; None when not held here."""
    for change in replica.records.unsent([record]).get(record, []):
        if change.version == version:
            return change
    for (body,) in replica.connection.execute("SELECT body FROM log WHERE record = ?", (record,)):
        entry = msgspec.json.decode(body, type=Entry)
        if entry.change.version == version:
            return entry.change
    return None


def _pointed(replica: Reading, id: str) -> tuple[str, str, Kind] | None:
    """Kept file, merged-away file and kind of a merge that was ever made here or heard of."""
    for kind in KINDS.values():
        for away in _away(replica, kind):
            view = replica.get(away, kind.name)
            for head in view.slots[kind.pointer].heads if view else ():
                if id in head.ops and head.value:
                    return head.value, away, kind
    found = _remembered(replica, id)
    named = KINDS.get(found.kind) if found else None
    if found is None or named is None or not found.fields.get(named.pointer):
        return None
    return found.fields[named.pointer], found.id, named


def was_made(replica: Reading, id: str) -> bool:
    """True for a merge that was ever made here or heard of, taken back or not."""
    return _pointed(replica, id) is not None


def _remembered(replica: Reading, version: str) -> Change | None:
    """A change by its version alone, out of the whole log: only for merges taken back before."""
    device, _, seq = version.partition(".")
    if not seq.isdigit() or not device.isalnum():
        return None
    row = replica.connection.execute(
        "SELECT body FROM outbox WHERE seq = ? AND ? = ?",
        (int(seq), device, replica.identity.device),
    ).fetchone()
    if row:
        return msgspec.json.decode(row[0], type=Change)
    row = replica.connection.execute(
        "SELECT body FROM log WHERE CAST(body AS TEXT) LIKE ? LIMIT 1",
        (f'[%,["{device}",{seq},%',),
    ).fetchone()
    change = msgspec.json.decode(row[0], type=Entry).change if row else None
    return change if change and change.version == version else None


def batch_id(made: Sequence[str]) -> str:
    """What a batch is called: the first of its merges and the number of the last."""
    return f"{made[0]}-{seq_of(made[-1])}"


def in_batch(replica: Reading, id: str) -> list[str] | None:
    """The merges of a batch that still stand here; None when `id` is not one of a batch."""
    device, _, numbers = id.partition(".")
    first, dash, last = numbers.partition("-")
    if not (dash and first.isdigit() and last.isdigit()):
        return None
    return [
        op
        for kind in KINDS.values()
        for away in _away(replica, kind)
        if (view := replica.get(away, kind.name))
        for op in view.slots[kind.pointer].standing.ops
        if device_of(op) == device and int(first) <= seq_of(op) <= int(last)
    ]


def put_on_record(
    replica: Replica, kind: Kind, id: str, a: str, b: str, values: Mapping[str, Any]
) -> None:
    """Make the record of a pair found on this device, under the id that the county would give it.

    Raises:
        Refused: the user does not review the unit above both files.
    """
    with replica.together():
        units = {*replica.units_of_root(a), *replica.units_of_root(b)}
        unit = merging.unit_above(replica.tree, units)
        if not replica.scope.may(kind.write, "", (unit,) if unit else ()):
            raise Refused("not_permitted")
        fields = {"a": a, "b": b, "unit": unit, **values}
        replica._write("create", kind, id, fields, {}, root=id)


def after(replica: Reading, merge: str) -> list[tuple[Entry, str, int]]:
    """What people wrote into the files of a merge after it, as far as this device has been told:
    (entry, the file it is in, ms), the oldest first."""
    merged = _pointed(replica, merge)
    if merged is None:
        return []
    kept, away, kind = merged
    hanging = {
        row["id"]: str(view.root)
        for other in following.hanging_on(kind)
        if not other.is_bookkeeping  # what people write
        for row in replica.select(other.name, {other.parent: kept})
        + replica.select(other.name, {other.parent: away})
        if (view := replica.get(row["id"], other.name))
    }
    files = {kept: kept, away: away, **{i: f for i, f in hanging.items() if f in (kept, away)}}
    found: list[tuple[Entry, str, int]] = []
    begun = None
    ended = 1 << 62  # stamp of the un-merge, if it is in the log: who wrote later saw two files
    rows = replica.connection.execute(
        "SELECT body FROM log WHERE record IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (as_json(files),),
    )
    for (body,) in rows:
        entry = msgspec.json.decode(body, type=Entry)
        change = entry.change
        if change.version == merge:
            begun = change.txn
        elif begun is None or change.txn == begun or merging.is_carried(change.version):
            continue
        elif kind.pointer not in change.fields:
            found.append((entry, files[change.id], clock.ms_of(entry.stamp)))
        elif change.id == away and not change.fields[kind.pointer]:
            ended = min(ended, entry.stamp)
    return [one for one in found if one[0].stamp < ended]
