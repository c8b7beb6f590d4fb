"""Taking changes in: judged one by one, decided in log order in memory, written at the end of the
batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from schema import idnumber
from schema.kinds import KINDS
from schema.record import Kind
from sync import (
    answering,
    carrying,
    clock,
    digest,
    erasing,
    merging,
    preparing,
    roster,
    twins,
    window,
    withheld,
)
from sync.change import Change, Entry, Head, Mark, Slot, State
from sync.decide import floor_of, replay
from sync.forms import MOST, by_txn, fits
from sync.hubstore import HUB_DEVICE, SERVER_AUTHOR, HubStore, Known, Move, Place, Session
from sync.judging import Judge, Made, Refusal
from sync.protocol import Verdict
from sync.reopening import outcome_of
from sync.scope import Scope, UnitTree, units_of
from sync.twins import CLONED, content_hash, hash_of, is_twin

GAP = "envelope_gap"
"""Why an envelope's changes stand in quarantine until those before them have come; then they are
judged anew, whoever brings them."""
_encode = msgspec.json.Encoder().encode


class Batch:
    """One push: the records it touches, decided in memory, written at the end."""

    def __init__(self, store: HubStore, session: Session | None, now_ms: int) -> None:
        self.store = store
        self.session = session
        self.now_ms = now_ms
        self.tree = UnitTree(store.parents())
        self.scope = Scope(session.grants if session else (), self.tree)
        self.seq = store.head()
        self.since = window.since_of(store)
        self.states: dict[str, State | None] = {}
        self.before: dict[str, State | None] = {}
        self.places: dict[str, Place] = {}
        self.place_before: dict[str, Place | None] = {}
        self.entries: dict[str, Entry] = {}
        self.bodies: dict[str, tuple[bytes, bytes]] = {}
        """JSON of every change sent, and its hash, by version: stored as it is."""
        self.sums: dict[tuple[str, tuple[str, ...]], int] = {}
        """By how much those of the buckets change."""
        self.moves: list[Move] = []
        self.unit_moves: list[tuple[int, str, str | None]] = []
        self.numbers: dict[str, str | None] = {}
        self.last_stamps: dict[str, int] = {}

    def take(
        self, changes: Sequence[Change], prepared: preparing.Prepared | None = None
    ) -> list[Verdict]:
        """`prepared`: the changes as this session's page, where that has been done already."""
        assert self.session is not None
        known = self._known(changes)
        if not known and self._take_whole(self.session, changes, prepared):
            verdicts: list[Verdict] = []
        else:
            verdicts = self._take_each(self.session, changes, known)
        self._pairs()
        self._write()
        return verdicts

    def _take_whole(
        self,
        session: Session,
        changes: Sequence[Change],
        page: preparing.Prepared | None,
    ) -> bool:
        """Take a page of new records; False where it is anything else."""
        if page is None or not page.is_of(session, changes):
            page = preparing.prepare(session.device, session.user, changes)
        return roster.take(self, session, page)

    def _take_each(
        self,
        session: Session,
        changes: Sequence[Change],
        known: Mapping[tuple[str, int], Known],
    ) -> list[Verdict]:
        """Take changes one by one, txn by txn."""
        judge = Judge(self, session)
        speaks_for = {session.device, *session.former}
        known = twins.recognised(self.store, changes, known)
        self._load(changes)
        names = twins.elsewhere(self.store, changes, known, self.states)
        # What follows a change that another laptop of the same disk made under its number has seen
        # this laptop's own: its base would name the other's.
        twin = min(
            (
                c.seq
                for c in changes
                if c.version in names or is_twin(c, known.get((c.device, c.seq)))
            ),
            default=MOST,
        )
        verdicts: list[Verdict] = []
        in_batch: dict[int, bytes] = {}
        erased = self.store.erased({i for c in changes for i in erasing.subjects(c)})
        for txn in by_txn(changes):
            fresh: list[Change] = []
            is_after_twin = any(c.seq >= twin for c in txn)
            for change in txn:
                met = known.get((change.device, change.seq))
                if not fits(change):
                    verdicts.append(Verdict(change.seq, "invalid", "bad_number"))
                elif change.device not in speaks_for:
                    verdicts.append(Verdict(change.seq, "invalid", "foreign_device"))
                elif is_twin(change, met) or (is_after_twin and _is_news(met, change)):
                    verdicts.append(twins.verdict_on(change, names))
                elif erased and met is None and not erased.isdisjoint(erasing.subjects(change)):
                    verdicts.append(Verdict(change.seq, "invalid", erasing.ERASED))
                elif _is_news(met, change) and change.seq not in in_batch:
                    body = _encode(change)
                    in_batch[change.seq] = hash_of(body)
                    self.bodies[change.version] = body, in_batch[change.seq]
                    fresh.append(change)
                    if met is not None:
                        self.store.release(change.device, change.seq)
                elif change.seq in in_batch:  # twice in one request
                    if in_batch[change.seq] != content_hash(change):
                        verdicts.append(Verdict(change.seq, *CLONED))
                elif met is not None:
                    verdicts.append(
                        met.verdict or Verdict(change.seq, "duplicate", number=met.number)
                    )
            verdicts += self._take_txn(judge, fresh)
        answering.close_answered(self)
        return verdicts

    def _known(self, changes: Sequence[Change]) -> dict[tuple[str, int], Known]:
        """What the county has met before, by device and its number."""
        by_device: dict[str, list[int]] = {}
        for change in changes:
            if fits(change):
                by_device.setdefault(change.device, []).append(change.seq)
        return {
            (device, seq): met
            for device, seqs in by_device.items()
            for seq, met in self.store.known(device, seqs).items()
        }

    def own(self, kind: str, id: str, fields: dict[str, Any], op: str) -> None:
        """A change of the hub's own."""
        self._own(kind, id, fields, op)
        self._write()

    def _own(self, kind: str, id: str, fields: dict[str, Any], op: str = "") -> None:
        self.load([id], [id])
        state = self.states.get(id)
        declared = KINDS[kind]
        base: dict[str, str] = {}
        if state is not None:
            for slot in fields:
                version = state.version(slot, declared.slot_value(slot, state.values))
                if version:
                    base[slot] = version
        seq = self.seq + 1  # the log number doubles as the hub's own device seq: both only rise
        change = Change(
            HUB_DEVICE, seq, f"{HUB_DEVICE}.{seq}", op or ("put" if state else "create"), kind, id,
            SERVER_AUTHOR, clock.stamp_of(self.now_ms), fields, base,
        )  # fmt: skip
        self.accept(change, declared)

    # -- loading

    def _load(self, changes: Sequence[Change]) -> None:
        wanted = {c.id for c in changes}
        for c in changes:
            kind = KINDS.get(c.kind)
            for name in (kind.parent, kind.pointer) if kind else ():
                if name and isinstance(c.fields.get(name), str):
                    wanted.add(c.fields[name])
        self.load(wanted, ())
        roots = {s.root for s in self.states.values() if s and s.root}
        self.load(roots, roots)

    def load(self, wanted: Iterable[str], roots: Iterable[str]) -> None:
        missing = [i for i in wanted if i not in self.states]
        if missing:
            found = self.store.states(missing)
            for i in missing:
                self.states[i] = self.before[i] = found.get(i)
        unplaced = [r for r in roots if r not in self.place_before]
        if unplaced:
            placed = self.store.places(unplaced)
            for r in unplaced:
                self.place_before[r] = placed.get(r)
                if r in placed:
                    self.places[r] = placed[r]

    # -- judging and accepting

    def _take_txn(self, judge: Judge, txn: Sequence[Change]) -> list[Verdict]:
        """Accept all changes of a txn or none."""
        made: Made = {}
        refusal: Refusal | None = None
        for change in txn:
            try:
                judge.judge(change, made)
            except Refusal as error:
                if refusal is None or error.status == "invalid":
                    refusal = error
        if refusal is None:
            done = []
            for change in txn:
                done.append((change, self.states.get(change.id)))
                self.accept(change, KINDS[change.kind])
            carrying.follow(self, done)
            return [Verdict(c.seq, "duplicate") for c in txn if not self._comes_back(c)]
        verdicts = []
        for change in txn:
            verdict = Verdict(change.seq, refusal.status, refusal.code, refusal.field)
            if refusal.status == "quarantined":
                self.store.quarantine(change, content_hash(change), verdict, self.now_ms)
            verdicts.append(verdict)
        return verdicts

    def _comes_back(self, change: Change) -> bool:
        """False when its author may make such a record but not hold it: no entry will follow."""
        kind, state = KINDS[change.kind], self.states[change.id]
        place = self.places.get(state.root) if state else None
        if not kind.report or state is None or place is None:
            return True
        return self.scope.reads(kind.name, state.root, place.units)

    def accept(self, change: Change, kind: Kind) -> None:
        state = self.states.get(change.id)
        device = change.device
        if device not in self.last_stamps:
            self.last_stamps[device] = self.store.last_stamp(device)
        floor = max(self.last_stamps[device], floor_of(kind, state, change, self.lookup))
        stamp = clock.admit(change.hlc, self.now_ms, floor)
        self.last_stamps[device] = stamp
        told = change
        if kind.pointer in change.fields and carrying.closes_a_circle(self, kind, change):
            told = msgspec.structs.replace(change, fields={kind.pointer: None})
        outcome = outcome_of(kind, state, told, stamp, self.lookup)
        if told is not change:
            mark = Mark(change.version, change.author, stamp, change.seen)
            outcome.setdefault(kind.pointer, Slot((Head(mark, None, (mark.version,)),)))
        self.seq += 1
        root = state.root if state else self._root(kind, change)
        entry = Entry(self.seq, change, stamp, outcome, root)
        after = replay(kind, state, entry)
        self.states[change.id] = after
        self.before.setdefault(change.id, None)
        self.entries[change.version] = entry
        if change.op == erasing.ERASE:
            self._number(after)  # its place stays: whoever holds it is to hear of this
        elif kind.scope == "root":
            self._place(kind, after)
        if kind.name == "unit":
            if state is not None and state.values.get("parent") != after.values.get("parent"):
                self.unit_moves.append((entry.seq, after.id, state.values.get("parent")))
            self.tree = UnitTree({**self.tree.parents, after.id: after.values.get("parent")})

    def _root(self, kind: Kind, change: Change) -> str:
        if kind.scope == "public":
            return ""
        if kind.scope == "root":
            return change.id
        above = self.states.get(str(change.fields.get(kind.parent)))
        return above.root if above else ""

    def _place(self, kind: Kind, after: State) -> None:
        place = self.places.get(after.id)
        is_merged = kind.pointer and (
            after.values.get(kind.pointer) or (place and merging.files_in(place.units))
        )
        if is_merged:
            self.place_files(kind, after)
        else:
            self._put(after.id, units_of(kind, after.values), after.seq)
        if "id_number" in kind.by_name:
            self._number(after)

    def place_files(self, kind: Kind, after: State) -> None:
        """Say where all files are that are or were of one child with `after`."""
        for id, units in carrying.places(self, kind, after):
            state = self.states.get(id)
            if state is None or not erasing.is_erased(state):  # else its place stays
                self._put(id, units, after.seq)

    def _put(self, root: str, units: tuple[str, ...], seq: int) -> None:
        place = self.places.get(root)
        if place is None:
            self.places[root] = Place(units, seq)
        elif place.units != units:
            self.moves.append(Move(seq, root, place.units, units))
            self.places[root] = Place(units, place.born)

    def _number(self, after: State) -> None:
        """Note which valid ID number a file has now, where it had another one."""
        before = self.before.get(after.id)
        number = _number_of(after)
        if number != (_number_of(before) if before else None):
            self.numbers[after.id] = number
        else:
            self.numbers.pop(after.id, None)

    def lookup(self, version: str) -> Entry | None:
        return self.entries.get(version) or self.store.entry(version)

    def _pairs(self) -> None:
        """Every child with a new valid ID number is compared with the whole county; a pair is kept."""
        if "duplicate" not in KINDS:
            return
        held = {r: n for r, n in self.numbers.items() if n}
        if not held:
            return
        same = {n: set(roots) for n, roots in self.store.roots_with_id(set(held.values())).items()}
        first: dict[str, str] = {}
        for root, number in held.items():
            if number in same:
                same[number].add(root)
            elif (other := first.setdefault(number, root)) != root:
                same[number] = {other, root}
        pairs = [
            sorted((root, other))
            for root, number in held.items()
            if number in same
            for other in sorted(same[number] - {root})
            if self.numbers.get(other, number) == number
        ]
        known: set[str] = set()
        for a, b in pairs:
            pair, notes = carrying.ids_of_pair(a, b)
            known |= {a, b, pair, *notes}
        self.load(known, known)
        for a, b in pairs:
            self._pair(a, b)

    def _pair(self, a: str, b: str) -> None:
        pair, _ = carrying.ids_of_pair(a, b)
        if self.states.get(pair) is not None:
            return
        first, second = self.states[a], self.states[b]
        if first is None or second is None or first.is_deleted or second.is_deleted:
            return
        is_certain = first.values.get("name") == second.values.get("name")
        units = {u for i in (a, b) if (place := self.places.get(i)) for u in place.units}
        self._own(
            "duplicate",
            pair,
            {
                "a": a,
                "b": b,
                "score": 100 if is_certain else 90,
                "is_certain": is_certain,
                "why": "same_id_number_and_name" if is_certain else "same_id_number",
                "unit": merging.unit_above(self.tree, units),
            },
        )
        carrying.tell(self, a, b)

    # -- writing

    def _write(self) -> None:
        if self.entries:
            self._write_entries()
        for root, number in self.numbers.items():
            self.store.put_id(root, number)
        sums = {key: change for key, change in self.sums.items() if change % digest.MODULUS}
        if sums:
            self.store.add_to_buckets(sums)

    def _write_entries(self) -> None:
        withheld.follow(self)
        moved = {m.root for m in self.moves}
        changed = [s for i, s in self.states.items() if s is not self.before.get(i) and s]
        changed.sort(key=attrgetter("seq"))  # what is made together lies together
        for state in changed:
            before = self.before.get(state.id)
            if before is not None:
                self._sum(before, self.place_before, -1)
            self._sum(state, self.places, 1)
        self.store.append([
            (e, *(self.bodies.get(version) or _said(e.change)))
            for version, e in self.entries.items()
        ])
        self.store.put_states(changed)
        if moved:
            self._move_hanging(moved, {s.id for s in changed})
        placed = {r: p for r, p in self.places.items() if p != self.place_before.get(r)}
        self.store.put_places(placed, self.place_before)
        self.store.add_moves(self.moves)
        self.store.add_unit_moves(self.unit_moves)

    def _sum(self, state: State, places: Mapping[str, Place | None], sign: int) -> None:
        if state.root and state.root not in places:
            self.load([], [state.root])
        place = places.get(state.root) or self.places.get(state.root)
        key = (state.kind, place.units if place else ())
        self.sums[key] = self.sums.get(key, 0) + sign * window.digest_of(state, self.since)

    def _move_hanging(self, moved: Collection[str], changed: Collection[str]) -> None:
        """What hangs on a root moves with it, at the same log number."""
        for root, _kind, body in self.store.records_of(moved):
            state = msgspec.json.decode(body, type=State)
            if state.id not in changed:
                before, after = self.place_before[root], self.places[root]
                value = window.digest_of(state, self.since)
                old, new = (state.kind, before.units if before else ()), (state.kind, after.units)
                self.sums[old] = self.sums.get(old, 0) - value
                self.sums[new] = self.sums.get(new, 0) + value


def _said(change: Change) -> tuple[bytes, bytes]:
    """JSON of a change, and its hash."""
    body = _encode(change)
    return body, hash_of(body)


def _number_of(state: State) -> str | None:
    """The ID number by which a file is compared with others."""
    number = state.values.get("id_number")
    return number if idnumber.is_valid(number) and not state.is_deleted else None


def _is_news(met: Known | None, change: Change) -> bool:
    """True for a change never met, and for one that an envelope brought before those it follows."""
    if met is None:
        return True
    is_gap = met.verdict is not None and met.verdict.code == GAP
    return is_gap and met.content == content_hash(change)
