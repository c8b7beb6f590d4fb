"""A whole county out of one seed: people whose grants change, devices revoked, backups put back."""

from __future__ import annotations

import random

from server.syncing import BACKUP
from server.upkeep import quarantine_lost, work_of
from sync.change import Grant
from tests.sync.county_facts import POSTS, YEARS
from tests.sync.fragile import Fragile, copy_of
from tests.sync.laptops import handed_in_by
from tests.sync.model import Model, Name, is_gone
from tests.sync.resting import Resting


class County(Resting):
    """Villages, schools and townships; grants, backups and revocations that come and go."""

    def __init__(self, seed: int, devices: int = 0) -> None:
        dice = random.Random(f"county {seed}")
        usual = dice.choice((4, 4, 4, 5, 5, 6, 7, 8))
        rare = dice.randint(9, 40)
        self.size = devices or (rare if dice.random() < 0.05 else usual)
        self.backups: list[tuple[Fragile, int]] = []
        people = {"adm": (Grant("admin", "1"),), "sup": (Grant("supervisor", "11"),)}
        people |= {
            f"p{n}": (_post(dice.randrange(10_000)),) for n in range(max(1, self.size * 2 // 3))
        }
        chosen = ["adm"] + [dice.choice(list(people)) for _ in range(self.size - 1)]
        super().__init__(people, {f"{user}x{n}": user for n, user in enumerate(chosen)})

    # -- at the county

    def regrant(self, who: int, how: int, n: int) -> None:
        """Give a user one more grant (for a unit, or for one child), take one away, or all."""
        user = list(self.people)[1:][who % (len(self.people) - 1)]
        had = self.people[user]
        child = self._pick(n, "child")
        if how % 4 == 0:
            new, what = (*had, _post(n)), "added"
        elif how % 4 == 1 and child:
            role = ("counsellor", "teacher")[n // 3 % 2]
            new, what = (*had, Grant(role, "", child)), "added for a child"
        elif how % 4 >= 2 and len(had) > 1:
            new, what = tuple(g for i, g in enumerate(had) if i != n % len(had)), "withdrawn"
        else:
            new, what = (_post(n),), "replaced"
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
        self.models.append(before.rewound(head))
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

        Unless a newer backup than the one put back had it, or the laptop was revoked and wiped, or had
        only that left to do, before someone copied an old file back by hand.
        """
        kept = {name for device in self.devices.values() for name in self.kept_by(device)}
        if not is_announced:
            self.handed_in |= gone & {n for d in self.devices.values() for n in handed_in_by(d)}
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

    def jump_hub(self, ms: int) -> None:
        self.hub_skew_ms += ms

    def wait(self, ms: int) -> None:
        self.time_ms += ms


def _post(n: int) -> Grant:
    role, places = POSTS[n % len(POSTS)]
    return Grant(role, places[n // 7 % len(places)])
