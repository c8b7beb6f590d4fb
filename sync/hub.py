"""The hub's core: takes changes in, decides them in log order, hands out what each device may see.

Sans-I/O: storage (`HubStore`), time and sessions are passed in. One request is `push` and then `pull`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from schema import idnumber
from schema.kinds import KINDS
from schema.record import DELETED, Kind
from sync import clock, digest, ids
from sync.change import OPS, Change, Entry, Grant, State
from sync.decide import decide, floor_of, replay
from sync.protocol import Cursor, Fill, Own, SyncResponse, Verdict
from sync.scope import Scope, UnitTree, units_of

HUB_DEVICE = "hub"
SERVER_AUTHOR = "server"
_RECORD_ID = re.compile(r"(?![0-9]*$)[0-9a-z]{1,40}")
"""What a device may call a record: never '', which is the public root, and never like a unit's code."""


class LogRow(Struct, frozen=True):
    """What the feed reads of a log row before it looks at the body."""

    seq: int
    root: str
    kind: str
    txn: str
    device: str
    device_seq: int


class Place(Struct, frozen=True):
    """Where a root is: its units, and the log number with which it was made."""

    units: tuple[str, ...]
    born: int


class Move(Struct, frozen=True):
    """A root changed its units at a log number."""

    seq: int
    root: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Known(Struct, frozen=True):
    """A change the hub has met before."""

    content: bytes
    """Hash of what it said."""
    verdict: Verdict | None = None
    """None: it is in the log."""


class HubStore(Protocol):
    """Storage of a hub. Everything inside one `write` or `read` block is one transaction."""

    def write(self) -> AbstractContextManager[None]:
        """The one writer at a time; rolled back when the block raises."""

    def read(self) -> AbstractContextManager[None]:
        """A consistent view."""

    def epoch(self) -> str: ...
    def head(self) -> int:
        """Number of the last log row; 0 when empty."""

    def parents(self) -> Mapping[str, str | None]:
        """Every unit's parent, by code."""

    def states(self, ids: Collection[str]) -> dict[str, State]: ...
    def put_states(self, states: Iterable[State]) -> None: ...
    def append(self, entries: Sequence[Entry], contents: Sequence[bytes]) -> None:
        """Add log rows, numbered by the caller without a gap after `head()`."""

    def known(self, device: str, seqs: Collection[int]) -> dict[int, Known]:
        """Changes of a device already in the log or in quarantine."""

    def entry(self, version: str) -> Entry | None: ...
    def last_stamp(self, device: str) -> int:
        """Greatest effective stamp of a device in the log; 0 when none."""

    def quarantine(self, change: Change, content: bytes, verdict: Verdict, at_ms: int) -> None: ...

    def places(self, roots: Collection[str]) -> dict[str, Place]: ...
    def put_places(self, places: Mapping[str, Place]) -> None: ...
    def add_moves(self, moves: Iterable[Move]) -> None: ...
    def moves_after(self, seq: int) -> list[Move]:
        """In log order."""

    def roots_with_id(self, numbers: Collection[str]) -> dict[str, list[str]]:
        """Valid ID number to the roots that hold it."""

    def put_id(self, root: str, number: str | None) -> None: ...

    def buckets(self) -> Iterable[tuple[str, tuple[str, ...], int]]:
        """(kind, units, sum of digests) of every bucket."""

    def add_to_buckets(self, sums: Mapping[tuple[str, tuple[str, ...]], int]) -> None: ...

    def log_rows(self, after: int, limit: int) -> list[LogRow]: ...
    def bodies(self, seqs: Sequence[int]) -> list[bytes]:
        """JSON of the entries, in the order asked for."""

    def roots_in(
        self, units: Collection[str], roots: Collection[str], after: str, limit: int
    ) -> list[str]:
        """Roots in any of `units` or among `roots`, greater than `after`, in order."""

    def records_of(self, roots: Collection[str]) -> list[tuple[str, str, bytes]]:
        """(root, kind, JSON of the state) of every record under the roots; '' is the public root."""


