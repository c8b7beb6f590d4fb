"""A line that breaks in every long message: pages become smaller until they pass."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import httpx
import msgspec
import pytest
from town import Town, child, contact

from sync.client import LEAST_PAGE, sync_once
from sync.protocol import PAGE, SyncRequest, unpack
from sync.transport import Cut, HttpTransport, Offline, Transport

LONGEST = 6_000
"""Bytes of a message, either way, that the line still carries: some fifty entries."""
TRIES = 12


class _Short:
    """Carries short messages and breaks in long ones."""

    def __init__(self, line: Transport, longest: int) -> None:
        self.line, self.longest = line, longest
        self.sent: Counter[int] = Counter()
        """Number of a change to how often it came through."""

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        if len(body) > self.longest:
            raise Cut("WriteError")
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        self.sent.update(change.seq for change in request.changes)
        answer = self.line.post(path, body, media, token)
        if len(answer[0]) > self.longest:
            raise Cut("ReadError")
        return answer


def through(town: Town, name: str, longest: int) -> int:
    """Synchronisations that broke off before one came to its end."""
    for broken in range(TRIES):
        try:
            sync_once(town.replicas[name], _Short(town.line(name), longest))
        except Offline:
            continue
        return broken
    pytest.fail("nothing ever passes")


def many(town: Town, name: str, times: int) -> None:
    for _ in range(times):
        with town.replicas[name].together():
            made = child(town.replicas[name])
            contact(town.replicas[name], made, summary=made)  # nothing that compresses well


def test_a_line_too_short_for_a_page_still_carries_everything_both_ways():
    town = Town("li", "sup")
    many(town, "sup", 200)
    town.sync("sup")
    many(town, "li", 200)
    assert through(town, "li", LONGEST) > 0
    town.rest()
    assert town.replicas["li"].count("contact") == town.replicas["sup"].count("contact") == 400


def test_what_came_through_is_not_sent_again_with_every_try():
    town = Town("li", "sup")
    many(town, "sup", 300)
    town.sync("sup")
    many(town, "li", 20)
    line = _Short(town.line("li"), LONGEST * 100)
    for answers in range(1, 6):  # others' entries come first, a page a try

        class Breaking:
            left = answers % 2 + 1

            def post(self, *given: Any) -> tuple[bytes, str]:
                self.left -= 1
                if self.left < 0:
                    raise Cut("ReadError")
                return line.post(*given)

        with contextlib.suppress(Offline):
            sync_once(town.replicas["li"], Breaking(), "", 50)
    assert line.sent
    assert max(line.sent.values()) == 1
    town.rest()
    assert town.replicas["sup"].count("child") == 320


def test_a_first_fill_passes_a_short_line_too():
    town = Town("sup")
    many(town, "sup", 200)
    town.sync("sup")
    town.add("li")
    assert through(town, "li", LONGEST) > 0
    town.rest()
    assert town.replicas["li"].count("contact") == 200


def test_pages_grow_again_when_the_line_is_good():
    town = Town("li", "sup")
    many(town, "li", 200)
    through(town, "li", LONGEST)
    many(town, "sup", 200)
    town.sync("sup")
    town.sync("li", "li")
    many(town, "sup", 100)
    town.sync("sup")
    asked = len(town.answers)
    town.sync("li")
    assert len(town.answers) == asked + 1


def test_a_server_that_is_not_reached_makes_no_page_smaller():
    town = Town("li")

    class Nowhere:
        def post(self, *_given: object) -> tuple[bytes, str]:
            raise Offline("ConnectError")

    with pytest.raises(Offline):
        sync_once(town.replicas["li"], Nowhere())
    assert town.replicas["li"].get_state("page", PAGE) == PAGE


def test_only_a_line_that_was_there_counts_as_cut():
    """A silence too: of 200 KB that the system took at once, 2 KB/s carries 60 in our patience."""
    told = {}
    for error in (httpx.ReadError, httpx.ReadTimeout, httpx.WriteTimeout, httpx.ConnectTimeout):

        def fail(_request: httpx.Request, error: type[httpx.HTTPError] = error) -> httpx.Response:
            raise error("")

        line = HttpTransport("http://127.0.0.1:1")
        line._client = httpx.Client(transport=httpx.MockTransport(fail))
        with pytest.raises(Offline) as met:
            line.post("/v1/sync", b"{}", "application/json")
        told[error.__name__] = type(met.value)
    assert told == {
        "ReadError": Cut, "ReadTimeout": Cut, "WriteTimeout": Cut, "ConnectTimeout": Offline,
    }  # fmt: skip


def test_a_line_that_carries_nothing_ends_at_the_smallest_page():
    town = Town("li")
    many(town, "li", 40)
    for _ in range(9):
        with pytest.raises(Offline):
            sync_once(town.replicas["li"], _Short(town.line("li"), 0))
    assert town.replicas["li"].get_state("page") == LEAST_PAGE
    assert town.replicas["li"].pending_count() == 80
