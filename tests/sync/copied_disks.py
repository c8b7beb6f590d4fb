"""Laptops whose disks are copied at any moment, out of a seed: each save of each of them is in the
log once.

Apart from the whole county's simulation, whose model names saves by device: here two laptops give out
the same names. The oracle is a word that no other save has.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from tests.sync.town import Town, child, contact

STEPS = 60
WEIGHTS = (("write", 40), ("copy", 6), ("sync", 40), ("back_up", 3), ("restore", 1.5))
MOST = 7
"""Laptops."""
Step = tuple[str, tuple[int]]


class _Town(Town):
    def __init__(self, random: Callable[[int], bytes]) -> None:
        self.random = random
        super().__init__("li", "tea")


class CopiedDisks:
    """A village, its laptops, and the word of every save."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(f"disks {seed}")
        self.counts: Counter[str] = Counter()
        self.town = _Town(self.dice.randbytes)
        self.words: list[str] = []
        self.children = [child(self.town.replicas["li"]), child(self.town.replicas["tea"])]
        self.town.rest()
        self.backups = [self.town.backup()]
        self.restores = 0

    def _laptop(self) -> str:
        return self.dice.choice(list(self.town.replicas))

    def _word(self) -> str:
        self.words.append(f"词{len(self.words)}。")
        return self.words[-1]

    def write(self) -> None:
        """A visit, or one of two fields of a child: chains of bases on one's own unsent work."""
        replica = self.town.replicas[self._laptop()]
        held = [c for c in self.children if replica.get(c) is not None]
        if not held:
            return
        record = self.dice.choice(held)
        field = self.dice.choice(("", "", "hobbies", "address"))
        if field:
            replica.save("child", {field: self._word()}, record)
        else:
            contact(replica, record, summary=self._word())

    def copy(self) -> None:
        if len(self.town.replicas) < MOST:
            self.town.clone(self._laptop(), f"copy{len(self.town.replicas)}")
            self.counts["disk copied"] += 1

    def sync(self) -> None:
        name, limit = self._laptop(), self.dice.choice((1, 2, 3, 2000))
        before = len(self.town.split)
        if self.dice.random() < 0.3:
            self.town.break_off(name, self.dice.randrange(4), limit)
        else:
            self.town.sync(name, limit=limit)
        self.counts["laptop took a new id"] += len(self.town.split) - before

    def back_up(self) -> None:
        self.backups.append(self.town.backup())
        self.counts["backup"] += 1

    def restore(self) -> None:
        """The county goes back to its last backup, of which the next one is made at once."""
        self.restores += 1
        is_announced = bool(self.dice.randrange(2))
        self.town.restore(self.backups[-1], f"e{self.restores}" if is_announced else "")
        self.backups.append(self.town.backup())
        self.counts[f"restore {'announced' if is_announced else 'unannounced'}"] += 1

    def run(self, steps: Sequence[Step]) -> Counter[str]:
        for name, (number,) in steps:
            self.dice.seed(number)
            getattr(self, name)()
        self._come_to_rest()
        self._check()
        return self.counts

    def _come_to_rest(self) -> None:
        for _ in range(6):
            head = self.town.store.head()
            reports = [self.town.sync(name) for name in self.town.replicas]
            if head == self.town.store.head() and all(r.in_step for r in reports):
                return
        raise AssertionError("the laptops do not come to rest")

    def _check(self) -> None:
        written: Counter[str] = Counter()
        for (body,) in self.town.connection.execute("SELECT body FROM body"):
            fields = msgspec.json.decode(body)[1][8]
            written.update(v for v in fields.values() if isinstance(v, str) and v[:1] == "词")
        assert written == Counter(self.words), "a save is lost or doubled"
        for name, replica in self.town.replicas.items():
            assert (replica.pending_count(), replica.returned()) == (0, []), name
            assert not replica.has_sendable(), name
            shown = sorted(r["summary"] for r in replica.select("contact"))
            assert shown == sorted(w for w in shown if w in written)
        views = {
            str([(r, replica.get(r)) for r in self.children])
            for replica in self.town.replicas.values()
        }
        assert len(views) == 1, "two laptops show different files"


def script(seed: int) -> list[Step]:
    """The deeds of a history, each with its own dice, so that any of them can be left out."""
    dice = random.Random(f"disks {seed}")
    names, weights = [n for n, _ in WEIGHTS], [w for _, w in WEIGHTS]
    return [(name, (dice.randrange(1 << 32),)) for name in dice.choices(names, weights, k=STEPS)]


def run(seed: int, steps: Sequence[Step]) -> Counter[str]:
    """One history; raises where a save is lost or doubled."""
    return CopiedDisks(seed).run(steps)
