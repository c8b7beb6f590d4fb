"""The real program in a real pty: process start to the first row, key press to the last painted
byte.

Linux only (pty); a benchmark, not part of the program. Headless drivers show 1–3 ms a key and hide
all of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

from bench.machine import peak_mb
from bench.people import DIVISIONS, children

PASSPHRASE = "bench passphrase"
ROWS, COLUMNS = 40, 110
QUIET_S = 0.3
"""A frame has ended when nothing came for this long; more than any key takes."""
KEYS = (
    *"罗静", "\x7f", "\x7f", *"lj", "\x7f", "\x7f", *"wzx", "\x7f", "\x7f", "\x7f",
    *"139", "\x7f", "\x7f", "\x7f", *"冯家岭", "\x7f", "\x7f", "\x7f", *"zzz", "\x7f", "\x7f", "\x7f",
    *"陈", "\x7f", *"yc", "\x7f", "\x7f", *"1580", "\x7f", "\x7f", "\x7f", "\x7f", *"欧阳", "\x7f", "\x7f",
)  # fmt: skip
FIND = b"\x1b[18~"
"""F7."""


def build_home(folder: Path, count: int) -> str:
    """An encrypted store with `count` children, as a first sync leaves it. Returns the first name
    in it."""
    import csv

    from casework import search
    from casework.search import Indexer
    from casework.views import views_of
    from schema.kinds import KINDS
    from sync.change import Grant, Mark, State
    from sync.home import Home
    from sync.storage import transaction
    from sync.views import Identity

    session = Home(folder, indexers=[Indexer()]).make("admin", PASSPHRASE)
    replica = session.replica
    mark = Mark("hub.1", "server", 1)
    with transaction(replica.connection):
        replica.become(
            Identity("admin", "bench", (Grant("admin", "510811"),), "http://127.0.0.1:1")
        )
        with open(DIVISIONS, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                row["parent"] = row.pop("parent_code")
                values = {k: v for k, v in row.items() if v}
                replica.records.put([
                    (State("unit", row["code"], "", mark, mark, values, {}, 1), 0)
                ])
        replica.records.settle()
        states = []
        for n, values in enumerate(children(count)):
            id_ = f"bench{n:021d}"
            states.append((State("child", id_, id_, mark, mark, values, {}, 2), 0))
        replica.records.put(states)
        replica.records.settle()
        replica.set_state(last_sync=int(time.time() * 1000), token="none", in_step=1)
    session.write_card()
    high = next(v for v in views_of(KINDS["child"]) if v.name == "high")
    first = search.ids(
        replica, "child", "", 1, where=high.where
    )  # the first row of the first screen
    name = replica.rows("child", first)[0]["name"]
    session.close()
    return str(name)


class Terminal:
    """A program in a pty, with every byte it paints and when."""

    def __init__(self, home: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        env = {
            **os.environ,
            "CUNCAO_HOME": str(home),
            "CUNCAO_PASSPHRASE": PASSPHRASE,
            "CUNCAO_LANG": "zh",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli"],
            stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = b""

    def read(self, wait: float) -> bytes:
        ready, _, _ = select.select([self.master], [], [], wait)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return b""
        if b"\x1b[?2026$p" in data:
            os.write(self.master, b"\x1b[?2026;2$y")
        self.seen += data
        return data

    def until(self, text: str, limit: float = 20.0) -> float | None:
        """Seconds from the start of the process until `text` has been painted."""
        while time.perf_counter() - self.began < limit:
            self.read(0.5)
            if text.encode() in self.seen:
                return time.perf_counter() - self.began
        return None

    def settle(self, quiet: float = 0.6) -> None:
        while self.read(quiet):
            pass

    def press(self, key: bytes) -> float:
        """Milliseconds from the key to the last byte it caused."""
        began = last = time.perf_counter()
        os.write(self.master, key)
        while self.read(QUIET_S):
            last = time.perf_counter()
        return (last - began) * 1000

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        os.close(self.master)


def start_figures(home: Path, text: str, runs: int = 7) -> dict[str, Any]:
    times, peaks = [], []
    for _ in range(runs):
        terminal = Terminal(home)
        seconds = terminal.until(text)
        if seconds is not None:
            times.append(round(seconds * 1000))
        terminal.settle(0.3)
        peaks.append(peak_mb(terminal.process.pid))
        terminal.close()
    return {
        "runs": runs,
        "painted": len(times),
        "ms_median": statistics.median(times) if times else None,
        "ms_max": max(times, default=None),
        "peak_mb": max(peaks),
    }


def search_figures(home: Path) -> dict[str, Any]:
    terminal = Terminal(home)
    terminal.settle(1.5)
    os.write(terminal.master, FIND)
    terminal.settle(0.8)
    times = sorted(terminal.press(key.encode()) for key in KEYS)
    peak = peak_mb(terminal.process.pid)
    terminal.close()
    return {
        "keys": len(times),
        "ms_p50": round(statistics.median(times), 1),
        "ms_p95": round(times[int(len(times) * 0.95)], 1),
        "ms_max": round(times[-1], 1),
        "peak_mb": peak,
    }


def measure(count: int = 20_000) -> dict[str, Any]:
    """Start and search over an encrypted store of `count` children."""
    with tempfile.TemporaryDirectory() as text:
        home = Path(text)
        name = build_home(home, count)
        return {
            "children": count,
            "terminal": f"{COLUMNS}x{ROWS} pty",
            "start": start_figures(home, name),
            "search": search_figures(home),
        }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000), indent=1))
