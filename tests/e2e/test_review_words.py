"""What review says on the command line: in order, in words, and clearly where it cannot be done."""

from __future__ import annotations

import pytest
from county import TOWNSHIP, County, Laptop

NUMBERS = ("11010519491231002X", "440524188001010014")


@pytest.fixture(scope="module")
def laptops(county: County) -> tuple[Laptop, Laptop, Laptop]:
    he, zhou, admin = (county.laptop(n).login() for n in ("何秀英", "周晓燕", "陈德福"))
    return he, zhou, admin


@pytest.fixture(scope="module")
def conflicts(county: County, laptops: tuple[Laptop, Laptop, Laptop]) -> dict[str, str]:
    """Field to conflict: told two ways from the hobby on to the risk, each of a child of its own."""
    he, zhou, admin = laptops
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["parent"] == TOWNSHIP)
    told = {
        "hobbies": (["hobbies=篮球"], ["hobbies="]),
        "identity": (
            ["id_type=resident", f"id_number={NUMBERS[0]}"],
            ["id_type=residence_booklet", "id_number=HK12345"],
        ),
        "phone": (["phone=13911111111"], ["phone=13922222222"]),
        "risk_level": (["risk_level=high"], ["risk_level=low"]),
    }
    here = (f"village={village}", "hobbies=象棋")
    files = {field: he.add("child", f"name=孩子{n}", *here) for n, field in enumerate(told)}
    he.sync()
    zhou.sync()
    for field, (mine, other) in told.items():
        he("set", files[field], *mine)
        zhou("set", files[field], *other)
    for laptop in (he, zhou, he, admin):
        laptop.sync(None)
    return {c["field"]: c["id"] for c in admin("conflicts", "--json").json}


def test_the_queue_is_told_the_urgent_first_then_phones_then_the_oldest(
    conflicts: dict[str, str],
) -> None:
    assert list(conflicts) == ["risk_level", "phone", "hobbies", "identity"]


def test_what_is_told_two_ways_is_told_in_words(
    laptops: tuple[Laptop, Laptop, Laptop], conflicts: dict[str, str]
) -> None:
    he, _zhou, admin = laptops
    assert f"{conflicts['risk_level']}  孩子3  风险  高  低" in admin("conflicts").out
    assert f"{conflicts['hobbies']}  孩子0  爱好  没有填  篮球" in admin("conflicts").out
    booklet, card = "户口簿 HK12345", f"身份证 {NUMBERS[0]}"
    assert f"  孩子1  证件、身份证  {card}  {booklet}  周晓燕" in he("notices").out
    admin("ask", conflicts["identity"], "--user", "何秀英", "--note", "哪个\n对？")
    admin.sync()
    he.sync()
    assert f"  孩子1  证件、身份证  {booklet}  {card}  哪个 对？" in he("tasks").out


def test_one_member_of_a_group_is_enough_to_say_which_is_meant(
    laptops: tuple[Laptop, Laptop, Laptop], conflicts: dict[str, str]
) -> None:
    _he, _zhou, admin = laptops
    id_ = conflicts["identity"]
    record = next(c["record"] for c in admin("conflicts", "--json").json if c["id"] == id_)
    admin("resolve", id_, "--take", "value", "--value", NUMBERS[0])
    assert admin.show(record)["id_type"] == "resident"
    admin("undo", id_)
    whole = f'{{"id_number": "{NUMBERS[1]}", "id_type": null}}'
    admin("resolve", id_, "--take", "value", "--value", whole)
    assert (admin.show(record)["id_type"], admin.show(record)["id_number"]) == (None, NUMBERS[1])
    steps = admin("history", record, "identity", "--json").json
    assert steps[-1]["value"] == {"id_number": NUMBERS[1]}
    assert f"证件、身份证  {NUMBERS[1]}" in admin("history", record, "identity").out


def test_what_cannot_be_decided_so_is_said_and_writes_nothing(
    laptops: tuple[Laptop, Laptop, Laptop], conflicts: dict[str, str]
) -> None:
    he, _zhou, admin = laptops
    id_ = conflicts["phone"]
    admin("resolve", id_, "--take", "winner", "--value", "13933333333", expect=2)
    he("notices", "--note", "没说是哪一条", expect=2)
    doubted = admin("resolve", id_, "--take", "value", "--value", "abc")
    assert "phone:" in doubted.err
    assert "(325)" in admin("resolve", id_, "--take", "winner", expect=2).err
    admin("undo", id_)
    admin("resolve", id_, "--take", "winner")


def test_two_who_answer_differently_are_both_heard(
    laptops: tuple[Laptop, Laptop, Laptop], conflicts: dict[str, str]
) -> None:
    he, zhou, admin = laptops
    id_ = conflicts["hobbies"]
    for whom in ("何秀英", "周晓燕"):
        admin("ask", id_, "--user", whom)
    admin.sync()
    for laptop in (he, zhou):
        laptop.sync(None)
    for laptop, said in ((he, "画画"), (zhou, "跳绳")):
        (task,) = (t for t in laptop("tasks", "--json").json if t["conflict"] == id_)
        laptop("answer", task["id"], "--value", said)
        laptop.sync(None)
    admin.sync(None)
    (told,) = (c for c in admin("conflicts", "--json").json if c["id"] == id_)
    assert {a["by"]: a["value"] for a in told["answers"]} == {"何秀英": "画画", "周晓燕": "跳绳"}
    listed = admin("conflicts").out
    assert "  问过何秀英，答的是：画画" in listed and "  问过周晓燕，答的是：跳绳" in listed
