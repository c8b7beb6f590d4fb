"""Two real counties for the tests, and laptops in them without a server: a hub in memory, one user
each."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from casework.contacts import last_seen
from casework.search import Indexer
from server.store.sqlite import SqliteStore
from sync.change import Grant
from sync.client import sync_once
from sync.hub import Hub
from sync.hub import Session as HubSession
from sync.protocol import SyncRequest, pack, unpack
from sync.replica import Replica
from sync.storage import open_plain
from sync.views import Identity

ROOT = Path(__file__).parents[2]
ROSTERS = ROOT / "tui" / "data" / "demo"
DIVISIONS = {
    "510811": ROSTERS / "510811.csv",
    "440981": Path(__file__).with_name("data") / "440981.csv",
}
NOW = 1_795_000_000_000
"""A day in November 2026."""

Unit = dict[str, Any]


def units_of(county: str, extra: Iterable[Unit] = ()) -> dict[str, Unit]:
    """Code to unit, as a replica tells them."""
    found: dict[str, Unit] = {}
    with DIVISIONS[county].open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["code"]] = {
                "code": row["code"],
                "name": row["name"],
                "level": row["level"],
                "parent": row["parent_code"] or None,
            }
    return found | {u["code"]: u for u in extra}


def school(code: str, name: str, township: str) -> Unit:
    return {"code": code, "name": name, "level": "school", "parent": township}


def class_of(school: str, stage: str, entry_year: int, number: str) -> Unit:
    return {
        "code": f"{school}-{stage}-{entry_year}-{number}",
        "name": f"{entry_year}级{number}班",
        "level": "class",
        "parent": school,
        "stage": stage,
        "entry_year": entry_year,
        "class_number": number,
    }


class County:
    """A hub with a county's units, and laptops by user name."""

    def __init__(self, code: str, *extra: Unit) -> None:
        self.code = code
        self.now = NOW
        self.hub = Hub(SqliteStore(open_plain(), now_ms=lambda: self.now), lambda: self.now)
        for unit in units_of(code, extra).values():
            self.hub.write("unit", unit["code"], {k: v for k, v in unit.items() if v})
        self.laptops: dict[str, Replica] = {}
        self.grants: dict[str, tuple[Grant, ...]] = {}

    def laptop(self, user: str = "陈德福", role: str = "admin", unit: str = "") -> Replica:
        replica = Replica(open_plain(), wall_ms=self._tick, indexers=[Indexer()])
        replica.last_seen = last_seen
        self.grants[user] = (Grant(role, unit or self.code),)
        device = f"d{len(self.laptops)}"
        replica.become(Identity(user, device, self.grants[user], "https://county.example", user))
        replica.set_state(token="token")
        self.laptops[user] = replica
        self.sync(user)
        return replica

    def _tick(self) -> int:
        self.now += 1
        return self.now

    def sync(self, *users: str) -> None:
        for user in users or tuple(self.laptops):
            sync_once(self.laptops[user], _Line(self, user), "", 2000)


class _Line:
    """The way to the hub without a network."""

    def __init__(self, county: County, user: str) -> None:
        self.county, self.user = county, user

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        session = HubSession(self.user, request.device, self.county.grants[self.user])
        verdicts = self.county.hub.push(session, request.changes)
        response = self.county.hub.pull(
            session,
            request.cursor,
            request.held,
            request.limit,
            request.strays,
            request.compare,
        )
        response.verdicts = verdicts
        return pack(response)
