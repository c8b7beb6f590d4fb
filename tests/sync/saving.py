"""What people save on the laptops of the simulated county, told to the model as it happens."""

from __future__ import annotations

from typing import Any

from sync.replica import Refused
from tests.sync.county_facts import (
    CHILD_FIELDS,
    CONTACT,
    CONTACT_FIELDS,
    GROUPS,
    READERS,
    REVIEWERS,
    SCHOOLS,
    STAFF,
    UNDER,
    VALUES,
    VILLAGES,
    covers,
)
from tests.sync.fragile import Crash, Full, Fuse
from tests.sync.laptops import Device, Laptops
from tests.sync.model import GONE, Save, Slots, everything, is_gone


class Saving(Laptops):
    """Files and visits made, written, moved, hidden; conflicts decided."""

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
        school = self.school(village)
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
            for code in VILLAGES
            if any(g.role in STAFF and code in UNDER.get(g.unit, {g.unit}) for g in known)
        ]

    def school(self, n: int) -> str:
        """The school a new child goes to, if any."""
        return SCHOOLS[n // 5 % 2] if n % 3 == 0 else ""

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
        """One of the oldest records that the device shows: there people meet."""
        rows = device.connection.real.execute(
            "SELECT id FROM (SELECT id FROM r_child UNION SELECT id FROM r_contact) ORDER BY id LIMIT 5"
        ).fetchall()
        return rows[which % len(rows)][0] if rows else None

    def _pick(self, which: int, kind: str = "") -> str | None:
        found = [r for r, k in self.kinds.items() if not kind or k == kind]
        return found[which % len(found)] if found else None

    def _may_write(self, device: Device, child: str, root_shown: Slots) -> bool:
        return covers(device.replica.identity.grants, STAFF, child, root_shown)

    def _may_visit(self, device: Device, child: str, root_shown: Slots) -> bool:
        return covers(device.replica.identity.grants, READERS, child, root_shown)

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
        if old_form and record in device.forms:
            base, shown = device.forms.pop(record)
        name = (CHILD_FIELDS if kind == "child" else CONTACT_FIELDS)[
            field_n % (9 if kind == "child" else 2)
        ]
        value = self._value(name, value_n, shown)
        self._write(device, record, name, value, shown, base, crash)

    def move(self, who: int, which: int, crash: Fuse | None = None) -> None:
        """Give a child another village."""
        device, child = self._device(who), self._pick(which, "child")
        shown = self.shown(device, child) if child else None
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
        slot = "school" if n % 3 == 0 else "village"
        here = shown[slot][0].value if slot in shown else None
        others = [u for u in (SCHOOLS if slot == "school" else VILLAGES) if u != here]
        self.counts[f"move to another {slot}"] += 1
        return slot, others[n // 3 % len(others)]

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
            assert above is None or not covers(known, {"admin"}, root, above), "an admin may"

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
        if is_own or not covers(device.replica.identity.grants, REVIEWERS, root, above):
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
