"""A county in one process: the production hub, store, replicas and client, under faults, beside the
model.

Every step takes plain numbers, so that hypothesis, a seeded generator or a test can drive it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import msgspec

from server.store.sqlite import SqliteStore
from sync import client
from sync.change import Grant
from sync.hub import Hub, Session
from sync.protocol import SyncRequest, pack, short_from, unpack
from sync.reading import Identity
from sync.replica import Refused, Replica
from sync.transport import Offline, Rejected
from tests.sync.fragile import START_MS, UNITS, Crash, Fragile, Full, Fuse, copy_of
from tests.sync.model import GONE, Head, Model, Name, Save, Slots, everything, is_gone

YEAR_MS = 365 * 86_400_000
VILLAGES = ("111", "112")
PEOPLE = {
    "adm": ("admin", "1"),
    "sup": ("supervisor", "11"),
    "dir": ("director", "111"),
    "tea": ("teacher", "11"),
}
UNDER = {
    "1": {"1", "11", "111", "112", "12", "121", "122", "s11", "s12"},
    "11": {"11", "111", "112", "s11"},
    "12": {"12", "121", "122", "s12"},
}
READERS = {"admin", "supervisor", "director", "teacher", "class-teacher", "counsellor"}
STAFF = READERS - {"counsellor"}
REVIEWERS = {"admin", "supervisor"}
DEVICES = {"adm1": "adm", "sup1": "sup", "dir1": "dir", "dir2": "dir", "tea1": "tea"}
VALUES: dict[str, tuple[Any, ...]] = {
    "phone": (None, "13900000001", "13900000002", "13900000003"),
    "hobbies": (None, "画画", "唱歌", "跑步"),
    "risk_level": (None, "low", "medium", "high", "critical"),
    "lives_alone": (None, False, True),
    "is_boarding": (None, False, True),
    "categories": (
        None,
        ["poverty"],
        ["study"],
        ["poverty", "study"],
        ["guardianship_missing", "internet"],
    ),
    "id_type": (None, "resident", "other"),
    "id_number": (None, "11010519491231002X", "123"),
    "mood": (None, "fine", "bad"),
}
GROUPS = {"id_type": "identity", "id_number": "identity"}
CHILD_FIELDS = (
    "phone", "hobbies", "risk_level", "lives_alone", "is_boarding", "categories", "note", "id_type",
    "id_number",
)  # fmt: skip
CONTACT_FIELDS = ("mood", "summary")


@dataclass
class Device:
    name: str
    user: str
    connection: Fragile
    replica: Replica
    skew_ms: int = 0
    seq: int = 0
    forms: dict[str, tuple[Any, Slots]] = field(default_factory=dict)
    is_regranted: bool = False
    """True once its user's grants changed: what they see is no longer what they always saw."""
    is_leaving: bool = False
    """True once it was told that it is revoked: it hands in and goes; what it shows counts no
    more."""


