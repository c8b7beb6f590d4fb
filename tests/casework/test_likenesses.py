"""One who enters a child is told of the files it may be, however the store came to know them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import likenesses
from casework.search import Indexer
from sync.change import Grant, Mark, State
from sync.likeness import Index
from sync.replica import Replica
from sync.storage import open_plain, transaction
from sync.views import Identity

LUO: dict[str, Any] = {"name": "罗静", "sex": "female", "birth_date": "2015-03-08", "village": "v1"}


def replica_of(children: list[dict[str, Any]], family: list[dict[str, Any]] = []) -> Replica:  # noqa: B006
    replica = Replica(open_plain(":memory:"), indexers=[Indexer()])
    replica.become(Identity("dong", "d1", (Grant("admin", "51"),)))
    mark = Mark("hub.1", "server", 1)
    roots = [str(v.get("merged_into") or f"c{n}") for n, v in enumerate(children)]
    states = [State("child", f"c{n}", roots[n], mark, mark, v, {}, 1) for n, v in enumerate(children)]
    states += [
        State("family", f"f{n}", v["child"], mark, mark, v, {}, 1) for n, v in enumerate(family)
    ]
    with transaction(replica.connection):
        replica.records.put([(s, 0) for s in states])
        replica.records.settle()
    return replica


def told(replica: Replica, values: dict[str, Any], id: str = "") -> list[str]:
    return [one.id for one in likenesses.like(replica, values, id=id)]


@pytest.mark.parametrize(
    "entered",
    [
        {**LUO, "name": "罗婧"},
        {**LUO, "name": "羅静"},
        {**LUO, "birth_date": "2015-03-09"},
        {**LUO, "village": "v2"},
        {**LUO, "name": "罗小静", "phone": "13800000001"},
        {**LUO, "name": "小燕"},
        {**LUO, "name": "王静", "phone": "13800000001"},
    ],
)
def test_who_may_be_on_file_is_named_while_entering(entered: dict[str, Any]) -> None:
    on_file = {**LUO, "small_name": "小燕", "phone": "13800000001"}
    if entered["name"] == "王静":
        entered, on_file = {**entered, "name": "王晓静"}, {**on_file, "name": "罗晓静"}
    replica = replica_of([on_file, {**LUO, "name": "罗浩", "sex": "male"}])
    assert told(replica, entered) == ["c0"]


def test_who_is_entered_by_the_name_of_a_file_merged_away_is_found_in_the_kept_one() -> None:
    kept, away = {**LUO, "name": "罗小燕", "birth_date": "2015-04-01"}, {**LUO, "merged_into": "c0"}
    replica = replica_of([kept, away, {**LUO, "name": "罗浩", "sex": "male"}])
    for entered in (LUO, {**LUO, "name": "罗婧"}, {**LUO, "birth_date": "2015-03"}):
        (found,) = likenesses.like(replica, entered)
        assert (found.id, found.name) == ("c0", "罗小燕")
        assert {"same_birth", "same_birth_month"} & set(found.likeness.reasons)
        assert ("former_name" in found.likeness.reasons) == (entered["name"] == "罗静")
    assert told(replica, LUO, id="c0") == []


def test_a_file_is_not_like_itself_and_an_empty_name_is_like_nobody() -> None:
    replica = replica_of([LUO])
    assert told(replica, LUO, id="c0") == []
    assert told(replica, {"birth_date": "2015-03-08"}) == []


def test_a_mothers_phone_tells_two_files_of_one_child() -> None:
    child = {"name": "陈小溪", "birth_date": "2015-03-08", "village": "v1"}
    other = {"name": "陈晓希", "birth_date": "2015-03-18", "village": "v2"}
    mothers = [
        {"child": f"c{n}", "role": "mother", "name": "李梅", "phone": "13800000001"} for n in (0, 1)
    ]
    ((a, b, found),) = likenesses.everybody(replica_of([child, other], mothers))
    assert {a, b} == {"c0", "c1"} and {"same_phone", "same_parent"} <= set(found.reasons)


@settings(max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries({
            "name": st.text("李王思诗晴睛静浩小晓", min_size=2, max_size=3),
            "birth_date": st.sampled_from(("2015-03-08", "2015-03-09", "2016-01-01")),
            "village": st.sampled_from(("v1", "v2")),
            "phone": st.sampled_from(("13800000001", "13800000002", None)),
        }),
        min_size=2,
        max_size=8,
    )
)
def test_entering_finds_whom_the_whole_search_finds(children: list[dict[str, Any]]) -> None:
    replica = replica_of([{k: v for k, v in c.items() if v} for c in children[1:]])
    index = Index()
    for one in likenesses.all_facts(replica):
        index.add(one)
    wanted = likenesses.facts(children[0], id="new")
    assert {f.id for f, _ in index.like(wanted)} <= set(told(replica, children[0]))
