"""October in one township: 30 children, four workers on three laptops, two of them without a network
for two weeks. Everything runs through the command line; every figure stands beside its reckoning.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from county import TOWNSHIP, County, Laptop

A, B = "510811101001", "510811101002"
HE, ZHAO, ZHOU, LIU = "何秀英", "赵国强", "周晓燕", "刘国强"
END = "2026-10-31"
"""A Saturday."""

RISK_A = ["高"] * 3 + ["中"] * 5 + ["低"] * 7
RISK_B = ["紧急"] * 1 + ["中"] * 4 + ["低"] * 10


class Township:
    """The four workers and what they wrote."""

    def __init__(self, folder: Path) -> None:
        self.county = County(folder)
        county = self.county
        self.school = county(
            "school", "add", "卫子镇中心小学", "--township", TOWNSHIP, "--json"
        ).json["code"]
        county.user(HE, "director", A)
        county.user(ZHAO, "director", B)
        county.user(ZHOU, "class-teacher", self.school)
        county.user(LIU, "supervisor", TOWNSHIP)
        county.start()
        self.admin = Laptop(folder / "county", "陈德福", county).login()
        self.he = Laptop(folder / "he", HE, county).login()
        self.zhao = Laptop(folder / "zhao", ZHAO, county).login()
        self.shared = folder / "school"
        self.zhou = self._on_shared(ZHOU).login()
        self.liu = self._on_shared(LIU).login()

    def _on_shared(self, user: str) -> Laptop:
        laptop = Laptop(self.shared, user, self.county)
        laptop.env["CUNCAO_USER"] = user
        return laptop

    def census(self, laptop: Laptop, village: str, letter: str, risks: list[str]) -> list[str]:
        """Import a village's roster; ids in the order of the roster."""
        lines = ["姓名,性别,出生日期,村,学校,风险等级,建档日期"]
        for n, risk in enumerate(risks, 1):
            school = "卫子镇中心小学" if letter == "A" and n <= 10 else ""
            name = f"{'罗陈'[letter == 'B']}{'一二三四五六七八九十春夏秋冬山'[n - 1]}"
            place = "金印社区" if village == A else "石井社区"
            lines.append(f"{name},女,2015-{n % 12 + 1:02}-{n + 3:02},{place},{school},{risk},2026-09-01")
        file = self.county.folder / f"{letter}.csv"
        file.write_text("\n".join(lines), encoding="utf-8-sig")
        laptop("import", str(file), "--json", expect=None)
        held = {c["name"]: c["id"] for c in laptop("list", "child", "--json").json}
        return [held[line.split(",")[0]] for line in lines[1:]]


def visit(laptop: Laptop, child: str, *days: int, done_by: str, **more: str) -> None:
    for day in days:
        extra = [f"{k}={v}" for k, v in more.items()]
        laptop("add", "contact", f"child={child}", f"on=2026-10-{day:02}", "kind=home_visit",
               f"done_by={done_by}", *extra)  # fmt: skip


def states(laptop: Laptop, *words: str) -> Counter[str]:
    return Counter(d["state"] for d in laptop("due", "--on", END, "--json", *words).json)


@pytest.mark.timeout(600)
def test_a_month_in_a_township_comes_out_as_reckoned_by_hand(tmp_path: Path) -> None:
    town = Township(tmp_path)
    try:
        _october(town)
    finally:
        town.county.stop()


