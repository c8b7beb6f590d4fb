"""Saved views: the lists people open again and again, on digits; each a condition over a kind's
table."""

from __future__ import annotations

from msgspec import Struct

from schema.kinds import KINDS
from schema.record import Kind
from schema.types import Choice
from sync.language import N_


class View(Struct, frozen=True):
    """A named condition; `where` is SQL over `r_KIND`, made from declarations, never from typed
    text."""

    name: str
    label: str
    where: str = ""


def views_of(kind: Kind) -> list[View]:
    """The views of a kind, in the order of their digits."""
    found = [View("all", N_("全部"))]
    found += [view for view in _OF_KIND.get(kind.name, ()) if view]
    found.append(View("conflicts", N_("两种说法"), "_open > 0"))
    found.append(View("unsent", N_("未上传"), "_pending > 0"))
    return found


def _worrying(kind: Kind, field: str, least: int) -> str:
    """Values of a ranked code list from a rank up."""
    declared = kind.by_name[field].type
    assert isinstance(declared, Choice)
    named = ", ".join(f"'{c.code}'" for c in declared.codes if c.rank >= least)
    return f'"{field}" IN ({named})'


def _within(field: str, days: int) -> str:
    """A day that has come or comes within `days`."""
    return f"\"{field}\" <= date('now', '+{days} days')"


_CHILD = KINDS["child"]
_OF_KIND = {
    "child": (
        View("high", N_("高风险"), _worrying(_CHILD, "risk_level", 3)),
        View(
            "not_seen",
            N_("久没走访"),
            "coalesce(status, 'open') = 'open' AND NOT EXISTS (SELECT 1 FROM r_contact c"
            " WHERE c._root = r_child.id AND c._deleted IS NULL"
            " AND c.\"on\" >= date('now', '-90 days'))",
        ),
    ),
    "agreement": (
        View(
            "not_told",
            N_("没书面告知"),
            "status = 'signed' AND (school_told_on IS NULL OR village_told_on IS NULL)",
        ),
        View("ending", N_("快到期"), f"status = 'signed' AND {_within('until', 30)}"),
    ),
    "helper": (
        View("unfit", N_("没审核"), "coalesce(screening, 'pending') <> 'passed'"),
        View("untrained", N_("没培训"), "trained_on IS NULL"),
    ),
    "need": (View("unmet", N_("没办到"), "met_on IS NULL"),),
    "help_plan": (
        View("to_review", N_("该复查"), f"status = 'running' AND {_within('review_on', 7)}"),
    ),
    "absence": (View("away", N_("还没回校"), "returned_on IS NULL"),),
    "incident": (
        View(
            "parents_not_told",
            N_("没告诉父母"),
            "severity IN ('serious', 'grave') AND parents_told_at IS NULL",
        ),
    ),
    "case": (
        View(
            "open",
            N_("没结案"),
            "coalesce((SELECT s.step FROM r_case_step s WHERE s.\"case\" = r_case.id"
            " AND s.step IN ('closed', 'reopened') ORDER BY s.at DESC, s.id DESC LIMIT 1), '')"
            " <> 'closed'",
        ),
    ),
}
