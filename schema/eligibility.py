"""Who counts as left behind: the rules in use, each with its source. A county chooses one (setting `eligibility`).

The documents disagree among themselves and with the national rule of 2024; figures say which one holds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """One definition."""

    code: str
    label: str
    source: str
    age_from: int
    age_to: int
    """First age that no longer counts."""
    both_away: bool
    """Both parents must be away; else one is enough where the other cannot be guardian."""
    months_away: int
    also: tuple[str, ...] = ()
    """Kinds of hardship that count by themselves."""


ELIGIBILITY: tuple[EligibilityRule, ...] = (
    EligibilityRule("national_2024", "2024 年全国口径", "宁夏、江苏等 2024 年方案", 0, 16, False, 6),
    EligibilityRule("national_2016", "2016 年全国口径", "国发〔2016〕13号", 0, 16, False, 0),
    EligibilityRule("both_0_16", "父母双方外出，0—16 岁", "000-1, 004-1a", 0, 17, True, 0),
    EligibilityRule(
        "months_3", "6—14 岁，外出三个月", "001-11", 6, 15, False, 3, ("orphan", "disabled")
    ),
    EligibilityRule(
        "with_migrant", "留守和流动儿童", "001-3d, 001-13", 0, 16, False, 0, ("migrant",)
    ),
)
"""In the order of the setting's numbers, from 1."""