class Session(Struct, frozen=True):
    """Who is asking."""

    user: str
    device: str
    grants: tuple[Grant, ...]
    is_revoked: bool = False


def content_hash(change: Change) -> bytes:
    """Sixteen bytes that tell two changes with one id apart."""
    import hashlib

    return hashlib.blake2b(msgspec.json.encode(change), digest_size=16).digest()


class _Refusal(Exception):
    def __init__(self, status: str, code: str, field: str = "") -> None:
        self.status, self.code, self.field = status, code, field


class Hub:
    """Decides and hands out."""

    def __init__(self, store: HubStore, now_ms: Callable[[], int]) -> None:
        self.store = store
        self.now_ms = now_ms

    # ------------------------------------------------------------------ in

    def push(self, session: Session, changes: Sequence[Change]) -> list[Verdict]:
        """Take changes into the log or quarantine; one transaction. Answers only what is not news."""
        if not changes:
            return []
        with self.store.write():
            return _Batch(self.store, session, self.now_ms()).take(changes)

    def write(self, kind: str, id: str, fields: dict[str, Any], op: str = "") -> None:
        """A change of the hub's own: units, users, pairs. Joins the caller's `write` block if any."""
        with self.store.write():
            _Batch(self.store, None, self.now_ms()).own(kind, id, fields, op)

    # ----------------------------------------------------------------- out

    def pull(self, session: Session, cursor: str, held: int, limit: int) -> SyncResponse:
        """The next page for a device."""
        with self.store.read():
            return _Feed(self.store, session, self.now_ms()).page(cursor, held, limit)


