"""`python -m bench.duplicates [COUNT]`: looking for files of one child, in an encrypted store: the
whole county, and one child that is being entered (median, p95 over 100 children not on file)."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import describe
from bench.people import children
from bench.terminal import PASSPHRASE, build_home


def measure(count: int) -> dict[str, Any]:
    from casework import likenesses
    from casework.search import Indexer
    from sync.home import Home

    with tempfile.TemporaryDirectory() as folder:
        build_home(Path(folder), count)
        home = Home(Path(folder), indexers=[Indexer()])
        session = home.unlock(home.account(), PASSPHRASE)
        began = time.perf_counter()
        found = len(list(likenesses.everybody(session.replica)))
        whole = time.perf_counter() - began
        times = []
        for values in children(100, seed=2):
            began = time.perf_counter()
            likenesses.like(session.replica, values)
            times.append((time.perf_counter() - began) * 1000)
        session.close()
    return {
        "children": count,
        "pairs": found,
        "whole_county_s": round(whole, 2),
        "entering_ms": {
            "first": round(times[0], 1),
            "median": round(statistics.median(times), 1),
            "p95": round(sorted(times)[94], 1),
        },
    }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(json.dumps({"machine": describe(), "duplicates": measure(count)}, indent=1))
