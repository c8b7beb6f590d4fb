"""Headings of rosters as offices write them: where the header stands and of whom each column
speaks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.headings import Header, find_header, targets_of
from casework.sheets import read
from schema.kinds.child import CHILD
from tests.casework.counties import ROSTERS


def meanings(header: Header | None) -> list[str]:
    """Each column as `kind.field.role`, several joined by +."""
    assert header is not None
    return ["+".join(".".join(p for p in t if p) for t in c.targets) for c in header.columns]


def one_row(*headings: str) -> list[str]:
    return meanings(find_header([list(headings), ["罗静"]], 0))


def test_a_two_level_header_is_found_under_title_and_form_line() -> None:
    header = find_header(read(ROSTERS / "school-roster.xlsx")[0].rows, 0)
    found = meanings(header)
    assert header is not None
    assert (header.first, header.after) == (2, 4)
    assert header.unrecognised == []
    assert found[9:18] == [
        "family.name.father", "family.workplace.father", "family.phone.father",
        "family.name.mother", "family.workplace.mother", "family.phone.mother",
        "family.name.carer", "family.role.carer", "family.phone.carer",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("headings", "meant"),
    [
        (
            ["姓名", "监护人", "电话", "关系"],
            ["child.name", "family.name.carer", "family.phone.carer", "family.role.carer"],
        ),
        (
            ["姓名", "手机号", "妈妈", "妈妈电话"],
            ["child.name", "child.phone", "family.name.mother", "family.phone.mother"],
        ),
        (
            ["姓名", "照料人姓名及与儿童关系", "性别"],
            ["child.name", "family.name.carer+family.role.carer", "child.sex"],
        ),
        (
            ["学生姓名", "家长姓名及联系方式", "住址"],
            ["child.name", "family.name.carer+family.phone.carer", "child.address"],
        ),
        (
            ["姓名", "父母姓名及电话", "父母务工地点"],
            [
                "child.name",
                "family.name.parents+family.phone.parents",
                "family.workplace.parents",
            ],
        ),
        (
            ["姓名", "父亲姓名、务工地", "联系电话", "母亲姓名、务工地", "联系电话"],
            [
                "child.name",
                "family.name.father+family.workplace.father",
                "family.phone.father",
                "family.name.mother+family.workplace.mother",
                "family.phone.mother",
            ],
        ),
        (
            ["镇别", "村别", "学生", "性别", "父", "母"],
            [
                "place.township",
                "child.village",
                "child.name",
                "child.sex",
                "family.name.father",
                "family.name.mother",
            ],
        ),
        (
            ["姓名", "公民身份号码", "监护人姓名", "监护人公民身份号码"],
            ["child.name", "child.id_number", "family.name.carer", "family.id_number.carer"],
        ),
        (
            ["姓名", "外出务工父母姓名", "务工地点", "务工时间", "联系电话", "现监护人"],
            [
                "child.name",
                "family.name.parents",
                "family.workplace.parents",
                "child.left_since",
                "family.phone.parents",
                "family.name.carer",
            ],
        ),
    ],
)
def test_each_column_is_of_the_person_it_stands_beside(
    headings: list[str], meant: list[str]
) -> None:
    assert one_row(*headings) == meant


ORNAMENTS = ["{}", "*{}", "{}（必填）", " {} ", "{}：", "{}\n", "＊{}"]
FIELDS = [(f.name, w) for f in CHILD.fields if not f.is_hidden for w in (f.headings or (f.label,))]


@given(
    chosen=st.lists(st.sampled_from(FIELDS), unique_by=lambda f: f[0], min_size=3, max_size=9),
    ornament=st.sampled_from(ORNAMENTS),
    above=st.lists(
        st.sampled_from([[], ["留守儿童花名册"], ["填报单位:", None, "时间:"]]), max_size=4
    ),
)
def test_the_declared_words_are_known_in_any_order_and_dress(
    chosen: list[tuple[str, str]], ornament: str, above: list[list[Any]]
) -> None:
    rows = [*above, [ornament.format(w) for _, w in [("name", "姓名"), *chosen]], ["罗静"]]
    header = find_header(rows, 0)
    assert header is not None
    assert header.first == len(above)
    told = [c.targets[0] for c in header.columns]
    for (name, word), target in zip(chosen, told[1:], strict=True):
        if name in ("class", "phone", "name"):
            continue  # a class is kept as text; a bare phone is of the person beside it
        assert target.field in (name, "group") or targets_of(word), (name, word, target)


def test_notes_and_totals_are_no_header() -> None:
    rows = [
        ["留守儿童花名册"],
        ["说明:父母双方外出务工的填报。"],
        ["合计", 180],
        ["注：姓名要写全"],
    ]
    assert find_header(rows, 0) is None


@given(st.lists(st.lists(st.text(max_size=6) | st.none() | st.floats(), max_size=6), max_size=6))
def test_no_rows_break_the_search_for_a_header(rows: list[list[Any]]) -> None:
    find_header(rows, 0)
