"""What must come of a history of saves, in plain Python, sharing no code with sync/.

The model knows, for every save, what its author's device showed at that moment (told by the
simulation, from the model's own account of that device), and in which order the county's log took
the saves. From these two it says what stands in every slot of every record at every number of the
log.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

GONE = "_deleted"
TEXTS = {"note", "summary"}
SETS = {"categories": ("guardianship_missing", "poverty", "psychology", "study", "internet")}
WORRY: dict[str, dict[Any, int]] = {
    "risk_level": {None: -1, "low": 1, "medium": 2, "high": 3, "critical": 4},
    "lives_alone": {None: -1, False: 0, True: 1},
}

Name = tuple[str, int]
"""Device and its own running number."""


@dataclass
class Save:
    """One save as it happened on a device."""

    name: Name
    record: str
    action: str
    writes: dict[str, Any]
    saw: dict[str, frozenset[Name]] = field(default_factory=dict)
    """Per slot written: the saves behind the value that stood on the screen."""
    read: dict[str, Any] = field(default_factory=dict)
    """Per slot written: that value."""
    closes: frozenset[Name] = frozenset()
    """Resolve: the saves behind every head on the screen."""
    whole: frozenset[Name] = frozenset()
    """Delete: the saves behind everything the record showed."""
    parent: str = ""
    view: int = 0
    """Log number of the record as its author saw it."""

    def has_seen(self, slot: str) -> frozenset[Name]:
        return self.saw.get(slot, frozenset()) | self.closes

    @property
    def hides(self) -> bool:
        return self.writes.get(GONE) is not None


@dataclass(frozen=True)
class Head:
    """One of the values that stand against each other."""

    value: Any
    saves: frozenset[Name]
    stamp: int
    last: Name
    is_decision: bool = False


Slots = dict[str, tuple[Head, ...]]


def is_gone(slots: Slots) -> bool:
    return GONE in slots and slots[GONE][0].value is not None


def everything(slots: Slots) -> frozenset[Name]:
    return frozenset(s for heads in slots.values() for h in heads for s in h.saves)


class Model:
    """The county as the log makes it."""

    def __init__(self, counts: Counter[str] | None = None) -> None:
        self.counts = Counter() if counts is None else counts
        self.is_exact = True
        """False once a backup was put back: a base may then name what the new log does not know."""
        self.seqs: dict[Name, int] = {}
        self.saves: dict[Name, Save] = {}
        self.stamps: dict[Name, int] = {}
        self.last_stamp: dict[str, int] = {}
        self.past: dict[str, list[tuple[int, Slots]]] = {}
        self.made_by: dict[str, set[Name]] = {}

    # -- the log

    def accept(self, seq: int, name: Name, stamp: int, hub_ms: int) -> None:
        """The log took a save at `seq`."""
        save = self.saves[name]
        assert name not in self.stamps, f"{name} is in the log twice"
        self._check_stamp(save, stamp, hub_ms)
        self.stamps[name] = self.last_stamp[name[0]] = stamp
        self.seqs[name] = seq
        self._count_double_visit(save)
        steps = self.past.setdefault(save.record, [])
        before = steps[-1][1] if steps else {}
        steps.append((seq, self._after(before, save, stamp) if steps else self._made(save, stamp)))

    def _check_stamp(self, save: Save, stamp: int, hub_ms: int) -> None:
        """Stamps rise on a device and above everything their author saw (I3, I7), and are never
        from the future, unless what they rise above is (I6)."""
        seen = {s for slot in save.writes for s in save.has_seen(slot)}
        if save.hides:
            seen |= save.whole
        seen |= self.made_by.get(save.record, set())
        mine = self.last_stamp.get(save.name[0], 0)
        floor = max([mine, *(self.stamps.get(s, 0) for s in seen)])
        assert stamp > floor, f"{save.name} is stamped below what its author saw"
        met = [t for n, t in self.stamps.items() if self.saves[n].record == save.record]
        assert stamp <= max((hub_ms + 60_000) << 16, max([mine, *met]) + 1), (
            "a stamp from the future"
        )

    def _count_double_visit(self, save: Save) -> None:
        """Another device's visit of the same kind and day to the same child is in the log."""
        if save.action != "create" or not save.parent:
            return
        others = (self.saves[n] for n in self.stamps if n[0] != save.name[0])
        same = ("on", "kind", "child")
        if any(
            o.parent == save.parent and all(o.writes[s] == save.writes[s] for s in same)
            for o in others
        ):
            self.counts["met double visit"] += 1

    def _count_parallel(self, save: Save) -> None:
        """Someone wrote other fields of the record between what the author saw and now."""
        for other, seq in self.seqs.items():
            if seq > save.view > 0 and other[0] != save.name[0]:
                theirs = self.saves[other]
                if theirs.record == save.record and not theirs.writes.keys() & save.writes.keys():
                    self.counts["met parallel"] += 1
                    return

    def follow(self, seq: int, name: Name, stamp: int, outcome: Slots) -> None:
        """The log took a save; how it met others is what the log says."""
        assert name not in self.stamps, f"{name} is in the log twice"
        save = self.saves[name]
        self.stamps[name] = self.last_stamp[name[0]] = stamp
        self.seqs[name] = seq
        steps = self.past.setdefault(save.record, [])
        if not steps:
            steps.append((seq, self._made(save, stamp)))
            return
        slots = dict(steps[-1][1])
        for slot, value in save.writes.items():
            slots[slot] = (Head(value, frozenset({name}), stamp, name, save.action == "resolve"),)
        steps.append((seq, slots | outcome))

    def rewound(self, head: int) -> Model:
        """The county after a backup that goes up to `head` was put back."""
        other = Model(self.counts)
        other.saves, other.is_exact = self.saves, False
        for name, seq in self.seqs.items():
            if seq <= head:
                other.seqs[name], other.stamps[name] = seq, self.stamps[name]
                other.last_stamp[name[0]] = self.stamps[name]
        for record, steps in self.past.items():
            kept = [step for step in steps if step[0] <= head]
            if kept:
                other.past[record] = kept
                other.made_by[record] = set(self.made_by.get(record, ()))
        return other

    def _made(self, save: Save, stamp: int) -> Slots:
        assert save.action == "create"
        self.made_by[save.record] = {save.name}
        mine = frozenset({save.name})
        return {s: (Head(v, mine, stamp, save.name),) for s, v in save.writes.items()}

    def _after(self, before: Slots, save: Save, stamp: int) -> Slots:
        slots = dict(before)
        self._count_parallel(save)
        for slot, value in save.writes.items():
            new = Head(value, frozenset({save.name}), stamp, save.name, save.action == "resolve")
            slots[slot] = self._meet(slot, before.get(slot, ()), save, new)
        if save.hides and not is_gone(before):
            unseen = [
                h
                for slot, heads in before.items()
                for h in heads
                if slot != GONE and not h.saves <= save.whole
            ]
            if unseen and all(h.value is not None for h in slots[GONE]):
                last = max(unseen, key=lambda h: (h.stamp, h.last))
                # Of those who said the same, the last may have gone on to something else.
                one = last.last if last.last in last.saves else self._latest(last.saves)
                alive = Head(None, frozenset({one}), last.stamp, one)
                slots[GONE] = (alive, *slots[GONE])
                self.counts["met edit_delete"] += 1
        elif save.action == "put" and is_gone(before):
            self.counts["met edit_delete"] += 1
            self.counts["met late"] += 1
            alive = Head(None, frozenset({save.name}), stamp, save.name)
            slots[GONE] = (alive, *before[GONE])
        return slots

    def _latest(self, saves: frozenset[Name]) -> Name:
        return max(saves, key=lambda n: (self.stamps[n], n))

    # -- one slot

    def _meet(self, slot: str, before: tuple[Head, ...], save: Save, new: Head) -> tuple[Head, ...]:
        seen = save.has_seen(slot) | (save.whole if slot == GONE and save.hides else frozenset())
        rest = [replace(h, saves=h.saves - seen) for h in before if not h.saves <= seen]
        if not rest:
            self.counts["met clean"] += 1
            return (new,)
        mine = {n for h in rest for n in h.saves if n[0] == save.name[0] and n[1] < save.name[1]}
        others = [replace(h, saves=h.saves - mine) for h in rest if not h.saves <= mine]
        knew = save.saw.get(slot, frozenset()) & self.stamps.keys()
        read = save.read.get(slot) if knew else None
        if slot in SETS:
            self.counts["met merged set"] += 1
            merged = _set_merge(slot, read, rest[0].value, new.value)
            return (self._one([*others, new], new, merged),)
        heads = self._same(slot, others, new)
        if heads is not None:
            self.counts["met equal"] += 1
        if heads is None and others and new.is_decision and all(h.is_decision for h in others):
            winner = max([*others, new], key=lambda h: _order(slot, h))
            heads = [self._one([*others, new], new, winner.value)]
        if heads is None and slot in TEXTS:
            merged = None
            if len(before) == 1 and None not in (read, rest[0].value, new.value):
                merged = text_merge(read, rest[0].value, new.value)
            if merged is not None:
                self.counts["met merged text"] += 1
                heads = [self._one([*others, new], new, merged)]
            else:
                by_value: dict[str, list[Head]] = {}
                for head in (self._own_words(slot, h) for h in others):
                    by_value.setdefault(head.value, []).append(head)
                others = [
                    alike[0] if len(alike) == 1 else self._one(alike, new, value)
                    for value, alike in by_value.items()
                ]
                heads = self._same(slot, others, new)
        if heads is None and not others:
            self.counts["met own chain"] += 1
        elif heads is None:
            is_chain = len(before) > 1 and any(h.last[0] == new.last[0] for h in before)
            self.counts[_meeting(slot, is_chain)] += 1
        heads = heads or [*others, new]
        return tuple(sorted(heads, key=lambda h: _order(slot, h), reverse=True))

    def _same(self, slot: str, rest: list[Head], new: Head) -> list[Head] | None:
        for n, head in enumerate(rest):
            agree = slot == GONE and head.value is not None and new.value is not None
            if agree or head.value == new.value:
                return [*rest[:n], self._one([head, new], new, new.value), *rest[n + 1 :]]
        return None

    def _one(self, heads: list[Head], new: Head, value: Any) -> Head:
        saves = frozenset().union(*(h.saves for h in heads))
        return Head(value, saves, max(h.stamp for h in heads), new.last, new.is_decision)

    def _own_words(self, slot: str, head: Head) -> Head:
        if len(head.saves) > 1:
            return head
        (name,) = head.saves
        return replace(
            head, value=self.saves[name].writes[slot], stamp=self.stamps[name], last=name
        )

    # -- answers

    def state(self, record: str, seq: int) -> Slots | None:
        """What the log says of a record up to a number."""
        found = None
        for at, slots in self.past.get(record, ()):
            if at <= seq:
                found = slots
        return found

    def last_seq(self, record: str, up_to: int | None = None) -> int:
        return max(
            (at for at, _ in self.past.get(record, ()) if up_to is None or at <= up_to), default=0
        )

    def shown(self, record: str, seq: int, unsent: list[Save]) -> Slots | None:
        """What a device shows: the log up to a number, its own unsent saves on top."""
        slots = self.state(record, seq) if seq else None
        for save in unsent:
            if slots is None:
                if save.action != "create":
                    return None
                slots = self._made(save, 0)
                continue
            slots = dict(slots)
            for slot, value in save.writes.items():
                mine = Head(value, frozenset({save.name}), 0, save.name)
                beside = slots.get(slot, ())
                if len(beside) > 1:
                    rest = [h for h in beside if not h.saves <= save.has_seen(slot)]
                    slots[slot] = (mine, *rest)
                else:
                    slots[slot] = (mine,)
        return slots

    def unreplaced(self, record: str, slot: str) -> set[Name]:
        """The accepted saves of a slot that no other accepted save has seen (P2, P8), by the graph
        alone."""
        mine = [s for n, s in self.saves.items() if n in self.stamps and s.record == record]
        writers = {s.name for s in mine if slot in s.writes}
        last = {n[0]: max(m for d, m in writers if d == n[0]) for n in writers}
        chain = {n for n in writers if n[1] < last[n[0]]}
        return writers - chain - {n for s in mine if slot in s.writes for n in self._knew(s, slot)}

    def _knew(self, save: Save, slot: str) -> frozenset[Name]:
        """What its author has seen; by a save that a put-back log has lost, also what that one had
        seen."""
        seen = save.has_seen(slot)
        for name in () if self.is_exact else sorted(seen - self.stamps.keys()):
            if name in self.saves and name != save.name:
                seen |= self._knew(self.saves[name], slot)
        return seen


