"""Laptops and county talking to each other: what is sent, taken, answered, and what each side must
not say."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import msgspec

from server.requests import Refusal
from server.syncing import _handed_in
from sync import client
from sync.hub import Session as Caller
from sync.protocol import SyncRequest, pack, short_from, unpack
from sync.session import Session
from sync.transport import Offline, Rejected
from sync.turns import EARLY
from tests.sync.county_facts import READERS, REVIEWERS, STAFF, covers
from tests.sync.fragile import Crash, Full, Fuse
from tests.sync.laptops import Device
from tests.sync.line import Line, pages_together, settle
from tests.sync.model import Head, Name
from tests.sync.saving import Saving


class Wiped(Exception):
    """All is handed in; the store goes."""


class Exchanging(Saving):
    """Every synchronisation, and what the county is seen to do in it."""

    # -- at the county

    def serve(self, device: str, body: bytes, media: str) -> tuple[bytes, str]:
        if device not in self.revoked:
            answer = self._answer(device, body, media)
            self._leaks_nothing(device, answer)
            return answer
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        caller = SimpleNamespace(device=SimpleNamespace(id=device), user=self.users[device])
        accounts = SimpleNamespace(may_speak_for=lambda *given, **more: False)  # no copied disks
        desk, ask = (
            SimpleNamespace(store=self.store, accounts=accounts),
            SimpleNamespace(caller=caller, request=request),
        )
        head = self.seen_seq
        try:
            refusal: Refusal = _handed_in(desk, ask)  # type: ignore[arg-type]
        finally:
            if self.hub_connection.is_dead:
                self.open_hub()
            self._absorb()
            self._judge(head)
        rejected = Rejected("revoked")
        rejected.body = dict(refusal.more)
        raise rejected

    def _leaks_nothing(self, device: str, answer: tuple[bytes, str]) -> None:
        """I11: whatever is in an answer is about a child that the user may see now."""
        response = msgspec.json.decode(unpack(*answer))
        grants = self.people[self.users[device]]
        told = [e[4] for e in response.get("entries", ()) if len(e) > 4]
        told += [state[2] for state in response.get("rows", ())]
        told += [own[4] for own in response.get("own", ()) if len(own) > 4]
        for root in told:
            if root in self.kinds:
                slots = self.model.state(root, self.seen_seq)
                assert slots and covers(grants, READERS, root, slots), (
                    f"{device} was told of {root}"
                )

    def _answer(self, device: str, body: bytes, media: str) -> tuple[bytes, str]:
        request = self.turns.in_turn(msgspec.json.decode(unpack(body, media), type=SyncRequest))
        if request is None:
            self.counts["line early"] += 1
            raise Rejected(EARLY)
        user = self.users[device]
        session = Caller(user, device, self.people[user])
        head = self.seen_seq
        is_first = head % 3 == 0  # the answer is made before the commit, as to a big push
        try:
            with self.store.write() if is_first else contextlib.nullcontext():
                verdicts = self.hub.push(session, request.changes, request.cursor)
                response = self.hub.pull(
                    session,
                    request.cursor,
                    short_from(request, verdicts),
                    request.limit,
                    request.strays,
                    request.compare,
                )
                response.backup = int(self.store.meta("backup_seq") or 0)
        finally:
            if self.hub_connection.is_dead:
                self.open_hub()
            self._absorb()
            self._judge(head)
        response.verdicts = verdicts
        tail = self.turns.tell(request, response, is_alone=head % 7 > 0)
        self.turns.note(request.device, tail)
        self._is_in_order(device, request)
        self.counts["line followed"] += bool(request.follows)
        self.counts["answer before the commit"] += is_first
        if response.cursor:
            self.told[response.cursor] = len(self.models) - 1
        return pack(response)

    def _is_in_order(self, device: str, request: SyncRequest) -> None:
        """No page is taken before what its author wrote earlier. (A county put back hears that again.)"""
        if self.restores or not request.changes:
            return
        first = min(change.seq for change in request.changes)
        for name in self.model.saves:
            if name[0] == device and name[1] < first:
                known = name in self.model.stamps or name in self.judged or name in self.refused
                assert known, f"{name} is passed over"

    def _absorb(self) -> None:
        """Tell the model what the log took."""
        rows = self.hub_connection.real.execute(
            "SELECT seq, device, device_seq, stamp FROM log WHERE seq > ? ORDER BY seq",
            (self.seen_seq,),
        )
        for seq, device, device_seq, stamp in rows.fetchall():
            self.seen_seq += 1
            assert seq == self.seen_seq, "the log has a gap"
            if device != "hub":
                self.take(seq, (device, device_seq), stamp)

    def take(self, seq: int, name: Name, stamp: int) -> None:
        model = self.model
        if model.is_exact:
            model.accept(seq, name, stamp, self.hub_ms())
            return
        # After a backup a base may name what the log has lost: how values meet is then the hub's
        # word. That none is lost and that all devices agree is still checked.
        body = self.hub_connection.real.execute(
            "SELECT body FROM body WHERE seq = ?", (seq,)
        ).fetchone()[0]
        _, _, _, outcome, *_ = msgspec.json.decode(body)
        model.follow(seq, name, stamp, {slot: _heads(given) for slot, given in outcome.items()})

    def _judge(self, head: int) -> None:
        """What came into quarantine since the log stood at `head` had a reason that the model knows
        too."""
        rows = self.hub_connection.real.execute(
            "SELECT device, device_seq, code FROM quarantine"
        ).fetchall()
        for device, seq, code in rows:
            name = (device, seq)
            if name in self.judged:
                continue
            self.judged[name] = code
            self.counts[f"quarantined {code}"] += 1
            save = self.model.saves[name]
            root = self.parents.get(save.record, save.record)
            grants = self.people[self.users[device]]
            past = self.model.past.get(root, [])
            was = [slots for at, slots in past if at > head]
            was += [slots for slots in [self.model.state(root, head)] if slots]
            was = was or [{s: (Head(v, frozenset(), 0, name),) for s, v in save.writes.items()}]
            if code == "out_of_scope":
                assert not all(covers(grants, STAFF, root, slots) for slots in was)
            elif code == "not_permitted":
                roles = {"delete": {"admin"}, "undelete": {"admin"}, "resolve": REVIEWERS}
                needed = roles.get(save.action, STAFF)
                assert not all(covers(grants, needed, root, slots) for slots in was)
            elif code == "record_deleted":
                assert save.action == "create" and root != save.record
                assert any(s.hides for s in self.model.saves.values() if s.record == root)
            elif code == "unknown_record":
                assert self.model.last_seq(save.record, head) == 0
            elif code == "device_revoked":
                assert device in self.revoked
            else:
                raise AssertionError(f"refused for {code}: {save}")

    # -- at a laptop

    def sync(
        self, device: int | str, fault: str = "", at: int = 0, *,
        limit: int = 2000, crash: Fuse | None = None,
    ) -> Any:  # fmt: skip
        """One synchronisation; the line does `fault` to its request number `at`."""
        this = self.devices[device] if isinstance(device, str) else self._device(device)
        self.tick()
        if crash and not fault.startswith("hub_"):
            this.connection.light(*crash)
        report, line = None, Line(self, this.name, fault, at, crash)
        try:
            with pages_together(at + limit):
                report = client.sync_once(this.replica, line, "", limit)
        except Crash:
            self.open_device(this)
        except (Offline, Full):
            if this.connection.is_dead:  # while it noted that the line is bad
                self.open_device(this)
        except Rejected as refusal:
            self.hand_in(this, refusal)
        line.look()
        self.counts["put in its place later"] += settle(self.store, at + limit)
        this.connection.tell(self.counts, "device")
        if this.name in self.devices:
            self.look(this)
        if report is not None and this.name not in self.revoked:
            self._holds_nothing_else(this)
        return report

    def _holds_nothing_else(self, device: Device) -> None:
        """P5: after a whole synchronisation nothing is here that the grants do not cover."""
        grants = self.people[device.user]
        for table in ("r_child", "r_contact"):
            for record, root in device.connection.real.execute(
                f"SELECT r.id, _root FROM {table} r LEFT JOIN shadow s ON s.id = r.id"
                " WHERE _seq > 0 OR _pending = 0 OR s.body IS NOT NULL"
            ):
                slots = self.model.state(root, self.seen_seq)
                if slots is None and self.is_void(device, record):
                    continue  # nobody knows where it is: an empty county evicts nothing
                assert slots and covers(grants, READERS, root, slots), (device.name, record)

    def hand_in(self, device: Device, refusal: Rejected) -> None:
        assert device.name in self.revoked and refusal.code == "revoked"

        def close() -> None:
            raise Wiped

        stand_in = SimpleNamespace(
            _hand_in_scans=lambda _token: None,  # nobody here has papers
            replica=device.replica,
            close=close,
            transport=Line(self, device.name, "", 0, None),
        )
        if device.connection.is_dead:
            self.open_device(device)
        device.is_leaving = True
        (cursor,) = device.connection.real.execute(
            "SELECT value FROM state WHERE key = 'cursor'"
        ).fetchone() or ("",)
        try:
            Session._hand_in(stand_in, refusal, "", 2000)  # type: ignore[arg-type]
        except Wiped:
            self.counts["device wiped"] += 1
            real = device.connection.real
            assert real.execute("SELECT count(*) FROM sendable").fetchone() == (0,)
            del self.devices[device.name]
            for name in self.model.saves:
                if name[0] == device.name and not self.is_kept(name):
                    assert name in self.handed_in, f"{name} went with its device"
                    self.counts["lost: its laptop was about to go as the file was copied back"] += 1
                    self.excused.add(name)
        except Crash:
            self.open_device(device)
        except (Offline, Full):
            pass
        if device.name in self.devices:
            assert (device.replica.get_state("cursor") or "") == (cursor or ""), (
                "a revoked device was given something"
            )

    def point(self, length: int) -> int:
        """Some byte of a message, never its end."""
        self.number += 1
        return self._random(8)[0] * length // 256

    def receive_cut(self, device: str, body: bytes, media: str) -> None:
        """Half a request: it is refused whole, and nothing of it is kept."""
        before = self.seen_seq
        try:
            msgspec.json.decode(unpack(body, media), type=SyncRequest)
        except (ValueError, msgspec.DecodeError):
            pass
        else:
            raise AssertionError("half a request was read")
        assert self.seen_seq == before

    def redeliver(self, which: int) -> None:
        """An old request arrives (again), late and out of order; nobody hears the answer."""
        if not self.recorded:
            return
        device, body, media = self.recorded[which % len(self.recorded)]
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        met = self.model.stamps.keys() | self.judged.keys()
        is_old = all((c.device, c.seq) in met for c in request.changes)
        before = self.seen_seq
        with contextlib.suppress(Rejected):
            self.serve(device, body, media)
        assert not is_old or self.seen_seq == before, "a repeated request changed something"


def _heads(given: Any) -> tuple[Head, ...]:
    """The heads of a slot as they stand in the log."""
    return tuple(
        Head(
            value,
            frozenset(_name(op) for op in ops),
            mark[2],
            _name(mark[0]),
            bool(rest and rest[0]),
        )
        for mark, value, ops, *rest in given[0]
    )


def _name(version: str) -> Name:
    device, _, seq = version.partition(".")
    return device, int(seq.partition("*")[0])
