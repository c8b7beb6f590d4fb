"""Opening again what was decided: a decision taken back, or a value its author asks for back.

A `reopen` change names the versions that are to stand as heads again. Its base names the decision
it takes back; without a base nothing that stands is taken away. Like every meeting it is decided
once, at the hub; a device lays the same over what it shows until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schema.record import Kind
from sync import ids
from sync.change import Change, Head, Mark, Slot, State, raw_version
from sync.decide import Lookup, decide, original, precedence, value_of, without


def outcome_of(
    kind: Kind, state: State | None, change: Change, stamp: int, lookup: Lookup
) -> dict[str, Slot]:
    """The outcome of any change: what it opens again, or how it meets the others."""
    if change.op == "reopen" and state is not None:
        return reopened(kind, state, change, stamp, lookup)
    return decide(kind, state, change, stamp, lookup)


def reopened(
    kind: Kind, state: State, change: Change, stamp: int, lookup: Lookup
) -> dict[str, Slot]:
    """The outcome of a `reopen`: its one slot with the heads that stand now."""
    (name,) = change.fields
    before = state.slot(name, kind.slot_value(name, state.values))
    if before is None:  # nobody ever wrote it: there is nothing to open
        return {name: Slot((Head(state.made, None, (state.made.version,)),))}
    entries = [e for v in change.names if (e := lookup(raw_version(v)))]
    entries.sort(key=lambda e: e.seq)
    told = [slot for e in entries if (slot := e.outcome.get(name))]
    return {name: again(kind, before, change, stamp, told, lookup)}


def again(
    kind: Kind, before: Slot, change: Change, stamp: int, told: Sequence[Slot], lookup: Lookup
) -> Slot:
    """`before` with the named heads standing again. `told`: what earlier entries said of the slot,
    the oldest first."""
    (name,) = change.fields
    decision = lookup(raw_version(change.base.get(name, "")))
    is_decision = decision is not None and decision.change.op == "resolve"
    taken_back = decision.change.version if decision and is_decision else ""
    heads = _left(name, before.heads, taken_back, lookup)
    closed = _closed_by(name, heads, lookup) if taken_back else set()
    back = [
        head
        for version in change.names
        if version not in closed and (head := _head(name, version, told, lookup))
    ]
    heads = [_apart(h, back, name, lookup) for h in heads]
    heads += [h for h in back if not _is_there(h, heads)]
    if not heads or not (back or taken_back):
        return before
    if taken_back:
        heads.sort(key=lambda h: precedence(kind, name, h), reverse=True)
    if len(heads) == 1:
        return Slot((heads[0],))
    # A decision taken back opens its own conflict again; a value asked back is a new one, so that
    # every laptop gives it the same id, whichever of the two values came first.
    known = (before, *reversed(told)) if taken_back else (before,)
    first = next((s for s in known if s.conflict), None)
    if first is None:
        base = _base_of(back, name, lookup)
        opened = ids.derived_id(change.id, name, change.version)
        return Slot(tuple(heads), opened, base, value_of(base, name, lookup), stamp)
    return Slot(tuple(heads), first.conflict, first.base_version, first.base_value, first.opened)


def _base_of(back: Iterable[Head], name: str, lookup: Lookup) -> str | None:
    """What the author of a value asked back had seen."""
    entries = (lookup(raw_version(head.mark.version)) for head in back)
    return next((e.change.base.get(name) for e in entries if e), None)


def _left(name: str, heads: Iterable[Head], taken_back: str, lookup: Lookup) -> list[Head]:
    """The heads without the decision that is taken back; a value that is no decision stays."""
    left = []
    for head in heads:
        if taken_back in head.ops:
            rest = without(head, {taken_back})
            if rest is not None:
                left.append(original(rest, name, lookup))
        else:
            left.append(head)
    return left


def _apart(head: Head, back: Iterable[Head], name: str, lookup: Lookup) -> Head:
    """A decision without the other one in it, made unseen by its author, that is asked back."""
    other = (b for b in back if head.is_decision and b.value != head.value)
    asked = {op for b in other if set(b.ops) < set(head.ops) for op in b.ops}
    rest = without(head, asked)
    return original(rest, name, lookup) if rest is not None else head


def _closed_by(name: str, heads: Iterable[Head], lookup: Lookup) -> set[str]:
    """What decisions that still stand have closed: it stays closed."""
    found: set[str] = set()
    for head in heads:
        if head.is_decision:
            for op in head.ops:
                entry = lookup(op)
                if entry is not None:
                    found.update((entry.change.base.get(name, ""), *entry.change.names))
    return found


def _head(name: str, version: str, told: Iterable[Slot], lookup: Lookup) -> Head | None:
    """The head of a version, as it was told last, or from the words of its change."""
    known = [h for slot in told for h in slot.heads if h.mark.version == version]
    if known:
        return known[-1]
    entry = lookup(version)
    if entry is None or name not in entry.change.fields:
        return None
    mark = Mark(version, entry.change.author, entry.stamp, entry.change.seen)
    value = entry.change.fields[name]
    return Head(mark, value, (version,), entry.change.op == "resolve")


def _is_there(head: Head, heads: Iterable[Head]) -> bool:
    """True when a head stands already, in its own words or in those of another."""
    return any(set(head.ops) <= set(h.ops) or head.value == h.value for h in heads)


def asks_own(change: Change, lookup: Lookup) -> bool:
    """True when every value that a `reopen` asks back is its author's own."""
    entries = [lookup(raw_version(version)) for version in change.names]
    return all(e is None or e.change.author == change.author for e in entries)


def decides_own_danger(kind: Kind, change: Change, state: State | None) -> bool:
    """True when one who wrote a value on the safety list would decide about it."""
    for name in change.fields:
        slot = state.slots.get(name) if state else None
        if slot is not None and slot.conflict and kind.is_critical(name):
            named = (h.mark.author for h in slot.heads if h.mark.version in change.names)
            if change.author in named:
                return True
    return False
