"""A line that loses every second answer: what was stored is not sent again, page by page."""

from __future__ import annotations

import pytest

from sync.client import sync_once
from sync.protocol import SyncResponse
from sync.transport import Offline
from sync.verify import problems_of
from tests.sync.town import Town, _Line, child, contact


class EverySecond(_Line):
    """The server does its work each time; every second answer does not arrive."""

    def __init__(self, town: Town, name: str) -> None:
        super().__init__(town, name)
        self.asked = 0

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        self.asked += 1
        answer = super().post(path, body, media, token)
        if self.asked % 2 == 0:
            self.town.answers.pop()
            raise Offline("cut", is_broken=True)
        return answer


def persist(town: Town, name: str, limit: int) -> tuple[int, int]:
    """Try until it is done; (attempts, requests)."""
    line = EverySecond(town, name)
    for attempt in range(1, 200):
        town.now_ms += 1000
        try:
            assert sync_once(town.replicas[name], line, "", limit).in_step
        except Offline:
            continue
        return attempt, line.asked
    raise AssertionError("it never ends")


def arrived(town: Town, name: str) -> list[SyncResponse]:
    return [answer for who, answer in town.answers if who == name]


@pytest.fixture
def town():
    town = Town("li")
    li = town.replicas["li"]
    for _ in range(60):
        contact(li, child(li))
    return town


def test_a_first_fill_goes_on_at_the_page_where_it_broke(town):
    town.sync("li")
    town.add("adm")
    persist(town, "adm", limit=10)
    rows = [bytes(raw) for answer in arrived(town, "adm") for raw in answer.rows]
    assert len(rows) == len(set(rows)) >= 120  # nothing came twice that had been stored
    assert problems_of(town.replicas["adm"]) == []


def test_a_push_goes_on_where_it_broke_and_doubles_nothing(town):
    attempts, asked = persist(town, "li", limit=10)
    assert 12 <= asked <= 60 and attempts > 3
    head = town.store.head()
    assert not town.replicas["li"].has_unsent()
    assert town.sync("li").sent == 0 and town.store.head() == head
    pushed = town.store.connection.execute(
        "SELECT count(*), count(DISTINCT device_seq) FROM log WHERE device = 'devli'"
    ).fetchone()
    assert tuple(pushed) == (120, 120)
    assert problems_of(town.replicas["li"]) == []
