"""Handing out: the next page for a device, computed at one consistent view of the hub's store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from schema.kinds import KINDS
from sync import digest, window
from sync.branches import Compare
from sync.change import Entry, Grant, Slot
from sync.covered import Covered
from sync.hubstore import HubStore, LogRow, Move, Place, Session
from sync.proof import chained
from sync.protocol import Cursor, Fill, Own, Run, SyncResponse
from sync.scope import Scope, UnitTree

MUCH = 50
"""New entries from which on it is worth while to ask which of them are in few units."""


class _Claim(Struct, array_like=True):
    """Of a change only what `runs` are told by: its dozen values stay unread."""

    device: str
    seq: int
    txn: Raw
    op: Raw
    kind: Raw
    id: Raw
    author: Raw
    hlc: int


class _OwnEntry(Struct, array_like=True):
    """An `Entry` whose change the device has itself."""

    seq: int
    change: _Claim
    stamp: int
    outcome: dict[str, Slot] = {}
    root: str = ""


_decode_entry = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode
_decode_own = msgspec.json.Decoder(_OwnEntry).decode


def is_known(store: HubStore, cursor: Cursor | None) -> bool:
    """True when a cursor is of this log as it is now."""
    return (
        cursor is not None
        and cursor.epoch == store.epoch()
        and cursor.seq + cursor.ahead <= store.head()
        and cursor.mark == store.mark(cursor.seq + cursor.ahead)
    )


class Feed:
    """One pull, computed at one consistent view of the store."""

    def __init__(self, store: HubStore, session: Session, now_ms: int) -> None:
        self.store = store
        self.session = session
        self.now_ms = now_ms
        self.tree = UnitTree(store.parents())
        self.head = store.head()
        self.epoch = store.epoch()
        self.places: dict[str, Place] = {}
        self.since = window.since_of(store)
        self.is_bounded = bool(self.since) or store.entry_of(window.RECORD, self.head) is not None
        """True once the county has ever bounded what laptops hold."""

    def page(
        self,
        text: str,
        held: int,
        limit: int,
        strays: Sequence[str] = (),
        compare: Compare | None = None,
        older: Sequence[str] = (),
    ) -> SyncResponse:
        cursor = Cursor.decode(text) if text else None
        reset = bool(text) and not is_known(self.store, cursor)
        want = self.session.grants
        response = SyncResponse(self.now_ms, reset=reset)
        if cursor is None or reset:
            # Filled even without a grant: units and names of users are everybody's.
            cursor = Cursor(self.epoch, self.head, (), Fill(want))
            response.grants = list(want)
        if reset:  # of these this log says nothing, and nobody will bring them again
            response.absent += self.store.erased_unseen()
        since = cursor.since
        cursor = self._aim(cursor, want, response)
        if since > self.since:
            cursor = self._reach_back(cursor, want, since)
        self.want = Scope(want, self.tree)
        self.old = Scope(cursor.grants, self.tree)
        cursor = self._log(cursor, held, limit, response)
        if cursor.seq == self.head and cursor.fill is not None:
            cursor = self._fill(cursor, limit, response)
        response.drops += self._out_of_sight(strays)
        response.more = cursor.seq < self.head or cursor.fill is not None
        mark = self.store.mark(cursor.seq + cursor.ahead)
        since = self.since
        if self.is_bounded and cursor.seq < self.head:  # it lets go by where it is in the log
            since = max(since, window.since_at(self.store, cursor.seq))
        encoded = msgspec.structs.replace(cursor, mark=mark, since=since).encode()
        if encoded != text:
            response.cursor = encoded
        if not response.more:
            covered = Covered(self.store, self.want)
            response.digest = digest.text(covered.total())
            if compare is not None:
                covered.answer(compare, response)
            if older and self.since:
                self._write_rows(older, response, _everything, before=self.since)
        return response

    def _aim(self, cursor: Cursor, want: tuple[Grant, ...], response: SyncResponse) -> Cursor:
        """Start a fill when the grants, or the units they reach, differ from what the device holds;
        say what must go."""
        target = cursor.fill.target if cursor.fill else cursor.grants
        then = UnitTree(self.store.parents_at(cursor.seq + cursor.ahead))
        is_moved = then.parents != self.tree.parents and any(
            Scope(g, then).reach != Scope(g, self.tree).reach for g in (cursor.grants, target)
        )
        is_regranted = set(target) != set(want)
        is_regranted |= cursor.fill is None and set(cursor.grants) != set(want)
        if not is_moved and not is_regranted:
            return cursor
        response.grants = list(want)
        now = Scope(want, self.tree)
        gone: list[str] = []
        for had in (Scope(cursor.grants, then), Scope(target, then)):
            units, children = had.root_reach()
            for root, place in self._all_in(units, children):
                kinds = [k for k, d in KINDS.items() if d.scope != "public"]
                if any(had.reads(k, root, place.units) for k in kinds) and not any(
                    now.reads(k, root, place.units) for k in kinds
                ):
                    gone.append(root)
        gone += self._moved_away(cursor, target, now, then)
        response.drops += dict.fromkeys(gone)
        # Aimed anew in the middle of a fill, what the old grants covered may have been dropped
        # since: nothing counts as held, and what is there already comes again without harm. So too
        # where a unit got another parent, once in years: the cursor names grants, not units.
        held = () if cursor.fill or is_moved else cursor.grants
        return Cursor(cursor.epoch, cursor.seq, held, Fill(want), cursor.ahead)

    def _reach_back(self, cursor: Cursor, want: tuple[Grant, ...], since: str) -> Cursor:
        """Start a fill as laptops are to hold more months than this one has been given."""
        fill = cursor.fill
        if fill and fill.before and fill.after is None:  # not begun yet
            begin = Fill(want, None, 0, max(fill.before, since))
            return msgspec.structs.replace(cursor, fill=begin)
        # In the middle of a fill what has come already lacks those months: all comes again.
        held = () if fill else cursor.grants
        fill = Fill(want) if fill else Fill(want, None, 0, since)
        return Cursor(cursor.epoch, cursor.seq, held, fill, cursor.ahead)

    def _moved_away(
        self, cursor: Cursor, target: tuple[Grant, ...], now: Scope, then: UnitTree
    ) -> list[str]:
        """Roots held where they were, that have moved to where neither grants reach."""
        before: dict[str, tuple[str, ...]] = {}
        for move in self.store.moves_after(cursor.seq + cursor.ahead):
            before.setdefault(move.root, move.before)
        held = [Scope(cursor.grants, then), Scope(target, then)]
        kinds = [k for k, d in KINDS.items() if d.scope != "public"]
        return [
            root
            for root, place in self.store.places(before).items()
            if place.born <= cursor.seq
            and any(had.reads(k, root, before[root]) for had in held for k in kinds)
            and not any(now.reads(k, root, place.units) for k in kinds)
        ]

    def _out_of_sight(self, strays: Sequence[str]) -> list[str]:
        """Those of the roots that this log knows and the grants do not cover."""
        if not strays:
            return []
        kinds = [k for k, d in KINDS.items() if d.scope != "public"]
        return [
            root
            for root, place in self.store.places(strays).items()
            if not any(self.want.reads(k, root, place.units) for k in kinds)
        ]

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
        stage, at = cursor.fill.stage, cursor.fill.after
        mine = _stage_of(kind)
        is_filled = mine < stage or (mine == stage and at is not None and root <= at)
        return self.want.reads(kind, root, units) and (
            is_filled or self.old.reads(kind, root, units)
        )

    def _log(self, cursor: Cursor, held: int, limit: int, response: SyncResponse) -> Cursor:
        if cursor.seq == self.head:
            return cursor
        rows, at = self._rows(cursor.seq, max(limit * 10, 5000))
        moves: dict[str, list[Move]] = {}
        for move in self.store.moves_after(cursor.seq + cursor.ahead):
            moves.setdefault(move.root, []).append(move)
        self.places = self.store.places({r.root for r in rows if r.root} | set(moves))
        chosen: list[tuple[LogRow, bool]] = []
        short, txn = 0, ""
        for row in rows:
            # What comes back short takes no room, or each page of a big push would end before what
            # the county has added to it, and leave more for the next.
            is_full = len(chosen) - short >= limit or len(chosen) >= 2 * limit
            if is_full and row.txn != txn:
                at = row.seq - 1
                break
            if self._flows(cursor, row, moves):
                is_short = self._is_short(row, held)
                chosen.append((row, is_short))
                short += is_short
            txn = row.txn
        self._write_entries(chosen, response)
        self._write_moves(cursor, moves, response)
        return Cursor(cursor.epoch, at, cursor.grants, cursor.fill, self.head - at)

    def _is_short(self, row: LogRow, held: int) -> bool:
        """True for an entry that the device itself sent and holds from the number `held` on."""
        return row.device == self.session.device and 0 < held <= row.device_seq

    def _rows(self, after: int, limit: int) -> tuple[list[LogRow], int]:
        """Log rows after a number, about `limit`, never ending inside a txn, and up to which number.
        Of a big push, whoever sees a few units reads what is in them, and passes over the rest."""
        if MUCH < self.head - after < limit:
            units, children = self.want.root_reach()
            if len(units) * 4 < len(self.tree.parents):
                return self.store.log_rows_in(after, units, children), self.head
        while True:
            rows = self.store.log_rows(after, limit)
            if len(rows) < limit:
                return rows, self.head
            whole = [r for r in rows if r.txn != rows[-1].txn]
            if whole:
                return whole, whole[-1].seq
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
        self, chosen: Sequence[tuple[LogRow, bool]], response: SyncResponse
    ) -> None:
        """`chosen`: rows, and whether each is to come back short."""
        back: list[str] = []
        read = [row for row, is_short in chosen if not (is_short and row.is_plain)]
        months = self.store.months([row.record for row in read]) if self.is_bounded else {}
        bodies = iter(self.store.bodies([row.seq for row in read]))
        for row, is_short in chosen:
            if is_short and row.is_plain:
                _add_to_runs(row.seq, row.device_seq, row.content, response)
                continue
            body = next(bodies)
            if is_short:
                _write_own(_decode_own(body), row.content, response)
            elif not (month := months.get(row.record)) or self._is_in_window(row, month, body, back):
                response.entries.append(Raw(body))
        if back:  # dated anew, they may not be held: as they stand, too
            response.rows += [Raw(_encode(state)) for state in self.store.states(back).values()]

    def _is_in_window(self, row: LogRow, month: str, body: bytes, back: list[str]) -> bool:
        """False for the making of what laptops do not hold. Later changes flow: it may be held
        still, or have been fetched. `back`: takes records whose change may have brought them in."""
        entry = _decode_entry(body)
        if entry.change.op == "create":
            return month >= self.since or row.device == self.session.device
        dated = KINDS[row.kind].window_field
        if month >= self.since and (dated in entry.change.fields or dated in entry.outcome):
            back.append(row.record)
        return True

    def _write_moves(
        self, cursor: Cursor, moves: Mapping[str, list[Move]], response: SyncResponse
    ) -> None:
        """Roots that a move not yet told brought into the scope, or took out of it."""
        entering: dict[str, set[str]] = {}
        kinds = [k for k, d in KINDS.items() if d.scope != "public"]
        for root, path in moves.items():
            place = self.places[root]
            if place.born > cursor.seq:
                continue  # its entries flow from its birth on, or not at all
            had = {k for k in kinds if self._is_held(cursor, k, root, path[0].before)}
            has = {k for k in kinds if self.want.reads(k, root, place.units)}
            # Where the grants changed twice a fill counts nothing as held, though it may be here.
            may_be_here = had or (
                cursor.fill and any(self.want.reads(k, root, path[0].before) for k in kinds)
            )
            if may_be_here and not has:
                response.drops.append(root)
            # What goes while the root stays, the device sees by itself. What a fill has yet to come
            # to is left to it: sent now, nobody would know that it is held when it moves on.
            elif new := {k for k in has - had if self._is_held(cursor, k, root, place.units)}:
                entering[root] = new
        if entering:
            self._write_rows(
                list(entering), response, lambda kind, root, units: kind in entering[root]
            )

    def _write_rows(
        self,
        roots: Sequence[str],
        response: SyncResponse,
        is_wanted: Callable[[str, str, Collection[str]], bool],
        stage: int | None = None,
        before: str = "",
    ) -> None:
        """`stage`: only roots (0), or only what hangs on them (1). `before`: only what is dated
        before this month and, where there is no such bound, nothing before the county's."""
        since = "" if before == self.since else self.since
        found = self.store.records_of(roots, since, before, stage)
        places = self.store.places({root for root, _, _ in found if root})
        for root, kind, body in found:
            units = places[root].units if root in places else ()
            if self.want.reads(kind, root, units) and is_wanted(kind, root, units):
                response.rows.append(Raw(body))

    def _fill(self, cursor: Cursor, limit: int, response: SyncResponse) -> Cursor:
        fill = cursor.fill
        assert fill is not None
        after, stage = fill.after, fill.stage

        is_back = bool(fill.before)

        def is_new(kind: str, root: str, units: Collection[str]) -> bool:
            return is_back or not self.old.reads(kind, root, units)

        if after is None:
            if not cursor.grants:  # whoever had a grant before has them already
                self._write_rows([""], response, _everything)
            after = ""
        units, children = self.want.root_reach()
        while len(response.rows) + len(response.entries) < limit:
            some = max(50, limit // 8) if stage else limit
            roots = self.store.roots_in(units, children, after, some)
            if roots:
                self._write_rows(roots, response, is_new, stage, fill.before)
                after = roots[-1]
            elif stage == 0:
                after, stage = "", 1
            else:
                return Cursor(cursor.epoch, cursor.seq, fill.target)
        fill = Fill(fill.target, after, stage, fill.before)
        return Cursor(cursor.epoch, cursor.seq, cursor.grants, fill)


def _everything(kind: str, root: str, units: Collection[str]) -> bool:
    return True


def _stage_of(kind: str) -> int:
    """In which part of a fill records of a kind come."""
    declared = KINDS.get(kind)
    return int(declared is not None and declared.scope == "hangs")


def _write_own(entry: _OwnEntry, content: bytes, response: SyncResponse) -> None:
    """What the device cannot tell by itself of a change that it holds."""
    seq, change = entry.seq, entry.change
    if entry.outcome or entry.stamp != change.hlc:
        check = chained(0, content)
        response.own.append(Own(seq, change.seq, entry.stamp, entry.outcome, entry.root, check))
    else:
        _add_to_runs(seq, change.seq, content, response)


def _add_to_runs(seq: int, device_seq: int, content: bytes, response: SyncResponse) -> None:
    last = response.runs[-1] if response.runs else None
    if last and (last.seq + last.count, last.device_seq + last.count) == (seq, device_seq):
        last.count += 1
        last.check = chained(last.check, content)
    else:
        response.runs.append(Run(seq, device_seq, 1, chained(0, content)))
