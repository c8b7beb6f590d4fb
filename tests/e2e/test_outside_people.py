"""Laptops that are taken away, children who move, three people of three opinions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from county import PASSWORD, TOWNSHIP, County, Laptop

NEXT_TOWNSHIP = "510811100"


@pytest.fixture(scope="module")
def villages(county: County) -> tuple[str, str]:
    units = [u for u in county("unit", "list", "--json").json if u["level"] == "village"]
    here, there = (
        next(str(u["code"]) for u in units if u["parent"] == t) for t in (TOWNSHIP, NEXT_TOWNSHIP)
    )
    return here, there


@pytest.fixture(scope="module")
def director(county: County) -> Laptop:
    return county.laptop("何秀英", "director").login()


@pytest.fixture(scope="module")
def admin(county: County) -> Laptop:
    return county.laptop("陈德福", "admin").login()


def device_of(laptop: Laptop, child: str) -> str:
    shown = laptop("show", child, "--json").json["fields"]["name"]["version"]
    return str(shown).partition(".")[0]


def in_quarantine(county: County, record: str) -> list[str]:
    kept = county("quarantine", "list", "--json").json
    return [k["reason"] for k in kept if k["record"] == record]


def test_a_revoked_laptop_hands_in_more_than_a_page_at_one_contact(
    county: County, villages: tuple[str, str], tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "home", "周晓燕", county).login()
    child = laptop.add("child", "name=末一个", f"village={villages[0]}")
    roster = tmp_path / "roster.csv"
    rows = [f"张{chr(0x4E00 + n)}{chr(0x5000 + n)},王{chr(0x4E00 + n)}" for n in range(1005)]
    roster.write_text("\n".join(["姓名,父亲姓名", *rows]), encoding="utf-8")
    laptop("import", str(roster), "--json", expect=None)
    assert laptop("status", "--json").json["pending"] > 2000
    county("device", "revoke", device_of(laptop, child))
    done = laptop("sync", "--json", expect=4)
    assert done.out == "" and "205" in done.err
    assert not list(laptop.folder.rglob("*.db"))
    assert in_quarantine(county, child) == ["device_revoked"]


def test_a_revoked_laptop_whose_password_is_new_hands_in_when_it_logs_in(
    county: County, villages: tuple[str, str], tmp_path: Path
) -> None:
    county.user("蒲春兰", "director", TOWNSHIP)
    laptop = Laptop(tmp_path / "home", "蒲春兰", county).login()
    child = laptop.add("child", "name=没交的", f"village={villages[0]}")
    county("user", "password", "蒲春兰", "--password-stdin", stdin="a newer password\n")
    county("device", "revoke", device_of(laptop, child))
    assert "201" in laptop("sync", "--json", expect=4).err
    assert laptop.show(child)["name"] == "没交的"
    words = ("login", county.address, "--user", "蒲春兰", "--password-stdin")
    laptop(*words, stdin=PASSWORD + "\n", expect=4)
    assert laptop.show(child)["name"] == "没交的"
    assert "205" in laptop(*words, stdin="a newer password\n", expect=4).err
    assert in_quarantine(county, child) == ["device_revoked"]
    assert not list(laptop.folder.rglob("*.db"))
    laptop(*words, stdin="a newer password\n")
    assert laptop("status", "--json").json["pending"] == 0


def test_several_programs_on_one_laptop_do_not_trip_over_each_other(
    county: County, director: Laptop, admin: Laptop, villages: tuple[str, str]
) -> None:
    director.sync()
    before = director("status", "--json").json["records"]["child"]
    add = ("add", "child", "name=同时", f"village={villages[0]}", "--json")
    words = [add, ("sync", "--json")] * 4
    with ThreadPoolExecutor(len(words)) as pool:
        done = list(pool.map(lambda w: director(*w), words))
    made = {d.json["id"] for d in done if "id" in d.json}
    reports = [d.json for d in done if "id" not in d.json] + [director.sync()]
    assert len(made) == 4 and sum(r["sent"] for r in reports) == 4
    assert {r["received"] for r in reports} == {0}
    assert director("status", "--json").json["records"]["child"] == before + 4
    assert director("check", "--json").json["ok"] is True
    admin.sync()
    assert made <= {r["id"] for r in admin("list", "child", "name=同时", "--json").json}


def test_a_child_moves_with_all_that_hangs_on_it(
    county: County, director: Laptop, villages: tuple[str, str]
) -> None:
    here, there = villages
    county.user("镇二", "director", NEXT_TOWNSHIP)
    next_one = county.laptop("镇二", "next").login()
    child = director.add("child", "name=搬家的", f"village={here}")
    director.add("contact", f"child={child}", "kind=home_visit", "on=2026-11-01", "summary=去了")
    director.add("family", f"child={child}", "role=mother", "name=王丽", "phone=13811112222")
    director.sync()
    assert next_one.sync()["received"] == 0
    director("set", child, f"village={there}")
    director.sync()
    director("show", child, expect=2)
    assert director("list", "contact", f"child={child}", "--json").json == []
    assert director("find", "13811112222", "--json").json == []
    next_one.sync()
    assert next_one.show(child)["village"] == there
    assert [c["summary"] for c in next_one("list", "contact", "--json").json] == ["去了"]
    assert [c["id"] for c in next_one("find", "13811112222", "--json").json] == [child]


def test_three_opinions_of_one_number_are_settled_by_the_number_alone(
    county: County, director: Laptop, admin: Laptop, villages: tuple[str, str]
) -> None:
    teacher = county.laptop("周晓燕", "teacher").login()
    numbers = ["510811201501011234", "510811201501015678", "510811201501014321"]
    child = director.add(
        "child",
        "name=三说",
        f"village={villages[0]}",
        "id_type=resident",
        f"id_number={numbers[0][:-1]}9",
    )
    for laptop in (director, teacher, admin):
        laptop.sync(expect=None)
    for laptop, number in zip((director, teacher, admin), numbers, strict=True):
        laptop("set", child, f"id_number={number}")
    for laptop in (director, teacher, admin):
        laptop.sync(expect=None)
    (conflict,) = (c for c in admin("conflicts", "--json").json if c["record"] == child)
    heads = [conflict["winner"], conflict["loser"], *conflict["others"]]
    assert {h["value"]["id_number"] for h in heads} == set(numbers)
    assert {h["author"] for h in heads} == {"何秀英", "周晓燕", "陈德福"}
    valid = "11010519491231002X"
    admin("resolve", conflict["id"], "--take", "value", "--value", valid, "--note", "看了户口簿")
    for laptop in (admin, director, teacher):
        laptop.sync()
        assert laptop.show(child)["id_number"] == valid
        assert laptop.show(child)["id_type"] == "resident"
        assert not [c for c in laptop("conflicts", "--json").json if c["record"] == child]
    told = [p["value"] for p in teacher("history", child, "id_number", "--json").json]
    assert set(told) >= {*numbers, valid}


def test_a_user_without_grants_is_in_step_with_nothing(
    county: County, villages: tuple[str, str]
) -> None:
    county.user("调走的", "director", TOWNSHIP)
    laptop = county.laptop("调走的", "gone").login()
    words = ("--role", "director", "--unit", TOWNSHIP)
    county("user", "ungrant", "调走的", *words)
    laptop.sync()
    assert laptop("status", "--json").json["records"]["child"] == 0
    report = laptop.sync()
    assert report["in_step"] is True
