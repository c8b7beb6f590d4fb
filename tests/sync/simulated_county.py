"""A whole county out of one seed: people whose grants change, devices revoked, backups put back."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import msgspec

from server.requests import Refusal
from server.syncing import BACKUP, _handed_in
from server.upkeep import quarantine_lost, work_of
from sync.change import Grant
from sync.protocol import SyncRequest, unpack
from sync.session import Session
from sync.transport import Offline, Rejected
from tests.sync.fragile import COUNTY_UNITS, Crash, Fragile, Full, copy_of
from tests.sync.model import Head, Model, Name, Slots, is_gone
from tests.sync.simulation import READERS, Device, Line, Simulation

VILLAGES = ("111", "112", "121", "122")
SCHOOLS = ("s11", "s12")
POSTS = (
    ("supervisor", ("11", "12")),
    ("director", VILLAGES),
    ("teacher", (*SCHOOLS, *VILLAGES)),
    ("class-teacher", SCHOOLS),
    ("counsellor", ("11", "12", *VILLAGES)),
)
"""Roles that are given, and where."""
YEARS = range(1970, 2041)


class Wiped(Exception):
    """All is handed in; the store goes."""


class County(Simulation):
    """Villages, schools and townships; grants, backups and revocations that come and go."""

    store_kind = "county"
    villages_here = VILLAGES
    units_made = len(COUNTY_UNITS)

    def __init__(self, seed: int, devices: int = 0) -> None:
        self.dice = random.Random(f"county {seed}")
        usual = self.dice.choice((4, 4, 4, 5, 5, 6, 7, 8))
        rare = self.dice.randint(9, 40)
        self.size = devices or (rare if self.dice.random() < 0.05 else usual)
        self.models: list[Model] = []
        self.told: dict[str, int] = {}
        self.backups: list[tuple[Fragile, int]] = []
        self.excused: set[Name] = set()
        """Saves that went with a backup put back, when nobody kept them any more."""
        self.restores = 0
        super().__init__()

    def first_people(self) -> dict[str, tuple[Grant, ...]]:
        people = {"adm": (Grant("admin", "1"),), "sup": (Grant("supervisor", "11"),)}
        for n in range(max(1, self.size * 2 // 3)):
            people[f"p{n}"] = (self._post(self.dice.randrange(10_000)),)
        return people

    def first_devices(self) -> dict[str, str]:
        users = ["adm", "sup", *(u for u in self._all if u[0] == "p")]
        chosen = ["adm"] + [self.dice.choice(users) for _ in range(self.size - 1)]
        return {f"{user}x{n}": user for n, user in enumerate(chosen)}

    @property
    def _all(self) -> list[str]:
        return list(self.people)

    def _post(self, n: int) -> Grant:
        role, places = POSTS[n % len(POSTS)]
        return Grant(role, places[n // 7 % len(places)])

    # -- which log a device speaks of

    @property
    def model(self) -> Model:
        return self.models[-1]

    @model.setter
    def model(self, model: Model) -> None:
        self.models.append(model)

    def note_cursor(self, response: Any) -> None:
        if response.cursor:
            self.told[response.cursor] = len(self.models) - 1

    def model_of(self, device: Device) -> Model:
        return self.models[self.told.get(device.replica.get_state("cursor") or "", -1)]

    def is_void(self, device: Device, record: str) -> bool:
        if not self.restores:
            return False
        kind = self.kinds[record]
        state = device.replica.records.canonical({kind: [record]})[record]
        if state is not None and not state.seq:
            return True
        root = self.parents.get(record, record)
        return root != record and self.is_void(device, root)

    def is_excused(self, record: str) -> bool:
        return self.restores > 0

    def is_kept(self, name: Name) -> bool:
        if super().is_kept(name) or name in self.excused:
            return True
        if name[0] in self.revoked and name in self.judged:
            return True
        device = self.devices.get(name[0])
        return device is not None and self.restores > 0 and name in self.kept_by(device)

    def kept_by(self, device: Device) -> set[Name]:
        """The saves of a device that it could still send."""
        real = device.connection.real
        kept = {seq for (seq,) in real.execute("SELECT seq FROM outbox UNION SELECT seq FROM kept")}
        for (body,) in real.execute("SELECT body FROM log"):
            change = msgspec.json.decode(body)[1]
            if change[0] == device.name:
                kept.add(change[1])
        return {(device.name, seq) for seq in kept}

    def take(self, seq: int, name: Name, stamp: int) -> None:
        model = self.model
        if model.is_exact:
            super().take(seq, name, stamp)
            return
        # After a backup a base may name what the log has lost: how values meet is then the hub's
        # word. That none is lost and that all devices agree is still checked.
        body = self.hub_connection.real.execute(
            "SELECT body FROM body WHERE seq = ?", (seq,)
        ).fetchone()[0]
        _, _, _, outcome, *_ = msgspec.json.decode(body)
        model.follow(seq, name, stamp, {slot: _heads(given) for slot, given in outcome.items()})

    # -- at the county

    def serve(self, device: str, body: bytes, media: str) -> tuple[bytes, str]:
        if device not in self.revoked:
            answer = super().serve(device, body, media)
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
        grants = self.grants(self.users[device])
        told = [e[4] for e in response.get("entries", ()) if len(e) > 4]
        told += [state[2] for state in response.get("rows", ())]
        told += [own[4] for own in response.get("own", ()) if len(own) > 4]
        for root in told:
            if root in self.kinds:
                slots = self.model.state(root, self.seen_seq)
                assert slots and self.covers(grants, READERS, root, slots), (
                    f"{device} was told of {root}"
                )

    def regrant(self, who: int, how: int, n: int) -> None:
        """Give a user one more grant (for a unit, or for one child), take one away, or all."""
        user = self._all[1:][who % (len(self._all) - 1)]
        had = self.people[user]
        child = self._pick(n, "child")
        if how % 4 == 0:
            new, what = (*had, self._post(n)), "added"
        elif how % 4 == 1 and child:
            role = ("counsellor", "teacher")[n // 3 % 2]
            new, what = (*had, Grant(role, "", child)), "added for a child"
        elif how % 4 >= 2 and len(had) > 1:
            new, what = tuple(g for i, g in enumerate(had) if i != n % len(had)), "withdrawn"
        else:
            new, what = (self._post(n),), "replaced"
        self.counts[f"grant {what}"] += 1
        self.people[user] = tuple(dict.fromkeys(new))
        for device in self.devices.values():
            device.is_regranted = device.is_regranted or device.user == user

    def revoke(self, who: int) -> None:
        """A device is lost: it may hand in, and gets nothing."""
        names = [n for n in self.devices if n not in self.revoked][1:]
        if len(names) > 1:
            self.revoked.add(names[who % len(names)])
            self.counts["device revoked"] += 1

    def hand_in(self, device: Device, refusal: Rejected) -> None:
        assert device.name in self.revoked and refusal.code == "revoked"

        def close() -> None:
            raise Wiped

        stand_in = SimpleNamespace(
            _hand_in_scans=lambda _token: None,  # nobody here has papers
            replica=device.replica, close=close, transport=Line(self, device.name, "", 0, None)
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
                if name[0] == device.name:
                    assert self.is_kept(name), f"{name} went with its device"
        except Crash:
            self.open_device(device)
        except (Offline, Full):
            pass
        if device.name in self.devices:
            assert (device.replica.get_state("cursor") or "") == (cursor or ""), (
                "a revoked device was given something"
            )

    def back_up(self) -> None:
        """What `back_up` of server/upkeep.py does."""
        copy = copy_of("replica")
        self.hub_connection.real.backup(copy.real)
        head = self.store.head()
        copy.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (BACKUP, str(head).encode()))
        with self.store.write():
            self.store.put_meta(BACKUP, str(head).encode())
        self.backups.append((copy, head))
        self.counts["backup"] += 1

    def restore(self, is_announced: bool, which: int) -> None:
        """What `restore` of server/upkeep.py does; unannounced: the file was copied back by
        hand."""
        if not self.backups:
            return
        self.restores += 1
        self.counts[f"restore {'announced' if is_announced else 'unannounced'}"] += 1
        copy, head = self.backups[-1 if which % 4 else 0]
        old, fresh = self.hub_connection.real, copy_of("replica")
        copy.real.backup(fresh.real)
        if is_announced:
            fresh.execute(
                "UPDATE meta SET value = ? WHERE key = 'epoch'", (f"e{self.restores}".encode(),)
            )
            rows = old.execute("SELECT * FROM quarantine").fetchall()
            fresh.executemany("INSERT OR IGNORE INTO quarantine VALUES (?,?,?,?,?,?,?,?)", rows)
        before, newest = self.model, max(b[1] for b in self.backups)
        self.model = before.rewound(head)
        last, self.hub_connection, self.seen_seq = self.store, fresh, head
        self.open_hub()
        if is_announced:
            with self.store.write():
                quarantine_lost(self.store, work_of(last, self.revoked))
        self.backups = [b for b in self.backups if b[1] <= head]
        here = fresh.real.execute("SELECT device, device_seq, code FROM quarantine").fetchall()
        gone = self.judged.keys() - {(d, s) for d, s, _ in here}
        self.judged = {(d, s): code for d, s, code in here}
        self._excuse(before, gone, newest, is_announced)

    def _excuse(self, before: Model, gone: set[Name], newest: int, is_announced: bool) -> None:
        """P2 after a restore: what the county lost is kept by the laptop it came from.

        Unless a newer backup than the one put back had it, or the laptop was revoked and wiped
        before someone copied an old file back by hand.
        """
        kept = {name for device in self.devices.values() for name in self.kept_by(device)}
        for name in (before.stamps.keys() - self.model.stamps.keys()) | gone:
            if name in kept or name in self.refused or name in self.judged:
                continue
            if before.seqs.get(name, newest + 1) <= newest:
                self.counts["lost: a newer backup had it"] += 1
            else:
                assert name[0] not in self.devices and not is_announced, f"{name} is kept by nobody"
                self.counts["lost: its laptop was wiped before the file was copied back"] += 1
            self.excused.add(name)
        for device in self.devices.values():
            device.is_regranted = True
            device.forms.clear()

    # -- steps

    def pick_shown(self, device: Device, which: int) -> str | None:
        """One of the oldest records that the device shows: there people meet."""
        rows = device.connection.real.execute(
            "SELECT id FROM (SELECT id FROM r_child UNION SELECT id FROM r_contact) ORDER BY id LIMIT 5"
        ).fetchall()
        return rows[which % len(rows)][0] if rows else None

    def school(self, village: str, n: int) -> str:
        return SCHOOLS[n // 5 % 2] if n % 3 == 0 else ""

    def destination(self, n: int, shown: Slots) -> tuple[str, str | None]:
        slot = "school" if n % 3 == 0 else "village"
        here = shown[slot][0].value if slot in shown else None
        others = [u for u in (SCHOOLS if slot == "school" else VILLAGES) if u != here]
        self.counts[f"move to another {slot}"] += 1
        return slot, others[n // 3 % len(others)]

    def late_visit(self, who: int, other: int, which: int) -> None:
        """A visit to a child that an admin deletes before the visit arrives."""
        child = self._pick(which, "child")
        admins = [d for d in self.devices.values() if d.user == "adm" and not d.is_leaving]
        device = self._device(who)
        if child is None or not admins or device.name == admins[0].name:
            return
        shown = self.shown(admins[other % len(admins)], child)
        if shown is None or is_gone(shown) or self.shown(device, child) is None:
            return
        self.create_contact(who, list(self._children()).index(child))
        everyone = list(self.devices)
        admin = everyone.index(admins[other % len(admins)].name)
        self.hide(admin, list(self.kinds).index(child))
        self.sync(admin)
        self.sync(who % len(everyone))

    def demote(self, who: int, which: int, field: int, value: int) -> None:
        """Someone edits a child, and may only look at it by the time the edit arrives."""
        device = self._device(who)
        if device.user == "adm" or device.is_leaving or device.name in self.revoked:
            return
        before = device.seq
        self.edit(who, which, field, value)
        if device.seq == before:
            return
        had = self.people[device.user]
        self.people[device.user] = tuple(
            dict.fromkeys(Grant("counsellor", g.unit, g.child) for g in had)
        )
        self.counts["grant replaced"] += 1
        for other in self.devices.values():
            other.is_regranted = other.is_regranted or other.user == device.user
        self.sync(device.name)

    def _children(self) -> list[str]:
        return [r for r, kind in self.kinds.items() if kind == "child"]

    def set_clock(self, who: int, year: int) -> None:
        """A device's clock says some year between 1970 and 2040, the hub's as it may."""
        device = self._device(who)
        was = device.skew_ms
        device.skew_ms = (YEARS[year % len(YEARS)] - 1970) * 31_556_952_000 - self.time_ms
        self.counts["clock set back" if device.skew_ms < was else "clock set forward"] += 1

    def sync(self, device: int | str, fault: str = "", at: int = 0, **given: Any) -> Any:
        this = self.devices[device] if isinstance(device, str) else self._device(device)
        report = super().sync(this.name, fault, at, **given)
        if report is not None and this.name not in self.revoked:
            self._holds_nothing_else(this)
        return report

    def _holds_nothing_else(self, device: Device) -> None:
        """P5: after a whole synchronisation nothing is here that the grants do not cover."""
        grants = self.grants(device.user)
        for table in ("r_child", "r_contact"):
            for record, root in device.connection.real.execute(
                f"SELECT r.id, _root FROM {table} r LEFT JOIN shadow s ON s.id = r.id"
                " WHERE _seq > 0 OR _pending = 0 OR s.body IS NOT NULL"
            ):
                slots = self.model.state(root, self.seen_seq)
                if slots is None and self.is_void(device, record):
                    continue  # nobody knows where it is: an empty county evicts nothing
                assert slots and self.covers(grants, READERS, root, slots), (device.name, record)

    def quiesce(self) -> None:
        for name in list(self.revoked):
            for _ in range(4):
                if name in self.devices:
                    self.sync(name)
            assert name not in self.devices, "a revoked device was not wiped"
        super().quiesce()


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
