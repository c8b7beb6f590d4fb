"""The rules of how often that hold here: what the program ships, with what the county changed."""

from __future__ import annotations

import calendar
import datetime
from typing import Any

from msgspec import Struct

from schema.cadences import CADENCES
from schema.kinds import KINDS
from sync import ids
from sync.language import _
from sync.reading import Reading
from sync.replica import Replica

RULE = KINDS["rule"]
Day = datetime.date
DAYS = {"day": 1, "week": 7, "two_weeks": 14}
MONTHS = {"month": 1, "quarter": 3}
MONTH_NAMES = tuple(code.code for code in RULE.by_name["months"].type.codes)  # type: ignore[attr-defined]
WEEKDAYS = tuple(code.code for code in RULE.by_name["weekdays"].type.codes)  # type: ignore[attr-defined]


class Rule(Struct, frozen=True):
    """One rule as it holds here; fields as in kind `rule`."""

    code: str
    label: str = ""
    source: str = ""
    is_on: bool = False
    subject: str = "child"
    doer: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()
    least: int = 1
    most: int | None = None
    per: str = ""
    """Empty: "regularly" (定期), no cadence set."""
    months: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    hours: str = ""
    by_day: int | None = None
    within_hours: int | None = None
    risk: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    lives_with: tuple[str, ...] = ()
    is_paired: bool = False
    school_days: bool = False


    @property
    def month_numbers(self) -> frozenset[int]:
        return frozenset(MONTH_NAMES.index(name) + 1 for name in self.months)


def record_id(code: str) -> str:
    """The id of a rule's record: it follows from its code, so that two admins change one record."""
    return ids.derived_id("rule", code)


def rules(replica: Reading) -> list[Rule]:
    """Every rule, shipped or the county's own, in order of code."""
    found: dict[str, dict[str, Any]] = {str(r["code"]): dict(r) for r in CADENCES}
    for row in replica.select(RULE.name):
        told = {k: v for k, v in row.items() if v is not None and k in RULE.by_name}
        found.setdefault(row["code"], {}).update(told)
    return [_rule(values) for _code, values in sorted(found.items(), key=lambda i: _order(i[0]))]


def _order(code: str) -> tuple[bool, str, int]:
    head = code.rstrip("0123456789")
    return head != "d", head, int(code[len(head) :] or 0)


def _rule(values: dict[str, Any]) -> Rule:
    known = Rule.__struct_fields__
    return Rule(**{
        k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known
    })


def words(rule: Rule) -> str:
    """How often, in words: 每周 1 次."""
    if not rule.per:
        return _("没定周期")
    per = _(RULE.by_name["per"].type.codes.by_code[rule.per].label)  # type: ignore[attr-defined]
    if rule.per == "event":
        return _("{per} {n} 小时内").format(per=per, n=rule.within_hours or 24)
    return _("每{per} {n} 次").format(per=per, n=rule.least)


def change(replica: Replica, code: str, values: dict[str, Any]) -> str:
    """Set fields of a rule for the whole county; returns the record's id.

    Raises:
        Refused: not an admin of the county.
        InvalidRecord: a value cannot be stored.
    """
    id_ = record_id(code)
    if replica.rows(RULE.name, [id_]):
        return replica.save(RULE.name, values, id=id_)
    return replica.save(RULE.name, {**values, "code": code}, new_id=id_)


def add(day: Day, per: str) -> Day:
    """One period later; the last of the month where the month is shorter."""
    if per in DAYS:
        return day + datetime.timedelta(days=DAYS[per])
    months = day.year * 12 + day.month - 1 + MONTHS[per]
    year, month = divmod(months, 12)
    return Day(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(day: Day) -> Day:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
