"""Pairs of files that seem to be of one child: the county's own findings, what is found among the
files held here, and what was said about them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from msgspec import Struct

from casework import likenesses, summary, wording
from schema.kinds import KINDS
from schema.kinds.duplicate import LATER as LATER
from schema.kinds.duplicate import NOT_SAME as NOT_SAME
from schema.record import Kind
from sync import ids, merges
from sync.language import _
from sync.likeness import compare
from sync.reading import Reading
from sync.replica import Refused, Replica
from sync.views import View

PAIR = KINDS["duplicate"]
FILE = KINDS["child"]
BATCH = "一批合并 "
"""Begins the note of merges made together; what follows is the same for all of them."""


class Pair(Struct, frozen=True):
    """Two files; `certain` when name and valid ID number are the same. `why`: codes of
    `likenesses.WORDS`, separated by spaces."""

    id: str
    a: str
    b: str
    score: int
    certain: bool
    why: str
    verdict: str = ""
    """`later`, or empty: nobody has said anything."""


def pairs(replica: Reading) -> list[Pair]:
    """Every open pair whose two files are both held here, the surest first and those put off last.

    Of files merged since, the kept ones are meant; what was said not to be the same child is gone.
    """
    found = {p.id: p for p in _told(replica) if p.verdict != NOT_SAME}
    settled = {(p.a, p.b) for p in _told(replica)}
    for a, b, likeness in likenesses.everybody(replica):
        if (a, b) not in settled:
            id_ = ids.derived_id(PAIR.name, a, b)
            why = " ".join(likeness.reasons)
            found[id_] = Pair(id_, a, b, likeness.score, likeness.is_certain, why)
    return sorted(found.values(), key=lambda p: (p.verdict == LATER, -p.score, p.id))


def on_record(replica: Reading) -> list[Pair]:
    """The open pairs that the county found, or that somebody has spoken of: no search, so at once
    in a county of any size."""
    found = [p for p in _told(replica) if p.verdict != NOT_SAME]
    return sorted(found, key=lambda p: (p.verdict == LATER, -p.score, p.id))


def count_open(replica: Reading) -> int:
    """How many pairs on record nobody has spoken of."""
    return sum(not p.verdict for p in on_record(replica))


def certain(replica: Reading) -> list[Pair]:
    """The open pairs with the same valid ID number and name: as the county found them, and still."""
    found = (p for p in _told(replica) if p.certain and p.verdict != NOT_SAME)
    return [p for p in found if is_certain_now(replica, p.a, p.b)]


def people(
    replica: Reading, one: View, other: View, today: datetime.date
) -> list[tuple[str, str, str]]:
    """Who is around the child by either file: (what they are to the child, their line in one file,
    their line in the other), those of one role beside each other. They are to be compared only:
    all of them stay."""
    found = []
    for kind in filter(summary.is_people, summary.hanging_kinds(FILE)):
        role = kind.by_name[kind.title[0]]
        sides = [
            list(replica.select(kind.name, {kind.parent: view.id})) for view in (one, other)
        ]
        roles = dict.fromkeys(r.get(role.name) for rows in sides for r in rows)
        for held in roles:
            label = wording.value_text(role, held, replica, today)
            lines = [
                [_line(replica, kind, r, today, label) for r in rows if r.get(role.name) == held]
                for rows in sides
            ]
            found += [
                (label, mine, theirs) for mine, theirs in zip_longest(*lines, fillvalue="")
            ]
    return found


def _line(
    replica: Reading, kind: Kind, row: Mapping[str, Any], today: datetime.date, label: str
) -> str:
    """One person, the name and the phone first: what is compared must not be cut off."""
    pieces = summary.person_line(replica, kind, dict(row), today)
    said = [(text, "bold" in style) for text, style in pieces if text != label]
    first = said[:1] + [piece for piece in said[1:] if piece[1]]
    return "  ".join(text for text, _bold in [*first, *(p for p in said[1:] if not p[1])])


def _told(replica: Reading) -> list[Pair]:
    """Pairs on record, each two files once; left out are two files that are one by now, and those
    that a correction made unlike."""
    rows = replica.select(PAIR.name)
    kept = replica.kept_of({row[side] for row in rows for side in "ab"})
    here = {
        r["id"] for r in replica.rows(FILE.name, [kept.get(row[s], row[s]) for row in rows for s in "ab"])
    }  # fmt: skip
    found: dict[tuple[str, str], Pair] = {}
    for row in rows:
        a, b = sorted(kept.get(row[side], row[side]) for side in "ab")
        is_unlike = row["score"] == 0 and not row["verdict"]
        if a == b or is_unlike or not {a, b} <= here:
            continue
        pair = Pair(
            row["id"], a, b, row["score"] or 0, bool(row["is_certain"]), row["why"] or "",
            row["verdict"] or "",
        )  # fmt: skip
        known = found.get((a, b))
        if known is None or (pair.verdict == NOT_SAME, pair.score) > (
            known.verdict == NOT_SAME, known.score,
        ):  # fmt: skip
            found[a, b] = pair
    return list(found.values())


def has_another(replica: Reading, file: str) -> bool:
    """True when the county told that there may be another file of this child, not yet looked at."""
    kind = KINDS["another_file"]
    return replica.count(kind.name, {kind.parent: file, "is_settled": None}) > 0


def another_words() -> str:
    """All that either side is told."""
    return _("县里可能另有这个孩子的一份档案；县里知道，会来核对。")


def pair_of(replica: Reading, id: str) -> Pair:
    """A pair by its id, on record or found here.

    Raises:
        Refused: there is none.
    """
    for pair in _told(replica):
        if pair.id == id:
            return pair
    for pair in pairs(replica):
        if pair.id == id:
            return pair
    raise Refused("not_found", id)


def say(replica: Replica, id: str, verdict: str) -> None:
    """Remember what a reviewer says of a pair: `not_same`, `later`, or nothing any more.

    Raises:
        Refused: no such pair, or the user does not review both files.
    """
    held = replica.get(id, PAIR.name)
    a, b = (held.values["a"], held.values["b"]) if held else (None, None)
    if a is None or b is None:
        pair = pair_of(replica, id)
        a, b = pair.a, pair.b
    if not merges.may_merge(replica, a, b):
        raise Refused("not_permitted")
    if held is not None:
        replica.save(PAIR.name, {"verdict": verdict or None}, id)
    else:
        merges.put_on_record(replica, PAIR, id, a, b, {"verdict": verdict})


def is_certain_now(replica: Reading, a: str, b: str) -> bool:
    """True when two files as they stand here have one valid number and one name: since the county
    found the pair, either may have been corrected."""
    one, other = likenesses.all_facts(replica, {a, b})
    found = compare(one, other)
    return found is not None and found.is_certain


def merge_certain(replica: Replica) -> tuple[str, list[tuple[str, str]]]:
    """Merge every certain pair that this user reviews; (id of the batch, [(merge, kept file)]).

    Each is a txn of its own, accepted or refused alone. The older file is kept. The id is empty
    when there is nothing to merge.
    """
    made: list[tuple[str, str]] = []
    note = f"{BATCH}{ids.new_id(replica.clock.now_ms(), replica.random)}"
    for pair in sorted(certain(replica), key=lambda p: (p.a, p.b)):
        kept, away = (replica.kept(i) for i in (pair.a, pair.b))
        is_so = kept != away and is_certain_now(replica, kept, away)
        if is_so and merges.may_merge(replica, kept, away):
            made.append((merges.merge(replica, kept, away, note=note), kept))
    return merges.batch_id([m for m, _ in made]) if made else "", made


def unmerge(replica: Replica, id: str) -> list[tuple[str, str, str]]:
    """Take back a merge, or all of a batch that still stand: [(merge, file kept, file back)].

    Raises:
        Refused: no such merge, or the user does not review these files.
    """
    batch = merges.in_batch(replica, id)
    if batch is None:
        return [(id, *merges.unmerge(replica, id))]
    if not batch and not merges.was_made(replica, id.partition("-")[0]):
        raise Refused("not_found", id)
    return [(merge, *merges.unmerge(replica, merge)) for merge in batch]


def slots_of(kind: Kind, one: View, other: View) -> list[str]:
    """The slots that either of two files fills, in order of declaration."""
    return [
        name
        for name in kind.slots
        if name != kind.pointer
        and any(kind.slot_value(name, v.values) is not None for v in (one, other))
    ]


class Since(Struct, frozen=True):
    """Something written into the files of a merge after it: for whoever takes it back to place."""

    id: str
    """Version of the change."""
    record: str
    kind: str
    file: str
    """The file it is in when the merge is taken back: the one its author addressed."""
    fields: dict[str, Any]
    author: str
    at_ms: int


def since(replica: Reading, merge: str) -> list[Since]:
    """What was written after a merge, into either file or what hangs on them, the oldest first."""
    return [
        Since(
            e.change.version, e.change.id, e.change.kind, file, e.change.fields, e.change.author, ms
        )
        for e, file, ms in merges.after(replica, merge)
    ]


def assign(replica: Replica, changes: Iterable[Since], kept: str, away: str) -> Sequence[str]:
    """Put what was written into one file of a merge taken back into the other too; what hangs is
    made there anew and put away here, unless this user may not delete it: then it stays in both.
    Returns the ids of the records written."""
    written: list[str] = []
    with replica.together():
        for change in changes:
            other = away if change.file == kept else kept
            kind = KINDS[change.kind]
            values = _flat(kind, change.fields)
            if kind.scope == "root":
                replica.save(kind.name, values, other)
                written.append(other)
            else:
                written.append(_moved(replica, kind, change.record, other))
    return written


def _moved(replica: Replica, kind: Kind, record: str, other: str) -> str:
    view = replica.get(record, kind.name)
    if view is None or view.deleted is not None:
        raise Refused("not_found", record)
    made = replica.save(kind.name, {**view.values, kind.parent: other})
    may_delete = replica.scope.may_delete(kind, view.root, replica.units_of_root(view.root))
    if not kind.is_append_only and (may_delete or replica.may_withdraw(view)):
        replica.delete(record, "→ " + made)
    return made


def _flat(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    slots = ((s, v) for s, v in fields.items() if s in kind.slots)
    return {n: v for s, value in slots for n, v in kind.spread(s, value).items()}
