"""What a person types and reads: the kind before an id, labels instead of codes, no half-said
option."""

from __future__ import annotations

from typing import Any

import pytest
from county import County, Laptop


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return str(next(u["code"] for u in units if u["parent"] == "510811101"))


@pytest.fixture(scope="module")
def he(county: County) -> Laptop:
    return county.laptop("何秀英").login()


def agreement(he: Laptop, village: str) -> str:
    child = he.add("child", "name=罗静", f"village={village}")
    return he.add("agreement", f"child={child}", "carer=张大娘", "relation=aunt", "status=draft")


def test_the_kind_may_stand_before_the_id(he: Laptop, village: str) -> None:
    id = agreement(he, village)
    assert he("show", "agreement", id, "--json").json == he("show", id, "--json").json
    assert he("set", "agreement", id, "witness=村长", "--json").json["changed"]
    assert he.show(id)["witness"] == "村长"
    for wrong in (
        ("show", "helper", id), ("show", "agreement"), ("show", id, "more"),
        ("set", "helper", id, "note=x"), ("set", "agreement", id), ("set", "agreement"),
    ):  # fmt: skip
        assert he(*wrong, expect=2).out == ""
    assert "note" not in he.show(id)


def test_people_read_labels_and_not_codes(he: Laptop, village: str) -> None:
    shown = he("show", agreement(he, village)).out
    assert "姑姨婶" in shown and "草拟" in shown and "罗静" in shown
    assert "aunt" not in shown and "draft" not in shown
    listed = he("list", "agreement").out
    assert "张大娘 草拟" in listed and "draft" not in listed


def test_a_case_is_listed_in_words(he: Laptop, village: str) -> None:
    child = he.add("child", "name=陈嘉怡", f"village={village}")
    he("case", "open", child, "cause=alone", "situations=abandoned", "seen=屋里只有她一人")
    listed = he("case", "list").out
    assert "陈嘉怡  独自居住，无人照料  发现  " in listed and "报警" in listed
    assert "alone" not in listed and "police_told" not in listed


def test_nothing_alike_is_said_in_words(county: County) -> None:
    zhou = county.laptop("周晓燕").login()
    done = zhou("duplicates")
    assert (done.out, "没有像" in done.err) == ("", True)


@pytest.mark.parametrize("taken", [(), ("a",), ("phone",), ("b", "--note", "x")])
def test_a_half_said_choice_of_values_merges_nothing(
    he: Laptop, village: str, taken: tuple[Any, ...]
) -> None:
    one, other = (he.add("child", f"name={n}", f"village={village}") for n in ("陈嘉怡", "陈佳怡"))
    he("merge", one, other, "--take-from", *taken, "--json", expect=2)
    he("merge", "--take-from", *taken, one, other, "--json", expect=2)
    assert {one, other} <= {c["id"] for c in he("list", "child", "--json").json}


def test_a_user_who_has_no_store_here_is_told_who_has(he: Laptop) -> None:
    done = he("--user", "没有", "status", "--json", expect=4)
    assert "何秀英" in done.err and "还没有人登录" not in done.err


def test_the_duties_of_nobody_are_asked_for_in_vain(he: Laptop) -> None:
    for known in ("何秀英", "周晓燕"):
        he("due", "--user", known, "--json")
    assert he("due", "--user", "没有", "--json", expect=2).out == ""