class Simulation:
    """The county, its devices, and what the model says of them."""

    store_kind = "hub"
    villages_here: tuple[str, ...] = VILLAGES
    units_made = len(UNITS)

    def __init__(self, allow_moves: bool = True) -> None:
        self.counts: Counter[str] = Counter()
        self.model = Model(self.counts)
        self.time_ms = START_MS
        self.hub_skew_ms = 0
        self.number = 0
        self.allow_moves = allow_moves
        self.hub_connection = copy_of(self.store_kind)
        self.seen_seq = self.units_made
        self.open_hub()
        self.kinds: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.villages: dict[str, set[str]] = {}
        """Every village (and school) anyone ever wrote for a child."""
        self.judged: dict[Name, str] = {}
        """What the county put into quarantine."""
        self.users: dict[str, str] = {}
        self.revoked: set[str] = set()
        self.refused: dict[Name, str] = {}
        self.recorded: list[tuple[str, bytes, str]] = []
        self.devices: dict[str, Device] = {}
        self.people = self.first_people()
        for name, user in self.first_devices().items():
            self.add_device(name, user)

    def first_people(self) -> dict[str, tuple[Grant, ...]]:
        return {user: (Grant(role, unit),) for user, (role, unit) in PEOPLE.items()}

    def first_devices(self) -> dict[str, str]:
        return DEVICES

    def add_device(self, name: str, user: str) -> None:
        device = Device(name, user, copy_of("replica"), None)  # type: ignore[arg-type]
        self.devices[name], self.users[name] = device, user
        self.open_device(device)
        device.replica.become(Identity(user, name, self.grants(user)))
        self.sync(name)

    # -- machines

    def grants(self, user: str) -> tuple[Grant, ...]:
        return self.people[user]

    @staticmethod
    def covers(grants: Collection[Grant], roles: Collection[str], child: str, slots: Slots) -> bool:
        """The model's own answer to: is one of the roles held where this child is?"""
        units = {slots[s][0].value for s in ("village", "school") if s in slots}
        return any(
            g.role in roles and (g.child == child or units & UNDER.get(g.unit, {g.unit}) - {""})
            for g in grants
        )

    def model_of(self, device: Device) -> Model:
        """The log that a device has been told from."""
        return self.model

    def is_void(self, device: Device, record: str) -> bool:
        """True while what a device holds of a record is of a log that is no more."""
        return False

    def hub_ms(self) -> int:
        return self.time_ms + self.hub_skew_ms

    def open_hub(self) -> None:
        self.hub_connection.restart()
        self.store = SqliteStore(self.hub_connection, now_ms=self.hub_ms)
        self.hub = Hub(self.store, self.hub_ms)

    def open_device(self, device: Device) -> None:
        device.connection.restart()
        device.replica = Replica(
            device.connection,
            wall_ms=lambda: self.time_ms + device.skew_ms,
            random=self._random,
        )

    def _random(self, length: int) -> bytes:
        self.number += 1
        return hashlib.blake2b(str(self.number).encode(), digest_size=length).digest()

    def _device(self, n: int) -> Device:
        return list(self.devices.values())[n % len(self.devices)]

    def tick(self) -> None:
        self.time_ms += 1

    # -- what a device shows, and what it should

    def canonical_seq(self, device: Device, record: str) -> int:
        kind = self.kinds[record]
        state = device.replica.records.canonical({kind: [record]})[record]
        return state.seq if state else 0

    def unsent(self, device: Device, record: str) -> list[Save]:
        rows = device.connection.real.execute(
            "SELECT seq FROM outbox WHERE record = ? ORDER BY seq", (record,)
        )
        return [self.model.saves[device.name, seq] for (seq,) in rows]

    def shown(self, device: Device, record: str) -> Slots | None:
        """What the model says the device shows of a record; checked against the device."""
        if device.is_leaving:
            return None
        seq = self.canonical_seq(device, record)
        unsent = self.unsent(device, record)
        if not seq and self._is_adrift(device, record):
            view = device.replica.get(record, self.kinds[record])
            root = self.parents.get(record, record)
            if view is not None and root != record:
                assert device.replica.get(root) is not None, "shown under a record that is gone"
            if view is None:
                return None
        if self.is_void(device, record):
            return None
        should = self.model_of(device).shown(record, seq, unsent)
        view = device.replica.get(record, self.kinds[record])
        if should is None:
            assert view is None, f"{device.name} shows {record}, which it cannot know"
            return None
        assert view is not None, f"{device.name} does not show {record} ({seq}, {unsent})"
        is_values = self.values_of(should)
        assert view.values == is_values, (device.name, record, view.values, is_values)
        assert view.pending == len(unsent)
        return should

    def _is_adrift(self, device: Device, record: str) -> bool:
        """True when the record may have been dropped under an unsent creation."""
        root = self.parents.get(record, record)
        return len({u for u in self.villages[root] if u[:1] != "+"}) > 1 or device.is_regranted

    @staticmethod
    def values_of(slots: Slots) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for slot, heads in slots.items():
            value = heads[0].value
            if slot == "identity":
                values |= value or {}
            elif value is not None:
                values[slot] = value
        return values

    def look(self, device: Device) -> None:
        """Check everything a device holds against the model."""
        if device.is_leaving:
            return
        known = {record: self.kinds[record] for record in self.kinds}
        cursor = device.replica.get_state("cursor")
        reached, is_filling = position(cursor)
        model = self.model_of(device)
        for record, kind in known.items():
            self.shown(device, record)
            state = device.replica.records.canonical({kind: [record]})[record]
            if state is None or self.is_void(device, record):
                continue
            should = model.state(record, state.seq)
            assert should is not None, f"{record} is not in the log"
            assert state.seq in {seq for seq, _ in model.past[record]}
            assert heads_of(state, kind) == model_heads(should), (device.name, record)
            if not self._is_adrift(device, record) and not is_filling:
                assert state.seq >= model.last_seq(record, reached), "the cursor ran ahead"
        self._account(device)

    def _account(self, device: Device) -> None:
        """P2/I1: every save is in its outbox, in the log, or came back to its author."""
        real = device.connection.real
        waiting = {seq for (seq,) in real.execute("SELECT seq FROM outbox")}
        for back in device.replica.returned():
            name = (device.name, back.seq)
            if name not in self.refused:
                self.refused[name] = back.code
                self._is_just(name, back.status, back.code)
        for name in self.model.saves:
            if name[0] == device.name and name[1] not in waiting:
                assert self.is_kept(name), f"{name} is lost"
        last = max((s for d, s in self.model.saves if d == device.name), default=0)
        assert device.replica.get_state("device_seq", 0) == last == device.seq

    def is_kept(self, name: Name) -> bool:
        """True when a save that left its device is in the log, or its author was told why not."""
        return name in self.model.stamps or name in self.refused

    def _is_just(self, name: Name, status: str, code: str) -> None:
        """The county keeps what it refused, for the reason it gave."""
        if (status, code) == ("invalid", "bad_op") and not self.model.is_exact:
            # Deciding about a delete that the log lost: it stays with its author.
            assert self.model.saves[name].action == "resolve"
            return
        assert status == "quarantined", (status, code, self.model.saves[name])
        assert self.judged.get(name) == code, f"{name} is nowhere at the county"

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
            grants = self.grants(self.users[device])
            past = self.model.past.get(root, [])
            was = [slots for at, slots in past if at > head]
            was += [slots for slots in [self.model.state(root, head)] if slots]
            was = was or [{s: (Head(v, frozenset(), 0, name),) for s, v in save.writes.items()}]
            if code == "out_of_scope":
                assert not all(self.covers(grants, STAFF, root, slots) for slots in was)
            elif code == "not_permitted":
                roles = {"delete": {"admin"}, "undelete": {"admin"}, "resolve": REVIEWERS}
                needed = roles.get(save.action, STAFF)
                assert not all(self.covers(grants, needed, root, slots) for slots in was)
            elif code == "record_deleted":
                assert save.action == "create" and root != save.record
                assert any(s.hides for s in self.model.saves.values() if s.record == root)
            elif code == "unknown_record":
                assert self.model.last_seq(save.record, head) == 0
            elif code == "device_revoked":
                assert device in self.revoked
            else:
                raise AssertionError(f"refused for {code}: {save}")

    # -- saving

    def _note(self, device: Device, saves: list[Save]) -> None:
        for save in saves:
            self.model.saves[save.name] = save
            device.seq = save.name[1]

    def _perform(self, device: Device, saves: list[Save], run: Any, crash: Fuse | None) -> bool:
        """Do it, perhaps crash in it; tell the model what the device kept."""
        if crash:
            device.connection.light(*crash)
        try:
            run()
        except Crash:
            self.open_device(device)
        except Full:
            pass
        else:
            device.connection.fuse = None
            assert device.replica.get_state("device_seq", 0) == saves[-1].name[1], (
                "a save was not kept"
            )
        finally:
            device.connection.tell(self.counts, "device")
        reached = device.replica.get_state("device_seq", 0)
        assert reached in (saves[0].name[1] - 1, saves[-1].name[1]), "half a txn was kept"
        if reached == saves[-1].name[1]:
            self._note(device, saves)
            return True
        return False

    def create_child(
        self, who: int, village: int, with_contact: bool, crash: Fuse | None = None
    ) -> None:
        device = self._device(who)
        self.tick()
        codes = self._writable(device)
        if not codes:
            return
        code = codes[village % len(codes)]
        values = {"name": f"儿{self.number}", "village": code, "note": "一。二。三。四。"}
        school = self.school(code, village)
        if school:
            values["school"] = school
        made: list[str] = []

        def run() -> None:
            with device.replica.together():
                made.append(device.replica.save("child", values))
                if with_contact:
                    made.append(device.replica.save("contact", {"child": made[0], **CONTACT}))

        before = self.number
        saves = [Save((device.name, device.seq + 1), "", "create", dict(values))]
        if with_contact:
            saves.append(Save((device.name, device.seq + 2), "", "create", dict(CONTACT)))
        if self._perform(device, saves, run, crash):
            rows = device.connection.real.execute(
                "SELECT record FROM outbox WHERE seq > ? ORDER BY seq", (saves[0].name[1] - 1,)
            ).fetchall()
            assert self.number > before
            child = rows[0][0]
            self.kinds[child], self.villages[child] = "child", {code}
            if school:
                self.villages[child].add("+" + school)
            saves[0].record = child
            if with_contact:
                self._place_contact(saves[1], rows[1][0], child)
            self.look(device)

    def _place_contact(self, save: Save, contact: str, child: str) -> None:
        self.kinds[contact], self.parents[contact] = "contact", child
        save.record, save.parent = contact, child
        save.writes["child"] = child

    def _writable(self, device: Device) -> list[str]:
        """Villages in which this device lets its user file a child."""
        known = device.replica.identity.grants
        return [
            code
            for code in self.villages_here
            if any(g.role in STAFF and code in UNDER.get(g.unit, {g.unit}) for g in known)
        ]

    def school(self, village: str, n: int) -> str:
        """The school a new child goes to; none here."""
        return ""

    def create_contact(self, who: int, which: int, crash: Fuse | None = None) -> None:
        device = self._device(who)
        child = self._pick(which, "child")
        shown = self.shown(device, child) if child else None
        if (
            child is None
            or shown is None
            or is_gone(shown)
            or not self._may_visit(device, child, shown)
        ):
            return
        self.tick()
        save = Save((device.name, device.seq + 1), "", "create", dict(CONTACT))
        values = {"child": child, **CONTACT}
        if self._perform(device, [save], lambda: device.replica.save("contact", values), crash):
            row = device.connection.real.execute(
                "SELECT record FROM outbox WHERE seq = ?", (device.seq,)
            ).fetchone()
            self._place_contact(save, row[0], child)

    def pick_shown(self, device: Device, which: int) -> str | None:
        return self._pick(which)

    def _pick(self, which: int, kind: str = "") -> str | None:
        found = [r for r, k in self.kinds.items() if not kind or k == kind]
        return found[which % len(found)] if found else None

    def _may_write(self, device: Device, child: str, root_shown: Slots) -> bool:
        return self.covers(device.replica.identity.grants, STAFF, child, root_shown)

    def _may_visit(self, device: Device, child: str, root_shown: Slots) -> bool:
        return self.covers(device.replica.identity.grants, READERS, child, root_shown)

    def edit(
        self, who: int, which: int, field_n: int, value_n: int, *,
        old_form: bool = False, crash: Fuse | None = None,
    ) -> None:  # fmt: skip
        """Change one field, clearing included; `old_form`: from a form opened before."""
        device = self._device(who)
        record = self.pick_shown(device, which)
        if record is None:
            return
        kind = self.kinds[record]
        shown = self.shown(device, record)
        root = self.shown(device, self.parents.get(record, record))
        may = self._may_write if kind == "child" else self._may_visit
        if shown is None or root is None or is_gone(shown):
            return
        if not may(device, self.parents.get(record, record), root):
            return
        self.tick()
        base = None
        now = shown
        if old_form and record in device.forms:
            base, shown = device.forms.pop(record)
        name = (CHILD_FIELDS if kind == "child" else CONTACT_FIELDS)[
            field_n % (9 if kind == "child" else 2)
        ]
        value = self._value(name, value_n, shown)
        self._write(device, record, name, value, shown, base, crash)
        del now

    def move(self, who: int, which: int, crash: Fuse | None = None) -> None:
        """Give a child another village."""
        device, child = self._device(who), self._pick(which, "child")
        shown = self.shown(device, child) if child and self.allow_moves else None
        if (
            child is None
            or shown is None
            or is_gone(shown)
            or not self._may_write(device, child, shown)
        ):
            return
        self.tick()
        slot, unit = self.destination(which, shown)
        self.villages[child].add(unit or "")
        self._write(device, child, slot, unit, shown, None, crash)

    def destination(self, n: int, shown: Slots) -> tuple[str, str | None]:
        """Where a child moves: the slot and the unit."""
        return "village", VILLAGES[shown["village"][0].value == VILLAGES[0]]

    def _value(self, name: str, value_n: int, shown: Slots) -> Any:
        if name in VALUES:
            return VALUES[name][value_n % len(VALUES[name])]
        heads = shown.get(name)
        text = heads[0].value if heads else None
        parts = [s + "。" for s in (text or "一。二。三。四。五。六。").split("。")[:-1]]
        self.number += 1
        at = value_n // 3 % (len(parts) or 1)
        if value_n % 3 == 0 or not parts:
            parts.insert(at, f"加{self.number}。")
        elif value_n % 3 == 1:
            parts[at] = f"改{self.number}。"
        else:
            del parts[at]
        return "".join(parts) or None

    def _write(
        self, device: Device, record: str, name: str, value: Any, shown: Slots, base: Any,
        crash: Fuse | None,
    ) -> None:  # fmt: skip
        slot = GROUPS.get(name, name)
        heads = shown.get(slot)
        stands = heads[0].value if heads else None
        new = value
        if slot != name:
            new = {
                k: v for k, v in {**(stands or {}), name: value}.items() if v is not None
            } or None
        kind = self.kinds[record]
        if new == stands:
            before = device.seq
            device.replica.save(kind, {name: value}, record, base)
            assert device.replica.get_state("device_seq", 0) == before, "nothing changed, yet saved"
            return
        save = Save((device.name, device.seq + 1), record, "put", {slot: new})
        save.view = self.canonical_seq(device, record)
        if heads:
            save.saw[slot], save.read[slot] = heads[0].saves, stands
        run = lambda: device.replica.save(kind, {name: value}, record, base)  # noqa: E731
        if self._perform(device, [save], run, crash):
            self.shown(device, record)

    def open_form(self, who: int, which: int) -> None:
        device, record = self._device(who), self._pick(which)
        shown = self.shown(device, record) if record else None
        if record and shown is not None and not is_gone(shown):
            device.forms[record] = (device.replica.get(record), shown)

    def hide(self, who: int, which: int, crash: Fuse | None = None) -> None:
        """Delete what is alive, undelete what is deleted; refused without right."""
        device, record = self._device(who), self._pick(which)
        shown = self.shown(device, record) if record else None
        if record is None or shown is None:
            return
        self.tick()
        name = (device.name, device.seq + 1)
        if is_gone(shown):
            save = Save(name, record, "undelete", {GONE: None})
            run = lambda: device.replica.undelete(record)  # noqa: E731
        else:
            save = Save(name, record, "delete", {GONE: f"因{self.number}"}, whole=everything(shown))
            run = lambda: device.replica.delete(record, save.writes[GONE])  # noqa: E731
        if GONE in shown:
            save.saw[GONE], save.read[GONE] = shown[GONE][0].saves, shown[GONE][0].value
        try:
            self._perform(device, [save], run, crash)
        except Refused:
            root = self.parents.get(record, record)
            above = self.shown(device, root)
            known = device.replica.identity.grants
            assert above is None or not self.covers(known, {"admin"}, root, above), "an admin may"

    def resolve(
        self, who: int, which: int, take_n: int, value_n: int, crash: Fuse | None = None
    ) -> None:
        device = self._device(who)
        found = device.replica.conflicts()
        if not found or device.is_leaving:  # a locked store is opened by nobody
            return
        conflict = found[which % len(found)]
        take = ("winner", "loser", "base", "value")[take_n % 4]
        if conflict.record not in self.kinds or self.is_void(device, conflict.record):
            return
        shown = self.shown(device, conflict.record)
        assert shown is not None
        heads = shown[conflict.slot]
        if self.unsent(device, conflict.record) and len(heads) != len(conflict.heads):
            return  # a head half seen by an unsent save: shown or not, it is named or not
        assert len(heads) == len(conflict.heads), (heads, conflict)
        self.tick()
        root = self.parents.get(conflict.record, conflict.record)
        above = self.shown(device, root)
        if above is None:
            return
        me = self.users[device.name]
        is_own = conflict.meeting == "critical" and me in {h.mark.author for h in conflict.heads}
        if is_own or not self.covers(device.replica.identity.grants, REVIEWERS, root, above):
            try:
                device.replica.resolve(conflict.id, "winner")
            except Refused:
                return
            raise AssertionError("only reviewers decide, and nobody about their own danger")
        value = self._decision(conflict, take, value_n, heads)
        if conflict.slot in ("village", "school") and take == "value":
            return
        if conflict.slot == "village" and value is None:
            return
        save = Save(
            (device.name, device.seq + 1), conflict.record, "resolve", {conflict.slot: value}
        )
        save.saw[conflict.slot] = heads[0].saves
        save.read[conflict.slot] = heads[0].value
        save.closes = frozenset(n for h in heads for n in h.saves)
        save.whole = everything(shown)
        given = value if take == "value" else None
        run = lambda: device.replica.resolve(conflict.id, take, given)  # noqa: E731
        self._perform(device, [save], run, crash)

    def _decision(self, conflict: Any, take: str, value_n: int, heads: Any) -> Any:
        if take == "winner":
            return heads[0].value
        if take == "loser":
            return heads[1].value
        if take == "base":
            return conflict.base_value
        slot = conflict.slot
        if slot == GONE:
            return (None, "决定")[value_n % 2]
        if slot == "identity":
            return {"id_type": "other", "id_number": f"9{value_n}"}
        if slot in ("note", "summary"):
            self.number += 1
            return f"定{self.number}。"
        return VALUES[slot][value_n % len(VALUES[slot])] if slot in VALUES else heads[0].value

    # -- clocks

    def jump(self, who: int, years: int) -> None:
        self._device(who).skew_ms += years * YEAR_MS

    def jump_hub(self, ms: int) -> None:
        self.hub_skew_ms += ms

    def wait(self, ms: int) -> None:
        self.time_ms += ms

    # -- exchanging

    def serve(self, device: str, body: bytes, media: str) -> tuple[bytes, str]:
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        session = Session(self.users[device], device, self.grants(self.users[device]))
        head = self.seen_seq
        try:
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
        self.note_cursor(response)
        return pack(response)

    def note_cursor(self, response: Any) -> None:
        """Remember of which log a cursor speaks."""

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
        self.model.accept(seq, name, stamp, self.hub_ms())

    def sync(
        self, device: int | str, fault: str = "", at: int = 0, *,
        limit: int = 2000, crash: Fuse | None = None,
    ) -> Any:  # fmt: skip
        """One synchronisation; the line does `fault` to its request number `at`."""
        this = self.devices[device] if isinstance(device, str) else self._device(device)
        self.tick()
        if crash and not fault.startswith("hub_"):
            this.connection.light(*crash)
        report = None
        try:
            report = client.sync_once(
                this.replica, Line(self, this.name, fault, at, crash), "", limit
            )
        except Crash:
            self.open_device(this)
        except (Offline, Full):
            if this.connection.is_dead:  # while it noted that the line is bad
                self.open_device(this)
        except Rejected as refusal:
            self.hand_in(this, refusal)
        this.connection.tell(self.counts, "device")
        if this.name in self.devices:
            self.look(this)
        return report

    def hand_in(self, device: Device, refusal: Rejected) -> None:
        raise refusal

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

    # -- the end

    def quiesce(self) -> None:
        """Everyone synchronises without faults until nothing moves; then all promises are
        checked."""
        for _ in range(6):
            moved, head = False, self.seen_seq
            for name in list(self.devices):
                report = self.sync(name)
                assert report is not None
                moved = moved or report.sent or report.received or report.rejected
            if not moved and self.seen_seq == head:
                break
        else:
            raise AssertionError("the county does not come to rest")
        for device in self.devices.values():
            self._is_whole(device)
        self._is_lawful()

    def _is_whole(self, device: Device) -> None:
        assert device.replica.pending_count() == 0
        assert not device.replica.has_sendable()
        assert device.connection.real.execute("SELECT count(*) FROM shadow").fetchone() == (0,)
        assert device.replica.get_state("in_step") == 1, f"{device.name} is out of step"
        healed = device.connection.real.execute("SELECT count(*) FROM healing").fetchone()
        assert healed == (0,), f"{device.name} was out of step"
        for record, kind in self.kinds.items():
            root = self.parents.get(record, record)
            slots = self.model.state(root, self.seen_seq)
            grants = self.grants(device.user)
            is_mine = slots is not None and self.covers(grants, READERS, root, slots)
            is_there = self.canonical_seq(device, record)
            if not self.model.last_seq(record) and self.is_excused(record):
                continue
            should = self.model.last_seq(record) if is_mine else 0
            assert is_there == should, (device.name, kind, record, is_there, should)
        conflicts = {(c.record, c.slot) for c in device.replica.conflicts()}
        assert len(conflicts) == len(device.replica.conflicts()), "two conflicts in one slot"
        held = {r for r in self.kinds if self.canonical_seq(device, r)}
        conflicts = {c for c in conflicts if c[0] in held}
        should_be = {
            (r, s) for r in held for s, heads in self.model.past[r][-1][1].items() if len(heads) > 1
        }
        assert conflicts == should_be

    def _is_lawful(self) -> None:
        """The hub's own states against the model's replay, and against the bare graph of who saw
        what."""
        states = self.store.states(list(self.model.past))
        for record, past in self.model.past.items():
            state, kind = states[record], self.kinds[record]
            assert heads_of(state, kind) == model_heads(past[-1][1]), record
            for slot, heads in heads_of(state, kind).items():
                if slot == GONE:
                    continue
                standing = {name for _, saves in heads for name in saves}
                free = self.model.unreplaced(record, slot)
                if self.model.is_exact:
                    assert standing == free, f"{record}.{slot}: lost or in vain: {standing ^ free}"
                assert standing >= free, f"{record}.{slot}: lost: {free - standing}"
                if len(heads) > 1:
                    values = [msgspec.json.encode(v) for v, _ in heads]
                    assert len(set(values)) == len(values), "equal values stand against each other"
        for name in self.model.saves:
            assert self.is_kept(name) or name in self.unsent_of_revoked(), f"{name} is lost"

    def is_excused(self, record: str) -> bool:
        """True when the county lost a record with a backup and nobody had it any more."""
        return False

    def unsent_of_revoked(self) -> set[Name]:
        return set()


