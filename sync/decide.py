"""What becomes of a change: the one place where concurrent edits are told apart, merged and ranked.

Pure functions over a record's state. The hub calls `decide` once per change, in log order, and
writes the outcome into the log; everyone, the hub included, then applies it by `replay` and merges
nothing again.

A change replaces exactly the heads whose changes it has seen: the base names a version, and a
version that the hub combined (`DEVICE.SEQ*HASH`) stands for every change in it. What is left is
concurrent with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from schema.record import DELETED, Kind
from schema.types import Choices
from sync import erasing, ids, merging
from sync.change import (
    Change,
    Entry,
    Head,
    Mark,
    Slot,
    State,
    combined,
    device_of,
    raw_version,
    seq_of,
)  # fmt: skip
from sync.merge import merge_sets, merge_texts

Lookup = Callable[[str], Entry | None]
"""The log entry of a version, or None when this log does not hold it."""


def changes_in(version: str, slot: str, lookup: Lookup) -> tuple[str, ...]:
    """The changes that someone who saw `version` in `slot` has seen."""
    if "*" not in version:
        return (version,)
    entry = lookup(raw_version(version))
    found = entry.outcome.get(slot) if entry else None
    for head in found.heads if found else ():
        if head.mark.version == version:
            return head.ops
    return (raw_version(version),)


def value_of(version: str | None, slot: str, lookup: Lookup) -> Any:
    """The value that a version put into a slot; None when unknown or empty."""
    entry = lookup(raw_version(version)) if version else None
    if entry is None or version is None:
        return None
    if "*" in version:
        found = entry.outcome.get(slot)
        for head in found.heads if found else ():
            if head.mark.version == version:
                return head.value
        return None  # of a log that is no more
    return entry.change.fields.get(slot)


def floor_of(kind: Kind, state: State | None, change: Change, lookup: Lookup) -> int:
    """The greatest effective stamp among the values the author saw, the making of the record
    included."""
    floor = state.made.stamp if state else 0
    if not change.base and not change.names:
        return floor
    for slot, version in change.base.items():
        known = None
        if state is not None:
            found = state.slot(slot, kind.slot_value(slot, state.values))
            for head in found.heads if found else ():
                if head.mark.version == version:
                    known = head.mark.stamp
        floor = max(floor, known or _stamp_of(version, lookup))
    return max([floor, *(_stamp_of(version, lookup) for version in change.names)])


def _stamp_of(version: str, lookup: Lookup) -> int:
    """The effective stamp of a version: what several changes were combined to has the latest of
    theirs."""
    entry = lookup(raw_version(version))
    if entry is None:
        return 0
    heads = (h for slot in entry.outcome.values() for h in slot.heads)
    return max([entry.stamp, *(h.mark.stamp for h in heads if h.mark.version == version)])


def decide(
    kind: Kind, state: State | None, change: Change, stamp: int, lookup: Lookup
) -> dict[str, Slot]:
    """The outcome of a change on `state` (None: a new record): every slot that is not simply
    overwritten."""
    if state is None:
        return {}
    outcome: dict[str, Slot] = {}
    mark = Mark(change.version, change.author, stamp, change.seen)
    for name, value in change.fields.items():
        before = state.slot(name, kind.slot_value(name, state.values))
        after = _meet(kind, name, before, change, mark, value, lookup)
        if name == DELETED and value is not None and not state.is_deleted:
            after = _against_edits(state, change, mark, after, lookup)
        if after.heads != (Head(mark, value, (mark.version,)),):
            outcome[name] = after
    if change.op in ("put", "create") and state.is_deleted:
        outcome[DELETED] = _against_delete(state, change, mark)
    return outcome


def _meet(
    kind: Kind,
    name: str,
    before: Slot | None,
    change: Change,
    mark: Mark,
    value: Any,
    lookup: Lookup,
) -> Slot:
    is_decision = change.op == "resolve" and not _is_put_back(change)
    new = Head(mark, value, (mark.version,), is_decision)
    if before is None:
        return Slot((new,))
    seen = _seen(name, change, lookup)
    rest = [h for h in (without(head, seen) for head in before.heads) if h]
    heads = _combine(kind, name, rest, new, change, was_open=len(before.heads) > 1, lookup=lookup)
    ranked = sorted(heads, key=lambda h: precedence(kind, name, h), reverse=True)
    if len(ranked) == 1:
        return Slot((ranked[0],))
    if before.conflict:
        return Slot(
            tuple(ranked), before.conflict, before.base_version, before.base_value, before.opened
        )
    base = change.base.get(name)
    opened = ids.derived_id(change.id, name, mark.version)
    return Slot(tuple(ranked), opened, base, value_of(base, name, lookup), mark.stamp)


def _seen(name: str, change: Change, lookup: Lookup) -> set[str]:
    """The changes to a slot that the author has seen. Who hides a record has seen all its base
    names."""
    if name == DELETED and change.fields.get(DELETED) is not None:
        return {op for slot in change.base for op in _named(slot, change, lookup)}
    versions = [change.base[name]] if name in change.base else []
    if change.op == "resolve":
        versions += change.names
    return {op for v in versions for op in changes_in(v, name, lookup)}


def _named(slot: str, change: Change, lookup: Lookup) -> set[str]:
    """The changes behind the version a base gives of a slot, and behind every version in
    `names`."""
    versions = [change.base[slot], *change.names] if slot in change.base else change.names
    return {op for v in versions for op in changes_in(v, slot, lookup)}


def without(head: Head, seen: set[str]) -> Head | None:
    """What is left of a head when some of its changes have been seen; None when nothing is."""
    ops = tuple(op for op in head.ops if op not in seen)
    if ops == head.ops:
        return head
    if not ops:
        return None
    return Head(head.mark, head.value, ops, head.is_decision)


def original(head: Head, name: str, lookup: Lookup) -> Head:
    """The one change left of a merged text, in its author's own words: what a person compares."""
    entry = lookup(head.ops[0]) if len(head.ops) == 1 else None
    if entry is None or head.mark.version == head.ops[0]:
        return head
    mark = Mark(head.ops[0], entry.change.author, entry.stamp, entry.change.seen)
    return Head(mark, entry.change.fields.get(name), head.ops, head.is_decision)


