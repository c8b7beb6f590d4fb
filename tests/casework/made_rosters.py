"""Made-up rosters of a real county in shapes no sample has: other headings, orders, sheets,
combined cells.

Names, phones and numbers are drawn from a seeded generator; nobody in them exists.
"""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import xlwt
from msgspec import Struct

from casework.units_names import short_name
from schema import idnumber
from tests.casework.counties import units_of

COUNTY = "440981"
_SURNAMES = "陈 李 黄 梁 欧阳 曾 单 解 吴 邓 莫 区".split()
_GIVEN = "静 婧 浩 梓涵 俊豪 若兰 晨曦 小梅 建国 思颖 𬭎 㐂 家豪 诗琪 子轩".split()
_PLACES = ("深圳市宝安区", "东莞市长安镇", "佛山市南海区", "广州市白云区", "珠海市")
_RELATIONS = {
    "奶奶": "grandmother",
    "爷爷": "grandfather",
    "外婆": "maternal_grandmother",
    "姑姑": "aunt",
}

Row = list[Any]


class Person(Struct):
    """A child as it is in truth."""

    name: str
    sex: str
    birth: datetime.date
    number: str
    village: str
    father: str
    father_phone: str
    father_at: str
    mother: str
    mother_phone: str
    mother_at: str
    carer: str
    carer_phone: str
    relation: str

    @property
    def unit(self) -> dict[str, Any]:
        return _UNITS[self.village]

    @property
    def township(self) -> str:
        return str(_UNITS[self.unit["parent"]]["name"])

    @property
    def place(self) -> str:
        return short_name(str(self.unit["name"]))

    @property
    def sex_word(self) -> str:
        return "女" if self.sex == "female" else "男"

    @property
    def relation_code(self) -> str:
        return _RELATIONS[self.relation]


_UNITS = units_of(COUNTY)
_VILLAGES = [u["code"] for u in _UNITS.values() if u["level"] == "village"]


def people(count: int, seed: int = 1) -> list[Person]:
    """Children with distinct names and numbers."""
    draw = random.Random(seed)
    found: dict[str, Person] = {}
    while len(found) < count:
        person = _person(draw)
        found.setdefault(person.name + person.birth.isoformat(), person)
    return list(found.values())


def _name(draw: random.Random) -> str:
    return draw.choice(_SURNAMES) + draw.choice(_GIVEN) + draw.choice(["", draw.choice(_GIVEN)])


def _phone(draw: random.Random) -> str:
    return draw.choice(("138", "159", "187")) + f"{draw.randrange(10**8):08d}"


def _person(draw: random.Random) -> Person:
    born = datetime.date(2011, 1, 1) + datetime.timedelta(days=draw.randrange(4300))
    first = f"{COUNTY}{born:%Y%m%d}{draw.randrange(1000):03d}"
    number = first + idnumber.check_character(first)
    return Person(
        name=_name(draw),
        sex=str(idnumber.sex(number)),
        birth=born,
        number=number,
        village=draw.choice(_VILLAGES),
        father=_name(draw),
        father_phone=_phone(draw),
        father_at=draw.choice(_PLACES),
        mother=_name(draw),
        mother_phone=_phone(draw),
        mother_at=draw.choice(_PLACES),
        carer=_name(draw),
        carer_phone=_phone(draw),
        relation=draw.choice(list(_RELATIONS)),
    )


# -- shapes: people to the rows of one sheet


def plain(some: Sequence[Person]) -> list[Row]:
    """One header row on top, words of its own, columns in an unusual order."""
    head = [
        "镇街",
        "村（居）委会",
        "监护人",
        "电话",
        "与被监护人关系",
        "儿童姓名",
        "公民身份证号码",
        "性别",
    ]
    return [head] + [
        [
            p.township,
            p.unit["name"],
            p.carer,
            p.carer_phone,
            p.relation,
            p.name,
            p.number,
            p.sex_word,
        ]
        for p in some
    ]


def combined(some: Sequence[Person]) -> list[Row]:
    """Name and phone in one cell, the whole place in another; title, form line, totals,
    signatures."""
    rows: list[Row] = [
        [f"高州市{len(some)}名农村留守儿童信息采集表"],
        ["填报单位（盖章）：", None, None, "填报时间：2026年10月8日"],
        [
            "No.",
            "*姓名（必填）",
            "身份证\n号码",
            "家庭住址（镇、村、组）",
            "监护人姓名及电话",
            "与儿童\n关系",
            "父母务工地点",
        ],
    ]
    for number, p in enumerate(some, 1):
        place = f"{p.township}{p.unit['name']}{number % 9 + 1}组"
        rows.append([
            number,
            p.name,
            p.number,
            place,
            f"{p.carer} {p.carer_phone}",
            p.relation,
            p.father_at,
        ])
    rows += [["合计", None, len(some)], [], ["填表人：", None, "审核人：", None, "联系电话："]]
    return rows


def grouped(some: Sequence[Person]) -> list[Row]:
    """A header of two levels, groups over their first column only, repeated half way down."""
    upper = [
        "序号",
        "基本情况",
        None,
        None,
        None,
        "父亲",
        None,
        None,
        "母亲",
        None,
        None,
        "照料人",
        None,
        None,
    ]
    lower = [
        None, "姓名", "性别", "身份证", "居住地", "姓名", "电话", "外出地点",
        "姓名", "电话", "外出地点", "姓名", "关系", "电话",
    ]  # fmt: skip
    rows: list[Row] = [["留守儿童台账"], [], upper, lower]
    for number, p in enumerate(some, 1):
        if number == len(some) // 2:
            rows += [upper, lower]
        rows.append(
            [
                float(number), _spaced(p.name), p.sex_word, p.number, f"{p.township} {p.place}",
                p.father, float(p.father_phone), p.father_at, p.mother, p.mother_phone, p.mother_at,
                p.carer, p.relation, f"{p.carer_phone[:3]} {p.carer_phone[3:7]} {p.carer_phone[7:]}",
            ]
        )  # fmt: skip
    rows.append(["说明：父母双方外出的填报。"])
    return rows


def _spaced(name: str) -> str:
    return f"{name[0]}\u3000{name[1]}" if len(name) == 2 else name


def school_sheet(some: Sequence[Person]) -> list[Row]:
    """A class list: no place but the registered one, birth dates as the spreadsheet's own dates."""
    head = [
        "年级",
        "班级",
        "学生",
        "出生日期",
        "身份证号",
        "户籍所在地",
        "父亲姓名/电话",
        "母亲姓名/电话",
        "备注",
    ]
    return [["潘州街道第一小学留守学生花名册"], head] + [
        [
            "四年级", "2班", p.name, p.birth, p.number, f"广东省茂名市高州市{p.township}{p.unit['name']}",
            f"{p.father}/{p.father_phone}", f"{p.mother}/{p.mother_phone}", None,
        ]
        for p in some
    ]  # fmt: skip


SHAPES: dict[str, Callable[[Sequence[Person]], list[Row]]] = {
    "plain": plain,
    "combined": combined,
    "grouped": grouped,
    "school": school_sheet,
}


# -- files


def write_xlsx(path: Path, sheets: dict[str, list[Row]], hidden: Sequence[str] = ()) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for column in hidden:
            sheet.column_dimensions[column].hidden = True
    book.save(path)


def write_xls(path: Path, sheets: dict[str, list[Row]]) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if cell is not None:
                    args = (day,) if isinstance(cell, datetime.date) else ()
                    sheet.write(r, c, cell, *args)
    book.save(str(path))


def write_csv(path: Path, rows: list[Row], encoding: str, delimiter: str = ",") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
