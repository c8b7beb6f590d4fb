"""The laptops of the simulated county, and what each of them shows beside what it should."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schema.kinds import KINDS
from server.store.sqlite import SqliteStore
from sync.change import Grant
from sync.hub import Hub
from sync.keeping import HANDED_IN
from sync.replica import Replica
from sync.turns import Turns
from sync.views import Identity
from tests.sync.fragile import COUNTY_UNITS, START_MS, Fragile, copy_of
from tests.sync.model import Model, Name, Save, Slots


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


class Laptops:
    """The county, its laptops, and what the model says of them."""

    def __init__(self, people: dict[str, tuple[Grant, ...]], devices: dict[str, str]) -> None:
        """`people`: user to grants; `devices`: name to user."""
        self.counts: Counter[str] = Counter()
        self.models: list[Model] = [Model(self.counts)]
        """Of the log, and of those that were before a backup was put back."""
        self.told: dict[str, int] = {}
        """Cursor to the model of the log that it speaks of."""
        self.restores = 0
        self.time_ms = START_MS
        self.hub_skew_ms = 0
        self.number = 0
        self.hub_connection = copy_of("county")
        self.seen_seq = len(COUNTY_UNITS)
        self.open_hub()
        self.kinds: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.villages: dict[str, set[str]] = {}
        """Every village (and school) anyone ever wrote for a child."""
        self.judged: dict[Name, str] = {}
        """What the county put into quarantine."""
        self.revoked: set[str] = set()
        self.refused: dict[Name, str] = {}
        self.excused: set[Name] = set()
        self.handed_in: set[Name] = set()
        """By laptops about to go, when someone copied an old file back by hand."""
        """Saves that went with a backup put back, when nobody kept them any more."""
        self.recorded: list[tuple[str, bytes, str]] = []
        self.devices: dict[str, Device] = {}
        self.people, self.users = people, dict(devices)
        for name, user in devices.items():
            self.add_laptop(name, user)
            self.sync(name)

    def add_laptop(self, name: str, user: str) -> Device:
        """Another one, with nothing on it yet."""
        device = Device(name, user, copy_of("replica"), None)  # type: ignore[arg-type]
        self.devices[name], self.users[name] = device, user
        self.open_device(device)
        device.replica.become(Identity(user, name, self.people[user]))
        return device

    def sync(self, device: int | str) -> Any:
        """One synchronisation: tests/sync/exchanging.py."""
        raise NotImplementedError

    # -- which log a device speaks of

    @property
    def model(self) -> Model:
        return self.models[-1]

    def model_of(self, device: Device) -> Model:
        """The log that a device has been told from."""
        return self.models[self.told.get(device.replica.get_state("cursor") or "", -1)]

    def is_void(self, device: Device, record: str) -> bool:
        """True while what a device holds of a record is of a log that is no more."""
        if not self.restores:
            return False
        kind = self.kinds[record]
        state = device.replica.records.canonical({kind: [record]})[record]
        if state is not None and not state.seq:
            return True
        root = self.parents.get(record, record)
        return root != record and self.is_void(device, root)

    # -- machines

    def hub_ms(self) -> int:
        return self.time_ms + self.hub_skew_ms

    def open_hub(self) -> None:
        self.hub_connection.restart()
        self.store = SqliteStore(self.hub_connection, now_ms=self.hub_ms)
        self.hub = Hub(self.store, self.hub_ms)
        self.turns = Turns()

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
        """True when a save that left its device is in the log, its author was told why not, or its
        device could still send it to a county put back."""
        if name in self.model.stamps or name in self.refused or name in self.excused:
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

    def _is_just(self, name: Name, status: str, code: str) -> None:
        """The county keeps what it refused, for the reason it gave."""
        if (status, code) == ("invalid", "bad_op") and not self.model.is_exact:
            # Deciding about a delete that the log lost: it stays with its author.
            assert self.model.saves[name].action == "resolve"
            return
        assert status == "quarantined", (status, code, self.model.saves[name])
        assert self.judged.get(name) == code, f"{name} is nowhere at the county"


def handed_in_by(device: Device) -> set[Name]:
    """What a laptop that is about to go has handed in."""
    rows = device.connection.real.execute("SELECT seq FROM kept WHERE number = ?", (HANDED_IN,))
    return {(device.name, seq) for (seq,) in rows}


def position(cursor: str | None) -> tuple[int, bool]:
    if not cursor:
        return 0, True
    parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return parts[1], len(parts) > 3 and parts[3] is not None


def heads_of(state: Any, kind: str) -> dict[str, list[tuple[Any, frozenset[Name]]]]:
    """Every slot of a production state: its values with the saves behind them, the standing one
    first."""
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
