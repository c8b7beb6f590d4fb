"""Histories out of a seed: made as a list of steps, run, replayed, and made shorter while they
still fail."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.sync import copied_disks, files_of_one_child
from tests.sync.line import FAULTS
from tests.sync.simulated_county import County

DISKS = 8
"""Every so many seeds have a history of copied disks besides; four later one of files merged,
un-merged and erased."""
Step = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Options:
    """All that a history follows from."""

    seed: int
    steps: int = 200
    devices: int = 0
    """0: the seed decides, 4 to 40."""

    def __str__(self) -> str:
        return f"--from {self.seed} --steps {self.steps} --devices {self.devices}"


@dataclass
class Failure:
    """A history that broke a promise."""

    options: Options
    part: str
    message: str
    where: str
    steps: Sequence[Step]


WEIGHTS = (
    ("create_child", 20), ("create_contact", 25), ("edit", 400), ("two", 40), ("move", 35),
    ("open_form", 30), ("hide", 40), ("resolve", 70), ("set_clock", 15), ("jump_hub", 10),
    ("redeliver", 25), ("wait", 10), ("sync", 250), ("regrant", 15), ("revoke", 4),
    ("back_up", 14), ("restore", 10), ("late_visit", 20), ("demote", 10),
)  # fmt: skip


def script(options: Options) -> list[Step]:
    """The steps of a history: plain numbers, so that any of them can be left out."""
    dice = random.Random(options.seed)
    names, weights = [n for n, _ in WEIGHTS], [w for _, w in WEIGHTS]
    # Every third history lives without backups: there the model says exactly how each save meets
    # others.
    if options.seed % 3:
        weights = [0 if n == "restore" else w for n, w in WEIGHTS]
    chosen = dice.choices(names, weights, k=options.steps)
    return [_step(name, random.Random(dice.randrange(1 << 32))) for name in chosen]


def _step(name: str, dice: random.Random) -> Step:
    def n(top: int = 10_000) -> int:
        return dice.randrange(top)

    def fuse() -> tuple[int, bool, str]:
        how = dice.choice(("full", "crash", "crash", "commit", "commit"))
        return n({"full": 12, "crash": 40, "commit": 2}[how]), bool(n(2)), how

    crash = fuse() if n(10) == 0 else None
    fault = dice.choice(("",) * 6 + FAULTS)
    if fault.startswith("hub_"):
        crash = fuse()
    given: dict[str, Any] = {
        "create_child": lambda: (n(), n(), bool(n(2)), crash),
        "create_contact": lambda: (n(), n(), crash),
        "edit": lambda: (n(), n(4), n(), n(), n(4) == 0, crash),
        # The third and fourth field are on the safety list, the sixth is a set.
        "two": lambda: (n(), n(), n(4), dice.choice((n(), 2, 3, 5)), n(), n()),
        "move": lambda: (n(), n(), crash),
        "open_form": lambda: (n(), n(4)),
        "hide": lambda: (n(), n(), crash),
        "late_visit": lambda: (n(), n(), n()),
        "demote": lambda: (n(), n(), n(), n()),
        "resolve": lambda: (n(), n(), n(), n(), crash),
        "set_clock": lambda: (n(), n()),
        "jump_hub": lambda: (dice.choice((-70_000, 70_000)),),
        "redeliver": lambda: (n(),),
        "wait": lambda: (dice.choice((1000, 86_400_000)),),
        "sync": lambda: (
            n(), fault, n(3), dice.choice((1, 2, 3, 10, 2000)), crash,
        ),
        "regrant": lambda: (n(), n(), n()),
        "revoke": lambda: (n(),),
        "back_up": lambda: (),
        "restore": lambda: (bool(n(2)), n()),
    }  # fmt: skip
    return name, given[name]()


def perform(county: County, step: Step) -> None:
    name, given = step
    if name == "edit":
        *numbers, old, crash = given
        county.edit(*numbers, old_form=old, crash=crash)
    elif name == "two":
        one, other, which, field, value, value2 = given
        county.edit(one, which, field, value)
        county.edit(other, which, field, value2)
    elif name == "sync":
        who, fault, at, limit, crash = given
        county.sync(who, fault, at, limit=limit, crash=crash)
    else:
        getattr(county, name)(*given)


def run(options: Options, steps: Sequence[Step]) -> Counter[str]:
    """One history of the county to its end; raises where a promise is broken."""
    county = County(options.seed, options.devices)
    for step in steps:
        perform(county, step)
    county.quiesce()
    county.counts["device in all"] += county.size
    county.counts["save"] += len(county.model.saves)
    return county.counts


PARTS: dict[str, tuple[Callable[[Options], list[Step]], Callable[..., Counter[str]]]] = {
    "county": (script, run),
    "copied disks": (
        lambda options: copied_disks.script(options.seed),
        lambda options, steps: copied_disks.run(options.seed, steps),
    ),
    "files of one child": (
        lambda options: files_of_one_child.script(options.seed),
        lambda options, steps: files_of_one_child.run(options.seed, steps),
    ),
}
"""What a seed may consist of: how its steps are made, and how they are run."""


def parts_of(seed: int) -> list[str]:
    more = {0: ["copied disks"], DISKS // 2: ["files of one child"]}
    return ["county", *more.get(seed % DISKS, ())]


def attempt(options: Options) -> Counter[str] | Failure:
    """All that a seed stands for, or what went wrong in it."""
    counts: Counter[str] = Counter()
    for part in parts_of(options.seed):
        outcome = attempt_part(options, part, PARTS[part][0](options))
        if isinstance(outcome, Failure):
            return outcome
        counts += outcome
    return counts


def attempt_part(options: Options, part: str, steps: Sequence[Step]) -> Counter[str] | Failure:
    try:
        return PARTS[part][1](options, steps)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {frame.name}:{frame.lineno}"
        return Failure(options, part, f"{type(error).__name__}: {error}", where, steps)


def shrink(failure: Failure, tries: int = 400) -> Failure:
    """Leave out steps, many first and then few, while the history still fails in the same place."""
    size = max(1, len(failure.steps) // 2)
    while size and tries > 0:
        at = 0
        is_shorter = False
        while at < len(failure.steps) and tries > 0:
            tries -= 1
            fewer = [*failure.steps[:at], *failure.steps[at + size :]]
            again = attempt_part(failure.options, failure.part, fewer)
            if isinstance(again, Failure) and again.where == failure.where:
                failure, is_shorter = again, True
            else:
                at += size
        if not is_shorter or size > len(failure.steps):
            size //= 2
    return failure
