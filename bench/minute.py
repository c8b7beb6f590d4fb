"""Five hundred laptops in one minute: `python -m bench.minute [LAPTOPS] [SECONDS]`.

Each has been filled before; at a moment of its own within the minute it opens a line and brings one visit
in one ordinary synchronisation. Prints how long each waited, counted from the moment planned, and looks
for every acknowledged visit in the county's store afterwards. The floor beside it: as many empty
requests to `/healthz` in as many seconds.

A few threads play all laptops over plain sockets: what is measured is the server.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bench.first_sync import _fill_county
from bench.machine import cpu_s, describe, peak_mb
from bench.people import children
from bench.server import PASSWORD, running
from server.home import Home
from server.store import open_store
from server.workers import Desk
from sync.change import Change, Grant
from sync.clock import stamp_of
from sync.protocol import PROTOCOL, pack, unpack

THREADS = 8
CHILDREN = 20_000
DIRECTORS = 100
"""Users, each in a village; several laptops of one bring visits that the others then fetch."""


class Laptop:
    """What a laptop knows that brings one visit."""

    def __init__(self, device: str, token: str, user: str, child: str) -> None:
        self.device, self.token, self.user, self.child = device, token, user, child
        self.cursor = ""
        self.visit = f"v{device}"[:40]
        self.is_acknowledged = False

    def fill(self, address: str) -> None:
        """Fetch what there is, as at the first synchronisation."""
        while True:
            found = self._post(address, [])
            self.cursor = found.get("cursor") or self.cursor
            if not found.get("more"):
                return

    def bring(self, address: str) -> None:
        """One visit; acknowledged when its own entry in the log comes back."""
        fields = {"child": self.child, "on": "2026-11-20", "kind": "home_visit", "summary": "问好。"}
        hlc = stamp_of(time.time_ns() // 1_000_000)
        version = f"{self.device}.1"
        visit = Change(
            self.device, 1, version, "create", "contact", self.visit, self.user, hlc, fields
        )
        found = self._post(address, [visit])
        own = [run[1] for run in found.get("runs", ())] + [o[1] for o in found.get("own", ())]
        self.is_acknowledged = own == [1]

    def _post(self, address: str, changes: Sequence[Change]) -> Any:
        asked: dict[str, Any] = {
            "protocol": PROTOCOL, "device": self.device, "cursor": self.cursor, "held": 1,
        }  # fmt: skip
        body, media = pack({**asked, "changes": changes} if changes else asked)
        headers = {"authorization": f"Bearer {self.token}", "content-type": media}
        line = http.client.HTTPConnection(address, timeout=60)
        try:
            line.request("POST", "/v1/sync", body, headers)
            answer = line.getresponse()
            content = unpack(answer.read(), answer.headers["content-type"])
        finally:
            line.close()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {content!r}")
        return msgspec.json.decode(content)


def _laptops(folder: Path, count: int) -> list[Laptop]:
    """Laptops of directors, each with a child of their village."""
    somebody: dict[str, str] = {}
    for n, values in enumerate(children(CHILDREN)):
        somebody.setdefault(values["village"], f"c{n:07}")
    places = sorted(somebody)
    desk = Desk(open_store(Home(folder)))
    made = []
    for n in range(min(DIRECTORS, count)):
        grant = Grant("director", places[n % len(places)])
        desk.accounts.add_user(f"director{n}", PASSWORD, [grant])
    for n in range(count):
        user = desk.accounts.user(f"director{n % DIRECTORS}")
        login = desk.accounts.log_in(user, "")
        child = somebody[user.grants[0].unit]
        made.append(Laptop(login.device, login.token, user.name, child))
    desk.store.connection.close()
    return made


def _at_their_moments(work: Sequence[Callable[[], None]], seconds: float) -> list[float]:
    """Run each at a moment of its own within so many seconds; what each took in ms, in order."""
    dice = random.Random(5)
    moments = sorted(dice.uniform(0, seconds) for _ in work)
    began = time.perf_counter() + 0.2
    took: list[float] = []

    def play(share: int) -> None:
        for n in range(share, len(work), THREADS):
            time.sleep(max(0.0, began + moments[n] - time.perf_counter()))
            work[n]()
            took.append((time.perf_counter() - began - moments[n]) * 1000)

    threads = [threading.Thread(target=play, args=(share,)) for share in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took)


def _told(took: Sequence[float]) -> dict[str, object]:
    return {
        "answered": len(took),
        "p50_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[int(len(took) * 0.95)], 1),
        "max_ms": round(took[-1], 1),
    }


def _health(address: str) -> None:
    line = http.client.HTTPConnection(address, timeout=60)
    line.request("GET", "/healthz")
    line.getresponse().read()
    line.close()


def _found(folder: Path, laptops: Sequence[Laptop]) -> int:
    """How many of the acknowledged visits stand in the store."""
    desk = Desk(open_store(Home(folder)))
    states = desk.store.states([laptop.visit for laptop in laptops if laptop.is_acknowledged])
    desk.store.connection.close()
    return len(states)


def measure(count: int = 500, seconds: float = 60.0) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text) / "server"
        with running(folder) as (url, pid):
            address = urlsplit(url).netloc
            _fill_county(folder, CHILDREN, 0)
            laptops = _laptops(folder, count)
            for laptop in laptops:
                laptop.fill(address)
            spent = cpu_s(pid)
            took = _at_their_moments([lambda p=p: p.bring(address) for p in laptops], seconds)  # type: ignore[misc]
            spent = cpu_s(pid) - spent
            floor = _at_their_moments([lambda: _health(address)] * count, seconds)
            acknowledged = sum(laptop.is_acknowledged for laptop in laptops)
            return {
                "machine": describe(),
                "laptops": count,
                "seconds": seconds,
                "children": CHILDREN,
                "cipher": "server",
                **_told(took),
                "acknowledged": acknowledged,
                "lost": acknowledged - _found(folder, laptops),
                "cpu_server_s": round(spent, 2),
                "server_peak_mb": peak_mb(pid),
                "floor": _told(floor),
            }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    print(json.dumps(measure(count, seconds), ensure_ascii=False, indent=1))
