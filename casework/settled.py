"""What reviewers have settled, the newest first, each to be taken back: conflicts decided, files merged,
pairs said to be two children."""

from __future__ import annotations

import datetime
from typing import Any

from msgspec import Struct

from casework import duplicates, wording
from schema.kinds import KINDS
from sync import clock, decisions, merges
from sync.change import seq_of
from sync.decisions import Decision
from sync.language import _
from sync.merges import Merge
from sync.reading import Reading
from sync.replica import Replica

DECIDED, MERGED, NOT_SAME = "decided", "merged", "not_same"


class Settled(Struct, frozen=True):
    """One thing that was settled."""

    id: str
    """Of the decision, the merge, its batch, or the pair."""
    what: str
    """`decided`, `merged` or `not_same`."""
    kind: str
    record: str
    """What was decided about; of files, the kept one or the first."""
    other: str
    """Of files, the second; of a batch, how many merges it has."""
    slot: str
    value: Any
    by: str
    at_ms: int
    note: str
    is_taken_back: bool = False


def settled(replica: Reading) -> list[Settled]:
    """Everything this device knows of, the newest first."""
    found = [_decided(replica, d) for d in decisions.decisions(replica.connection)]
    found += _merged(replica)
    for row in replica.select(duplicates.PAIR.name, {"verdict": duplicates.NOT_SAME}):
        view = replica.get(row["id"], duplicates.PAIR.name)
        if view is not None:
            mark = view.slots["verdict"].standing.mark
            at_ms = clock.ms_of(mark.stamp)
            files = duplicates.FILE.name, row["a"], row["b"]
            found.append(Settled(row["id"], NOT_SAME, *files, "", None, mark.author, at_ms, ""))
    return sorted(found, key=lambda s: (-s.at_ms, s.id))


def _decided(replica: Reading, decision: Decision) -> Settled:
    value = None
    change = merges.change_of(replica, decision.record, decision.version)
    if change is not None:
        value = change.fields.get(decision.slot)
    return Settled(
        decision.version, DECIDED, decision.kind, decision.record, "", decision.slot, value,
        decision.author, decision.at_ms, decision.note, bool(decision.taken_back),
    )  # fmt: skip


def _merged(replica: Reading) -> list[Settled]:
    """Merges that stand; those of one batch as one."""
    found: list[Settled] = []
    batches: dict[str, list[Merge]] = {}
    for merge in merges.merges(replica):
        change = merges.change_of(replica, merge.away, merge.id)
        note = change.note if change else ""
        if note.startswith(duplicates.BATCH):
            batches.setdefault(note, []).append(merge)
        else:
            found.append(_merge(merge, merge.id, merge.away, note))
    for members in batches.values():
        if len(members) == 1:
            found.append(_merge(members[0], members[0].id, members[0].away, ""))
            continue
        made = sorted((m.id for m in members), key=seq_of)
        found.append(_merge(members[0], merges.batch_id(made), str(len(made)), ""))
    return found


def _merge(merge: Merge, id: str, other: str, note: str) -> Settled:
    kind = duplicates.FILE.name
    return Settled(id, MERGED, kind, merge.kept, other, "", None, merge.by, merge.at_ms, note)


def take_back(replica: Replica, one: Settled, note: str = "") -> None:
    """Bring it back to where it was: open for review.

    Raises:
        Refused: taken back already, or the user does not review what it is about.
    """
    if one.what == DECIDED:
        replica.undo(one.id, note)
    elif one.what == NOT_SAME:
        duplicates.say(replica, one.id, "")
    else:
        with replica.together():
            duplicates.unmerge(replica, one.id)




def words(replica: Reading, one: Settled, today: datetime.date) -> tuple[str, str]:
    """Whom it is about, and what was said of them."""
    kind = KINDS[one.kind]
    whom = wording.record_text(kind, one.record, replica, today)
    if one.what == NOT_SAME:
        other = wording.record_text(kind, one.other, replica, today)
        return _("{one} 和 {other}").format(one=whom, other=other), _("不是同一个孩子")
    if one.what == MERGED and one.other.isdigit():
        return whom, _("等 {n} 对合成一份，一批").format(n=one.other)
    if one.what == MERGED:
        rows = replica.records.shown(one.kind, [one.other])
        other = wording.title_text(kind, rows[one.other].values, replica, today) if rows else ""
        return whom, _("和另一份 {other} 合成一份").format(other=other)
    view = replica.get(one.record, one.kind)
    root = view.root if view else one.record
    file = wording.record_text(duplicates.FILE, root, replica, today)
    said = wording.slot_text(kind, one.slot, one.value, replica, today, is_masked=True)
    what = wording.slot_label(kind, one.slot)
    return file, _("{what}：{value}").format(what=what, value=said.replace("\n", " ") or _("空着"))
