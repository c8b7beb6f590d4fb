"""A page of new records is taken as a whole, and the store is as if each had been taken by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from server.store.queries import MANY
from server.store.sqlite import SqliteStore
from sync import roster
from sync.change import Change, Grant
from sync.hub import Hub, Session
from sync.preparing import Prepared, prepare
from sync.protocol import Verdict
from tests.sync.fragile import START_MS, copy_of
from tests.sync.history import Options, attempt

NUMBERS = ("510811201401180012", "510811201310288227", "五〇")
TICKS = 1 << 16
CHILD = {"name": "罗静", "village": "111"}
CONTACT = {"on": "2026-11-01", "kind": "home_visit"}
HELPER = {"name": "周老师", "sort": "cadre", "village": "111", "joined_on": "2026-01-01"}
CASE = {"seen_at": "2026-11-01", "cause": "alone", "seen": "没有大人。"}


class Page:
    """Changes out of a seed: new records that are fit to be stored, and in every other page one
    change that is something else."""

    def __init__(self, dice: random.Random, device: str, first: int, known: list[str], gone: str):
        self.dice, self.device, self.seq = dice, device, first
        self.known, self.gone = known, gone
        self.made: list[str] = []
        self.changes = [self.change() for _ in range(dice.choice((1, 2, 5, 30)))]
        if dice.random() < 0.6:
            n = dice.randrange(len(self.changes))
            self.changes[n] = self.odd(self.changes[n])
        if dice.random() < 0.1:
            dice.shuffle(self.changes)

    def change(self) -> Change:
        dice = self.dice
        self.seq += 1
        txn = f"{self.device}.{self.seq - self.seq % dice.choice((1, 1, 4))}"
        id_ = f"{self.device}r{self.seq}"
        stamp = (START_MS + self.seq + dice.choice((0, 0, 0, -9, 10**9))) * TICKS
        above = [*self.made, *self.known]
        kind = dice.choice(("child",) * 6 + ("contact", "family", "helper") * bool(above))
        fields = self.fields(kind, above)
        self.made += [id_] * (kind == "child")
        return Change(
            self.device, self.seq, txn, "create", kind, id_, "li", stamp, fields,
            seen=dice.choice((None, None, "2026-11-01")),
        )  # fmt: skip

    def fields(self, kind: str, above: list[str]) -> dict[str, Any]:
        dice = self.dice
        if kind == "helper":
            return {**HELPER, "left_on": "2026-10-01"}
        if kind == "contact":
            return {"child": dice.choice(above), "on": "2026-11-01", "kind": "home_visit"}
        if kind == "family":
            return {"child": dice.choice(above), "role": "father", "name": "罗强"}
        given: dict[str, Any] = {
            "name": dice.choice(("罗静", "王小花")),
            "village": dice.choice(("111", "111", "111", "112")),
            "identity": {"id_number": dice.choice(NUMBERS)},
            "birth_date": dice.choice(("2014", "2014-02-28")),
            "phone": dice.choice(("13900001111", "电话")),
            "categories": dice.choice((["poverty"], ["poverty", "study"])),
            "is_boarding": dice.choice((True, False)),
            "note": dice.choice((None, "奶奶带。")),
        }
        for name in dice.sample(list(given)[2:], dice.choice((0, 0, 3))):
            given.pop(name)
        return given

    def odd(self, change: Change) -> Change:
        dice, fields = self.dice, change.fields
        others = [*self.known, *self.made, self.gone, "hubless"]
        how: dict[str, Any] = dice.choice((
            {"op": "put"},
            {"op": "undelete", "fields": {"_deleted": None}},
            {"op": "delete", "id": dice.choice(others), "fields": {"_deleted": "错"}},
            {"op": "delete", "id": dice.choice(others), "fields": {"_deleted": "错"}},
            {"op": "put", "id": dice.choice(others), "fields": {"name": "改名"}},
            {"author": "other"},
            {"device": "devother"},
            {"seq": dice.choice((0, 1, max(1, change.seq - 1), 1 << 60))},
            {"hlc": -1},
            {"id": dice.choice((*others, "", "123", "ä"))},
            {"id": dice.choice(others)},
            {"kind": dice.choice(("unit", "nothing", "question", "case", "duplicate", "setting"))},
            {"kind": "case", "fields": {"child": dice.choice(others), **CASE}},
            {"kind": "duplicate", "fields": {"a": "x", "b": "y", "unit": "1", "verdict": "later"}},
            {"seen": dice.choice(("2026-13-01", "2026"))},
            {"base": {"name": "devx.1"}, "hlc": 1},
            {"base": {"name": dice.choice(("deva.1", "devb.1"))}, "hlc": 1},
            {"names": [dice.choice(("deva.1", "devb.1"))], "hlc": 1},
            {"fields": {}},
            {"fields": {**fields, "unknown": "?"}},
            {"fields": {**fields, "_deleted": "错"}},
            {"kind": "child", "fields": {**CHILD, "merged_into": dice.choice(others)}},
            {"fields": {**fields, "is_boarding": 1}},
            {"fields": {**fields, "name": None}},
            {"fields": {**fields, "village": "999"}},
            {"fields": {**fields, "name": dice.choice(("", None, "长" * 61, 5, ["a"], "\x00"))}},
            {"fields": {**fields, "village": dice.choice(("999", None, "112", {"a": 1}))}},
            {"fields": {**fields, "categories": dice.choice((["study", "poverty"], ["?"], "x"))}},
            {"fields": {**fields, "identity": dice.choice((None, {}, {"name": "x"}, "x", []))}},
            {"fields": {**fields, "identity": {"id_number": NUMBERS[0], "name": "x"}}},
            {"fields": {**fields, "id_number": NUMBERS[0]}},
            {"fields": {**fields, "left_on": "2025-01-01"}},
            {"kind": "helper", "fields": {**HELPER, "left_on": "2025-01-01"}},
            {"kind": "contact", "fields": {**CONTACT, "child": dice.choice(others)}},
            {"kind": "contact", "fields": {**CONTACT, "child": dice.choice(others)}},
            {"kind": "family", "fields": {"child": dice.choice(others), "role": "mother"}},
            {"kind": "contact", "fields": {**CONTACT, "child": f"{self.device}r{self.seq}"}},
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


def new(seq: int, /, **how: Any) -> Change:
    """A child that is fit to be stored, but for what is said otherwise."""
    usual = {"kind": "child", "id": f"devar{seq}", "fields": CHILD}
    given = {
        "seq": seq,
        "hlc": (START_MS + seq) * TICKS,
        "txn": f"deva.{seq}",
        "op": "create",
        "author": "li",
        **usual,
        **how,
    }
    return Change(device="deva", **given)  # type: ignore[arg-type]


def ahead(session: Session, changes: list[Change]) -> Prepared:
    return prepare(session.device, session.user, changes)


def anothers(session: Session, changes: list[Change]) -> Prepared:
    """A page prepared for another sender, or of other changes."""
    device, user, some = session.device, session.user, list(changes)
    as_devices = prepare("devother", user, [replace(c, device="devother") for c in some])
    as_users = prepare(device, "other", [replace(c, author="other") for c in some])
    return (
        prepare(device, user, [replace(c, hlc=1) for c in some]),
        replace(as_devices, changes=changes),
        replace(as_users, changes=changes),
    )[len(changes) % 3]


def pushed(
    seed: int, copy: Any, preparing: Callable[..., Prepared | None] = lambda *_given: None
) -> tuple[list[list[Verdict]], dict[str, list[Any]]]:
    """What a hub answers to the pages of a seed, and what it has then."""
    dice = random.Random(seed)
    store = SqliteStore(copy, now_ms=lambda: START_MS)
    store.much = (1, MANY)[seed % 2]
    hub = Hub(store, lambda: START_MS)
    hub.write("unit", "s1", {"code": "s1", "name": "小学", "level": "school", "parent": "11"})
    gone = "erased0"
    store.connection.execute("INSERT INTO erasure VALUES (?, 1, 'boss', '错')", (gone,))
    answers, known, last = [], [], {"deva": 0, "devb": 0}
    for n in range(dice.randrange(3, 9)):
        device = dice.choice(("deva", "deva", "devb"))
        grant = dice.choice((*[Grant("admin", "1")] * 19, Grant("director", "111")))
        session = Session("li", device, (grant,), is_revoked=dice.random() < 0.02)
        page = Page(dice, device, last[device], sorted(known), gone)
        made = preparing(session, page.changes)
        answers.append(hub.push(session, page.changes, prepared=made))
        if dice.random() < 0.1:
            again = hub.push(session, page.changes, prepared=made)  # the answer was lost
            answers.append(again)
        last[device] = page.seq
        known = [i for i, s in store.states(known + page.made).items() if not s.is_deleted or n % 3]
    return answers, tables(store)


SOUND = {
    "contact": {"child": "devar1", **CONTACT},
    "family": {"child": "devar1", "role": "father"},
    "case": {"child": "devar1", **CASE},
    "helper": {**HELPER, "left_on": "2026-10-01"},
}
"""By kind, what can be stored."""
ODDITIES: list[dict[str, Any]] = [
    *({"id": id_} for id_ in ("123", "", "Ä", "devar1", "devar3", "devar99")),
    *({"seq": seq} for seq in (0, 97, 100, 1 << 60)),
    *({"kind": kind} for kind in ("unit", "nothing", "question", "setting", "contact", "family")),
    *({"fields": {**CHILD, "village": at}} for at in ("112", "999", None, "", 5)),
    *({"fields": {**CHILD, "name": name}} for name in (None, "", "\x00", "长" * 61, ["a"])),
    {"kind": "contact", "fields": {"child": "devar1", **CONTACT, "kind": "nichts"}},
    *(
        {"kind": kind, "fields": {"child": above, **more}}
        for kind, more in (("contact", CONTACT), ("family", {"role": "father"}), ("case", CASE))
        for above in ("devar1", "devar2", "devar3", "devar4", "devar98", "devar101", "nobody")
    ),
    {"kind": "helper", "fields": {**HELPER, "left_on": "2025-01-01"}},
    {"fields": {**CHILD, "merged_into": "devar1"}},
    {"author": "other"},
    {"hlc": -1},
    {"seen": "2026-02-30"},
    {"base": {"name": "devar.1"}},
    {"names": ["deva.1"]},
]


@pytest.mark.parametrize("n", range(len(ODDITIES)))
def test_one_unusual_change_between_others_of_its_sort_is_taken_as_ever(n, monkeypatch):
    """A usual one of its sort stands before it: it is not the one that is judged like any other."""

    def story(copy: Any) -> tuple[list[Verdict], dict[str, list[Any]]]:
        store = SqliteStore(copy, now_ms=lambda: START_MS)
        hub = Hub(store, lambda: START_MS)
        before = [new(1), new(2, fields={**CHILD, "village": "112"}), new(3)]
        before += [new(4, kind="contact", fields={"child": "devar1", **CONTACT})]
        gone = new(5, op="delete", id="devar3", fields={"_deleted": "错"}, base={})
        hub.push(Session("li", "deva", (Grant("admin", "1"),)), [*before, gone])
        odd = ODDITIES[n]
        usual = new(99, kind=odd.get("kind", "child"), fields=SOUND.get(odd.get("kind", ""), CHILD))
        page = [new(98), usual, new(100, **odd), new(101)]
        return hub.push(Session("li", "deva", (Grant("director", "111"),)), page), tables(store)

    one, other = copy_of("hub"), copy_of("hub")
    one.real.backup(other.real)
    quick = story(one)
    monkeypatch.setattr(roster, "take", lambda *_given: False)
    assert quick == story(other)


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


@pytest.mark.parametrize("preparing", [ahead, anothers])
def test_a_page_prepared_ahead_ends_in_the_same_tables(preparing):
    """And one that was prepared for another sender, or of other changes, is not believed."""
    for seed in range(500, 560):
        one, other = copy_of("hub"), copy_of("hub")
        one.real.backup(other.real)
        assert pushed(seed, one, preparing) == pushed(seed, other), f"seed {seed}"


def test_a_page_is_prepared_once(monkeypatch):
    """What a reading thread has done the writing one does not do again."""
    session = Session("li", "deva", (Grant("admin", "1"),))
    changes = [new(seq) for seq in range(1, 9)]
    page = ahead(session, changes)
    store = SqliteStore(copy_of("hub"), now_ms=lambda: START_MS)
    monkeypatch.setattr("sync.preparing.prepare", None)
    before = store.head()
    assert Hub(store, lambda: START_MS).push(session, changes, prepared=page) == []
    assert store.head() == before + len(changes)


def test_a_simulated_county_takes_pages_as_a_whole(monkeypatch):
    whole, taken = roster.take, []
    monkeypatch.setattr(roster, "take", lambda *given: taken.append(whole(*given)) or taken[-1])
    for seed in range(1, 6):
        attempt(Options(seed))
    assert sum(taken) > 5
