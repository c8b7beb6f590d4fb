"""The loser of a meeting is told on the command line, asks back, and a decision is taken back."""

from __future__ import annotations

import pytest
from county import County, Laptop

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
