"""Safeguarding and the rest of the child's case by command, over two laptops and a server."""

from __future__ import annotations

import pytest
from county import TOWNSHIP, County, Laptop


@pytest.fixture(scope="module")
def laptops(county: County) -> dict[str, Laptop]:
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    for name, role in (("刘国强", "supervisor"), ("苏日娜", "counsellor")):
        county.user(name, role, TOWNSHIP)
    found = {n: county.laptop(n).login() for n in ("何秀英", "刘国强", "周晓燕", "苏日娜")}
    found["何秀英"].village = village  # type: ignore[attr-defined]
    return found


def child(he: Laptop, name: str) -> str:
    return he.add("child", f"name={name}", f"village={he.village}")  # type: ignore[attr-defined]


def test_a_case_is_opened_offline_handed_on_and_closed_by_the_township(laptops) -> None:
    he, liu, zhou = laptops["何秀英"], laptops["刘国强"], laptops["周晓燕"]
    girl = child(he, "陈嘉怡")
    opened = he(
        "case",
        "open",
        girl,
        "cause=alone",
        "seen=屋里只有她一人",
        "seen_at=2026-01-17 19:40",
        "--json",
    ).json
    assert opened["stage"] == "seen" and opened["is_open"] and opened["name"] == "陈嘉怡"
    assert opened["call"][0]["number"] == "110"
    assert opened["next"]["step"] == "police_told" and opened["next"]["is_late"]
    assert opened["late"] == ["police_told", "township_told", "response", "assessment", "support"]
    case = opened["id"]
    alarm = he("status", "--json").json["alarms"]
    assert [(a["id"], a["stage"]) for a in alarm] == [(case, "seen")]
    told = ("told=卫子派出所", "how=phone")
    he("case", "step", case, "police_told", *told, "at=2026-01-17 20:05", "--json")
    he("case", "close", case, "--as", "safe", expect=2)
    he("case", "step", case, "step=support", expect=2)
    he.sync()
    liu.sync()
    zhou.sync()
    assert zhou("list", "case", "--json").json == zhou("list", "case_step", "--json").json == []
    for step in (("township_told", *told), ("response",), ("assessment",)):
        after = liu("case", "step", case, *step, "--json").json
    assert after["stage"] == "assessment" and after["late"] == ["support"]
    closed = liu("case", "close", case, "--as", "safe", "outcome=姑姑接走", "--json").json
    assert (closed["stage"], closed["is_open"], closed["steps"]) == ("closed", False, 5)
    liu.sync()
    he.sync()
    assert he("case", "list", "--json").json == [] == he("status", "--json").json["alarms"]
    assert [c["id"] for c in he("case", "list", "--all", "--json").json] == [case]


def test_what_is_on_record_of_a_danger_is_not_changed_and_keeps_the_file(laptops) -> None:
    he = laptops["何秀英"]
    girl = child(he, "刘洁")
    case = he("case", "open", girl, "cause=injury", "seen=胳膊上有旧伤", "--json").json["id"]
    he("set", case, "seen=没什么", expect=4)
    he("delete", case, "--reason", "写错了", expect=4)
    he("delete", girl, "--reason", "建错了", expect=4)
    assert he.show(case)["seen"] == "胳膊上有旧伤"
    he("case", "open", girl, "cause=injury", expect=2)
    he("case", "open", "nobody", "cause=injury", "seen=x", expect=2)
    he("case", "step", case, "no_such_step", expect=2)


def test_a_teacher_reports_and_keeps_nothing_of_it(laptops) -> None:
    he, zhou, liu = laptops["何秀英"], laptops["周晓燕"], laptops["刘国强"]
    girl = child(he, "罗静")
    he.sync()
    zhou.sync()
    case = zhou(
        "case",
        "open",
        girl,
        "cause=domestic_violence",
        "seen=说爸爸打她",
        "reporter=school",
        "--json",
    ).json
    assert [c["number"] for c in case["call"]][:2] == ["110", "120"]
    assert zhou.sync()["rejected"] == 0
    assert zhou("list", "case", "--json").json == []
    assert zhou("status", "--json").json["pending"] == 0
    liu.sync()
    assert liu.show(case["id"])["reporter"] == "school"


