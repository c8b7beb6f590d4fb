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
