"""What the county adds when files are merged and un-merged: late edits carried to the kept file,
and taken out again.

Whoever was away when a file was merged goes on writing to it. Their change is taken as it is, and
what it says is said once more on the kept file, in a change of the county's own that has seen
nothing there: an equal value is no news, another one is a conflict for review. When the merge is
taken back, what was carried over is withdrawn; the words themselves never left their file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schema.kinds import KINDS
from schema.record import DELETED, Kind
from sync import ids, merging, partings
from sync.change import Change, State, raw_version
from sync.decide import changes_in, combined_value, value_of

if TYPE_CHECKING:
    from sync.intake import Batch

Done = tuple[Change, State | None]
"""A change taken in, with its record as it stood before."""


def closes_a_circle(batch: Batch, kind: Kind, change: Change) -> bool:
    """True when a file would be merged into one that is merged into it already: they are one."""
    target = change.fields.get(kind.pointer)
    if not target:
        return False
    into = merging.pointers(kind, files(batch, target).values())
    return change.id in merging.way(into, target)


def files(batch: Batch, id: str) -> dict[str, State]:
    """All files of the child whose one file this is, as they stand now."""
    batch.load([id], [id])
    place = batch.places.get(id)
    known = {id, *(merging.files_in(place.units) if place else ())}
    batch.load(known, known)
    return {i: s for i in known if (s := batch.states.get(i)) is not None}


def places(batch: Batch, kind: Kind, after: State) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Where every file is, that is or was of one child with `after`."""
    states = files(batch, after.id) | {after.id: after}
    target = after.values.get(kind.pointer)
    if target:
        states = files(batch, target) | states
    for group in merging.groups(kind, states):
        units = merging.units_of_files(kind, group)
        for state in group:
            yield state.id, units


def follow(batch: Batch, done: Sequence[Done]) -> None:
    """After a txn: carry over what it wrote in merged-away files, withdraw what an un-merge
    undoes."""
    for change, before in done:
        kind = KINDS[change.kind]
        _tell_of(batch, kind, change, before)
        if not kind.pointer or before is None:
            continue
        if kind.pointer in change.fields:
            _after_a_merge(batch, kind, change, before)
        place = batch.places.get(change.id)
        if place is None or not merging.files_in(place.units):
            continue
        slots = [s for s in change.fields if s not in (kind.pointer, DELETED)]
        _carry(batch, kind, change, {s: change.fields[s] for s in slots})


def ids_of_pair(a: str, b: str) -> tuple[str, list[str]]:
    """Of the record of a pair, and of what `a` and `b` are told of it."""
    pair = ids.derived_id("duplicate", *sorted((a, b)))
    return pair, [ids.derived_id("another_file", pair, file) for file in (a, b)]


def tell(batch: Batch, a: str, b: str, *, is_settled: bool | None = None) -> None:
    """Tell either side of a pair that there may be another file, and when that is settled."""
    pair, notes = ids_of_pair(a, b)
    for file, id_ in zip((a, b), notes, strict=True):
        batch.load([id_, file], [file])
        held = batch.states[id_]
        if held is None and is_settled is None:
            batch._own("another_file", id_, {"child": file, "pair": pair})
        elif held is not None and held.values.get("is_settled") != is_settled:
            batch._own("another_file", id_, {"is_settled": is_settled})


def _tell_of(batch: Batch, kind: Kind, change: Change, before: State | None) -> None:
    """A verdict on a pair, a merge or an un-merge is news for both sides."""
    after = batch.states[change.id]
    if after is None:
        return
    if kind.name == "duplicate" and "verdict" in change.fields:
        a, b = after.values["a"], after.values["b"]
        is_settled = after.values.get("verdict") == "not_same"
        tell(batch, a, b, is_settled=is_settled or None)
    elif kind.pointer in change.fields:
        now = after.values.get(kind.pointer)
        was = before.values.get(kind.pointer) if before else None
        for other, is_settled in ((was, None), (now, True)):
            if other and was != now:
                pair, _ = ids_of_pair(change.id, other)
                batch.load([pair], ())
                if batch.states[pair] is not None:
                    tell(batch, change.id, other, is_settled=is_settled)


def _after_a_merge(batch: Batch, kind: Kind, change: Change, before: State) -> None:
    was = before.values.get(kind.pointer)
    after = batch.states[change.id]
    assert after is not None
    now = after.values.get(kind.pointer)
    if was and was != now:
        head = before.slots[kind.pointer].standing
        _withdraw(batch, kind, change, was, head.ops)
        partings.tell(batch, change, was, head.mark.stamp)
    asked = change.fields[kind.pointer]
    if asked and asked != now:  # not the one that counts: what it took over does not either
        _withdraw(batch, kind, change, asked, (change.version,), only_taken=True)
    if now and now != was:
        _carry_unseen(batch, kind, change, after)