class _Batch:
    """One push: the records it touches, decided in memory, written at the end."""

    def __init__(self, store: HubStore, session: Session | None, now_ms: int) -> None:
        self.store = store
        self.session = session
        self.now_ms = now_ms
        self.tree = UnitTree(store.parents())
        self.scope = Scope(session.grants if session else (), self.tree)
        self.seq = store.head()
        self.states: dict[str, State | None] = {}
        self.before: dict[str, State | None] = {}
        self.places: dict[str, Place] = {}
        self.place_before: dict[str, Place | None] = {}
        self.entries: dict[str, Entry] = {}
        self.contents: list[bytes] = []
        self.moves: list[Move] = []
        self.numbers: dict[str, str | None] = {}
        self.last_stamps: dict[str, int] = {}

    def take(self, changes: Sequence[Change]) -> list[Verdict]:
        assert self.session is not None
        device = self.session.device
        known = self.store.known(device, [c.seq for c in changes if _fits(c)])
        self._load(changes)
        verdicts: list[Verdict] = []
        in_batch: dict[int, bytes] = {}
        for txn in _by_txn(changes):
            fresh = []
            for change in txn:
                met = known.get(change.seq)
                if not _fits(change):
                    verdicts.append(Verdict(change.seq, "invalid", "bad_number"))
                elif change.device != device:
                    verdicts.append(Verdict(change.seq, "invalid", "foreign_device"))
                elif met is None and change.seq not in in_batch:
                    in_batch[change.seq] = content_hash(change)
                    fresh.append(change)
                elif met is None:  # twice in one request
                    if in_batch[change.seq] != content_hash(change):
                        verdicts.append(Verdict(change.seq, "cloned", "same_id_other_content"))
                elif met.content != content_hash(change):
                    verdicts.append(Verdict(change.seq, "cloned", "same_id_other_content"))
                else:
                    verdicts.append(met.verdict or Verdict(change.seq, "duplicate"))
            verdicts += self._take_txn(fresh)
        self._pairs()
        self._write()
        return verdicts

    def own(self, kind: str, id: str, fields: dict[str, Any], op: str) -> None:
        """A change of the hub's own."""
        self._own(kind, id, fields, op)
        self._write()

    def _own(self, kind: str, id: str, fields: dict[str, Any], op: str = "") -> None:
        self._load_ids([id], [id])
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
        self._accept(change, declared)

    # -- loading

    def _load(self, changes: Sequence[Change]) -> None:
        wanted = {c.id for c in changes}
        for c in changes:
            kind = KINDS.get(c.kind)
            if kind and kind.parent and isinstance(c.fields.get(kind.parent), str):
                wanted.add(c.fields[kind.parent])
        self._load_ids(wanted, ())
        roots = {s.root for s in self.states.values() if s and s.root}
        self._load_ids(roots, roots)

    def _load_ids(self, wanted: Iterable[str], roots: Iterable[str]) -> None:
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

    # -- judging

    def _take_txn(self, txn: Sequence[Change]) -> list[Verdict]:
        """Accept all changes of a txn or none."""
        made: dict[str, tuple[Kind, str, tuple[str, ...]]] = {}
        refusal: _Refusal | None = None
        for change in txn:
            try:
                self._judge(change, made)
            except _Refusal as error:
                if refusal is None or error.status == "invalid":
                    refusal = error
        if refusal is None:
            for change in txn:
                self._accept(change, KINDS[change.kind])
            return []
        verdicts = []
        for change in txn:
            verdict = Verdict(change.seq, refusal.status, refusal.code, refusal.field)
            if refusal.status == "quarantined":
                self.store.quarantine(change, content_hash(change), verdict, self.now_ms)
            verdicts.append(verdict)
        return verdicts

    def _judge(
        self, change: Change, made: dict[str, tuple[Kind, str, tuple[str, ...]]]
    ) -> None:
        """Raise `_Refusal` when a change cannot go into the log. `made`: records this txn makes."""
        assert self.session is not None
        kind = KINDS.get(change.kind)
        if kind is None or change.op not in OPS or kind.scope == "public":
            raise _Refusal("invalid", "unknown_kind")
        if not _RECORD_ID.fullmatch(change.id):
            raise _Refusal("invalid", "bad_id")
        if change.author != self.session.user:
            raise _Refusal("invalid", "foreign_author")
        if self.session.is_revoked:
            raise _Refusal("quarantined", "device_revoked")
        state = self.states.get(change.id)
        if state is not None and state.kind != change.kind:
            raise _Refusal("invalid", "other_kind")
        is_unmet = state is None or DELETED not in state.slots
        if not _is_well_formed(change) or (
            change.op == "resolve" and DELETED in change.fields and is_unmet
        ):
            raise _Refusal("invalid", "bad_op")
        values = _checked(kind, change)
        if change.op == "create":
            missing = kind.missing(values)
            if missing and state is None:
                raise _Refusal("invalid", "required", missing[0])
        elif state is None and change.id not in made:
            raise _Refusal("quarantined", "unknown_record")
        if state is not None:
            for name, value in values.items():
                if kind.by_name[name].is_fixed and value != state.values.get(name):
                    raise _Refusal("invalid", "fixed_field", name)
        root, units = self._whereabouts(kind, change, state, values, made)
        made[change.id] = (kind, root, units)
        roles = {"resolve": None, "delete": kind.delete, "undelete": kind.delete}
        if change.op == "resolve":
            allowed = self.scope.may_resolve(root, units)
        else:
            allowed = self.scope.may(roles.get(change.op, kind.write) or (), root, units)
            if not allowed and change.op in ("delete", "undelete"):
                allowed = self._is_withdrawal(change, state)
        if not allowed:
            in_reach = self.scope.may(kind.read, root, units)
            raise _Refusal("quarantined", "not_permitted" if in_reach else "out_of_scope")

    def _is_withdrawal(self, change: Change, state: State | None) -> bool:
        """The author of a record may take it back while nobody else has touched it."""
        if state is None:
            return True  # made in this very txn
        authors = {state.made.author, state.last.author}
        authors |= {h.mark.author for s in state.slots.values() for h in s.heads}
        return authors == {change.author}

    def _whereabouts(
        self,
        kind: Kind,
        change: Change,
        state: State | None,
        values: Mapping[str, Any],
        made: Mapping[str, tuple[Kind, str, tuple[str, ...]]],
    ) -> tuple[str, tuple[str, ...]]:
        """Root and units that decide who may do this: where the record is now, or is being made."""
        if state is not None:
            place = self.places.get(state.root)
            return state.root, place.units if place else ()
        if change.id in made:
            return made[change.id][1:]
        if kind.scope == "root":
            unknown = [u for u in units_of(kind, values) if u not in self.tree.parents]
            if unknown:
                raise _Refusal("quarantined", "unknown_unit")
            return change.id, units_of(kind, values)
        parent = str(values.get(kind.parent))
        if parent in made:
            return made[parent][1:]
        above = self.states.get(parent)
        if above is None or KINDS[above.kind].scope != "root":
            raise _Refusal("quarantined", "unknown_record", kind.parent)
        if above.is_deleted:
            raise _Refusal("quarantined", "record_deleted", kind.parent)
        place = self.places.get(above.root)
        return above.root, place.units if place else ()

    # -- accepting

    def _accept(self, change: Change, kind: Kind) -> None:
        state = self.states.get(change.id)
        device = change.device
        if device not in self.last_stamps:
            self.last_stamps[device] = self.store.last_stamp(device)
        floor = max(self.last_stamps[device], floor_of(kind, state, change, self._lookup))
        stamp = clock.admit(change.hlc, self.now_ms, floor)
        self.last_stamps[device] = stamp
        outcome = decide(kind, state, change, stamp, self._lookup)
        self.seq += 1
        root = state.root if state else self._root(kind, change)
        entry = Entry(self.seq, change, stamp, outcome, root)
        after = replay(kind, state, entry)
        self.states[change.id] = after
        self.before.setdefault(change.id, None)
        self.entries[change.version] = entry
        self.contents.append(content_hash(change))
        if kind.scope == "root":
            self._place(kind, state, after)
        if kind.name == "unit":
            self.tree = UnitTree({**self.tree.parents, after.id: after.values.get("parent")})

    def _root(self, kind: Kind, change: Change) -> str:
        if kind.scope == "public":
            return ""
        if kind.scope == "root":
            return change.id
        above = self.states.get(str(change.fields.get(kind.parent)))
        return above.root if above else ""

    def _place(self, kind: Kind, before: State | None, after: State) -> None:
        units = units_of(kind, after.values)
        place = self.places.get(after.id)
        if place is None:
            self.places[after.id] = Place(units, after.seq)
        elif place.units != units:
            self.moves.append(Move(after.seq, after.id, place.units, units))
            self.places[after.id] = Place(units, place.born)
        if "id_number" in kind.by_name:
            self._number(after)

    def _number(self, after: State) -> None:
        number = after.values.get("id_number")
        self.numbers[after.id] = (
            number if idnumber.is_valid(number) and not after.is_deleted else None
        )

    def _lookup(self, version: str) -> Entry | None:
        return self.entries.get(version) or self.store.entry(version)

    def _pairs(self) -> None:
        """Every child with a valid ID number is compared with the whole county; a pair is kept."""
        if "duplicate" not in KINDS:
            return
        held = {r: n for r, n in self.numbers.items() if n}
        if not held:
            return
        others = self.store.roots_with_id(set(held.values()))
        for root, number in held.items():
            same = {*others.get(number, ()), *(r for r, n in held.items() if n == number)} - {root}
            for other in sorted(same):
                if self.numbers.get(other, number) == number:
                    self._pair(*sorted((root, other)))

    def _pair(self, a: str, b: str) -> None:
        pair = ids.derived_id("duplicate", a, b)
        self._load_ids([pair, a, b], [pair])
        if self.states.get(pair) is not None:
            return
        first, second = self.states[a], self.states[b]
        if first is None or second is None or first.is_deleted or second.is_deleted:
            return
        is_certain = first.values.get("name") == second.values.get("name")
        tops = [code for code, parent in self.tree.parents.items() if not parent]
        self._own(
            "duplicate",
            pair,
            {
                "a": a,
                "b": b,
                "score": 100 if is_certain else 90,
                "is_certain": is_certain,
                "why": "same_id_number_and_name" if is_certain else "same_id_number",
                "unit": tops[0] if tops else None,
            },
        )

    # -- writing

    def _write(self) -> None:
        if not self.entries:
            return
        sums: dict[tuple[str, tuple[str, ...]], int] = {}
        moved = {m.root for m in self.moves}
        changed = {i for i in self.states if self.states[i] is not self.before.get(i)}
        for i in changed:
            self._sum(sums, self.before.get(i), self.place_before, -1)
            self._sum(sums, self.states[i], self.places, 1)
        self.store.append(list(self.entries.values()), self.contents)
        self.store.put_states(s for i in changed if (s := self.states[i]) is not None)
        if moved:
            self._move_hanging(sums, moved, changed)
        self.store.put_places(
            {r: p for r, p in self.places.items() if p != self.place_before.get(r)}
        )
        self.store.add_moves(self.moves)
        for root, number in self.numbers.items():
            self.store.put_id(root, number)
        self.store.add_to_buckets({k: v for k, v in sums.items() if v % digest.MODULUS})

    def _sum(
        self,
        sums: dict[tuple[str, tuple[str, ...]], int],
        state: State | None,
        places: Mapping[str, Place | None],
        sign: int,
    ) -> None:
        if state is None:
            return
        if state.root and state.root not in places:
            self._load_ids([], [state.root])
        place = places.get(state.root) or self.places.get(state.root)
        key = (state.kind, place.units if place else ())
        sums[key] = sums.get(key, 0) + sign * digest.of(state)

    def _move_hanging(
        self,
        sums: dict[tuple[str, tuple[str, ...]], int],
        moved: Collection[str],
        changed: Collection[str],
    ) -> None:
        """What hangs on a root moves with it, at the same log number."""
        for root, _kind, body in self.store.records_of(moved):
            state = msgspec.json.decode(body, type=State)
            if state.id not in changed:
                before, after = self.place_before[root], self.places[root]
                value = digest.of(state)
                old = (state.kind, before.units if before else ())
                sums[old] = sums.get(old, 0) - value
                sums[state.kind, after.units] = sums.get((state.kind, after.units), 0) + value


