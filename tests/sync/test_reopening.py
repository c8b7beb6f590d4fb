"""Decisions taken back: the conflict stands again as it was, everywhere, and nothing newer is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.kinds import KINDS
from schema.types import Choices
from server.check import check
from sync import decisions, notices
from sync.replica import Refused
from tests.sync.town import Town, child, standing, value

NAMES = ("adm", "sup", "li", "tea")


@pytest.fixture
def town() -> Town:
    return Town(*NAMES)


def meet(town: Town, slot: str, *values: Any) -> str:
    """li, tea and adm write a field, none having seen the others'."""
    record = child(town.replicas["sup"])
    town.sync("sup", *NAMES)
    for name, written in zip(("li", "tea", "adm"), values, strict=False):
        town.now_ms += 1000
        town.replicas[name].save("child", {slot: written}, record)
    town.sync("li", "tea", "adm", *NAMES)
    return record


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize(
    ("slot", "values"),
    [
        ("address", ("2组", "5组")),
        ("address", ("2组", "5组", "7组")),
        ("risk_level", ("critical", "low", "high")),
        ("note", ("门在东边。", "门在西边。")),
    ],
)
def test_a_decision_taken_back_leaves_the_conflict_as_it_was(
    town: Town, slot: str, values: tuple[str, ...], is_sent: bool
) -> None:
    record = meet(town, slot, *values)
    sup = town.replicas["sup"]
    (before,) = sup.conflicts()
    assert len(before.heads) == len(values)
    sup.resolve(before.id, "winner", note="先这样")
    if is_sent:
        town.sync("sup", *NAMES)
        assert town.replicas["li"].conflicts() == []
    sup.undo(before.id, "看错了")
    assert sup.conflicts() == [before]  # at once, before anybody was asked
    town.sync("sup", *NAMES)
    town.rest()
    for name in NAMES:
        (after,) = town.replicas[name].conflicts()
        assert after == before
        (decision,) = decisions.decisions(town.replicas[name].connection)
        assert (decision.author, decision.note) == ("sup", "先这样")
        assert decision.taken_back
    past = [(p.op, p.author, p.note) for p in sup.history(record, slot)][-2:]
    assert past == [("resolve", "sup", "先这样"), ("reopen", "sup", "看错了")]


def test_a_laptop_set_up_after_the_conflict_can_take_its_decision_back(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    late = town.add("sup2", "sup")
    town.sync("sup2")
    (before,) = late.conflicts()
    late.resolve(before.id, "base")
    town.sync("sup2")
    late.undo(before.id)
    assert late.conflicts() == [before]
    town.sync("sup2", *NAMES)
    assert standing(town.replicas["li"], record, "address") == [h.value for h in before.heads]


def test_what_was_written_after_the_decision_stays_a_head(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    sup, li = town.replicas["sup"], town.replicas["li"]
    (before,) = sup.conflicts()
    sup.resolve(before.id, "value", "3组")
    town.sync("sup", "li")
    li.save("child", {"address": "3组 8号"}, record)
    town.sync("li")
    sup.undo(before.id)
    town.sync("sup", *NAMES)
    town.rest()
    assert standing(sup, record, "address") == ["3组 8号", "5组", "2组"]


def test_of_two_decisions_one_taken_back_leaves_the_other(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    sup, adm = town.replicas["sup"], town.replicas["adm"]
    (conflict,) = sup.conflicts()
    sup.resolve(conflict.id, "winner")
    town.now_ms += 1000
    adm.resolve(conflict.id, "loser")
    town.sync("sup", "adm", "sup")
    assert {value(town.replicas[n], record, "address") for n in ("sup", "adm")} == {"2组"}
    by_adm = next(d for d in decisions.decisions(sup.connection) if d.author == "adm")
    sup.undo(by_adm.version)
    town.sync("sup", *NAMES)
    town.rest()
    assert sup.conflicts() == []
    assert value(sup, record, "address") == "5组"


def test_a_decision_is_taken_back_once_and_by_reviewers(town: Town) -> None:
    meet(town, "address", "2组", "5组")
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    sup.resolve(conflict.id, "winner")
    town.sync("sup", "li")
    with pytest.raises(Refused, match="not_permitted"):
        town.replicas["li"].undo(conflict.id)
    sup.undo(conflict.id)
    with pytest.raises(Refused, match="taken_back"):
        sup.undo(conflict.id)
    sup.resolve(conflict.id, "loser")
    town.sync("sup", "adm")
    town.replicas["adm"].undo(conflict.id)  # the second decision of the same conflict
    town.sync("adm", *NAMES)
    assert len(sup.conflicts()) == 1
    town.rest()


def test_a_value_that_is_no_decision_is_never_taken_away(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    stands = conflict.heads[0].mark.version
    sup.reopen(record, "address", [conflict.heads[1].mark.version], "", stands)
    town.sync("sup", *NAMES)
    assert standing(sup, record, "address") == ["5组", "2组"]


CATEGORIES = KINDS["child"].by_name["categories"].type
assert isinstance(CATEGORIES, Choices)
CODES = [code.code for code in CATEGORIES.codes][:4]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["save", "save", "sync", "resolve", "undo", "claim"]),
        st.sampled_from(NAMES),
        st.integers(0, 5),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.sampled_from(["address", "risk_level", "note", "categories"]))
def test_whatever_is_decided_and_taken_back_all_agree_and_no_word_is_lost(
    steps: list[tuple[str, str, int]], slot: str
) -> None:
    values: dict[str, Any] = {
        "address": [f"{n}组" for n in range(6)],
        "risk_level": ["low", "medium", "high", "critical", "low", "high"],
        "note": [f"第{n}句。第{n + 1}句。" for n in range(6)],
        "categories": [CODES[:1], CODES[1:2], CODES[:2], None, CODES[2:3], CODES[1:4]],
    }
    town = Town(*NAMES)
    record = child(town.replicas["sup"])
    town.sync("sup", *NAMES)
    for what, name, n in steps:
        replica = town.replicas[name]
        town.now_ms += 500
        if what == "save":
            replica.save("child", {slot: values[slot][n]}, record)
        elif what == "sync":
            town.sync(name)
        elif what == "resolve" and name in ("adm", "sup"):
            for conflict in replica.conflicts()[:1]:
                replica.resolve(conflict.id, ("winner", "loser")[n % 2])
        elif what == "undo" and name in ("adm", "sup"):
            for held in decisions.decisions(replica.connection)[:1]:
                if not held.taken_back:
                    replica.undo(held.version)
        elif what == "claim":
            for notice in notices.notices(replica)[:1]:
                notices.claim(replica, notice.id, "要回")
    town.rest()
    town.rest()
    seen = {name: [(c.id, c.heads) for c in town.replicas[name].conflicts()] for name in NAMES}
    assert len({repr(s) for s in seen.values()}) == 1
    assert all(len(s) <= 1 for s in seen.values())
    assert town.quarantined() == []
    assert check(town.store).faults == []
    written = {p.version: p.value for p in town.replicas["sup"].history(record, slot)}
    for conflict in town.replicas["sup"].conflicts():
        assert len({repr(h.value) for h in conflict.heads}) == len(conflict.heads)
        assert len(conflict.heads) > 1
        for head in conflict.heads:
            assert set(head.ops) <= written.keys()
