"""Finding the class that a roster's words mean this year: 四年级 2班, 初一(3)班, 大班."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from schema.grade import class_name, grade

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")}


class Written(NamedTuple):
    """A grade and a class as written; empty where nothing is said."""

    stage: str
    grade: int | None
    number: str


def _number(text: str) -> str:
    """Chinese numerals up to 99 as digits: 十二 is 12."""
    if text.isdigit() or not text:
        return text.lstrip("0")
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return str(_DIGITS.get(text, "")) if len(text) == 1 else ""
    return str((_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0))


def parse(text: str) -> Written:
    """Stage, grade and class number of a class's name.

    >>> parse("四年级（2）班")
    Written(stage='primary', grade=4, number='2')
    >>> parse("初一3班")
    Written(stage='junior', grade=1, number='3')
    """
    folded = re.sub(r"[\s()\-、,/第]", "", unicodedata.normalize("NFKC", text))
    number_of = r"(\d{1,3}|[一二三四五六七八九十]{1,3})"
    at_end = re.search(number_of + r"班$", folded)
    number = _number(at_end[1]) if at_end else ""
    for word, stage in (("职高", "vocational"), ("高", "senior"), ("初", "junior")):
        found = re.match(word + r"([\d一二三四])", folded)
        if found:
            return Written(stage, int(_number(found[1])), number)
    found = re.match(number_of + r"(?:年级|年)", folded)
    if not found and at_end:  # 四2班
        found = re.match(r"([一二三四五六七八九])(?=\d)", folded)
    if found:
        year = int(_number(found[1]) or 0)
        return Written("junior", year - 6, number) if year > 6 else Written("primary", year, number)
    small = re.match(r"(小|中|大)(" + number_of + r")?班?", folded)
    if small and folded[:1] in "小中大" and "班" in folded:
        return Written(
            "kindergarten", "小中大".index(small[1]) + 1, _number(small[3] or "") or number
        )
    return Written("", None, number)


def class_of(
    text: str, school: str, units: Mapping[str, Mapping[str, Any]], today: datetime.date
) -> str | None:
    """The class of `school` that is meant, or None when none or several fit."""
    classes = {
        c: u for c, u in units.items() if u.get("level") == "class" and u.get("parent") == school
    }
    plain = re.sub(r"\s", "", text)
    named = [c for c, u in classes.items() if plain in (class_name(u, today), str(u.get("name")))]
    if len(named) == 1:
        return named[0]
    written = parse(text)
    if written.grade is None:
        return None
    fitting = [c for c, u in classes.items() if (_says(u, written, today))]
    return fitting[0] if len(fitting) == 1 else None


def _says(unit: Mapping[str, Any], written: Written, today: datetime.date) -> bool:
    stage, entry_year = unit.get("stage"), unit.get("entry_year")
    if stage and entry_year:
        held = Written(stage, grade(stage, entry_year, today), _number_of(unit))
    else:
        held = parse(str(unit.get("name") or ""))
    same_year = (held.stage, held.grade) == (written.stage, written.grade)
    return same_year and (not written.number or held.number == written.number)


def _number_of(unit: Mapping[str, Any]) -> str:
    return _number(re.sub(r"\D*班$", "", str(unit.get("class_number") or "")))
