"""Risk instruments as data: which answers count for how much, and which level a total proposes.

Sources: 黔西县农村留守儿童风险等级评估表 (every March and September; more points, safer), 困境级别记分标准
(a thesis, not regulation; more points, worse), 常州武进「四色」, and the guardianship rating of the
national form of 2016 (民发〔2016〕42号). Where a paper gives points but no bounds between levels, the
bounds are ours and say so (`are_bounds_ours`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.kinds.assessment import EMERGENCY

LEVELS = ("low", "medium", "high", "critical")
"""Codes of the child's risk level, the least worrying first."""
EMERGENCY_LEVEL = "critical"
"""What any answer of the emergency list proposes, whatever the points say."""


@dataclass(frozen=True)
class Item:
    """One question. For a set, nothing ticked is an answer too."""

    field: str
    """Field of the assessment; `~age` is reckoned from the child's birthday."""
    points: Mapping[Any, int]
    """Answer to points; of a set, under None the points of an empty one, under '' of any other."""


@dataclass(frozen=True)
class Instrument:
    """One form: its items, and the least total from which each level is proposed."""

    name: str
    items: tuple[Item, ...]
    bounds: tuple[tuple[int, str], ...]
    """(least total, level), the greatest first; the last has no lower bound."""
    are_bounds_ours: bool = False
    is_worst_of: bool = False
    """True: the items' greatest points decide, not their sum."""


@dataclass(frozen=True)
class Result:
    """What an instrument says of an assessment: a proposal, never more."""

    points: int | None
    """None: nothing to add up."""
    level: str | None
    is_emergency: bool = False


AGE_BANDS = ((11, "11_16"), (6, "6_10"), (0, "0_5"))
DIMENSION_POINTS = {"none": 0, "low": 1, "medium": 2, "high": 3}

INSTRUMENTS = {
    i.name: i
    for i in (
        Instrument(
            "qianxi",
            (
                Item("~age", {"0_5": 3, "6_10": 5, "11_16": 10}),
                Item("body", {"healthy": 10, "ill": 0, "disabled": 0}),
                Item("mind", {"well": 5, "troubled": 0}),
                Item("behaviour", {None: 5, "": 0}),
                Item("hazards", {None: 10, "": 0}),
                Item("income", {"double": 10, "above": 5, "below": 0}),
            ),
            # Of 50 points; a problem family is looked at whatever the total (special item).
            ((40, "low"), (28, "medium"), (0, "high")),
            are_bounds_ours=True,
        ),
        Instrument(
            "hardship",
            (Item("points", {}),),
            ((26, "critical"), (16, "high"), (6, "medium"), (0, "low")),
        ),
        Instrument(
            "four_colours",
            tuple(
                Item(name, DIMENSION_POINTS)
                for name in ("risk_guardianship", "risk_body", "risk_behaviour")
            ),
            ((3, "high"), (2, "medium"), (0, "low")),
            is_worst_of=True,
        ),
        Instrument(
            "guardianship",
            (Item("rating", {"good": 0, "fair": 1, "poor": 2}),),
            ((2, "high"), (1, "medium"), (0, "low")),
        ),
    )
}


def age_band(years: int | None) -> str | None:
    """The band of an age in whole years; None when it is not known or not a child's."""
    if years is None or not 0 <= years <= 16:
        return None
    return next(name for least, name in AGE_BANDS if years >= least)


def judge(name: str, answers: Mapping[str, Any], years: int | None) -> Result:
    """What an instrument proposes. `years`: the child's age on the day of the assessment.

    An answer of the emergency list overrides any total. Without every answer there is no total.
    """
    is_emergency = any(e in EMERGENCY.by_code for e in answers.get("emergencies") or ())
    instrument = INSTRUMENTS.get(name)
    points = _points(instrument, answers, years) if instrument else None
    if is_emergency:
        return Result(points, EMERGENCY_LEVEL, True)
    if instrument is None or points is None:
        return Result(points, None)
    level = next((lv for least, lv in instrument.bounds if points >= least), None)
    if level == "low" and name == "qianxi" and answers.get("is_problem_family"):
        level = "medium"
    return Result(points, level)


def _points(instrument: Instrument, answers: Mapping[str, Any], years: int | None) -> int | None:
    found: list[int] = []
    for item in instrument.items:
        value = age_band(years) if item.field == "~age" else answers.get(item.field)
        if None in item.points:
            found.append(item.points["" if value else None])
        elif not item.points and isinstance(value, int):
            found.append(value)
        elif value in item.points:
            found.append(item.points[value])
        else:
            return None
    return max(found) if instrument.is_worst_of else sum(found)