def _combine(
    kind: Kind,
    name: str,
    rest: Sequence[Head],
    new: Head,
    change: Change,
    *,
    was_open: bool,
    lookup: Lookup,
) -> list[Head]:
    if not rest:
        return [new]
    # A device's chain of edits is one head, its last (decision 0005): what of it a set or a text
    # still holds is combined all the same.
    others = list(rest)
    if not _is_of_a_merge(kind, change, lookup):
        others = [h for h in (without(head, _chain(head, change)) for head in rest) if h]
    how = kind.merge(name)
    if how == "set":
        base = value_of(change.base.get(name), name, lookup)
        value = combined_value(kind, name, base, rest[0].value, new.value)
        return [_joined([*others, new], new, value)]
    equal = _collapsed(name, others, new)
    if equal is not None:
        return equal
    if others and new.is_decision and all(h.is_decision for h in others):
        # Two reviewers decided the same conflict unseen by each other: one result, both on record.
        winner = max([*others, new], key=lambda h: precedence(kind, name, h))
        return [_joined([*others, new], new, winner.value)]
    if how != "text" or _is_put_back(change):
        return [*others, new]
    if not was_open and len(rest) == 1:
        # `rest` may be a merged text of which the author saw one half: against what they saw, the
        # other half is an edit, and what they kept of the first stays.
        base_text = value_of(change.base.get(name), name, lookup)
        text = combined_value(kind, name, base_text, rest[0].value, new.value)
        if text is not None:
            return [_joined([*others, new], new, text)]
    others = _distinct([original(h, name, lookup) for h in others], new)
    return _collapsed(name, others, new) or [*others, new]


def _distinct(heads: Sequence[Head], new: Head) -> list[Head]:
    """One head for those that say the same: of a merged text the change that is left, in its author's
    own words, may be what another has said too. `new` brings it about and gives the version."""
    found: list[Head] = []
    for head in heads:
        n = next((n for n, other in enumerate(found) if other.value == head.value), None)
        if n is None:
            found.append(head)
        else:
            found[n] = _joined([found[n], head], new, head.value)
    return found


def _chain(head: Head, change: Change) -> set[str]:
    """The changes in a head that the same device made before: its author knew them."""
    return {op for op in head.ops if device_of(op) == change.device and seq_of(op) < change.seq}


def _is_put_back(change: Change) -> bool:
    """True for what the county puts back as a merge is taken back (sync/carrying.py): nobody's
    decision and no edit of what stands beside it."""
    return change.op == "resolve" and merging.is_carried(change.version)


def _is_of_a_merge(kind: Kind, change: Change, lookup: Lookup) -> bool:
    """True for what a file takes over from one merged into it: another's words, which are no later
    edit of the reviewer's own. An un-merge takes them out again and leaves the rest."""
    if not kind.pointer or change.seq < 2:
        return False
    entry = lookup(f"{change.device}.{change.seq - 1}")
    return bool(entry and entry.change.txn == change.txn and kind.pointer in entry.change.fields)


def combined_value(kind: Kind, name: str, base: Any, ours: Any, theirs: Any) -> Any:
    """What a set or a text becomes of two concurrent values; None where that is for a person."""
    how = kind.merge(name)
    if how == "set":
        merged = merge_sets(base or (), ours or (), theirs or ())
        field_type = kind.by_name[name].type
        return field_type.sorted(merged) if isinstance(field_type, Choices) else sorted(merged)
    if how == "text" and base is not None and ours is not None and theirs is not None:
        return merge_texts(base, ours, theirs)
    return None


