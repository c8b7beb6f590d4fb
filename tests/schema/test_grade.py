"""Grade and class names over the years: the first of September writes nothing."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema import grade

PRIMARY = {"stage": "primary", "entry_year": 2023, "class_number": "2", "name": "2023级2班"}
LAST_DAY = datetime.date(2026, 8, 31)
FIRST_DAY = datetime.date(2026, 9, 1)

days = st.dates(datetime.date(1990, 1, 1), datetime.date(2100, 1, 1))


def test_the_same_record_is_a_grade_higher_on_the_first_of_september():
    before = dict(PRIMARY)
    assert grade.class_name(PRIMARY, LAST_DAY) == "三年级2班"
    assert grade.class_name(PRIMARY, FIRST_DAY) == "四年级2班"
    assert before == PRIMARY


def test_new_year_changes_no_grade():
    assert grade.class_name(PRIMARY, datetime.date(2026, 12, 31)) == "四年级2班"
    assert grade.class_name(PRIMARY, datetime.date(2027, 1, 1)) == "四年级2班"


@pytest.mark.parametrize(
    ("stage", "entry_year", "name"),
    [
        ("kindergarten", 2026, "小班1班"),
        ("kindergarten", 2024, "大班1班"),
        ("primary", 2026, "一年级1班"),
        ("primary", 2021, "六年级1班"),
        ("junior", 2025, "初二1班"),
        ("senior", 2024, "高三1班"),
        ("vocational", 2026, "职高一1班"),
    ],
)
def test_every_stage_names_its_classes_its_own_way(stage, entry_year, name):
    unit = {"stage": stage, "entry_year": entry_year, "class_number": "1"}
    assert grade.class_name(unit, FIRST_DAY) == name


def test_a_class_that_has_left_is_named_by_its_year_of_leaving():
    assert grade.class_name(PRIMARY, datetime.date(2029, 8, 31)) == "六年级2班"
    assert grade.class_name(PRIMARY, datetime.date(2029, 9, 1)) == "2029届2班"


def test_a_class_that_has_not_begun_keeps_its_stored_name():
    assert grade.class_name(PRIMARY, datetime.date(2023, 8, 31)) == "2023级2班"


@pytest.mark.parametrize(
    "unit",
    [
        {"name": "复式班"},
        {"name": "复式班", "stage": "primary"},
        {"name": "复式班", "entry_year": 2023},
        {"name": "复式班", "stage": "academy", "entry_year": 2023},
    ],
)
def test_a_class_of_which_too_little_is_known_keeps_its_stored_name(unit):
    assert grade.class_name(unit, FIRST_DAY) == "复式班"


def test_a_school_with_one_class_a_year_needs_no_number():
    assert grade.class_name({**PRIMARY, "class_number": None}, FIRST_DAY) == "四年级"
    assert grade.class_name({**PRIMARY, "class_number": "阳光班"}, FIRST_DAY) == "四年级阳光班"


@given(st.sampled_from(sorted(grade.YEARS)), st.integers(1, 6), days)
def test_year_of_entry_and_grade_say_the_same(stage, number, day):
    assert grade.grade(stage, grade.entry_year(stage, number, day), day) == number


@given(st.sampled_from(sorted(grade.YEARS)), st.integers(1990, 2099), days)
def test_a_class_rises_by_one_grade_a_year_and_never_falls(stage, entry_year, day):
    now = grade.grade(stage, entry_year, day)
    tomorrow = grade.grade(stage, entry_year, day + datetime.timedelta(days=1))
    assert tomorrow - now == int((day.month, day.day) == (8, 31))


@given(st.sampled_from(sorted(grade.YEARS)), st.integers(1990, 2099), days)
def test_whatever_is_stored_a_class_has_a_name(stage, entry_year, day):
    unit = {"stage": stage, "entry_year": entry_year, "class_number": "1", "name": "1班"}
    assert grade.class_name(unit, day).endswith("1班")
