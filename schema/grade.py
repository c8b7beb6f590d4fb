"""Grade and this year's class name, computed from stage and year of entry: a new school year writes
nothing.

A school year begins on 1 September.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

YEARS = {"kindergarten": 3, "primary": 6, "junior": 3, "senior": 3, "vocational": 3}
"""Length of each stage in years (primary: the six-year school; 5+4 counties set the entry year to
fit)."""
_DIGITS = "零一二三四五六七八九"
_SHORT = {"junior": "初", "senior": "高", "vocational": "职高"}
_KINDERGARTEN = ("小班", "中班", "大班")


def school_year(day: datetime.date) -> int:
    """The year in which the school year of `day` began."""
    return day.year if day.month >= 9 else day.year - 1


def grade(stage: str | None, entry_year: int | None, day: datetime.date) -> int | None:
    """1 for the first year of the stage; greater than its length once the class has left; None if
    unknown."""
    if stage not in YEARS or entry_year is None:
        return None
    return school_year(day) - entry_year + 1


def entry_year(stage: str, grade_number: int, day: datetime.date) -> int:
    """The year of entry of a class that is in `grade_number` of `stage` on `day`."""
    return school_year(day) - grade_number + 1


def class_name(unit: Mapping[str, Any], day: datetime.date) -> str:
    """What a class is called on `day`: 四年级2班, 初二1班, 大班; its stored name when it cannot be
    computed."""
    stage = unit.get("stage")
    number = grade(stage, unit.get("entry_year"), day)
    stored = str(unit.get("name") or "")
    if number is None or stage is None:
        return stored
    if number < 1 or number > YEARS[stage]:
        return f"{unit['entry_year'] + YEARS[stage]}届{_number(unit)}" if number > 0 else stored
    if stage == "primary":
        return f"{_DIGITS[number]}年级{_number(unit)}"
    if stage == "kindergarten":
        return f"{_KINDERGARTEN[number - 1]}{_number(unit)}"
    return f"{_SHORT[stage]}{_DIGITS[number]}{_number(unit)}"


def _number(unit: Mapping[str, Any]) -> str:
    number = str(unit.get("class_number") or "")
    return f"{number}班" if number and not number.endswith("班") else number
