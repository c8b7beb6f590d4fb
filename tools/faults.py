"""Faults with real processes, real files and real lines: `python tasks.py faults [--kills N]
[--seed S] [--only KIND]`.

Kinds: kills, line, disk, restore; or kills in one phase alone: save, push, pull, snapshot,
migration, backup. Each prints what it did and how often; a broken promise ends it, and the exit
code is 1. Needs a POSIX system for the kills. See docs/faults.md.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.relay import Weather
from tests.faults import full_disk, kills, poor_line, restored
from tests.faults.scene import Broken, Scene

UP, DOWN = 500, 2_000
RATE, LATENCY_S = 2_048, 0.8
LEAST, MOST = 500, 12_000
"""Bytes after which a connection breaks."""
TRIES = 300


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def table(title: str, counts: Counter[str]) -> None:
    say(f"{title}:")
    width = max(map(len, counts), default=0)
    for name, number in counts.most_common():
        say(f"  {name:<{width}}  {number}")


def run_kills(folder: Path, asked: argparse.Namespace) -> None:
    arms = tuple(arm for arm in kills.ARMS if arm[0] == asked.only) or kills.ARMS
    scene = Scene(folder)
    try:
        story = kills.run_kills(scene, asked.kills, asked.seed, say, arms)
    finally:
        scene.close()
    table("killed inside", Counter({" of the ".join(arm): n for arm, n in story.done.items()}))
    table("at", story.where)
    say(f"{sum(story.done.values())} kills counted; {story.misses} more hit nothing or outside")
    say(f"{len(scene.acknowledged)} acknowledged saves, each once; {len(scene.unsure)} cut off")


def run_line(folder: Path, asked: argparse.Namespace) -> None:
    scene = Scene(folder)
    weather = Weather(RATE, LATENCY_S, LEAST, MOST, random.Random(asked.seed))
    try:
        good, poor = poor_line.carry_over(scene, UP, DOWN, weather, TRIES, say)
    finally:
        scene.close()
    say(f"{UP} changes up, {DOWN} down, {RATE} bytes/s, {LATENCY_S} s there and back:")
    for name, cost in (("good line", good), ("poor line", poor)):
        say(
            f"  {name}: {cost.tries} synchronisations ({cost.idle} brought nothing,"
            f" {cost.idle_in_a_row} at most in a row), {cost.up} bytes up, {cost.down} down,"
            f" {cost.seconds:.0f} s"
        )
    say(f"  bytes: {(poor.up + poor.down) / (good.up + good.down):.1f} times those of a good line")


def run_disk(folder: Path, _asked: argparse.Namespace) -> None:
    folder.mkdir()
    if full_disk.may_mount(folder):
        full_disk.fill_disks(folder / "mounted", is_mounted=True, say=say)
    else:
        say("  no mounts are allowed here: max_page_count alone")
    full_disk.fill_disks(folder / "bounded", is_mounted=False, say=say)


def run_restore(folder: Path, asked: argparse.Namespace) -> None:
    for is_announced in (True, False):
        scene = Scene(folder / ("announced" if is_announced else "by hand"))
        say(f"  restored {'announced' if is_announced else 'by hand, unannounced'}:")
        try:
            restored.restore_last_night(scene, is_announced=is_announced, seed=asked.seed, say=say)
        finally:
            scene.close()


STORIES: dict[str, Callable[[Path, argparse.Namespace], None]] = {
    "kills": run_kills,
    "line": run_line,
    "disk": run_disk,
    "restore": run_restore,
}
PHASES = tuple(dict.fromkeys(kind for kind, _side in kills.ARMS if kind not in STORIES))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python tasks.py faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=220, help="kills that count, over all phases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[*STORIES, *PHASES], help="one kind of fault")
    asked = parser.parse_args(arguments)
    failed = False
    chosen = "kills" if asked.only in PHASES else asked.only
    for name in [chosen] if chosen else STORIES:
        say(f"-- {name}")
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="cuncao-faults-") as folder:
            try:
                STORIES[name](Path(folder) / name, asked)
            except Broken as error:
                failed = True
                say(f"BROKEN, again with --only {asked.only or name} --seed {asked.seed}: {error}")
        say(f"-- {name}: {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
