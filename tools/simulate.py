"""Counties in one process, seed by seed: `python tasks.py simulate N [--from S] [--steps K]
[--devices D]`.

Prints how many histories a second, how often each kind of meeting, fault, move and stop occurred,
and every failure with its options and its shortest steps. See docs/simulation.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.sync.history import Failure, Options, attempt, shrink

SHOWN = 5
"""Failures whose steps are made shorter and printed; a thousand say no more."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def outcomes(every: list[Options], processes: int) -> Iterator[Counter[str] | Failure]:
    if processes < 2:
        yield from map(attempt, every)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(attempt, every, chunksize=20)


def report(counts: Counter[str]) -> None:
    width = max(map(len, counts), default=0)
    for name, number in sorted(counts.items()):
        say(f"  {name:<{width}}  {number}")


def tell(failure: Failure) -> None:
    say(f"FAILED {failure.message}")
    say(f"  again: python tasks.py simulate 1 {failure.options}")
    for name, given in shrink(failure).steps:
        say(f"    {name}{given}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python tasks.py simulate", description=__doc__)
    parser.add_argument("n", type=int, help="how many histories")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--devices", type=int, default=0, help="0: the seed decides, 2 to 40")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long; 0: never")
    asked = parser.parse_args(arguments)
    every = [
        Options(seed, asked.steps, asked.devices)
        for seed in range(asked.first, asked.first + asked.n)
    ]
    counts: Counter[str] = Counter()
    failures: list[Failure] = []
    done, began = 0, time.monotonic()
    for outcome in outcomes(every, min(asked.processes, asked.n)):
        done += 1
        if isinstance(outcome, Failure):
            failures.append(outcome)
        else:
            counts += outcome
        if asked.seconds and time.monotonic() - began > asked.seconds:
            break
    took = time.monotonic() - began
    report(counts)
    say(
        f"{done} histories of {asked.steps} steps from seed {asked.first} in {took:.0f} s:"
        f" {done / took:.1f} a second, {len(failures)} failed"
    )
    for failure in failures[:SHOWN]:
        tell(failure)
    if failures[SHOWN:]:
        say("failed too: seeds " + " ".join(str(f.options.seed) for f in failures[SHOWN:]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
