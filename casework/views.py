"""Saved views: the lists people open again and again, on digits; each a condition over a kind's
table."""

from __future__ import annotations

from dataclasses import dataclass

from schema.kinds import KINDS
from schema.record import Kind
from schema.types import Choice
from sync.language import N_


@dataclass(frozen=True, slots=True)
class View:
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
}
