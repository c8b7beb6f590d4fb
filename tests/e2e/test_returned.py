"""What came back is listed with its reason by command, mended and sent, or let go with a reason; what
was settled is listed with who, when and why."""

from __future__ import annotations

import pytest
from county import County, Laptop

VILLAGE = "510811101200"


@pytest.fixture(scope="module")
def laptops(county: County) -> tuple[Laptop, Laptop]:
    county.user("村主任", "director", VILLAGE)
    return county.laptop("村主任").login(), county.laptop("陈德福").login()


def test_what_came_back_is_mended_or_let_go(laptops: tuple[Laptop, Laptop]) -> None:
    he, admin = laptops
    one, two = (he.add("child", f"name={n}", f"village={VILLAGE}") for n in ("甲", "乙"))
    he.sync()
    admin.sync()
    for child in (one, two):
        admin("delete", child, "--reason", "建错了")
    admin.sync()
    visits = [
        he.add("contact", f"child={c}", "on=2026-11-01", "kind=talk", "summary=说话少")
        for c in (one, two)
    ]
    assert he.sync(expect=1)["rejected"] == 2
    back = {c["record"]: c for c in he("returned", "--json").json}
    assert set(back) == set(visits)
    first, second = (back[v] for v in visits)
    assert (first["status"], first["code"]) == ("quarantined", "record_deleted")
    assert first["fields"]["summary"] == "说话少"
    he("returned", "--drop", str(first["id"]), expect=2)
    he("returned", "--drop", "9999", "--reason", "x", expect=2)
    he("returned", "summary=x", expect=2)
    he("returned", "--drop", str(first["id"]), "--reason", "孩子不在了")
    other = he.add("child", "name=丙", f"village={VILLAGE}")
    he("returned", "--mend", str(second["id"]), "on=nonsense", expect=2)
    made = he("returned", "--mend", str(second["id"]), f"child={other}", "--json").json
    assert he.show(made["record"])["summary"] == "说话少"
    assert he("returned", "--json").json == []
    assert he.sync()["rejected"] == 0


def test_who_lost_the_child_is_told_what_became_of_work_that_waited(
    county: County, laptops: tuple[Laptop, Laptop]
) -> None:
    _he, admin = laptops
    county.user("蒲春兰", "director", VILLAGE)
    pu = county.laptop("蒲春兰").login()
    first, second = (pu.add("child", f"name={n}", f"village={VILLAGE}") for n in ("甲子", "乙丑"))
    pu.sync()
    county("user", "ungrant", "蒲春兰", "--role", "director", "--unit", VILLAGE)
    for child, words in ((first, "爱画画"), (second, "爱下棋")):
        pu("set", child, f"hobbies={words}")
    pu.sync(expect=1)
    assert [r["code"] for r in pu("returned", "--json").json] == ["out_of_scope"] * 2
    of = {q["record"]: q["id"] for q in county("quarantine", "list", "--json").json}
    pu.sync()
    assert [r["code"] for r in pu("returned", "--json").json] == ["out_of_scope"] * 2
    county("quarantine", "release", of[first])
    county("quarantine", "drop", of[second], "--reason", "孩子已搬走")
    pu.sync()
    told = {r["record"]: (r["status"], r["code"]) for r in pu("returned", "--json").json}
    assert told == {first: ("quarantined", "released"), second: ("quarantined", "dropped")}
    said = pu("returned").out
    assert "(327)" in said and "(328)" in said and "搬走" not in said
    pu("show", first, expect=2)
    admin.sync()
    assert admin.show(first)["hobbies"] == "爱画画"
    for row in pu("returned", "--json").json:
        pu("returned", "--drop", str(row["id"]), "--reason", "知道了")
    pu.sync()
    assert pu("returned", "--json").json == []


def test_what_was_settled_is_listed_with_who_and_why(
    county: County, laptops: tuple[Laptop, Laptop]
) -> None:
    he, admin = laptops
    zhou = county.laptop("周晓燕").login()
    child = he.add("child", "name=罗静", f"village={VILLAGE}")
    he.sync()
    zhou.sync()
    he("set", child, "phone=13900000001")
    zhou("set", child, "phone=13900000002")
    for laptop in (he, zhou, admin):
        laptop.sync(expect=None)
    (conflict,) = admin("conflicts", "--only", "phone 周晓燕", "--json").json
    assert admin("conflicts", "--only", "hobbies", "--json").json == []
    admin("resolve", conflict["id"], "--take", "loser", "--note", "打通了")
    (done,) = admin("settled", "--json").json
    assert (done["what"], done["record"], done["field"]) == ("decided", child, "phone")
    assert (done["value"], done["by"]) == (conflict["loser"]["value"], "陈德福")
    assert (done["note"], done["undone"]) == ("打通了", False)
    assert "打通了" in admin("settled").out
    admin("undo", done["id"])
    assert [s["undone"] for s in admin("settled", "--json").json] == [True]
