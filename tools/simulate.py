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
from tests.sync.line import FAULTS

EVENTS = (
    *(f"met {meeting}" for meeting in (
        "clean", "parallel", "contested", "critical", "stale chain", "late", "double visit",
        "edit_delete", "equal", "merged set", "merged text",
    )),
    *(f"line {fault}" for fault in (*FAULTS, "followed", "early")),
    *(f"{side} stops {when} a {what}" for side in ("device", "hub") for when in ("before", "after")
      for what in ("statement", "commit")),
    "device disk full", "hub disk full", "clock set back", "clock set forward",
    "move to another village", "move to another school",
    "grant added", "grant added for a child", "grant replaced", "grant withdrawn",
    "device revoked", "device wiped", "backup", "restore announced", "restore unannounced",
    *(f"quarantined {why}" for why in (
        "device_revoked", "not_permitted", "out_of_scope", "record_deleted", "unknown_record",
    )),
    "laptop filled", "disk copied", "laptop took a new id", "merge", "unmerge", "erase",
    "put in its place later",
)  # fmt: skip
"""What must occur often enough for a long run to say anything."""
ENOUGH = 1_000
WHOLE = 10_000
"""Histories of a long run: there each event must have occurred often enough."""
SHOWN = 5
"""Failures whose steps are made shorter and printed; a thousand say no more."""
BETWEEN_S = 30
"""From one line on stderr to the next while it runs."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def outcomes(every: list[Options], processes: int) -> Iterator[Counter[str] | Failure]:
    if processes < 2:
        yield from map(attempt, every)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(attempt, every, chunksize=20)


def report(counts: Counter[str]) -> list[str]:
    """Print the table; the events that occurred less than a thousand times."""
    every = {*counts, *EVENTS}
    width = max(map(len, every))
    for name in sorted(every):
        say(f"  {name:<{width}}  {counts[name]}")
    return [name for name in EVENTS if counts[name] < ENOUGH]


def tell(failure: Failure) -> None:
    say(f"FAILED ({failure.part}) {failure.message}")
    say(f"  again: python tasks.py simulate 1 {failure.options}")
    for name, given in shrink(failure).steps:
        say(f"    {name}{given}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python tasks.py simulate", description=__doc__)
    parser.add_argument("n", type=int, help="how many histories")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--devices", type=int, default=0, help="0: the seed decides, 4 to 40")
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
    said = began
    for outcome in outcomes(every, min(asked.processes, asked.n)):
        done += 1
        if isinstance(outcome, Failure):
            failures.append(outcome)
            sys.stderr.write(f"failed: seed {outcome.options.seed}: {outcome.message}\n")
        else:
            counts += outcome
        if time.monotonic() - said > BETWEEN_S:
            said = time.monotonic()
            sys.stderr.write(f"{done:,} of {asked.n:,}, {done / (said - began):.1f} a second\n")
            sys.stderr.flush()
        if asked.seconds and time.monotonic() - began > asked.seconds:
            break
    took = time.monotonic() - began
    rare = report(counts)
    say(
        f"{done} histories of {asked.steps} steps from seed {asked.first} in {took:.0f} s:"
        f" {done / took:.1f} a second, {len(failures)} failed"
    )
    for failure in failures[:SHOWN]:
        tell(failure)
    if failures[SHOWN:]:
        say("failed too: seeds " + " ".join(str(f.options.seed) for f in failures[SHOWN:]))
    is_long = done >= WHOLE
    if rare and is_long:
        say(f"fewer than {ENOUGH:,} times: {', '.join(rare)}")
    is_well = not failures and not (is_long and rare)
    say(
        f"VERDICT: {'PASSED' if is_well else 'FAILED'}: {len(failures)} of {done} histories broke a"
        f" promise; {len(EVENTS) - len(rare)} of {len(EVENTS)} events at least {ENOUGH:,} times"
        + ("" if is_long else f" (asked of {WHOLE:,} histories)")
    )
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