def _october(town: Township) -> None:
    he, zhao, zhou, liu, admin = town.he, town.zhao, town.zhou, town.liu, town.admin
    admin("rules", "set", "d7", "is_on=no")  # no assessments in this month's figures
    admin.sync()
    a = town.census(he, A, "A", RISK_A)
    b = town.census(zhao, B, "B", RISK_B)
    for laptop in (he, zhao, zhou, liu):
        laptop.sync(expect=None)
    assert len(zhou("list", "child", "--json").json) == 10  # of the school only
    assert len(liu("list", "child", "--json").json) == 30

    # 1 to 14 October: he and Zhao are in the villages without a network.
    visit(he, a[0], 5, 12, done_by=HE)
    visit(he, a[1], 5, 12, done_by=HE)
    visit(he, a[3], 10, done_by=HE)
    visit(he, a[4], 3, done_by=HE)
    for n in (8, 9, 10):
        visit(he, a[n], 14, done_by=HE)
    he("set", a[0], "address=村口第一家")
    visit(zhao, b[0], 5, 12, done_by=ZHAO)
    visit(zhao, b[1], 8, done_by=ZHAO)
    visit(zhao, b[2], 9, done_by=ZHAO)
    case = zhao("case", "open", b[0], "cause=alone", "seen=夜里一个人在家", "--json",
                expect=0).json["id"]  # fmt: skip
    zhao("case", "step", case, "police_told", "told=派出所", "how=phone", expect=None)
    # The teacher is online all the while, and shares a laptop with the supervisor.
    for n in range(4):
        visit(zhou, a[n], 16, done_by=ZHOU)
    zhou("set", a[0], "address=学校旁边")
    zhou.sync()
    # 14 October: both come to the township and synchronise.
    assert he.sync(expect=1)["conflicts"] == 1  # two addresses of one child
    zhao.sync(expect=None)

    # 15 to 31 October.
    visit(he, a[0], 19, 26, done_by=HE)
    visit(he, a[1], 19, done_by=HE)
    visit(he, a[2], 26, done_by=HE)
    visit(he, a[5], 20, done_by=HE, outcome="nobody_home")
    he("defer", f"d3:{a[5]}", "--reason", "去了没人", "--on", "2026-10-20", "--until", "2026-11-02")
    visit(zhao, b[3], 31, done_by=ZHAO)
    visit(zhao, b[5], 22, done_by=ZHAO, follow_up="问妈妈何时回", follow_up_by="2026-11-03")
    zhao("add", "incident", f"child={b[2]}", "at=2026-10-30 15:00", "sort=injury",
         "severity=serious", "parents_told_at=2026-10-30 16:00")  # fmt: skip
    zhao("case", "step", case, "township_told", "told=刘国强", "how=phone", expect=None)
    for laptop in (he, zhao, zhou, liu, admin, he, zhao):
        laptop.sync(expect=None)

    # He: late a02 (19+7=26 October), a07, a08 (never, a month after 1 September); within 7 days a01, a03
    # (26 October + 7 = 2 November), a05 (3 October + a month), a06 (put off until 2 November); done
    # a04 (10 October + a month = 10 November), a09, a10, a11 (14 October + a quarter).
    assert states(he) == {"overdue": 3, "soon": 4, "done": 4}
    # Zhao: late b01 (12+7=19 October) and b05 (never); today b03 (the injury of 30 October, within 24 h);
    # within 7 days what was promised for b06; done b02, b03, b04 (a month on) and b06 (a quarter on).
    assert states(zhao) == {"overdue": 2, "due": 1, "soon": 1, "done": 4}
    # The class teacher: four of ten visited this term, all in October; the others have until 20 January.
    assert states(zhou) == {"done": 4}
    assert states(liu) == {}
    # The admin, of each by name, and of everybody: 3+2 late, 1 today, 4+1 within 7 days, 4+4+4 done.
    assert states(admin, "--user", HE) == states(he)
    assert states(admin, "--all") == {"overdue": 5, "due": 1, "soon": 5, "done": 12}

    # He wrote 2+2+1+1+3 visits before the 14th and 2+1+1+1 after; Zhao 2+1+1 and 1+1; the teacher 4.
    contacts = admin("list", "contact", "--json").json
    assert Counter(c["done_by"] for c in contacts) == {HE: 14, ZHAO: 6, ZHOU: 4}
    assert Counter(c.get("outcome", "met") for c in contacts) == {"met": 23, "nobody_home": 1}
    (held,) = admin("case", "list", "--json").json
    assert (held["id"], held["child"]) == (case, b[0])
    assert len(admin("list", "case_step", "--json").json) == 2
    # The two addresses: the supervisor, who is neither, decides once for all.
    (conflict,) = liu("conflicts", "--json").json
    assert conflict["field"] == "address"
    liu("resolve", conflict["id"], "--take", "winner", "--note", "去看过")
    for laptop in (liu, he, zhou, admin):
        laptop.sync(expect=None)
    assert {x.show(a[0])["address"] for x in (he, zhou, liu, admin)} == {he.show(a[0])["address"]}
    for laptop in (he, zhao, zhou, liu, admin):
        assert laptop("conflicts", "--json").json == []
        assert laptop("check", "--json").code == 0
    assert town.county("check", "--json").json["ok"]
