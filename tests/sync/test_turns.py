"""A big push sends a page before it has the answer to the one before; nothing comes out of order, and
no answer is believed that goes on from elsewhere."""

from __future__ import annotations

from concurrent.futures import Future
from typing import ClassVar

import msgspec
import pytest

from sync import flights, turns
from sync.client import SyncReport, sync_once
from sync.flights import Flight, Line
from sync.protocol import SyncRequest, SyncResponse, Verdict, pack, unpack
from sync.transport import Offline
from sync.turns import Turns
from sync.verify import problems_of
from tests.sync.town import Town, _Line, child, contact, value

LIMIT = 5


class Watched(_Line):
    """Notes what was asked, and what is worth it: pages of any size."""

    def __init__(self, town: Town, name: str) -> None:
        super().__init__(town, name)
        self.asked: list[SyncRequest] = []

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        self.asked.append(msgspec.json.decode(unpack(body, media), type=SyncRequest))
        return self.serve(path, body, media)

    def serve(self, path: str, body: bytes, media: str) -> tuple[bytes, str]:
        return super().post(path, body, media)


def push(town: Town, line: Watched) -> SyncReport:
    town.now_ms += 1000
    return sync_once(town.replicas[line.name], line, "", LIMIT)


def numbers_in_the_log(town: Town, device: str) -> list[int]:
    rows = town.connection.real.execute(
        "SELECT device_seq FROM log WHERE device = ? ORDER BY seq", (device,)
    )
    return [number for (number,) in rows]


@pytest.fixture
def town(monkeypatch):
    monkeypatch.setattr(turns, "FROM", 1)
    town = Town("adm", "li")
    li = town.replicas["li"]
    for _ in range(12):
        contact(li, child(li))
    return town


def test_pages_follow_each_other_and_are_taken_in_their_order(town):
    line = Watched(town, "li")
    assert push(town, line).sent == 24
    assert len([asked for asked in line.asked if asked.follows]) >= 3
    assert numbers_in_the_log(town, "devli") == list(range(1, 25))
    assert town.quarantined() == [] and problems_of(town.replicas["li"]) == []
    town.rest()
    assert town.replicas["adm"].count("contact") == 12


def test_a_page_whose_forerunner_was_lost_is_not_taken_before_it(town):
    class Loses(Watched):
        def serve(self, path, body, media):
            if len(self.asked) == 2:  # behind it comes one that follows it
                raise Offline("lost", is_broken=True)
            return super().serve(path, body, media)

    line = Loses(town, "li")
    with pytest.raises(Offline):
        push(town, line)
    first, lost, behind = line.asked
    assert behind.follows == lost.changes[-1].seq
    assert numbers_in_the_log(town, "devli") == [change.seq for change in first.changes]
    assert push(town, Watched(town, "li")).in_step
    assert numbers_in_the_log(town, "devli") == list(range(1, 25))
    assert town.quarantined() == []


def test_an_answer_that_goes_on_from_elsewhere_is_let_go(town):
    """Something on the line sends a page twice, and the laptop hears the first of two answers: the page
    behind goes on from the second, behind what another laptop wrote in between."""
    other = town.add("other", "li")
    town.sync("other")
    child(other, name="石小满")

    class Doubles(Watched):
        def serve(self, path, body, media):
            answer = super().serve(path, body, media)
            if len(self.asked) == 2:
                town.sync("other")
                super().serve(path, body, media)
            return answer

    line = Doubles(town, "li")
    assert push(town, line).in_step
    again = [asked for asked in line.asked if asked.changes == line.asked[2].changes]
    assert [bool(asked.follows) for asked in again] == [True, False]
    assert town.replicas["li"].count("child") == 13
    assert problems_of(town.replicas["li"]) == []


def test_pages_are_sent_one_by_one_once_a_page_came_too_early(town):
    class Restarts(Watched):
        def serve(self, path, body, media):
            if len(self.asked) == 3:
                town.turns = Turns()
            return super().serve(path, body, media)

    line = Restarts(town, "li")
    assert push(town, line).sent == 24
    assert [n for n, asked in enumerate(line.asked) if asked.follows] == [2, 3]
    assert numbers_in_the_log(town, "devli") == list(range(1, 25))


def test_a_slow_line_carries_one_page_after_the_other(town, monkeypatch):
    monkeypatch.setattr(flights, "QUICK_S", 0.0)
    line = Watched(town, "li")
    assert push(town, line).sent == 24
    assert not any(asked.follows for asked in line.asked)