CONTACT = {"on": "2026-11-01", "kind": "home_visit", "summary": "甲。乙。丙。"}


def position(cursor: str | None) -> tuple[int, bool]:
    if not cursor:
        return 0, True
    parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return parts[1], len(parts) > 3 and parts[3] is not None


def heads_of(state: Any, kind: str) -> dict[str, list[tuple[Any, frozenset[Name]]]]:
    """Every slot of a production state: its values with the saves behind them, the standing one
    first."""
    from schema.kinds import KINDS

    found = {}
    for slot in {*KINDS[kind].slots, *state.slots}:
        held = state.slot(slot, KINDS[kind].slot_value(slot, state.values))
        if held is not None:
            found[slot] = [(h.value, frozenset(_name(v) for v in h.ops)) for h in held.heads]
            assert (held.conflict is not None) == (len(held.heads) > 1)
    return found


def _name(version: str) -> Name:
    device, _, seq = version.partition(".")
    return device, int(seq)


def model_heads(slots: Slots) -> dict[str, list[tuple[Any, frozenset[Name]]]]:
    return {slot: [(h.value, h.saves) for h in heads] for slot, heads in slots.items()}


class Line:
    """The line between a device and the hub, with one fault."""

    def __init__(self, county: Simulation, device: str, fault: str, at: int, crash: Any) -> None:
        self.county, self.device, self.fault, self.at, self.crash = county, device, fault, at, crash
        self.trips = 0

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        assert path == "/v1/sync"
        county = self.county
        fault = self.fault if self.trips == self.at else ""
        self.trips += 1
        county.recorded.append((self.device, body, media))
        del county.recorded[:-30]
        if fault:
            county.counts[f"line {fault}"] += 1
        if fault == "drop_request":
            raise Offline("dropped")
        if fault == "cut_request":
            county.receive_cut(self.device, body[: county.point(len(body))], media)
            raise Offline("cut")
        if fault in ("hub_crash", "hub_full"):
            at, is_after, how = (*(self.crash or (0, False)), "crash")[:3]
            how = "full" if fault == "hub_full" else "crash" if how == "full" else how
            county.hub_connection.light(at, is_after, how)
        try:
            answer = county.serve(self.device, body, media)
        except Crash:
            raise Offline("the server stopped") from None
        except Full:
            raise Offline("HTTP 500") from None
        finally:
            county.hub_connection.tell(county.counts, "hub")
        if fault in ("drop_answer", "delay"):
            raise Offline("dropped")
        if fault == "cut_answer":
            return answer[0][: county.point(len(answer[0]))], answer[1]
        if fault == "twice":
            return county.serve(self.device, body, media)
        return answer