def test_psychological_records_reach_counsellor_and_supervisor_and_nobody_else(
    laptops, county: County
) -> None:
    he, su = laptops["何秀英"], laptops["苏日娜"]
    boy = child(he, "罗浩")
    he.sync()
    su.sync()
    talk = su.add(
        "psych_record", f"child={boy}", "on=2026-11-18", "sort=individual", "summary=怕黑"
    )
    su.sync()
    admin = county.laptop("陈德福").login()
    seen = {}
    for laptop in (he, su, laptops["刘国强"], laptops["周晓燕"], admin):
        laptop.sync()
        seen[laptop.user] = [r["id"] for r in laptop("list", "psych_record", "--json").json]
    assert seen == {"何秀英": [], "苏日娜": [talk], "刘国强": [talk], "周晓燕": [], "陈德福": []}


def test_the_admin_sees_that_a_psychological_record_is_told_two_ways_and_not_what_it_says(
    laptops, county: County
) -> None:
    he, su, liu = laptops["何秀英"], laptops["苏日娜"], laptops["刘国强"]
    boy = child(he, "罗俊豪")
    he.sync()
    su.sync()
    words = (f"child={boy}", "on=2026-11-18", "sort=individual", "done_by=苏日娜")
    talk = su.add("psych_record", *words)
    su.sync()
    liu.sync()
    su("set", talk, "done_by=苏老师")
    liu("set", talk, "done_by=刘老师")
    su.sync()
    liu.sync(expect=1)
    admin = county.laptop("陈德福").login()
    admin.sync()
    (told,) = admin("conflicts", "--json").json
    assert (told["meeting"], told["unit"], told["record"]) == ("withheld", TOWNSHIP, None)
    assert told["winner"]["value"] is told["loser"]["value"] is told["field"] is None
    assert "限看的 1 处" in admin("conflicts").out
    admin("resolve", told["id"], "--take", "winner", expect=4)
    (open_,) = liu("conflicts", "--json").json
    liu("resolve", open_["id"], "--take", "loser")
    liu.sync()
    admin.sync()
    assert admin("conflicts", "--json").json == []


def test_every_kind_works_by_the_same_words_and_reaches_the_township(laptops) -> None:
    he, liu = laptops["何秀英"], laptops["刘国强"]
    girl = child(he, "上官若兰")
    helper = he.add(
        "helper",
        "name=蒲春兰",
        "sort=love_mother",
        f"village={he.village}",
        "screening=passed",
        "screened_on=2026-02-20",
    )
    on = f"child={girl}"
    made = {
        "agreement": he.add(
            "agreement",
            on,
            "carer=王桂兰",
            "status=signed",
            "harmed=no",
            "addicted=no",
            "neglected=no",
            "child_heard=agrees",
            "signed_on=2026-03-02",
            "until=2027-03-01",
        ),
        "pairing": he.add(
            "pairing", on, f"helper={helper}", "form=one_to_one", "from_on=2026-03-08"
        ),
        "need": he.add("need", on, "service=legal_aid", "noticed_on=2026-10-01"),
        "help_plan": he.add(
            "help_plan",
            on,
            "aim=要回抚养费",
            "services=legal_aid,relief",
            "from_on=2026-10-08",
            "status=running",
            "review_on=2026-12-20",
        ),
        "assessment": he.add(
            "assessment", on, "on=2026-09-12", "instrument=guardianship", "rating=poor"
        ),
        "absence": he.add("absence", on, "from_on=2026-11-02", "reason=illness"),
        "incident": he.add("incident", on, "at=2026-11-02 07:40", "sort=illness"),
        "diary": he.add("diary", on, "on=2026-10-20", "sort=growth", "text=会写自己的名字了"),
        "paper": he.add(
            "paper", on, "sort=duty_letter", "signed_on=2026-03-02", "caption=监护责任书"
        ),
    }
    he("set", made["absence"], "returned_on=2026-11-06")
    he("add", "agreement", on, "carer=某人", "status=signed", "harmed=yes", expect=2)
    he.sync()
    liu.sync()
    for kind, id_ in {**made, "helper": helper}.items():
        assert id_ in [r["id"] for r in liu("list", kind, "--json").json]
    assert liu.show(made["absence"])["returned_on"] == "2026-11-06"
