"""Who should be on the ledger and who no longer: proposals with their reasons, which a person accepts.

Nothing is stored until then; accepting is an ordinary save, so the history stays. Rules: G1 of the
work, schema/eligibility.py.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from casework import wording
from schema import grade
from schema.eligibility import ELIGIBILITY, EligibilityRule
from schema.kinds import KINDS
from sync import clock
from sync.language import N_, _
from sync.reading import Reading
from sync.replica import Refused, Replica
from sync.settings import value_of

Day = datetime.date
PARENTS = ("father", "mother")
NEXT_STAGE = {"kindergarten": "primary", "primary": "junior"}
ACTIONS = {"open": N_("建议建档"), "close": N_("建议结案"), "stage": N_("建议改学段")}


class Proposal(Struct, frozen=True):
    """Something a person may accept."""

    id: str
    """`action.reason:child`; the same as long as the reason holds."""
    child: str
    name: str
    action: str
    reason: str
    on: str
    """The day from which it holds, YYYY-MM-DD; empty when unknown."""
    why: str
    values: dict[str, Any]
    """What accepting writes."""


def rule_of(replica: Reading) -> EligibilityRule:
    """The definition that this county goes by."""
    return ELIGIBILITY[value_of(replica, "eligibility") - 1]


def proposals(replica: Reading, today: Day) -> list[Proposal]:
    """Every proposal for the children held here, by name."""
    return sorted(_Proposing(replica, today).run(), key=lambda p: (p.name, p.id))


def accept(replica: Replica, id: str, today: Day) -> Proposal:
    """Do what a proposal says.

    Raises:
        Refused: it no longer holds, or not ours to write.
    """
    found = next((p for p in proposals(replica, today) if p.id == id), None)
    if found is None:
        raise Refused("not_found", id)
    replica.save("child", found.values, id=found.child)
    return found


class _Proposing:
    def __init__(self, replica: Reading, today: Day) -> None:
        self.replica, self.today = replica, today
        self.rule = rule_of(replica)
        self.parents: dict[str, dict[str, dict[str, Any]]] = {}
        for row in replica.select("family"):
            if row["role"] in PARENTS:
                self.parents.setdefault(row["child"], {})[row["role"]] = row

    def run(self) -> Iterator[Proposal]:
        for child in self.replica.select("child"):
            if child.get("close_reason") in ("died", "entered_in_error", "moved"):
                continue
            is_open = child.get("status") == "open"
            if is_open or child.get("status") is None:
                yield from self._closing(child)
                yield from self._stage(child)
            if not is_open:
                yield from self._opening(child)

    # -- reasons

    def _closing(self, child: Mapping[str, Any]) -> Iterator[Proposal]:
        birthday = _birthday(child.get("birth_date"), self.rule.age_to)
        if birthday and birthday <= self.today:
            why = _("{day} 满 {n} 岁").format(day=birthday.isoformat(), n=self.rule.age_to)
            yield self._close(child, "turned_16", birthday, why)
            return
        if self._also(child):
            return
        for role in PARENTS:
            parent = self.parents.get(child["id"], {}).get(role)
            if parent is None or parent.get("is_away") is not False or _is_unable(parent, child):
                continue
            day = self._since(parent["id"])
            who = _(_ROLES[role])
            why = _("{who}{day}回来了").format(who=who, day=wording.month_day(day) if day else "")
            yield self._close(child, "parent_returned", day, why)
            return

    def _opening(self, child: Mapping[str, Any]) -> Iterator[Proposal]:
        age = wording.age(child.get("birth_date"), self.today)
        if age is None or not self.rule.age_from <= age < self.rule.age_to:
            return
        also = self._also(child)
        away = self._who_is_away(child)
        since = _first_day(child.get("left_since"))
        if not also:
            if not away or since is None:
                return
            if _months_later(since, self.rule.months_away) > self.today:
                return
        why = also or _("{who}从 {day} 起在外").format(who=away, day=child["left_since"])
        values = {"status": "open", "opened_on": self.today.isoformat(), "closed_on": None,
                  "close_reason": None}  # fmt: skip
        held = {k: v for k, v in values.items() if child.get(k) != v}
        day = since.isoformat() if since else ""
        yield self._made(child, "open", "also" if also else "left_behind", day, why, held)

    def _stage(self, child: Mapping[str, Any]) -> Iterator[Proposal]:
        unit = self.replica.unit(child.get("class") or "")
        stage = unit.get("stage") if unit else None
        number = grade.grade(stage, unit.get("entry_year"), self.today) if unit else None
        if unit is None or stage is None or number is None or number <= grade.YEARS[stage]:
            return
        left = Day(unit["entry_year"] + grade.YEARS[stage], 9, 1)
        why = _("{what}读完了，{year} 年毕业").format(what=_(_stage_label(stage)), year=left.year)
        values = {"class": None, "schooling": NEXT_STAGE.get(stage)}
        yield self._made(child, "stage", "stage_ended", left.isoformat(), why, values)

    def _also(self, child: Mapping[str, Any]) -> str:
        """The kind of hardship by which the county counts this child; empty when none."""
        codes = KINDS["child"].by_name["hardship"].type.codes.by_code  # type: ignore[attr-defined]
        found = [c for c in child.get("hardship") or () if c in self.rule.also]
        return _("、").join(_(codes[c].label) for c in found)

    def _who_is_away(self, child: Mapping[str, Any]) -> str:
        """Which parents, in words; empty when the rule does not count it."""
        parents = self.parents.get(child["id"], {})
        away = [r for r in PARENTS if r in parents and parents[r].get("is_away")]
        if child.get("both_parents_away") or len(away) == 2:
            return _("父母双方")
        if self.rule.both_away:
            return ""
        if child.get("one_away_other_unable"):
            return _("一方外出、另一方无力监护，")
        if len(away) == 1:
            other = parents.get(PARENTS[1 - PARENTS.index(away[0])])
            if other and _is_unable(other, child):
                return _("一方外出、另一方无力监护，")
        return ""

    def _since(self, parent: str) -> Day | None:
        """The day on which it was written that a parent is at home."""
        view = self.replica.get(parent, "family")
        slot = view.slots.get("is_away") if view else None
        return wording.day_of(clock.ms_of(slot.standing.mark.stamp)) if slot else None

    # -- making

    def _close(
        self, child: Mapping[str, Any], reason: str, day: Day | None, why: str
    ) -> Proposal:
        values = {
            "status": "closed", "closed_on": self.today.isoformat(), "close_reason": reason
        }  # fmt: skip
        return self._made(child, "close", reason, day.isoformat() if day else "", why, values)

    def _made(
        self, child: Mapping[str, Any], action: str, reason: str, on: str, why: str,
        values: dict[str, Any],
    ) -> Proposal:  # fmt: skip
        id_ = f"{action}.{reason}:{child['id']}"
        return Proposal(id_, child["id"], child["name"], action, reason, on, why, values)


_ROLES = {"father": N_("爸爸"), "mother": N_("妈妈")}


def _stage_label(stage: str) -> str:
    codes = KINDS["unit"].by_name["stage"].type.codes.by_code  # type: ignore[attr-defined]
    return str(codes[stage].label)


def _is_unable(parent: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    if parent.get("has_died") or parent.get("ability") == "poor":
        return True
    return child.get("unable_parent") in (parent["role"], "both")


def _birthday(born: str | None, age: int) -> Day | None:
    """The day on which somebody reaches an age; of a birth date that is not whole, none."""
    if not born or len(born) != 10:
        return None
    day = Day.fromisoformat(born)
    try:
        return day.replace(year=day.year + age)
    except ValueError:  # 29 February
        return Day(day.year + age, 3, 1)


def _first_day(text: str | None) -> Day | None:
    """The first day of a year, a month or a day."""
    if not text:
        return None
    return Day.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)


def _months_later(day: Day, months: int) -> Day:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return Day(year, month + 1, min(day.day, 28))
