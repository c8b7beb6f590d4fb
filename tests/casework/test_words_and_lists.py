"""How values, columns, views and pairs look to a person."""

from __future__ import annotations

import datetime

import pytest

from casework import columns, duplicates, views, wording
from schema import idnumber
from schema.kinds import KINDS
from sync.replica import Replica
from tests.casework.counties import County, class_of, school

CHILD = KINDS["child"]
TODAY = datetime.date(2026, 11, 18)
FIRST = "51081120150308002"
NUMBER = FIRST + idnumber.check_character(FIRST)


@pytest.fixture(scope="module")
def laptop() -> Replica:
    place = school("s1", "卫子镇中心小学", "510811101")
    replica = County("510811", place, class_of("s1", "primary", 2023, "2")).laptop()
    child = replica.save(
        "child",
        {"name": "罗静", "birth_date": "2015-03-08", "village": "510811101206", "school": "s1",
         "class": "s1-primary-2023-2", "id_number": NUMBER, "risk_level": "high", "phone": "13900002741"},
    )  # fmt: skip
    replica.save("family", {"child": child, "role": "grandmother", "is_carer": True})
    replica.save("contact", {"child": child, "on": "2026-11-05", "kind": "home_visit"})
    replica.save("child", {"name": "罗静", "village": "510811101206", "id_number": NUMBER})
    return replica


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("class", "四年级2班"), ("village", "冯家岭村"), ("phone", "139 0000 2741"),
        ("id_number", "510811********" + NUMBER[-4:]), ("risk_level", "高"), ("birth_date", "2015-03-08"),
    ],
)  # fmt: skip
def test_a_value_is_worded_for_people(laptop: Replica, field: str, text: str) -> None:
    (row,) = laptop.select("child", {"risk_level": "high"})
    assert wording.value_text(CHILD.by_name[field], row[field], laptop, TODAY) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("2026-11-18", "今天"), ("2026-11-17", "昨天"), ("2026-11-05", "11月5日"), ("2025-11-21", "2025-11-21"),
     ("2015-03", "2015-03"), (None, "")],
)  # fmt: skip
def test_dates_are_said_as_people_say_them(value: str | None, text: str) -> None:
    assert wording.date_text(value, TODAY) == text


def test_computed_columns_know_age_carer_and_last_contact(laptop: Replica) -> None:
    rows = laptop.select("child", order=("birth_date",))
    cells = {
        c.name: [x.text for x in c.load(laptop, rows, TODAY)] for c in columns.columns_of(CHILD)
    }
    seen = next(n for n, r in enumerate(rows) if r["birth_date"])
    assert (cells["~age"][seen], cells["~carer"][seen], cells["~last_contact"][seen]) == (
        "11",
        "奶奶",
        "11月5日",
    )
    assert cells["~last_contact"][1 - seen] == "—"


def test_columns_of_a_page_cost_one_query_each(laptop: Replica) -> None:
    rows = laptop.select("child") * 30
    asked: list[str] = []
    laptop.connection.set_trace_callback(asked.append)
    try:
        for column in columns.columns_of(CHILD):
            column.load(laptop, rows, TODAY)
    finally:
        laptop.connection.set_trace_callback(None)
    assert len([a for a in asked if a.startswith("SELECT")]) <= 3


@pytest.mark.parametrize(
    ("name", "count"), [("all", 2), ("high", 1), ("conflicts", 0), ("unsent", 2)]
)
def test_saved_views_count_what_they_name(laptop: Replica, name: str, count: int) -> None:
    (view,) = [v for v in views.views_of(CHILD) if v.name == name]
    where = f"_deleted IS NULL AND ({view.where or '1'})"
    found = laptop.connection.execute(f"SELECT count(*) FROM r_child WHERE {where}").fetchone()
    assert found[0] == count


def test_one_number_in_two_files_is_a_pair(laptop: Replica) -> None:
    (pair,) = duplicates.pairs(laptop)
    assert pair.certain
    assert {pair.a, pair.b} == {r["id"] for r in laptop.select("child")}
