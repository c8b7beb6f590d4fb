"""What is done behind the pushes: every pair of files is found, in quiet moments, cut short or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from server import behind, lookout
from server.behind import Behind
from server.workers import Desk
from sync.change import Change
from tests.server.test_lookout import LUO, County


class Workers:
    """Runs work at once, in the caller's thread."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def write(self, work: Callable[[Desk], Any]) -> Any:
        await asyncio.sleep(0)
        return work(self.desk)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "QUIET_S", 0.04)
    monkeypatch.setattr(behind, "BETWEEN_S", 0.0)


def _roster(count: int) -> tuple[County, list[Change]]:
    """A county that has taken a roster in which the first and the last are one child."""
    county = County()
    county.save("child", "a", village="v1", **LUO)
    for n in range(count):
        child = {"name": f"王{chr(0x4E00 + 7 * n)}", "sex": "male", "birth_date": "2012-01-01"}
        county.save("child", f"m{n:05}", village="v1", **child)
    county.save("child", "b", village="v2", **LUO)
    changes = [
        Change("d1", n + 1, f"d1.{n + 1}", "create", "child", "", "dong", 1, {})
        for n in range(count + 2)
    ]
    return county, changes


def _pair(county: County) -> list[tuple[Any, Any]]:
    return [(p["a"], p["b"]) for p in county.pairs() if {p["a"], p["b"]} == {"a", "b"}]


async def _found(county: County) -> bool:
    for _ in range(500):
        if _pair(county):
            return True
        await asyncio.sleep(0.01)
    return False


def test_a_roster_is_answered_before_it_is_looked_through_and_its_pairs_are_found() -> None:
    county, _ = _roster(150)

    async def play() -> None:
        waiting = Behind(Workers(county.desk))  # type: ignore[arg-type]
        waiting.pushed_much()
        assert not _pair(county)
        assert await _found(county)

    asyncio.run(play())


def test_what_few_people_typed_is_looked_through_before_the_answer() -> None:
    county, changes = _roster(3)

    async def play() -> None:
        waiting = Behind(Workers(county.desk))  # type: ignore[arg-type]
        await waiting.pushed(changes)
        assert _pair(county)
        waiting.stop()

    asyncio.run(play())


def test_a_search_cut_short_goes_on_when_the_server_is_there_again() -> None:
    county, _ = _roster(150)

    async def cut() -> None:
        waiting = Behind(Workers(county.desk))  # type: ignore[arg-type]
        waiting.pushed_much()
        waiting.stop()

    async def again() -> None:
        waiting = Behind(Workers(county.desk))  # type: ignore[arg-type]
        waiting.start()
        assert await _found(county)

    lookout.look(county.desk)  # a first step was done
    asyncio.run(cut())
    assert not _pair(county)
    asyncio.run(again())


def test_a_county_that_is_never_quiet_finds_its_pairs_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(behind, "LONGEST_S", 0.02)
    monkeypatch.setattr(behind, "QUIET_S", 0.08)
    county, _ = _roster(150)

    async def play() -> None:
        waiting = Behind(Workers(county.desk))  # type: ignore[arg-type]
        waiting.pushed_much()
        for _ in range(500):
            waiting.is_busy()
            if _pair(county):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the pair was not found")

    asyncio.run(play())


def test_a_pair_with_much_else_between_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "STRIDE", 10)
    county = County()
    county.save("child", "a", village="v1", **LUO)
    for n in range(35):
        unit = {"code": f"u{n}", "name": f"村{n}", "level": "village", "parent": "5101"}
        county.desk.hub.write("unit", f"u{n}", unit)
    county.look()
    county.save("child", "b", village="v2", **LUO)
    county.look()
    assert _pair(county)


def test_a_roster_stands_apart_until_a_quiet_moment_and_is_found_all_the_while() -> None:
    county = County()
    store = county.desk.store
    store.much = 1
    for n in range(12):
        county.save("child", f"m{n:02}", village="v1", name=f"王{chr(0x4E00 + 7 * n)}", sex="male")

    def standing_apart() -> int:
        rows = store.connection.execute("SELECT count(*) FROM place_unit_fresh").fetchone()
        return int(rows[0])

    async def play() -> None:
        assert standing_apart() == 12
        waiting = Behind(Workers(county.desk))  # type: ignore[arg-type]
        waiting.pushed_much()
        for _ in range(500):
            assert len(store.roots_at(("v1",))) == 12
            if not standing_apart():
                break
            await asyncio.sleep(0.01)
        assert not standing_apart()

    asyncio.run(play())
