"""Who sees a few units reads of a big push only what is in them, and learns the same as ever."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sync import feed
from sync.protocol import SyncResponse
from tests.sync.town import Town, child, contact


def _story(dice: random.Random) -> tuple[Town, list[tuple[str, str]]]:
    """A county in which children are made, written of, moved and hidden; and where everyone was in
    the log at one time or another."""
    town = Town("adm", "li", "wu")
    admin = town.replicas["adm"]
    town.grants["wu"] += () if dice.random() < 0.5 else town.grants["tea"]
    children = [child(admin, "112") for _ in range(2)]
    was: list[tuple[str, str]] = []
    for _ in range(25):
        what = dice.choice(("make", "make", "visit", "move", "hide", "write", "sync"))
        some = dice.choice(children)
        with admin.together():
            if what == "make":
                children += [child(admin, dice.choice(("111", "112"))) for _ in range(4)]
                contact(admin, children[-1])
            elif what == "visit":
                contact(admin, some)
            elif what == "move":
                admin.save("child", {"village": dice.choice(("111", "112"))}, id=some)
            elif what == "write":
                admin.save("child", {"hobbies": dice.choice(("下棋", "画画"))}, id=some)
            elif what == "hide":
                children.remove(some) if len(children) > 1 else None
                admin.save("child", {"note": "搬走了。"}, id=some)
        town.sync("adm")
        if what == "sync":
            who = dice.choice(("li", "wu"))
            town.sync(who)
            was.append((who, town.replicas[who].get_state("cursor") or ""))
    return town, was


def _told(town: Town, who: str, cursor: str, limit: int) -> dict[str, Any]:
    """All pages from a cursor on, put together."""
    told: dict[str, Any] = {"entries": [], "rows": [], "drops": []}
    while True:
        page: SyncResponse = town.hub.pull(town.session(who), cursor, 0, limit)
        told = {name: [*said, *getattr(page, name)] for name, said in told.items()}
        cursor = page.cursor or cursor
        if not page.more:
            return told | {"digest": page.digest, "cursor": cursor}


@pytest.mark.parametrize("seed", range(12))
def test_what_is_passed_over_would_not_have_been_told(seed, monkeypatch):
    town, was = _story(random.Random(seed))
    read: list[int] = []
    honest = town.store.log_rows_in
    monkeypatch.setattr(
        town.store, "log_rows_in", lambda *given: read.append(1) or honest(*given)
    )
    for who, cursor in [("li", ""), ("wu", ""), *was]:
        for limit in (1, 3, 2000):
            monkeypatch.setattr(feed, "MUCH", 10**9)
            whole = _told(town, who, cursor, limit)
            monkeypatch.setattr(feed, "MUCH", 0)
            assert _told(town, who, cursor, limit) == whole
    assert read or not was