def _fits(change: Change) -> bool:
    """True when the numbers of a change fit a database: one that does not must not stop the others."""
    return 0 < change.seq < 1 << 53 and 0 <= change.hlc < 1 << 63


def _is_well_formed(change: Change) -> bool:
    """True when an op writes what it may: only a delete hides, and a decision is about one slot."""
    if change.op in ("delete", "undelete"):
        is_empty = change.fields.get(DELETED) is None
        return set(change.fields) == {DELETED} and is_empty == (change.op == "undelete")
    if change.op == "resolve":
        return len(change.fields) == 1
    return DELETED not in change.fields


def _by_txn(changes: Sequence[Change]) -> list[list[Change]]:
    groups: list[list[Change]] = []
    for change in changes:
        if groups and groups[-1][0].txn == change.txn:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups


def _checked(kind: Kind, change: Change) -> dict[str, Any]:
    """Field values of a change; raises when one cannot be stored. Doubts are allowed."""
    values: dict[str, Any] = {}
    for slot, value in change.fields.items():
        if slot == DELETED:
            if not (value is None or isinstance(value, str)):
                raise _Refusal("invalid", "wrong_type", slot)
            continue
        if slot not in kind.slots or (kind.is_group(slot) and not isinstance(value, dict | None)):
            raise _Refusal("invalid", "unknown_field", slot)
        if slot in kind.by_name:
            values[slot] = value
            continue
        members = kind.spread(slot, value)
        if value and not members.keys() >= value.keys():
            raise _Refusal("invalid", "unknown_field", slot)
        values |= members
    for field, problem in kind.problems(values):
        if not problem.is_doubt:
            raise _Refusal("invalid", problem.code, field)
    return values


