"""The end of a history: everybody synchronises, and every promise is checked."""

from __future__ import annotations

import msgspec

from tests.sync.county_facts import READERS, covers
from tests.sync.exchanging import Exchanging
from tests.sync.laptops import Device, heads_of, model_heads
from tests.sync.model import GONE


class Resting(Exchanging):
    """The county come to rest."""

    def quiesce(self) -> None:
        """Everyone synchronises without faults until nothing moves; then all promises are
        checked."""
        for name in list(self.revoked):
            for _ in range(4):
                if name in self.devices:
                    self.sync(name)
            assert name not in self.devices, "a revoked device was not wiped"
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
        self._fill_another()
        for device in self.devices.values():
            self._is_whole(device)
        self._is_lawful()

    def _fill_another(self) -> None:
        """A user's new laptop, page by page: in the end it holds what all others do."""
        users = {device.user: device for device in self.devices.values()}
        user = list(users)[self.seen_seq % len(users)]
        new = self.add_laptop(f"{user}new", user)
        self.sync(new.name, limit=(2, 10, 2000)[self.seen_seq % 3])
        self.counts["laptop filled"] += 1

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
            grants = self.people[device.user]
            is_mine = slots is not None and covers(grants, READERS, root, slots)
            is_there = self.canonical_seq(device, record)
            if not self.model.last_seq(record) and self.restores:
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
            assert self.is_kept(name), f"{name} is lost"