def _carry_unseen(batch: Batch, kind: Kind, merge: Change, away: State) -> None:
    """What stood in the file that its merger had not seen; after a decision, all it adds."""
    for name in list(away.slots):
        if name in (kind.pointer, DELETED):
            continue
        seen = {away.made.version}
        for version in [merge.base[name], *merge.names] if name in merge.base else merge.names:
            seen.update(changes_in(version, name, batch.lookup))
        for head in away.slots[name].heads:
            for op in head.ops:
                entry = batch.lookup(op)
                if op not in seen and entry is not None:
                    _carry(batch, kind, entry.change, {name: entry.change.fields.get(name)})
    if merge.op == "resolve":
        kept = _kept(batch, kind, away.id)
        for name in kind.slots:
            if name == kind.pointer or kept is None:
                continue
            value = kind.slot_value(name, away.values)
            if value is not None and kind.slot_value(name, kept.values) is None:
                entry = batch.lookup(raw_version(away.version(name, value) or ""))
                if entry is not None:
                    on_top = kept.version(name, None)
                    _carry(batch, kind, entry.change, {name: value}, on_top)


def _kept(batch: Batch, kind: Kind, id: str) -> State | None:
    """The file under which this one is shown; None when it is its own."""
    states = files(batch, id)
    end = merging.kept_of(kind, states).get(id)
    return states[end] if end else None


def _origin(batch: Batch, version: str) -> Change | None:
    """The change that a change of the county's carries over; None for any other version."""
    if not merging.is_carried(version):
        return None
    entry = batch.lookup(version)
    origin = batch.lookup(entry.change.names[0]) if entry and entry.change.names else None
    return origin.change if origin and entry and origin.change.id != entry.change.id else None


def _carry(
    batch: Batch, kind: Kind, change: Change, values: Mapping[str, Any], on_top: str | None = None
) -> None:
    """Say on the kept file what `change` says on a merged-away one; in place of the version
    `on_top`, else beside what stands there."""
    kept = _kept(batch, kind, change.id)
    if kept is None:
        return
    fields: dict[str, Any] = {}
    base: dict[str, str] = {}
    for name, value in values.items():
        slot = kept.slot(name, kind.slot_value(name, kept.values))
        carried = {
            origin.version: op
            for head in (slot.heads if slot else ())
            for op in head.ops
            if (origin := _origin(batch, op)) is not None
        }
        if change.version in carried:
            continue
        fields[name] = value
        # A chain of edits is one: the later ones replace what was carried of the earlier.
        seen = _seen(batch, name, change)
        mine = [op for version, op in carried.items() if version in seen]
        if mine or on_top:
            base[name] = on_top or mine[0]
        elif name in change.base:
            base[name] = change.base[name]
    if fields:
        _write(batch, kind, kept.id, "put", fields, base, [change.version], change)


def _seen(batch: Batch, name: str, change: Change) -> set[str]:
    versions = [change.base[name]] if name in change.base else []
    if change.op == "resolve":
        versions += change.names
    return {op for v in versions for op in changes_in(v, name, batch.lookup)}


def _withdraw(
    batch: Batch,
    kind: Kind,
    change: Change,
    target: str,
    merges: Sequence[str],
    *,
    only_taken: bool = False,
) -> None:
    """Take out of the files `target` leads to what `merges` took over and what was carried since.

    What somebody has written over it stays as they wrote it.
    """
    states = files(batch, target) | files(batch, change.id)
    into = merging.pointers(kind, states.values())
    taken = {t.version for version in merges if (t := _taken(batch, version, target))}
    below = {i for i in states if i == change.id or change.id in merging.way(into, i)}
    above = [i for i in [target, *merging.way(into, target)] if i not in below]
    again: list[tuple[Change, str, Any]] = []
    for id in [target] if only_taken else above:
        state = batch.states.get(id)
        if state is None:
            continue
        gone: dict[str, set[str]] = {}
        for name, slot in state.slots.items():
            for op in (op for head in slot.heads for op in head.ops):
                origin = _origin(batch, op)
                if op in taken or (origin and origin.version in taken):
                    gone.setdefault(name, set()).add(op)
                elif origin and origin.id in below and not only_taken:
                    gone.setdefault(name, set()).add(op)
                    if origin.id != change.id:
                        again.append((origin, name, origin.fields.get(name)))
        if gone:
            _restore(batch, kind, state, gone, change)
    for origin, name, value in again:
        _carry(batch, kind, origin, {name: value})


def _taken(batch: Batch, version: str, target: str) -> Change | None:
    """The change by which a merge filled the kept file: the next of its txn."""
    merge = batch.lookup(version)
    if merge is None:
        return None
    entry = batch.lookup(f"{merge.change.device}.{merge.change.seq + 1}")
    if entry and entry.change.txn == merge.change.txn and entry.change.id == target:
        return entry.change
    return None


