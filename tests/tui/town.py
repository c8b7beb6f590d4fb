"""A county in memory for the screens: a hub, three people with their own stores, Chinese data."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from casework.contacts import last_seen
from casework.search import Indexer
from server.store.sqlite import SqliteStore
from sync.change import Grant
from sync.client import SyncReport, sync_once
from sync.hub import Hub
from sync.hub import Session as HubSession
from sync.protocol import SyncRequest, pack, unpack
from sync.reading import Identity
from sync.session import Home, Session
from sync.storage import open_plain
from tui.place import Place
from tui.program import CuncaoApp

COUNTY, TOWNSHIP, VILLAGE, SCHOOL = "510811", "510811100", "510811100201", "S1"
PEOPLE = {
    "heyx": ("何秀英", Grant("director", VILLAGE)),
    "zhouxy": ("周晓燕", Grant("teacher", SCHOOL)),
    "liugq": ("刘国强", Grant("supervisor", TOWNSHIP)),
}
CHILDREN = (
    ("罗静", "female", "2015-08-03"),
    ("陈嘉怡", "female", "2017-04-12"),
    ("欧阳晨曦", "male", "2014-10-18"),
    ("阿依古丽·买买提", "female", "2018-02-03"),
    ("周芳", "female", "2016-06-01"),
    ("赵凤英", "female", "2013-09-09"),
)


class Line:
    """A transport that reaches the hub without a network."""

    def __init__(self, town: Town, user: str) -> None:
        self.town = town
        self.user = user

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        hub, grant = self.town.hub, PEOPLE[self.user][1]
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        session = HubSession(self.user, f"dev{self.user}", (grant,))
        verdicts = hub.push(session, request.changes)
        answer = hub.pull(session, request.cursor, request.held, request.limit)
        answer.verdicts = verdicts
        return pack(answer)


class Town:
    """A hub and everyone's store; `day` shifts everybody's clock."""

    def __init__(self, folder: Path) -> None:
        self.days = 0.0
        self.hub = Hub(SqliteStore(open_plain()), self.now_ms)
        for code, name, level, parent in (
            (COUNTY, "昭化区", "county", None),
            (TOWNSHIP, "卫子镇", "township", COUNTY),
            (VILLAGE, "冯家岭村", "village", TOWNSHIP),
            (SCHOOL, "卫子镇中心小学", "school", TOWNSHIP),
        ):
            unit = {"code": code, "name": name, "level": level, "parent": parent}
            self.hub.write("unit", code, unit)
        self.homes: dict[str, Home] = {}
        self.sessions: dict[str, Session] = {}
        for user, (name, grant) in PEOPLE.items():
            self.hub.write("user", user, {"login": user, "name": name})
            home = Home(folder / user, indexers=[Indexer()])
            session = home._make(user, "a passphrase")
            session.replica.become(
                Identity(user, f"dev{user}", (grant,), "http://127.0.0.1:1", name, "昭化区")
            )
            session.replica.last_seen = last_seen
            session.replica.set_state(token="none")
            session.replica.clock._wall_ms = self.now_ms
            self.homes[user], self.sessions[user] = home, session
        self.sync_all()
        self.children = {
            name: self.replica("heyx").save(
                "child",
                {"name": name, "sex": sex, "birth_date": born, "village": VILLAGE, "school": SCHOOL},
            )
            for name, sex, born in CHILDREN
        }
        self.sync_all()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + round(self.days * 86_400_000)

    def today(self) -> str:
        from casework.wording import day_of

        return day_of(self.now_ms()).isoformat()

    def replica(self, user: str) -> Any:
        return self.sessions[user].replica

    def sync(self, user: str) -> SyncReport:
        return sync_once(self.replica(user), Line(self, user))

    def sync_all(self, rounds: int = 2) -> None:
        for _ in range(rounds):
            for user in PEOPLE:
                self.sync(user)

    def meet(self, kind: str, id: str, field: str, base: Any, first: Any, second: Any) -> None:
        """何秀英 writes `first` and 周晓燕 `second` without having seen each other."""
        if base is not None:
            self.replica("heyx").save(kind, {field: base}, id)
            self.sync_all()
        self.replica("heyx").save(kind, {field: first}, id)
        self.replica("zhouxy").save(kind, {field: second}, id)
        self.sync_all()

    def app(self, user: str, place: Callable[[], Place], theme: str = "dark") -> CuncaoApp:
        """The program over a user's store, opened at a place above an empty one."""
        return _App(self.homes[user], self.sessions[user], place, theme)


class BlankPlace(Place):
    """Something to come from."""

    place = "home"
    hints = ("visit", "call", "sync_now", "find", "palette")

    def title_path(self) -> str:
        return "今天"


class _Opened:
    """Stands for a store opened before the program."""

    def __init__(self, session: Session) -> None:
        self.kept = session

    def session(self) -> Session:
        return self.kept


class _App(CuncaoApp):
    def __init__(
        self, home: Home, session: Session, place: Callable[[], Place], theme: str
    ) -> None:
        super().__init__(home, session.account, _Opened(session), theme)  # type: ignore[arg-type]
        self.first = place

    def enter(self, session: Session) -> None:
        self.session = session
        self.push_screen(BlankPlace())
        self.push_screen(self.first())