def play(county: Simulation, random: Any, steps: int) -> None:
    """A history out of a seeded generator."""
    for _ in range(steps):
        n = lambda top=10_000: random.randrange(top)  # noqa: E731
        crash = (n(40), bool(n(2))) if n(10) == 0 else None
        step = n(100)
        if step < 2:
            county.create_child(n(), n(), bool(n(2)), crash)
        elif step < 4:
            county.create_contact(n(), n(), crash)
        elif step < 50:
            county.edit(n(), n(3), n(), n(), old_form=n(4) == 0, crash=crash)
        elif step < 53:
            county.move(n(), n(), crash)
        elif step < 56:
            county.open_form(n(), n())
        elif step < 61:
            county.hide(n(), n(), crash)
        elif step < 69:
            county.resolve(n(2), n(), n(), n(), crash)
        elif step < 72:
            county.jump(n(), random.choice((-60, -1, 1, 60)))
        elif step < 73:
            county.jump_hub(random.choice((-70_000, 70_000)))
        elif step < 75:
            county.redeliver(n())
        elif step < 76:
            county.wait(random.choice((1000, 86_400_000)))
        else:
            fault = random.choice(("", "", "", *FAULTS))
            county.sync(n(), fault, n(3), limit=random.choice((1, 2, 3, 2000)), crash=crash)
    county.quiesce()


FAULTS = (
    "drop_request", "drop_answer", "cut_answer", "twice", "hub_crash", "hub_full", "cut_request",
)  # fmt: skip
