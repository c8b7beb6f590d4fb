"""Shapes of rosters that decide where a value belongs: merged cells, titles, people in one cell,
column order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import sheets
from casework.roster_drafts import Draft, Drafter
from casework.roster_rows import blocks, entries
from casework.units import UnitFinder
from tests.casework import made_rosters as made
from tests.casework.counties import units_of

FINDER = UnitFinder(units_of(made.COUNTY))
SHILONG = "440981129222"
"""石龙村 of 长坡镇; 荷塘镇 has one too."""


def drafts(book: list[sheets.Sheet]) -> list[Draft]:
    drafter = Drafter(FINDER)
    return [drafter.draft(e) for b in blocks(book) for e in entries(b)]


def of_rows(*rows: list[Any], name: str = "表") -> list[Draft]:
    return drafts([sheets.Sheet(name, [list(r) for r in rows])])


def people_of(draft: Draft) -> set[tuple[str, str | None, str | None]]:
    return {(p["role"], p.get("name"), p.get("phone")) for p in draft.family}


def test_merged_headers_and_a_title_that_names_the_township(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "高州市长坡镇留守儿童情况统计表"
    sheet.merge_cells("A1:F1")
    sheet["E2"] = "2026年9月"
    for column, heading in ((1, "序号"), (2, "儿童姓名"), (6, "村别")):
        sheet.cell(3, column, heading)
        sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
    sheet["C3"] = "受委托监护人情况"
    sheet.merge_cells("C3:E3")
    for column, heading in ((3, "姓名"), (4, "与儿童关系"), (5, "联系电话")):
        sheet.cell(4, column, heading)
    for row, name in ((5, "罗静"), (7, "曾娜")):
        for column, value in enumerate(
            (row, name, "王桂兰", "奶奶", 13900002741.0, "石龙村委会"), 1
        ):
            sheet.cell(row, column, value)
    sheet["A6"], sheet["B6"] = "小计", 1
    sheet["A8"] = 3  # numbered in advance, nothing more
    book.save(tmp_path / "a.xlsx")
    found = drafts(sheets.read(tmp_path / "a.xlsx"))
    assert [(d.row, d.child["name"], d.child["village"]) for d in found] == [
        (5, "罗静", SHILONG),
        (7, "曾娜", SHILONG),
    ]
    assert people_of(found[0]) == {("grandmother", "王桂兰", "13900002741")}
    assert all(not d.problems for d in found)


def test_a_sheet_named_after_a_township_decides_for_its_rows() -> None:
    rows = [["姓名", "村名"], ["罗静", "石龙村委会"]]
    assert of_rows(*rows, name="长坡镇")[0].child["village"] == SHILONG
    assert of_rows(*rows, name="Sheet1")[0].problems[0][1].code == "unit_ambiguous"


def test_a_village_merged_over_rows_is_that_of_each(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["村", "姓名", "性别"],
        ["旺沙村", "罗静", "女"],
        [None, "曾娜", "女"],
        ["旺罗村", "陈磊", "男"],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    first, second, third = drafts(sheets.read(tmp_path / "a.xlsx"))
    assert first.child["village"] == second.child["village"] != third.child["village"]


@pytest.mark.parametrize(
    ("heading", "cell", "family"),
    [
        ("监护人姓名及电话", "王桂兰 13900002741", {("other", "王桂兰", "13900002741")}),
        ("监护人姓名/电话", "王桂兰/139-0000-2741", {("other", "王桂兰", "13900002741")}),
        ("监护人及联系方式", "王桂兰13900002741", {("other", "王桂兰", "13900002741")}),
        (
            "监护人（姓名、关系、电话）",
            "王桂兰（奶奶）13900002741",
            {("grandmother", "王桂兰", "13900002741")},
        ),
        (
            "家长姓名及联系方式",
            "奶奶：王桂兰，13900002741",
            {("grandmother", "王桂兰", "13900002741")},
        ),
        ("父亲姓名、电话", "罗建国\n13900005512", {("father", "罗建国", "13900005512")}),
        (
            "父母姓名及电话",
            "父：罗建国 13900005512；母：周小梅 15000006641",
            {("father", "罗建国", "13900005512"), ("mother", "周小梅", "15000006641")},
        ),
        (
            "父母姓名及电话",
            "罗建国13900005512、周小梅15000006641",
            {("father", "罗建国", "13900005512"), ("mother", "周小梅", "15000006641")},
        ),
        ("父母姓名", "罗建国、周小梅", {("father", "罗建国", None), ("mother", "周小梅", None)}),
    ],
)
def test_people_put_into_one_cell(
    heading: str, cell: str, family: set[tuple[str, str | None, str | None]]
) -> None:
    (draft,) = of_rows(["姓名", heading], ["罗静", cell])
    assert people_of(draft) == family


def test_a_namesake_of_the_mother_with_a_relation_of_her_own_is_not_the_mother() -> None:
    (draft,) = of_rows(
        ["姓名", "母亲姓名", "监护人", "关系", "电话"],
        ["罗静", "王梅", "王梅", "奶奶", "13900002741"],
    )
    assert people_of(draft) == {("mother", "王梅", None), ("grandmother", "王梅", "13900002741")}


def test_a_visit_with_a_day_is_a_record_and_without_one_is_kept_in_the_note() -> None:
    dated, month_only = of_rows(
        ["姓名", "走访日期", "走访情况"],
        ["罗静", "2026-10-24", "孩子都好"],
        ["曾娜", "2026年10月", "奶奶生病"],
    )
    assert dated.contact == {"on": "2026-10-24", "kind": "home_visit", "summary": "孩子都好"}
    assert month_only.contact is None
    assert month_only.note == ["走访情况（2026年10月）：奶奶生病"]


@settings(max_examples=40)
@given(
    order=st.permutations(range(5)),
    ornament=st.sampled_from(["{}", "*{}", "{}（必填）", "{}：", " {}"]),
    above=st.integers(0, 4),
    seed=st.integers(1, 50),
)
def test_neither_order_nor_dress_nor_place_of_the_header_changes_what_is_read(
    order: list[int], ornament: str, above: int, seed: int
) -> None:
    some = made.people(3, seed)
    parts = [
        (["儿童姓名"], [[p.name] for p in some]),
        (["公民身份证号码"], [[p.number] for p in some]),
        (["乡镇", "村（社区）"], [[p.township, p.unit["name"]] for p in some]),
        (["性别"], [[p.sex_word] for p in some]),
        (["监护人", "关系", "联系电话"], [[p.carer, p.relation, p.carer_phone] for p in some]),
    ]
    head = [ornament.format(h) for n in order for h in parts[n][0]]
    body = [[c for n in order for c in parts[n][1][i]] for i in range(3)]
    read = of_rows(*([["留守儿童花名册"]] * above), head, *body)
    assert [d.row for d in read] == [above + 2, above + 3, above + 4]
    for draft, p in zip(read, some, strict=True):
        assert draft.problems == []
        told = {k: draft.child[k] for k in ("name", "sex", "birth_date", "id_number", "village")}
        assert told == {
            "name": p.name,
            "sex": p.sex,
            "birth_date": p.birth.isoformat(),
            "id_number": p.number,
            "village": p.village,
        }
        assert people_of(draft) == {(p.relation_code, p.carer, p.carer_phone)}


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["姓名", "罗静", "电话", "合计", None, 3.0, "父亲", "村"])
            | st.text(max_size=5)
        ),
        max_size=8,
    )
)
def test_no_rows_break_the_reading(rows: list[list[Any]]) -> None:
    for draft in of_rows(*rows):
        assert not draft.has_name or draft.child["village"] in FINDER.units
