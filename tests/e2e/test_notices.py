"""The loser of a meeting is told on the command line, asks back, and a decision is taken back."""

from __future__ import annotations

import socket

import pytest
from county import TOWNSHIP, County, Laptop

IDENTITY = ("11010519491231002X", "440524188001010014")


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return str(
        next(u["code"] for u in units if u["level"] == "village" and u["parent"] == "510811101")
    )


@pytest.fixture(scope="module")
def laptops(county: County) -> tuple[Laptop, Laptop, Laptop]:
    director, teacher, admin = (county.laptop(n).login() for n in ("何秀英", "周晓燕", "陈德福"))
    return director, teacher, admin


@pytest.mark.parametrize(
    ("field", "mine", "other"),
    [
        ("phone", ["phone=13911111111"], ["phone=13922222222"]),
        *[("identity", *[["id_type=resident", f"id_number={n}"] for n in IDENTITY])],
    ],
)
def test_the_loser_is_told_and_asks_back_and_a_decision_is_undone(
    county: County,
    laptops: tuple[Laptop, Laptop, Laptop],
    village: str,
    field: str,
    mine: list[str],
    other: list[str],
) -> None:
    director, teacher, admin = laptops
    second = county.laptop("何秀英").login()
    child = director.add("child", "name=罗静", f"village={village}")
    director.sync()
    teacher.sync(None)
    director("set", child, *mine)
    teacher("set", child, *other)
    director.sync(None)
    teacher.sync(None)
    assert teacher("notices", "--json").json == []
    director.sync(None)
    (notice,) = director("notices", "--json").json
    assert (notice["record"], notice["field"], notice["by"]) == (child, field, "周晓燕")
    assert notice["kind"] == "child"
    assert notice["at"].endswith("Z")
    admin.sync(None)
    (conflict,) = admin("conflicts", "--json").json
    assert conflict["winner"]["value"] == notice["standing"]
    assert conflict["loser"]["value"] == notice["mine"]
    admin("resolve", conflict["id"], "--take", "winner")
    admin.sync()
    director.sync(None)
    (decided,) = director("notices", "--json").json
    assert (decided["id"], decided["by"]) == (notice["id"], "陈德福")
    director("notices", "--claim", "nothing", "--note", "x", expect=2)
    director("notices", "--claim", notice["id"], expect=2)
    director("notices", "--claim", notice["id"], "--note", "我上周见过")
    director.sync(None)
    assert director("notices", "--json").json == []
    second.sync(None)
    assert second("notices", "--json").json == []
    assert admin.sync(None)["conflicts"] == 1
    (again,) = admin("conflicts", "--json").json
    assert again["loser"]["value"] == notice["mine"]
    assert [n["note"] for n in again["notes"]] == ["我上周见过"]
    admin("resolve", again["id"], "--take", "loser", "--note", "对的")
    admin("undo", again["id"], "--note", "再问问")
    assert admin("conflicts", "--json").json == [
        {**again, "notes": [*again["notes"], admin("conflicts", "--json").json[0]["notes"][-1]]}
    ]
    admin("undo", again["id"], expect=2)
    director("undo", again["id"], expect=2)
    admin("resolve", again["id"], "--take", "loser")
    admin.sync()
    director.sync(None)
    shown = director.show(child)
    assert shown.get("phone", shown.get("id_number")) in (notice["mine"], IDENTITY[0])


def test_the_village_is_asked_and_answers_offline(
    county: County, laptops: tuple[Laptop, Laptop, Laptop], village: str
) -> None:
    director, teacher, admin = laptops
    child = director.add("child", "name=杨一", f"village={village}")
    director.sync(None)
    teacher.sync(None)
    director("set", child, "address=2组")
    teacher("set", child, "address=5组")
    for laptop in (director, teacher, admin):
        laptop.sync(None)
    conflict = next(c for c in admin("conflicts", "--json").json if c["record"] == child)
    admin("ask", conflict["id"], "--user", "没有这个人", expect=2)
    other = next(
        u["code"]
        for u in county("unit", "list", "--json").json
        if u["level"] == "township" and u["code"] != TOWNSHIP
    )
    county.user("蒲春兰", "director", other)
    admin.sync(None)
    blind = admin("ask", conflict["id"], "--user", "蒲春兰", expect=4)
    assert "何秀英" in blind.err and "蒲春兰" not in blind.err
    director("ask", conflict["id"], "--user", "周晓燕", expect=2)  # not here before a sync
    task = admin("ask", conflict["id"], "--user", "何秀英", "--note", "哪个对？", "--json").json["id"]
    admin.sync(None)
    director.sync(None)
    (asked,) = director("tasks", "--json").json
    assert (asked["id"], asked["conflict"], asked["field"]) == (task, conflict["id"], "address")
    assert (asked["question"], asked["from"]) == ("哪个对？", "陈德福")
    assert {v["value"] for v in asked["values"]} == {"2组", "5组"}
    assert teacher("tasks", "--json").json == []
    director("answer", "nothing", "--value", "2组", expect=2)
    director("answer", task, "--value", "2组")
    assert director("tasks", "--json").json == []
    director.sync(None)
    admin.sync(None)
    assert child not in [c["record"] for c in admin("conflicts", "--json").json]
    assert admin.show(child)["address"] == "2组"
    steps = admin("history", child, "address", "--json").json
    assert (steps[-1]["author"], steps[-1]["op"]) == ("何秀英", "resolve")
    county("check")
    named = {d["name"] for d in admin("list", "device", "--json").json}
    assert named == {socket.gethostname().partition(".")[0]}
    assert admin("figures", "conflicts", "--json").json["opened"] >= 1
    assert "child." not in (words := admin("figures", "conflicts").out) and "孩子" in words
    assert "open" not in admin("figures", "duplicates").out
