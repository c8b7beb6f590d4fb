"""A page of new records is taken as a whole, and the store is as if each had been taken by itself."""

from __future__ import annotations

import random
from typing import Any

import pytest

from server.store.sqlite import SqliteStore
from sync import roster
from sync.change import Change, Grant
from sync.hub import Hub, Session
from sync.protocol import Verdict
from tests.sync.fragile import START_MS, copy_of
from tests.sync.history import Options, attempt

VILLAGES = ("111", "112", "s1")
NUMBERS = ("510811201401180012", "510811201310288227", "五〇", "")
SEQ_MS = 1 << 16


class Page:
    """Changes out of a seed, most of them of new records; now and then something else."""

    def __init__(self, dice: random.Random, device: str, user: str, first: int, known: list[str]):
        self.dice, self.device, self.user = dice, device, user
        self.seq, self.known = first, known
        self.made: list[str] = []
        self.oddity = dice.choice((0.0, 0.0, 0.0, 0.02, 0.3))
        self.changes = [self.change() for _ in range(dice.choice((1, 2, 5, 30)))]

    def change(self) -> Change:
        dice = self.dice
        self.seq += 1
        txn = f"{self.device}.{self.seq - self.seq % dice.choice((1, 1, 4))}"
        id_ = f"{self.device}r{self.seq}"
        stamp = (START_MS + self.seq + dice.choice((0, 0, 0, -9, 10**9))) * SEQ_MS
        kind = dice.choice(("child",) * 6 + ("contact", "family", "family", "helper"))
        fields = self.fields(kind)
        self.made.append(id_) if kind == "child" else None
        change = Change(
            self.device, self.seq, txn, "create", kind, id_, self.user, stamp, fields,
            seen=dice.choice((None, None, "2026-11-01")),
        )  # fmt: skip
        return self.odd(change) if dice.random() < self.oddity else change

    def fields(self, kind: str) -> dict[str, Any]:
        dice = self.dice
        if kind == "child":
            given: dict[str, Any] = {
                "name": dice.choice(("罗静", "王小花")),
                "village": dice.choice(VILLAGES[:2]),
                "identity": {"id_number": dice.choice(NUMBERS[:3])},
                "birth_date": dice.choice(("2014", "2014-02-28")),
                "phone": dice.choice(("13900001111", "电话")),
                "categories": dice.choice((["poverty"], ["poverty", "study"])),
                "is_boarding": dice.choice((True, False)),
                "note": dice.choice((None, "奶奶带。")),
            }
            for name in dice.sample(sorted(given.keys() - {"name", "village"}), dice.choice((0, 0, 3))):
                given.pop(name)
            return given
        above = dice.choice((self.made if dice.random() < 0.9 else self.known) or ["nobody"])
        if kind == "contact":
            return {"child": above, "on": "2026-11-01", "kind": "home_visit"}
        if kind == "family":
            return {"child": above, "role": "father", "name": "罗强"}
        days = dice.choice(({},) * 9 + ({"joined_on": "2026-01-01", "left_on": "2025-01-01"},))
        return {"name": "周老师", "sort": "cadre", "village": "111", **days}

    def odd(self, change: Change) -> Change:
        dice, fields = self.dice, change.fields
        how: dict[str, Any] = dice.choice((
            {"op": "put"},
            {"op": "undelete", "fields": {"_deleted": None}},
            {"op": "delete", "id": dice.choice([*self.known, "x"]), "fields": {"_deleted": "错"}},
            {"op": "put", "id": dice.choice([*self.known, "x"]), "fields": {"name": "改名"}},
            {"author": "other"},
            {"device": "devother"},
            {"seq": dice.choice((0, 1, max(1, change.seq - 1), 1 << 60))},
            {"hlc": -1},
            {"id": dice.choice((*self.made, "", "123", "ä", *self.known))},
            {"kind": dice.choice(("unit", "nothing", "question", "case", "duplicate", "setting"))},
            {"seen": dice.choice(("2026-13-01", "2026"))},
            {"base": {"name": "devx.1"}},
            {"names": ["devx.1"]},
            {"fields": {}},
            {"fields": {**fields, "unknown": "?"}},
            {"fields": {**fields, "_deleted": "错"}},
            {"fields": {**fields, "merged_into": dice.choice([*self.known, "x"])}},
            {"fields": {**fields, "is_boarding": 1}},
            {"fields": {**fields, "name": dice.choice(("", None, "长" * 61, 5, ["a"], "\x00"))}},
            {"fields": {**fields, "village": dice.choice(("999", None, "112", {"a": 1}))}},
            {"fields": {**fields, "categories": dice.choice((["study", "poverty"], ["?"], "x"))}},
            {"fields": {**fields, "identity": dice.choice((None, {}, {"name": "x"}, "x", []))}},
            {"fields": {**fields, "id_number": NUMBERS[0]}},
            {"fields": dict(reversed(list(fields.items())))},
        ))  # fmt: skip
        given = {name: getattr(change, name) for name in change.__struct_fields__}
        return Change(**{**given, **how})


def tables(store: SqliteStore) -> dict[str, list[Any]]:
    """Every row of every table, in the order in which it lies there."""
    names = store.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {
        name: store.connection.execute(f'SELECT * FROM "{name}"').fetchall()
        for (name,) in names.fetchall()
    }


def pushed(
    seed: int, copy: Any, counted: list[bool] | None = None
) -> tuple[list[list[Verdict]], dict[str, list[Any]]]:
    """What a hub answers to the pages of a seed, and what it has then."""
    dice = random.Random(seed)
    store = SqliteStore(copy, now_ms=lambda: START_MS)
    hub = Hub(store, lambda: START_MS)
    hub.write("unit", "s1", {"code": "s1", "name": "小学", "level": "school", "parent": "11"})
    answers, known, last = [], [], {"deva": 0, "devb": 0}
    for _ in range(dice.randrange(2, 7)):
        device = dice.choice(("deva", "devb"))
        grant = dice.choice((*[Grant("admin", "1")] * 6, Grant("director", "111"), Grant("teacher", "11")))
        session = Session("li", device, (grant,), is_revoked=dice.random() < 0.03)
        page = Page(dice, device, "li", last[device], known)
        answers.append(hub.push(session, page.changes))
        if dice.random() < 0.1:
            answers.append(hub.push(session, page.changes))  # the answer was lost
        last[device] = page.seq
        known = known + page.made
    return answers, tables(store)


@pytest.mark.parametrize("first", range(0, 240, 80))
def test_a_page_taken_as_a_whole_leaves_the_store_as_if_each_change_came_by_itself(
    first, monkeypatch
):
    whole, taken = roster.take, []

    def counting(*given: Any) -> bool:
        taken.append(whole(*given))
        return taken[-1]

    for seed in range(first, first + 80):
        empty = copy_of("hub")
        other = copy_of("hub")
        empty.real.backup(other.real)
        monkeypatch.setattr(roster, "take", counting)
        quick = pushed(seed, empty)
        monkeypatch.setattr(roster, "take", lambda *_given: False)
        assert quick == pushed(seed, other), f"seed {seed}"
    assert 40 < sum(taken) < len(taken) - 40


def test_a_simulated_county_takes_pages_as_a_whole(monkeypatch):
    whole, taken = roster.take, []
    monkeypatch.setattr(roster, "take", lambda *given: taken.append(whole(*given)) or taken[-1])
    for seed in range(1, 6):
        attempt(Options(seed))
    assert sum(taken) > 5
