"""The register of imported batches: what each wrote, with version and previous value, so that it
can be taken back.

Kept in the replica's own encrypted database; it is this device's memory and is not synced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from schema.kinds import KINDS
from schema.record import DELETED
from sync import ids
from sync.change import raw_version
from sync.replica import Refused, Replica
from sync.storage import transaction
from sync.views import View

_TABLES = (
    "CREATE TABLE IF NOT EXISTS batch"
    " (id TEXT PRIMARY KEY, at_ms INTEGER, author TEXT, file TEXT, counts TEXT, undone_ms INTEGER)",
    "CREATE TABLE IF NOT EXISTS batch_change"
    " (batch TEXT, n INTEGER, child TEXT, kind TEXT, record TEXT, slot TEXT, version TEXT, wrote TEXT,"
    " before TEXT, before_version TEXT, is_new INTEGER, PRIMARY KEY (batch, n))",
)
REASON = "导入的一批收回"


class Batch(Struct, frozen=True):
    """What an import did."""

    id: str
    created: int
    updated: int
    same: int
    skipped: int
    problems: Sequence[Any]


class Past(Struct, frozen=True):
    """A batch of the register."""

    id: str
    at_ms: int
    author: str
    file: str
    counts: dict[str, int]
    is_undone: bool


class Kept(Struct, frozen=True):
    """A value that stays because someone has edited since. `field` is empty for a whole record."""

    id: str
    field: str


class Undone(Struct, frozen=True):
    """What taking a batch back did."""

    batch: str
    taken_back: int
    """Children taken back: those that the batch made, and those whose values are as before."""
    kept: Sequence[Kept]


def _prepare(replica: Replica) -> None:
    for statement in _TABLES:
        replica.connection.execute(statement)


def begin(replica: Replica, file: str) -> str:
    """A new batch; its id."""
    with transaction(replica.connection):
        _prepare(replica)
        id_ = ids.new_id(replica.clock.now_ms(), replica.random)
        replica.connection.execute(
            "INSERT INTO batch VALUES (?, ?, ?, ?, NULL, NULL)",
            (id_, replica.clock.now_ms(), replica.identity.user, file),
        )
    return id_


def end(replica: Replica, id: str, counts: Mapping[str, int], problems: Sequence[Any]) -> Batch:
    with transaction(replica.connection):
        replica.connection.execute(
            "UPDATE batch SET counts = ? WHERE id = ?", (json.dumps(dict(counts)), id)
        )
    return Batch(
        id, counts["created"], counts["updated"], counts["same"], counts["skipped"], problems
    )


def save(
    replica: Replica,
    batch: str,
    kind: str,
    values: Mapping[str, Any],
    id: str | None,
    child: str | None = None,
) -> str:
    """`replica.save`, noted in the register. Inside `together`."""
    declared = KINDS[kind]
    before = replica.get(id, kind) if id else None
    saved = replica.save(kind, values, id=id, base=before)
    after = replica.get(saved, kind)
    assert after is not None
    count = replica.connection.execute(
        "SELECT coalesce(max(n), -1) + 1 FROM batch_change WHERE batch = ?", (batch,)
    ).fetchone()[0]
    rows = []
    for slot, held in after.slots.items():
        if slot == DELETED:
            continue
        version = held.standing.mark.version
        old = before.slots.get(slot) if before else None
        if old is not None and old.standing.mark.version == version:
            continue
        previous = declared.slot_value(slot, before.values) if before else None
        wrote = declared.slot_value(slot, after.values)
        if before is None and wrote is None:
            continue
        rows.append(
            (batch, count + len(rows), child or saved, kind, saved, slot, version,
             json.dumps(wrote), json.dumps(previous),
             old.standing.mark.version if old else None, int(before is None))
        )  # fmt: skip
    replica.connection.executemany(
        "INSERT INTO batch_change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
    )
    return saved


def past(replica: Replica) -> list[Past]:
    """Every batch of this device, the latest first."""
    with transaction(replica.connection):
        _prepare(replica)
        rows = replica.connection.execute(
            "SELECT id, at_ms, author, file, counts, undone_ms FROM batch"
            " WHERE counts IS NOT NULL ORDER BY at_ms DESC, id DESC"
        ).fetchall()
    return [Past(i, at, who, file, json.loads(c), bool(u)) for i, at, who, file, c, u in rows]


class _Wrote(Struct):
    slot: str
    version: str
    value: Any
    before: Any
    before_version: str | None
    is_new: bool


def undo(replica: Replica, id: str) -> Undone:
    """Take back every child and value of a batch, one txn per child, except what was edited since.

    Raises:
        Refused: no such batch here.
    """
    connection = replica.connection
    with transaction(connection):
        _prepare(replica)
    if connection.execute("SELECT 1 FROM batch WHERE id = ?", (id,)).fetchone() is None:
        raise Refused("not_found", id)
    by_child: dict[str, dict[tuple[str, str], list[_Wrote]]] = {}
    for child, kind, record, slot, version, wrote, before, earlier, is_new in connection.execute(
        "SELECT child, kind, record, slot, version, wrote, before, before_version, is_new FROM batch_change"
        " WHERE batch = ? ORDER BY n",
        (id,),
    ).fetchall():
        told = _Wrote(slot, version, json.loads(wrote), json.loads(before), earlier, bool(is_new))
        by_child.setdefault(child, {}).setdefault((kind, record), []).append(told)
    taken_back = 0
    kept: list[Kept] = []
    for child, records in by_child.items():
        with replica.together():
            has_changed, stays = _undo_child(replica, child, records)
        taken_back += has_changed
        kept += stays
    with transaction(connection):
        connection.execute(
            "UPDATE batch SET undone_ms = ? WHERE id = ?", (replica.clock.now_ms(), id)
        )
    return Undone(id, taken_back, kept)


def _undo_child(
    replica: Replica, child: str, records: Mapping[tuple[str, str], list[_Wrote]]
) -> tuple[bool, list[Kept]]:
    made = records.get(("child", child))
    is_new = bool(made) and made[0].is_new  # type: ignore[index]
    if is_new:
        stays = _edited_since(replica, child, records)
        view = replica.get(child, "child")
        if view is None or view.deleted is not None:
            return False, []
        if stays:
            return False, stays
    has_changed = False
    kept: list[Kept] = []
    for (kind, record), wrote in reversed(records.items()):
        view = replica.get(record, kind)
        if view is None or view.deleted is not None:
            continue
        if wrote[0].is_new:
            edited = _edited(view, wrote)
            if edited:
                kept += [Kept(record, f) for f in edited]
                continue
            try:
                replica.delete(record, REASON)
                has_changed = True
            except Refused:
                kept.append(Kept(record, ""))
        else:
            changed, stays = _restore(replica, view, wrote)
            has_changed = has_changed or changed
            kept += stays
    return has_changed, kept


def _edited(view: View, wrote: Sequence[_Wrote]) -> list[str]:
    """Slots of a record that somebody has written since the batch made it."""
    ours = {w.slot: w for w in wrote}
    return sorted(
        name
        for name, slot in view.slots.items()
        if name != DELETED
        and not _is_ours(view, name, ours.get(name))
        and (slot.heads or name in ours)
    )


def _is_ours(view: View, slot: str, wrote: _Wrote | None) -> bool:
    held = view.slots[slot]
    if wrote is None:  # an empty slot holds nobody's work
        return KINDS[view.kind].slot_value(slot, view.values) is None
    if len(held.heads) > 1:
        return False
    version = held.standing.mark.version
    return version == wrote.version or (
        raw_version(version) == wrote.version
        and KINDS[view.kind].slot_value(slot, view.values) == wrote.value
    )


def _edited_since(
    replica: Replica, child: str, records: Mapping[tuple[str, str], list[_Wrote]]
) -> list[Kept]:
    """Everything that others, or this user later, did with a child that the batch made."""
    kept: list[Kept] = []
    for (kind, record), wrote in records.items():
        view = replica.get(record, kind)
        if view is None:
            continue
        if view.deleted is not None and kind != "child":
            continue
        kept += [Kept(record, f) for f in _edited(view, wrote)]
    known = {record for _, record in records}
    for name, kind in KINDS.items():
        if kind.scope == "hangs" and kind.parent == "child":
            kept += [
                Kept(r["id"], "") for r in replica.children_of(name, child) if r["id"] not in known
            ]
    return kept


def _restore(replica: Replica, view: View, wrote: Sequence[_Wrote]) -> tuple[bool, list[Kept]]:
    """Put back the values that stood before, where nobody has written since."""
    kind = KINDS[view.kind]
    values: dict[str, Any] = {}
    restored: list[_Wrote] = []
    kept: list[Kept] = []
    for told in wrote:
        if not _is_ours(view, told.slot, told):
            if kind.slot_value(told.slot, view.values) != told.before:
                kept.append(Kept(view.id, told.slot))
            continue
        values.update(kind.spread(told.slot, told.before))
        restored.append(told)
    if not values:
        return False, kept
    try:
        replica.save(view.kind, values, id=view.id, base=view)
    except Refused:
        return False, [*kept, *(Kept(view.id, t.slot) for t in restored)]
    _follow(replica, view, restored)
    return True, kept


def _follow(replica: Replica, view: View, restored: Sequence[_Wrote]) -> None:
    """What an earlier batch wrote stands again under a new version: it stays that batch's to take
    back."""
    after = replica.get(view.id, view.kind)
    assert after is not None
    for told in restored:
        held = after.slots.get(told.slot)
        if told.before_version and held:
            replica.connection.execute(
                "UPDATE batch_change SET version = ? WHERE record = ? AND slot = ? AND version = ?",
                (held.standing.mark.version, view.id, told.slot, told.before_version),
            )