class _Feed:
    """One pull, computed at one consistent view of the store."""

    def __init__(self, store: HubStore, session: Session, now_ms: int) -> None:
        self.store = store
        self.session = session
        self.now_ms = now_ms
        self.tree = UnitTree(store.parents())
        self.head = store.head()
        self.epoch = store.epoch()
        self.places: dict[str, Place] = {}

    def page(self, text: str, held: int, limit: int) -> SyncResponse:
        cursor = Cursor.decode(text) if text else None
        reset = bool(text) and (
            cursor is None
            or cursor.epoch != self.epoch
            or cursor.seq + cursor.ahead > self.head
        )
        if cursor is None or reset:
            cursor = Cursor(self.epoch, self.head)
        want = self.session.grants
        response = SyncResponse(self.now_ms, reset=reset)
        cursor = self._aim(cursor, want, response)
        self.want = Scope(want, self.tree)
        self.old = Scope(cursor.grants, self.tree)
        cursor = self._log(cursor, held, limit, response)
        if cursor.seq == self.head and cursor.fill is not None:
            cursor = self._fill(cursor, limit, response)
        response.more = cursor.seq < self.head or cursor.fill is not None
        encoded = cursor.encode()
        if encoded != text:
            response.cursor = encoded
        if not response.more:
            response.digest = digest.text(self._digest())
        return response

    def _aim(self, cursor: Cursor, want: tuple[Grant, ...], response: SyncResponse) -> Cursor:
        """Start a fill when the grants differ from what the device holds; say what must go."""
        target = cursor.fill.target if cursor.fill else cursor.grants
        if set(target) == set(want) and (cursor.fill or set(cursor.grants) == set(want)):
            return cursor
        response.grants = list(want)
        now = Scope(want, self.tree)
        gone: list[str] = []
        for had in (Scope(cursor.grants, self.tree), Scope(target, self.tree)):
            units, children = had.root_reach()
            for root, place in self._all_in(units, children):
                kinds = [k for k, d in KINDS.items() if d.scope != "public"]
                if any(had.reads(k, root, place.units) for k in kinds) and not any(
                    now.reads(k, root, place.units) for k in kinds
                ):
                    gone.append(root)
        response.drops += dict.fromkeys(gone)
        # Aimed anew in the middle of a fill, what the old grants covered may have been dropped since:
        # nothing counts as held, and what is there already comes again without harm.
        held = () if cursor.fill else cursor.grants
        return Cursor(cursor.epoch, cursor.seq, held, Fill(want), cursor.ahead)

    def _all_in(self, units: Collection[str], roots: Collection[str]) -> list[tuple[str, Place]]:
        found: list[str] = []
        while page := self.store.roots_in(units, roots, found[-1] if found else "", 5000):
            found += page
        places = self.store.places(found)
        return [(r, places[r]) for r in found if r in places]

    def _is_held(self, cursor: Cursor, kind: str, root: str, units: Collection[str]) -> bool:
        """True when the device has what it may see of `root`, were the root in `units`."""
        if cursor.fill is None:
            return self.old.reads(kind, root, units)
        is_filled = cursor.fill.after is not None and root <= cursor.fill.after
        return self.want.reads(kind, root, units) and (
            is_filled or self.old.reads(kind, root, units)
        )

    def _log(self, cursor: Cursor, held: int, limit: int, response: SyncResponse) -> Cursor:
        rows = self._whole_txns(cursor.seq, max(limit * 10, 5000))
        if not rows:
            return cursor
        moves: dict[str, list[Move]] = {}
        for move in self.store.moves_after(cursor.seq + cursor.ahead):
            moves.setdefault(move.root, []).append(move)
        self.places = self.store.places({r.root for r in rows if r.root} | set(moves))
        chosen: list[LogRow] = []
        at, txn = cursor.seq, ""
        for row in rows:
            if len(chosen) >= limit and row.txn != txn:
                break
            if self._flows(cursor, row, moves):
                chosen.append(row)
            at, txn = row.seq, row.txn
        self._write_entries(chosen, held, response)
        self._write_moves(cursor, moves, response)
        return Cursor(cursor.epoch, at, cursor.grants, cursor.fill, self.head - at)

    def _whole_txns(self, after: int, limit: int) -> list[LogRow]:
        """Log rows after a number, about `limit`, never ending inside a txn."""
        while True:
            rows = self.store.log_rows(after, limit)
            if len(rows) < limit:
                return rows
            whole = [r for r in rows if r.txn != rows[-1].txn]
            if whole:
                return whole
            limit *= 2

    def _flows(self, cursor: Cursor, row: LogRow, moves: Mapping[str, list[Move]]) -> bool:
        """True when the device, being where the cursor says, takes this entry as an entry."""
        if not row.root:
            is_first = cursor.fill is not None and cursor.fill.after is None
            return not (is_first and not cursor.grants) and self.want.reads(row.kind, "", ())
        place = self.places.get(row.root)
        if place is None or not self.want.reads(row.kind, row.root, place.units):
            return False
        if place.born > cursor.seq:
            return cursor.fill is None or self._is_held(cursor, row.kind, row.root, place.units)
        was = moves[row.root][0].before if row.root in moves else place.units
        return self._is_held(cursor, row.kind, row.root, was)

    def _write_entries(
        self, rows: Sequence[LogRow], held: int, response: SyncResponse
    ) -> None:
        for row, body in zip(rows, self.store.bodies([r.seq for r in rows]), strict=True):
            if row.device == self.session.device and held and row.device_seq >= held:
                entry = msgspec.json.decode(body, type=Entry)
                response.own.append(
                    Own(entry.seq, row.device_seq, entry.stamp, entry.outcome, entry.root)
                )
            else:
                response.entries.append(Raw(body))

    def _write_moves(
        self, cursor: Cursor, moves: Mapping[str, list[Move]], response: SyncResponse
    ) -> None:
        """Roots that a move not yet told brought into the scope, or took out of it."""
        entering: list[str] = []
        kinds = [k for k, d in KINDS.items() if d.scope != "public"]
        for root, path in moves.items():
            place = self.places[root]
            if place.born > cursor.seq:
                continue  # its entries flow from its birth on, or not at all
            had = any(self._is_held(cursor, k, root, path[0].before) for k in kinds)
            has = any(self.want.reads(k, root, place.units) for k in kinds)
            if had and not has:
                response.drops.append(root)
            elif has and not had:
                entering.append(root)
        if entering:
            self._write_rows(entering, response, lambda kind, root, units: True)

    def _write_rows(
        self,
        roots: Sequence[str],
        response: SyncResponse,
        is_wanted: Callable[[str, str, Collection[str]], bool],
    ) -> None:
        places = self.store.places([r for r in roots if r])
        for root, kind, body in self.store.records_of(roots):
            units = places[root].units if root in places else ()
            if self.want.reads(kind, root, units) and is_wanted(kind, root, units):
                response.rows.append(Raw(body))

    def _fill(self, cursor: Cursor, limit: int, response: SyncResponse) -> Cursor:
        assert cursor.fill is not None
        after = cursor.fill.after

        def is_new(kind: str, root: str, units: Collection[str]) -> bool:
            return not self.old.reads(kind, root, units)

        if after is None:
            self._write_rows([""], response, is_new)
            after = ""
        units, children = self.want.root_reach()
        while len(response.rows) + len(response.entries) < limit:
            roots = self.store.roots_in(units, children, after, max(50, limit // 8))
            if not roots:
                return Cursor(cursor.epoch, cursor.seq, cursor.fill.target)
            self._write_rows(roots, response, is_new)
            after = roots[-1]
        return Cursor(cursor.epoch, cursor.seq, cursor.grants, Fill(cursor.fill.target, after))

    def _digest(self) -> int:
        """Sum over everything the grants cover, each record once."""
        total = 0
        singly: dict[str, set[str]] = {}
        for kind, units, value in self.store.buckets():
            if self.want.reads(kind, "", units):
                total += value
        _, children = self.want.root_reach()
        if children:
            for root, place in self.store.places(children).items():
                for kind in KINDS:
                    by_unit = self.want.reads(kind, "", place.units)
                    if not by_unit and self.want.reads(kind, root, place.units):
                        singly.setdefault(root, set()).add(kind)
            for root, kind, body in self.store.records_of(singly):
                if kind in singly[root]:
                    total += digest.of(msgspec.json.decode(body, type=State))
        return total