def _restore(
    batch: Batch, kind: Kind, state: State, gone: Mapping[str, set[str]], cause: Change
) -> None:
    """Bring slots to what stands without the changes `gone`."""
    fields: dict[str, Any] = {}
    base: dict[str, str] = {}
    names: list[str] = []
    for name, ops in gone.items():
        staying = [op for head in state.slots[name].heads for op in head.ops if op not in ops]
        is_known, first = _before(batch, name, ops, staying)
        left: list[Any] = []
        closed: list[str] = []
        is_clear = True
        for head in state.slots[name].heads:
            others = [op for op in head.ops if op not in ops]
            is_cut = 0 < len(others) < len(head.ops) and kind.merge(name) != "last"
            says_so = _all_say(batch, name, others, head.value)
            is_beside = is_known and says_so and _stood_beside(batch, kind, name, others, ops)
            is_joined, value = False, None
            if is_cut and not is_beside:
                is_joined, value = _again(batch, kind, name, others, first)
            if is_joined:
                closed.append(head.mark.version)
                first = value
            else:
                is_clear &= not is_cut or says_so
                closed += [op for op in head.ops if op in ops]
                left += [head.value] if others else []
        if is_clear:
            fields[name] = left[0] if left and first is None and not is_known else first
            base[name] = closed[0]
            names += closed
    if fields:
        names = list(dict.fromkeys(names))
        _write(batch, kind, state.id, "resolve", fields, base, names, cause)


def _stood_beside(
    batch: Batch, kind: Kind, name: str, others: Iterable[str], ops: Iterable[str]
) -> bool:
    """True when texts that say what the merge among `ops` said were there before it: they stood in a
    conflict with the one that it replaced, for beside an open conflict only equal texts are joined."""
    merge = min(e.seq for op in ops if not merging.is_carried(op) and (e := batch.lookup(op)))
    entries = [batch.lookup(op) for op in others]
    return kind.merge(name) == "text" and all(e is not None and e.seq < merge for e in entries)


def _all_say(batch: Batch, name: str, ops: Iterable[str], value: Any) -> bool:
    """True when each of these changes wrote this very value: a head that they share with others who
    did, and not one put together of parts."""
    entries = [batch.lookup(raw_version(op)) for op in ops]
    return all(e is not None and e.change.fields.get(name) == value for e in entries)


def _again(batch: Batch, kind: Kind, name: str, ops: Sequence[str], value: Any) -> tuple[bool, Any]:
    """Sets and texts put together once more as they came, without some; False where none can."""
    entries = [batch.lookup(op) for op in ops]
    for entry in sorted((e for e in entries if e is not None), key=lambda e: e.seq):
        new = entry.change.fields.get(name)
        base = value_of(entry.change.base.get(name), name, batch.lookup)
        joined = new if value is None else combined_value(kind, name, base, value, new)
        if joined is None and new != value:
            return False, None
        value = value if new == value else joined
    return all(e is not None for e in entries), value


def _before(
    batch: Batch, name: str, ops: Iterable[str], staying: Iterable[str]
) -> tuple[bool, Any]:
    """What stood in a slot before the merge among `ops` took over another value; False where nobody
    had written it, or one of the changes that stay has been written over it."""
    taken = [e for op in ops if not merging.is_carried(op) and (e := batch.lookup(op)) is not None]
    if not taken or name not in taken[0].change.base:
        return False, None
    version = taken[0].change.base[name]
    seen: set[str] = set()
    waiting = list(staying)
    while waiting:
        entry = batch.lookup(raw_version(waiting.pop()))
        base = entry.change.base.get(name) if entry else None
        new = set(changes_in(base, name, batch.lookup)) - seen if base else set()
        seen |= new
        waiting += new
    if seen.issuperset(changes_in(version, name, batch.lookup)):  # of one made of several, of all
        return False, None
    return True, value_of(version, name, batch.lookup)


def _write(
    batch: Batch,
    kind: Kind,
    id: str,
    op: str,
    fields: dict[str, Any],
    base: dict[str, str],
    names: list[str],
    cause: Change,
) -> None:
    """A change of the county's own, in the name of whoever wrote its cause.

    Its version says what it carries and where: a log grown anew after a backup gives the same
    number to something else.
    """
    seq = batch.seq + 1
    made = ids.derived_id(names[0], cause.version, id, str(seq))
    device = merging.CARRIER + made[:8]
    entry = batch.lookup(cause.version)
    change = Change(
        device, seq, f"{device}.{seq}", op, kind.name, id, cause.author,
        entry.stamp if entry else cause.hlc, fields, base, cause.seen, "", names,
    )  # fmt: skip
    batch.accept(change, kind)
