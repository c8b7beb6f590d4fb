"""Applying the hub's answer: verdicts, log entries, rows and drops, with the cursor, in one
transaction.

An interruption anywhere leaves the store as it was; the same answer twice changes nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext, suppress

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from sync import (
    confirming,
    decisions,
    digest,
    erasing,
    keeping,
    narrowing,
    newcomers,
    receipts,
    scrub,
    starting_over,
    window,
)
from sync.change import Entry, State, entry_json
from sync.decide import replay
from sync.incoming import Incoming, root_of
from sync.lease import renew
from sync.notices import Watch
from sync.overlay import overlay
from sync.protocol import SyncResponse, Verdict, rows_of
from sync.records import as_json
from sync.replica import Replica
from sync.storage import insert, transaction
from sync.tables import quoted, table
from sync.unread import kind_of


class Received(Struct, frozen=True):
    """What one answer brought."""

    entries: int
    """Changes of others, and records that came into the scope."""
    confirmed: int
    """Own changes now in the county's log."""
    refused: tuple[Verdict, ...]
    drops: int
    has_erased: bool = False
    """Something was erased: `forget_bytes` once it is committed."""


def receive(
    replica: Replica,
    response: SyncResponse,
    kept_ms: int | None = None,
    *,
    is_live: bool = True,
    is_part: bool = False,
) -> Received:
    """Apply one answer. `kept_ms`: hub time to note as the last contact, when this was the last
    page.

    An answer that was under way for days (`is_live` false) says only that it is no earlier than its
    time. `is_part`: of the caller's transaction, who undoes all of it when this raises.
    """
    try:
        with nullcontext() if is_part else transaction(replica.connection):
            replica.reload()
            done = _Receiving(replica, response, is_live).run(kept_ms)
            replica.records.settle()
    except BaseException:
        replica.records.forget()
        replica.reload()
        replica.forget_units()
        raise
    if done.has_erased and not replica.connection.in_transaction:
        forget_bytes(replica)
    return done


