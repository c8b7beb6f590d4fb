"""Headings as counties write them, in any order and combination: every value reaches its field."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest

from casework import sheets
from casework.roster_drafts import Draft, Drafter
from casework.roster_rows import blocks, entries
from casework.units import UnitFinder
from tests.casework import made_rosters as made
from tests.casework.counties import units_of

FINDER = UnitFinder(units_of(made.COUNTY))
WORDS = {
    "name": "姓名 儿童姓名 学生姓名 留守儿童姓名 孩子姓名 *姓名 幼儿姓名 姓名（必填）",
    "sex": "性别 性　别 男/女 学生性别",
    "birth": "出生年月 出生日期 出生年月日 生日 出生时间 出生年月（如2015-03）",
    "number": "身份证号 身份证号码 公民身份号码 身份证 证件号码 学生身份证号 身份证号码（18位）",
    "township": "镇 所在镇 乡镇（街道） 镇街 乡镇 所属镇 镇（街道）名称",
    "place": "村 所在村 村（社区） 村居 行政村 村委会 村（居）名称",
    "father": "父亲姓名 父亲 爸爸姓名 父姓名",
    "father_phone": "父亲电话 父亲联系电话 父亲手机号 爸爸电话 电话",
    "father_at": "父亲务工地 父亲外出务工地 父亲打工地点 务工地点",
    "mother": "母亲姓名 母亲 妈妈姓名 母姓名",
    "mother_phone": "母亲电话 母亲联系方式 母亲手机号 联系电话",
    "mother_at": "母亲务工地 母亲外出地点 务工地点",
    "carer": "监护人 监护人姓名 现监护人 委托监护人 家长姓名 照料人 联系人 看护人姓名",
    "relation": "与儿童关系 与学生关系 关系 与被监护人关系 监护人与儿童关系 称谓",
    "carer_phone": "监护人电话 联系电话 家长电话 监护人联系方式 手机号",
    "carer+phone": "监护人姓名及电话 家长姓名及联系方式 监护人（电话） 监护人姓名/电话 家长姓名、电话",
    "father+phone": "父亲姓名及电话 父亲姓名、电话 父亲（姓名、电话） 父亲姓名/联系电话",
    "mother+phone": "母亲姓名及电话 母亲姓名、电话 母亲（姓名、电话） 母亲姓名/联系电话",
}
PARENTS = (
    (["father", "father_phone", "father_at"], ["mother", "mother_phone", "mother_at"]),
    (["father+phone"], ["mother+phone"]),
    (["mother", "mother_phone"], ["father", "father_phone"]),
)
CARERS = (["carer", "relation", "carer_phone"], ["carer+phone", "relation"])


def a_phone(draw: random.Random, phone: str) -> Any:
    return draw.choice([phone, float(phone), f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"'{phone}"])


def a_date(draw: random.Random, day: datetime.date) -> Any:
    serial = (day - datetime.date(1899, 12, 30)).days
    words = f"{day.year}年{day.month}月"
    return draw.choice([
        day,
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day:%Y%m%d}",
        words,
        serial,
        float(serial),
    ])


def cell(draw: random.Random, key: str, person: made.Person) -> Any:
    if key == "sex":
        return person.sex_word
    if key == "birth":
        return a_date(draw, person.birth)
    if key == "place":
        return person.unit["name"]
    if key.endswith("+phone"):
        who = key.partition("+")[0]
        between = draw.choice(" /、，\n")
        return f"{getattr(person, who)}{between}{getattr(person, who + '_phone')}"
    value = getattr(person, key)
    return a_phone(draw, value) if key.endswith("_phone") else value


def roster(draw: random.Random, some: list[made.Person]) -> list[list[Any]]:
    groups = [["sex"], ["birth"], ["number"], ["township", "place"], *draw.choice(PARENTS)]
    groups.append(draw.choice(CARERS))
    draw.shuffle(groups)
    keys = ["name", *(k for g in groups for k in g)]
    head = ["序号", *(draw.choice(WORDS[k].split(" ")) for k in keys)]
    title = [[draw.choice(["高州市留守儿童花名册", "2026年秋季台账"])], ["填报单位：（盖章）"]]
    rows = [[float(n), *(cell(draw, k, p) for k in keys)] for n, p in enumerate(some, 1)]
    return [*title[: draw.randrange(3)], head, *rows, ["合计", None, len(some)]]


def read(rows: list[list[Any]]) -> list[Draft]:
    found = blocks([sheets.Sheet("表", rows)])
    return [Drafter(FINDER).draft(e) for b in found for e in entries(b)]


@pytest.mark.parametrize("seed", range(40))
def test_every_value_reaches_its_field_whatever_the_words_and_their_order(seed: int) -> None:
    draw = random.Random(seed)
    some = made.people(5, seed=seed)
    found = read(roster(draw, some))
    assert len(found) == 5
    for person, draft in zip(some, found, strict=True):
        assert draft.problems == []
        assert draft.note == []
        assert draft.child["name"] == person.name
        assert draft.child["id_number"] == person.number
        assert draft.child["birth_date"] == person.birth.isoformat()
        assert draft.child["village"] == person.village
        assert "phone" not in draft.child
        family = {(p["role"], p.get("name"), p.get("phone")) for p in draft.family}
        assert family == {
            ("father", person.father, person.father_phone),
            ("mother", person.mother, person.mother_phone),
            (person.relation_code, person.carer, person.carer_phone),
        }
