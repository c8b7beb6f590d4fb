"""A small county for single stories: one hub, devices by name, no faults."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

import msgspec

from server.store.sqlite import SqliteStore
from sync.change import Grant
from sync.client import SyncReport, sync_once
from sync.hub import Hub, Session
from sync.protocol import SyncRequest, SyncResponse, pack, short_from, unpack
from sync.replica import Replica
from sync.transport import Offline, Rejected
from sync.turns import EARLY, Turns
from sync.views import Identity
from tests.sync.fragile import START_MS, Fragile, copy_of

GRANTS = {
    "adm": (Grant("admin", "1"),),
    "sup": (Grant("supervisor", "11"),),
    "li": (Grant("director", "111"),),
    "wu": (Grant("director", "112"),),
    "tea": (Grant("teacher", "11"),),
}


class Town:
    """Villages 111 and 112 in township 11 of county 1, and a school."""

    random: Callable[[int], bytes] = staticmethod(os.urandom)
    """What ids are made of."""

    def __init__(self, *users: str) -> None:
        self.now_ms = START_MS
        self.connection = copy_of("hub")
        self.store = SqliteStore(self.connection, now_ms=lambda: self.now_ms)
        self.hub = Hub(self.store, lambda: self.now_ms)
        self.turns = Turns()
        self.hub.write(
            "unit", "s1", {"code": "s1", "name": "小学", "level": "school", "parent": "11"}
        )
        self.grants: dict[str, tuple[Grant, ...]] = dict(GRANTS)
        self.skew: dict[str, int] = {}
        self.replicas: dict[str, Replica] = {}
        self.backed_up = 0
        """Log number up to which a backup exists; `backup` says it."""
        self.split: list[str] = []
        """Devices whose disk was found to have been copied."""
        self.answers: list[tuple[str, SyncResponse]] = []
        for user in users:
            self.add(user)
            self.sync(user)

    def add(self, name: str, user: str = "") -> Replica:
        """A new device; a second one of `user` under another `name`."""
        replica = Replica(
            copy_of("replica"),
            wall_ms=lambda: self.now_ms + self.skew.get(name, 0),  # type: ignore[arg-type]
            random=self.random,
        )
        replica.become(Identity(user or name, f"dev{name}", self.grants[user or name]))
        self.replicas[name] = replica
        return replica

    def sync(self, *names: str, limit: int = 2000) -> SyncReport:
        report = None
        for name in names:
            self.now_ms += 1000
            report = sync_once(self.replicas[name], _Line(self, name), "", limit)
        assert report is not None
        return report

    def line(self, name: str) -> _Line:
        """To the hub, as `name`."""
        return _Line(self, name)

    def break_off(self, name: str, pages: int, limit: int = 2000) -> None:
        """A synchronisation whose line breaks after so many answers; with 0, the first answer is
        lost."""
        with contextlib.suppress(Offline):
            sync_once(self.replicas[name], _Line(self, name, pages), "", limit)

    def rest(self) -> None:
        """Everyone synchronises until nobody learns anything, and all are in step."""
        for _ in range(2):
            for name in self.replicas:
                assert self.sync(name).in_step, f"{name} is out of step"

    def backup(self) -> Fragile:
        """A copy of the hub's store as it is now."""
        copy = copy_of("hub")
        self.connection.real.backup(copy.real)
        self.backed_up = self.store.head()
        return copy

    def restore(self, copy: Fragile, epoch: str) -> None:
        """The hub goes on from an older copy, under a new epoch; with none it was put back by
        hand."""
        if epoch:
            copy.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
        self.connection = copy
        self.store = SqliteStore(copy, now_ms=lambda: self.now_ms)  # type: ignore[arg-type]
        self.hub = Hub(self.store, lambda: self.now_ms)
        self.turns = Turns()

    def answering(self) -> contextlib.AbstractContextManager[None]:
        """Around each answer of the hub; a test may change what it knows."""
        return contextlib.nullcontext()

    def session(self, name: str) -> Session:
        identity = self.replicas[name].identity
        return Session(identity.user, identity.device, self.grants[identity.user])

    def clone(self, name: str, twin: str) -> Replica:
        """Another laptop, made from the disk of the first as it is now."""
        connection = copy_of("replica")
        self.replicas[name].connection.real.backup(connection.real)
        self.replicas[twin] = Replica(
            connection,
            wall_ms=lambda: self.now_ms + self.skew.get(twin, 0),  # type: ignore[arg-type]
            random=self.random,
        )
        return self.replicas[twin]

    def backup_of(self, name: str) -> Fragile:
        """A copy of a device's store as it is now."""
        copy = copy_of("replica")
        self.replicas[name].connection.real.backup(copy.real)
        return copy

    def open_again(self, name: str, copy: Fragile) -> Replica:
        """The device as it was when the copy was made, which stays as it is."""
        self.replicas[name].connection.real.close()
        connection = copy_of("replica")
        copy.real.backup(connection.real)
        self.replicas[name] = Replica(
            connection,
            wall_ms=lambda: self.now_ms + self.skew.get(name, 0),  # type: ignore[arg-type]
        )
        return self.replicas[name]

    def quarantined(self) -> list[str]:
        return [verdict.code for _, verdict, _ in self.store.quarantined()]


class _Line:
    def __init__(self, town: Town, name: str, pages: int | None = None) -> None:
        self.town, self.name, self.left = town, name, pages

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        if self.left is not None:
            self.left -= 1
        if path == "/v1/device":
            self.town.split.append(self.town.replicas[self.name].identity.device)
            new = f"new{len(self.town.split)}"
            return msgspec.json.encode({"device": new, "token": "t"}), media
        request = self.town.turns.in_turn(
            msgspec.json.decode(unpack(body, media), type=SyncRequest)
        )
        if request is None:
            raise Rejected(EARLY)
        session = msgspec.structs.replace(
            self.town.session(self.name), former=tuple({c.device for c in request.changes})
        )
        with self.town.answering():
            verdicts = self.town.hub.push(session, request.changes, request.cursor)
            response = self.town.hub.pull(
                session,
                request.cursor,
                short_from(request, verdicts),
                request.limit,
                request.strays,
                request.compare,
                request.older,
            )
        response.verdicts = verdicts
        response.backup = self.town.backed_up
        self.town.turns.note(request.device, self.town.turns.tell(request, response))
        if self.left is not None and self.left < 0:
            raise Offline("broken off")
        self.town.answers.append((self.name, response))
        return pack(response)


def child(replica: Replica, village: str = "111", **values: Any) -> str:
    return replica.save("child", {"name": "罗静", "village": village, **values})


def contact(replica: Replica, child_id: str, **values: Any) -> str:
    given = {"child": child_id, "on": "2026-11-01", "kind": "home_visit", **values}
    return replica.save("contact", given)


def value(replica: Replica, record: str, field: str) -> Any:
    view = replica.get(record)
    assert view is not None
    return view.values.get(field)


def standing(replica: Replica, record: str, slot: str) -> list[Any]:
    """The values standing against each other in a slot, the standing one first."""
    return next([h.value for h in c.heads] for c in replica.conflicts(record) if c.slot == slot)