def forget_bytes(replica: Replica) -> None:
    """What was erased leaves the write-ahead log too."""
    with suppress(Exception):  # another program may be reading: then a later one does it
        replica.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Receiving:
    def __init__(self, replica: Replica, response: SyncResponse, is_live: bool = True) -> None:
        self.replica = replica
        self.is_live = is_live
        self.records = replica.records
        self.connection = replica.connection
        self.response = response
        self.total = int(replica.get_state("digest", "0"), 16)
        self.greatest = int(replica.get_state("greatest", 0))
        self.since = replica.window_since()
        self.me = replica.identity.device
        self.watch = Watch(self.connection, replica.identity.user)

    def run(self, kept_ms: int | None) -> Received:
        response, replica = self.response, self.replica
        replica.set_state(heard=response.now, backup=0 if response.reset else response.backup)
        if response.reset:
            starting_over.start_over(replica, response.grants or (), self._drop)
            self.total = 0
            replica.set_state(backup=response.backup)
        plain = self.plain = confirming.confirmed(self.records, response, self.since)
        page = self.page = Incoming(
            self.connection, msgspec.structs.replace(response, runs=plain.left)
        )
        met, refused, entries = page.met, page.refused, page.entries
        new, rows = newcomers.parted(self.connection, page)
        self.records.put([(state, 0) for state in new], is_new=True)
        self.total += window.total_of(new, self.since) + plain.total
        self.greatest = max(self.greatest, plain.greatest)
        self._drop(response.drops)
        touched = self._wanted(entries, rows, met)
        mended = self._mended(touched)
        before = self.records.canonical(touched)
        after = self._replayed(before, entries, rows, mended)
        erased = self._erased(before, after, refused)
        if erased:
            self._leave_under(erased, touched, before, after)
        gone = self._settle_outbox(refused, entries, after)
        if erased:
            erasing.forget_unsent(self.connection, erased, response.now)
        as_shown = self._as_shown(before, entries, rows, met) - mended.keys()
        self._show(touched, before, after, as_shown)
        self._move_window(after.get(window.RECORD))
        self._narrow(entries)
        self._remember(entries, kept_ms)
        if erased:
            erasing.forget_history(self.connection, erased)
        own = len(self.page.matched)
        news = len(entries) - own + len(page.rows)
        own += plain.count
        return Received(news, own + gone, tuple(refused), len(response.drops), bool(erased))

    # -- reading the answer

    def _wanted(
        self, entries: Iterable[Entry], rows: Iterable[State], met: Iterable[Verdict]
    ) -> dict[str, set[str]]:
        touched: dict[str, set[str]] = {}
        for entry in entries:
            touched.setdefault(entry.change.kind, set()).add(entry.change.id)
        for row in rows:
            touched.setdefault(row.kind, set()).add(row.id)
        for verdict in met:
            change = self.page.outbox[verdict.seq]
            touched.setdefault(change.kind, set()).add(change.id)
        return touched

    def _mended(self, touched: dict[str, set[str]]) -> dict[str, State | None]:
        """Records that differed, as the county has them; they replace whatever is here."""
        mended: dict[str, State | None] = {}
        for state, raw in zip(rows_of(self.response.mended), self.response.mended, strict=True):
            touched.setdefault(state.kind, set()).add(state.id)
            mended[state.id] = state
            if state.kind not in KINDS:
                self.page.unknown[state.id] = state, bytes(raw)
        for id_, kind in self.records.kind_of(self.response.absent).items():
            touched.setdefault(kind, set()).add(id_)
            mended[id_] = None
        for state in self.records.unread.states(self.response.absent).values():
            touched.setdefault(state.kind, set()).add(state.id)
            mended[state.id] = None
        return mended

    def _erased(
        self,
        before: dict[str, State | None],
        after: dict[str, State | None],
        refused: Iterable[Verdict],
    ) -> set[str]:
        """Records whose content is to go from this store, unsent work on them included."""
        erased = {i for i, state in after.items() if state and erasing.is_erased(state)}
        if self.response.reset:
            erased.update(self.response.absent)
        for verdict in refused:
            if verdict.code == erasing.ERASED:
                id_ = self.page.outbox[verdict.seq].id
                erased.add(id_)
                held = before.get(id_)
                if held is not None and not held.seq and after.get(id_) is held:
                    after[id_] = None  # of a log that is no more: nothing will come to erase it
        return erased

    def _leave_under(
        self,
        erased: set[str],
        touched: dict[str, set[str]],
        before: dict[str, State | None],
        after: dict[str, State | None],
    ) -> None:
        """What hangs on erased records and is of a log that is no more goes with them: the county
        does not know of it, and refuses it should its author bring it again."""
        for kind in KINDS.values():
            if not kind.parent:
                continue
            rows = self.connection.execute(
                f"SELECT r.id FROM {table(kind.name)} r LEFT JOIN shadow s ON s.id = r.id"  # noqa: S608
                f" WHERE r.{quoted(kind.parent)} IN (SELECT value FROM json_each(?))"
                " AND r._seq = 0 AND (r._pending = 0 OR s.body IS NOT NULL)",
                (as_json(erased),),
            ).fetchall()
            lost = {id_ for (id_,) in rows} - after.keys()
            if lost:
                touched.setdefault(kind.name, set()).update(lost)
                before |= self.records.canonical({kind.name: lost})
                after |= dict.fromkeys(lost)
                erased |= lost

    # -- applying

    def _replayed(
        self,
        before: dict[str, State | None],
        entries: Iterable[Entry],
        rows: Iterable[State],
        mended: dict[str, State | None],
    ) -> dict[str, State | None]:
        after = dict(before)
        for row in rows:
            held = after.get(row.id)
            if held is None or row.seq >= held.seq:
                after[row.id] = row
                self.watch.arrived(row)
        for entry in entries:
            state = after.get(entry.change.id)
            if state is None and entry.change.op != "create":
                continue  # not held here, and what the page brings is not its beginning
            if state is not None and not state.seq and entry.change.op == "create":
                state = None  # from a log that is no more; in this one the record begins here
            after[entry.change.id] = made = replay(kind_of(entry.change.kind), state, entry)
            if made is not state:
                self._note(state, made, entry)
            self.greatest = max(self.greatest, entry.stamp)
        after |= mended
        for id_, state in after.items():
            old = before.get(id_)
            if state is not old:
                self.total += self._counted(state) - self._counted(old)
        return after

    def _counted(self, state: State | None) -> int:
        return window.digest_of(state, self.since) if state else 0

    def _move_window(self, told: State | None) -> None:
        """The county lets laptops hold other months than before: earlier ones go, but for unsent
        work and open questions, and the sum is taken anew."""
        since = window.text_of(told.values.get("value")) if told else self.since
        if since == self.since:
            return
        if since > self.since:
            for name in window.WINDOWED:
                found = self.connection.execute(
                    f"SELECT id FROM {table(name)} WHERE {quoted(KINDS[name].window_field)} < ?"  # noqa: S608
                    " AND _pending = 0 AND _open = 0 AND id NOT IN (SELECT id FROM shadow)",
                    (since,),
                )
                self.records.remove(name, [row[0] for row in found])
        self.since = since
        self.total = sum(self._counted(state) for _, _, state in scrub.states(self.replica))

    def _note(self, before: State | None, after: State, entry: Entry) -> None:
        """What an entry gives to tell, and what it decides."""
        self.watch.happened(before, after, entry)
        is_of_one_slot = len(entry.change.fields) == 1  # what a merge carries along is no decision
        if entry.change.op in ("resolve", "reopen") and is_of_one_slot:
            (slot,) = entry.change.fields
            told = before.slots.get(slot) if before else None
            decisions.note(self.connection, entry.change, entry.stamp, told)

    def _drop(self, roots: Collection[str]) -> None:
        """Take out what left the scope; unsent changes stay in the outbox and are sent."""
        if not roots:
            return
        self.total -= sum(digest.of(s) for s in self.records.unread.drop(roots))
        listed = as_json(roots)
        shown = as_json({*roots, *self.replica.kept_of(roots).values()})
        hanging = [k for k in KINDS.values() if k.scope == "hangs"]
        for name, key in [
            *((k.name, k.parent) for k in hanging),
            *((k.name, "id") for k in KINDS.values() if k not in hanging),
        ]:
            found = self.connection.execute(
                f"SELECT id FROM {table(name)}"  # noqa: S608
                " WHERE _root IN (SELECT value FROM json_each(?))"
                f" AND {quoted(key)} IN (SELECT value FROM json_each(?))",
                (shown, listed),
            )
            self._let_go(name, [row[0] for row in found])

    def _let_go(self, kind: str, gone: Sequence[str]) -> None:
        if gone:
            held = self.records.canonical({kind: gone})
            self.total -= sum(map(self._counted, held.values()))
            self.records.remove(kind, gone)
            self.records.set_shadows({}, gone)

    def _narrow(self, entries: Iterable[Entry]) -> None:
        """Let go, at the end of the feed, what is no longer to be read though its root is."""
        replica, response = self.replica, self.response
        if self.plain.has_roots or narrowing.may_narrow(response, entries):
            replica.set_state(narrow=1)
        if response.more or not replica.get_state("narrow", 0):
            return
        grants = replica.identity.grants if response.grants is None else response.grants
        for kind, gone in narrowing.unreadable(replica, grants).items():
            self._let_go(kind, gone)
        replica.set_state(narrow=0)

    def _settle_outbox(
        self,
        refused: Sequence[Verdict],
        entries: Iterable[Entry],
        after: dict[str, State | None],
    ) -> int:
        """Take out what the hub has. A duplicate whose entry is still to come waits for it; at the
        end of the feed none comes any more: its record has left the scope, and what a log that is no
        more had of it goes from `after`. Returns how many such there were."""
        settled = {v.seq for v in refused}
        settled.update(e.change.seq for e in entries if e.seq in self.page.matched)
        gone = {
            v.seq: v.number
            for v in self.response.verdicts
            if v.status == "duplicate" and v.seq in self.page.unsent and v.seq not in settled
            if not self.response.more
        }
        settled.update(gone)
        for id_ in {self.page.outbox[seq].id for seq in gone}:
            if (held := after.get(id_)) and not held.seq:
                after[id_] = None
        keeping.give_back(self.connection, refused, self.page.outbox, self.response.now)
        for verdict in refused:
            decisions.forget(self.connection, self.page.outbox[verdict.seq])
        keeping.settle(self.connection, settled)
        keeping.keep_settled(
            self.connection,
            [(n, self.page.outbox[seq], self.page.unsent[seq]) for seq, n in gone.items()],
            self.response.now,
        )
        if self.connection.execute("SELECT 1 FROM returned LIMIT 1").fetchone():
            # What came back may be taken after all: released by a person, or by an updated county.
            taken = [(e.change.seq,) for e in entries if e.change.device == self.me]
            self.connection.executemany("DELETE FROM returned WHERE seq = ?", taken)
        keeping.note_decided(self.connection, self.response.decided, self.response.now)
        return len(gone)

    def _as_shown(
        self,
        before: dict[str, State | None],
        entries: Iterable[Entry],
        rows: Iterable[State],
        met: Iterable[Verdict],
    ) -> set[str]:
        """Records to which this page brings nothing but own changes, taken as they were saved: they
        stand here as they are shown already."""
        if self.response.reset or self.response.drops:
            return set()
        own: set[str] = set()
        other = {row.id for row in rows} | {self.page.outbox[v.seq].id for v in met}
        for entry in entries:
            is_own = entry.seq in self.page.matched and entry.change.seq not in self.page.hidden
            (own if is_own and not entry.outcome else other).add(entry.change.id)
        return {
            i
            for i in own - other
            if not (
                (state := before.get(i))
                and (not state.seq or any(s.conflict for s in state.slots.values()))
            )
        }

    def _show(
        self,
        touched: dict[str, set[str]],
        before: dict[str, State | None],
        after: dict[str, State | None],
        as_shown: Collection[str],
    ) -> None:
        """Write the records as shown: canonical, with what is still unsent on top."""
        unsent = self.records.unsent(list(after)) if self.replica.has_unsent() else {}
        own = {c.id for c in self.page.outbox.values()}
        shown: list[tuple[State, int]] = []
        confirmed: list[State] = []
        shadows: dict[str, State | None] = {}
        bare: list[str] = []
        rootless: set[str] = set()
        for kind, ids in touched.items():
            if kind not in KINDS:
                self._shelve(ids, after)
                continue
            gone: list[str] = []
            for id_ in ids:
                state, mine = after[id_], unsent.get(id_, [])
                if state is not None and not mine and id_ in as_shown:
                    confirmed.append(state)
                    bare.append(id_)
                    continue
                top = state
                if mine:
                    root = state.root if state else root_of(mine, id_)
                    top = overlay(state, mine, root, self.records)
                if top is None:
                    gone.append(id_)
                else:
                    shown.append((top, len(mine)))
                    if state is None:
                        rootless.add(top.root)
                if mine and top is not None:
                    shadows[id_] = state
                elif before.get(id_) is not None or id_ in own:
                    bare.append(id_)
            if gone:
                self.records.remove(kind, gone)
            rootless.update(gone)
        if not self.records.confirm(confirmed):  # hidden until now, as its root was not here
            shown += [(state, 0) for state in confirmed]
        self.records.put(shown)
        self.records.set_shadows(shadows, bare)
        # What hangs on a record that is not here, unsent as it may be, is not shown without it.
        if rootless:
            self._drop(rootless - self.records.kind_of(rootless).keys())

    def _shelve(self, ids: Collection[str], after: dict[str, State | None]) -> None:
        """Keep what this program does not know, as the bytes in which it came where it may."""
        states = [state for i in ids if (state := after[i]) is not None]
        as_sent = {id_: raw for id_, (row, raw) in self.page.unknown.items() if after[id_] is row}
        self.records.unread.put(states, as_sent)
        self.records.unread.remove([i for i in ids if after[i] is None])

    def _remember(self, entries: Iterable[Entry], kept_ms: int | None) -> None:
        response, replica = self.response, self.replica
        log = [(e.seq, e.change.id, self._json(e)) for e in entries]
        insert(self.connection, "log", log, "IGNORE")
        own = [(e.seq, e.change.seq) for e in entries if e.change.device == self.me]
        own.append((self.plain.number, self.plain.seq))
        receipts.note(self.connection, max(number for number, _ in own), response.now)
        replica.set_state(
            digest=f"{self.total % digest.MODULUS:032x}",
            greatest=self.greatest,
            **({"cursor": response.cursor} if response.cursor else {}),
        )
        if response.grants is not None:
            me = msgspec.structs.replace(replica.identity, grants=tuple(response.grants))
            replica.become(me)
        if self.is_live or replica.clock.now_ms() < response.now:
            replica.clock.learn(response.now)
        # A number that another laptop of the same disk gave out is not given out here once more.
        last = max(seq for _, seq in own)
        if last > int(replica.get_state("device_seq", 0)):
            replica.set_state(device_seq=last)
        if not replica.has_unsent():
            replica.clock.settle(self.greatest)
        replica.set_state(clock=replica.clock.last, offset=replica.clock.offset_ms)
        if not response.reset:
            held = self.records.kind_of
            keeping.prune(self.connection, response.backup, response.now, held)
        if not response.more and response.digest:
            self._compare(response.digest)
        if kept_ms is not None:
            replica.set_state(last_sync=kept_ms)
            renew(replica, replica.clock.now_ms())
        replica.forget_units()

    def _json(self, entry: Entry) -> bytes:
        known = self.page.bodies.get(entry.seq)
        if known:
            return known
        change = self.page.unsent[entry.change.seq]
        return entry_json(entry.seq, change, entry.stamp, entry.outcome, entry.root)

    def _compare(self, theirs: str) -> None:
        """At the end of the feed both digests are equal, or something here is not as the log says:
        then the differing records are found and fetched (sync/healing.py).

        By stick there is nobody to ask: once, everything comes again with the next bundle. Unsent
        work is not touched, the other side's digest never adopted.
        """
        replica = self.replica
        mine = digest.text(self.total)
        is_in_step = mine == theirs
        replica.set_state(in_step=int(is_in_step), theirs=theirs)
        if is_in_step:
            replica.set_state(repaired=0)
        elif not self.is_live and not replica.get_state("repaired", 0):
            replica.set_state(cursor="", repaired=1, repairs=replica.get_state("repairs", 0) + 1)