def _meeting(slot: str, is_chain: bool) -> str:
    if is_chain:
        return "met stale chain"
    if slot == GONE:
        return "met edit_delete"
    return "met critical" if slot in WORRY else "met contested"


def _order(slot: str, head: Head) -> tuple[int, int, str]:
    if slot == GONE:
        rank = int(head.value is None)
    else:
        rank = WORRY[slot][head.value] if slot in WORRY else 0
    return rank, head.stamp, head.last[0]


def _set_merge(slot: str, base: Any, ours: Any, theirs: Any) -> Any:
    """Stays: in both, or added by one; goes: taken out by one."""
    old = set(base or ())
    kept = []
    for code in SETS[slot]:
        here, there = code in (ours or ()), code in (theirs or ())
        if (here and there) or ((here or there) and code not in old):
            kept.append(code)
    return kept or None


def sentences(text: str) -> list[str]:
    return [s + "。" for s in text.split("。")[:-1]]


def text_merge(base: str, ours: str, theirs: str) -> str | None:
    """Three-way merge of texts whose sentences are all different and never change their order."""
    if ours == theirs:
        return ours
    old = sentences(base)
    changes = sorted(_changed(old, sentences(ours)) + _changed(old, sentences(theirs)))
    left, right = _changed(old, sentences(ours)), _changed(old, sentences(theirs))
    if not left or not right:
        return theirs if not left else ours
    if any(a <= d and c <= b for a, b, _ in left for c, d, _ in right):
        return None
    out, at = [], 0
    for start, end, new in changes:
        out += old[at:start] + list(new)
        at = end
    return "".join(out + old[at:])


def _changed(old: list[str], new: list[str]) -> list[tuple[int, int, tuple[str, ...]]]:
    """Stretches of `old` between sentences that stayed, with what stands there now."""
    stayed = [s for s in old if s in new] + [""]
    found, a, b = [], 0, 0
    for sentence in stayed:
        c = old.index(sentence, a) if sentence else len(old)
        d = new.index(sentence, b) if sentence else len(new)
        if (a, b) != (c, d) and (c > a or d > b):
            found.append((a, c, tuple(new[b:d])))
        a, b = c + 1, d + 1
    return found