def _collapsed(name: str, rest: Sequence[Head], new: Head) -> list[Head] | None:
    """The heads with `new` in the one that says the same; None when none does."""
    for n, head in enumerate(rest):
        both_gone = name == DELETED and head.value is not None and new.value is not None
        if head.value == new.value or both_gone:  # two deletes agree, whatever their reasons
            return [*rest[:n], _joined([head, new], new, new.value), *rest[n + 1 :]]
    return None


def _joined(heads: Sequence[Head], last: Head, value: Any) -> Head:
    """One head in place of several; it carries the latest author and a version of its own."""
    latest = max(heads, key=lambda h: (h.mark.stamp, h.mark.version)).mark
    ops = tuple(dict.fromkeys(op for h in heads for op in h.ops))
    version = combined(raw_version(last.mark.version), ops)
    mark = Mark(version, latest.author, latest.stamp, latest.seen)
    return Head(mark, value, ops, last.is_decision)


def precedence(kind: Kind, name: str, head: Head) -> tuple[int, int, str]:
    """By worry where the slot is on the safety list (an empty value lowest), then by stamp and
    device."""
    ranks = name == DELETED or kind.is_critical(name)
    return (
        kind.rank(name, head.value) if ranks else 0,
        head.mark.stamp,
        device_of(head.mark.version),
    )


def _against_delete(state: State, change: Change, mark: Mark) -> Slot:
    """An edit of a deleted record: nobody edits what they see deleted, so it had not seen the
    delete."""
    alive = Head(mark, None, (mark.version,))
    return _alive_or_gone(change, mark, state.slots[DELETED], alive, state.slots[DELETED].heads)


def _against_edits(state: State, change: Change, mark: Mark, after: Slot, lookup: Lookup) -> Slot:
    """A delete that has not seen every value of the record never swallows what it has not seen.

    Its base names, slot by slot, what its author saw; `names` the heads that stood beside it.
    """
    if any(h.value is None for h in after.heads):
        return after
    # Whoever has seen a change in one slot has seen it in all: it came whole.
    seen = {state.made.version, *_seen(DELETED, change, lookup)}
    unseen = [
        head
        for name, slot in state.slots.items()
        if name != DELETED
        for head in slot.heads
        if not seen.issuperset(head.ops)
    ]
    if not unseen:
        return after
    head = max(unseen, key=lambda h: _age(h.mark.stamp, h.mark.version))
    last = head.mark
    version = raw_version(last.version)
    if version not in head.ops:  # of those who said the same, this one has gone on to something else
        version = max(head.ops, key=lambda op: _age(_stamp_of(op, lookup), op))
    alive = Head(Mark(version, last.author, last.stamp, last.seen), None, (version,))
    return _alive_or_gone(change, mark, state.slots.get(DELETED), alive, after.heads)


def _age(stamp: int, version: str) -> tuple[int, str, int]:
    return stamp, device_of(version), seq_of(version)


def _alive_or_gone(
    change: Change, mark: Mark, before: Slot | None, alive: Head, gone: tuple[Head, ...]
) -> Slot:
    """Edit against delete keeps the record alive and opens a conflict."""
    opened = ids.derived_id(change.id, DELETED, mark.version)
    if before is not None and before.conflict:
        return Slot((alive, *gone), before.conflict, None, None, before.opened)
    return Slot((alive, *gone), opened, None, None, mark.stamp)


def first_values(kind: Kind, change: Change) -> dict[str, Any]:
    """Field to value of a record just made; empty ones left out."""
    by_name = kind.by_name
    values: dict[str, Any] = {}
    for slot, value in change.fields.items():
        if value is None:
            continue
        if slot in by_name:
            values[slot] = value
        else:
            for name, part in kind.spread(slot, value).items():
                if part is not None:
                    values[name] = part
    return values


def replay(kind: Kind, state: State | None, entry: Entry) -> State:
    """The state after a log entry. An entry not newer than `state` changes nothing."""
    change = entry.change
    if state is not None and entry.seq <= state.seq:
        return state
    if change.op == erasing.ERASE:
        return erasing.left_of(entry)
    mark = Mark(change.version, change.author, entry.stamp, change.seen)
    if state is None:
        values = first_values(kind, change)
        return State(kind.name, change.id, entry.root, mark, mark, values, {}, entry.seq)
    after = state.copy()
    after.seq, after.last = entry.seq, mark
    for name, value in change.fields.items():
        slot = entry.outcome.get(name) or Slot((Head(mark, value, (mark.version,)),))
        put(kind, after, name, slot)
    if DELETED in entry.outcome and DELETED not in change.fields:
        put(kind, after, DELETED, entry.outcome[DELETED])
    return after


def put(kind: Kind, state: State, name: str, slot: Slot) -> None:
    """Set a slot of a state, and its values to what stands."""
    state.slots[name] = slot
    for field, value in kind.spread(name, slot.standing.value).items():
        if value is None:
            state.values.pop(field, None)
        else:
            state.values[field] = value