def test_a_server_of_before_is_sent_one_page_after_the_other(town, monkeypatch):
    monkeypatch.setattr(Turns, "tell", lambda self, request, response: None)
    line = Watched(town, "li")
    assert push(town, line).sent == 24
    assert not any(asked.follows for asked in line.asked)


def test_what_others_write_meanwhile_comes_with_the_answers(town):
    adm = town.replicas["adm"]
    mine = [child(adm) for _ in range(20)]

    class Busy(Watched):
        def serve(self, path, body, media):
            if len(self.asked) in (2, 4):
                adm.save("child", {"note": f"第{len(self.asked)}次"}, id=mine[0])
                town.sync("adm", limit=7)
            return super().serve(path, body, media)

    line = Busy(town, "li")
    assert push(town, line).in_step
    assert any(asked.follows for asked in line.asked)
    assert value(town.replicas["li"], mine[0], "note") == "第4次"
    assert town.replicas["li"].count("child") == 32


def answered(kept: Turns, request: SyncRequest, response: SyncResponse, **how: bool) -> None:
    kept.note(request.device, kept.tell(request, response, **how))


def request(*, changes: int = 1, follows: int = 0, cursor: str = "here") -> SyncRequest:
    town = Town("li")
    for _ in range(changes):
        child(town.replicas["li"])
    rows = town.replicas["li"].connection.execute("SELECT body FROM outbox ORDER BY seq")
    made = [msgspec.Raw(body) for (body,) in rows]
    plain = msgspec.json.encode(SyncRequest(1, "devli", cursor, made, follows=follows))
    return msgspec.json.decode(plain, type=SyncRequest)


@pytest.mark.parametrize(
    "response",
    [
        SyncResponse(1, cursor="there", reset=True),
        SyncResponse(1, cursor="there", verdicts=[Verdict(1, "cloned")]),
    ],
    ids=["a log that went back", "a twin's trace"],
)
def test_nothing_follows(response, monkeypatch):
    monkeypatch.setattr(turns, "FROM", 1)
    kept = Turns()
    answered(kept, request(), response)
    assert not response.may_follow
    assert kept.in_turn(request(follows=1)) is None


def test_only_what_is_right_behind_is_taken(monkeypatch):
    monkeypatch.setattr(turns, "FROM", 1)

    def taken(*between: SyncRequest, **how):
        kept = Turns()
        answered(kept, request(), SyncResponse(1, cursor="there"))
        for other in between:
            kept.in_turn(other)
        return kept.in_turn(request(**how))

    right = taken(follows=1)
    assert right is not None and right.cursor == "there"
    assert taken(follows=2) is None
    assert taken(follows=1, cursor="elsewhere") is None
    assert taken(request(changes=0), follows=1) is None
    assert taken(request(follows=7), follows=1) is None


def test_what_is_under_way_is_taken_though_somebody_else_asks_by_now(monkeypatch):
    monkeypatch.setattr(turns, "FROM", 1)
    kept, response = Turns(), SyncResponse(1, cursor="there")
    answered(kept, request(), response, is_alone=False)
    assert not response.may_follow
    assert kept.in_turn(request(follows=1)) is not None


def test_few_changes_are_not_worth_it():
    response = SyncResponse(1, cursor="there")
    answered(Turns(), request(), response)
    assert not response.may_follow and b"may_follow" not in pack(response)[0]


class Coming(Future):
    """An answer that is not there; notes how long it is waited for."""

    waits: ClassVar[list[float]] = []

    def exception(self, timeout=None):
        self.waits.append(timeout)
        raise TimeoutError


@pytest.mark.parametrize(
    ("under_way", "waits"), [(0.0, 0), (0.994, flights.AT_ONCE_S), (9.0, flights.AT_ONCE_S)]
)
def test_the_store_is_held_for_an_answer_only_when_it_is_due(under_way, waits, monkeypatch):
    """Whoever saves at the screen meanwhile would have to wait with it."""
    monkeypatch.setattr(Coming, "waits", [])
    monkeypatch.setattr(flights.time, "monotonic", lambda: 100.0 + under_way)
    line = Line(transport=None, token="")
    line.seconds = 1.0
    line.flights.append(Flight(request(), 0, Coming(), 1, began=100.0))
    assert not line.has_answered()
    assert Coming.waits == [waits]
