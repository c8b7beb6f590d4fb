"""Entrusted-care agreements over several records: one in force at a time, and a change of carer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.problems import Problem
from sync.reading import Reading


def is_in_force(row: Mapping[str, Any], on: str) -> bool:
    """True for an agreement that is signed and not past its last day."""
    return row.get("status") == "signed" and str(row.get("until") or on) >= on


def problems(
    replica: Reading, values: Mapping[str, Any], id: str | None
) -> list[tuple[str, Problem]]:
    """Two carers at once: the one before is ended first, with the reason."""
    if values.get("status") != "signed":
        return []
    on = str(values.get("signed_on") or "")
    others = [r for r in replica.children_of("agreement", values["child"]) if r["id"] != id]
    if any(is_in_force(r, on) for r in others):
        return [
            (
                "status",
                Problem(
                    "agreement_in_force",
                    "还有一份没终止的委托协议。先终止那一份（换了照护人），再签这一份。",
                ),
            )
        ]
    found: list[tuple[str, Problem]] = []
    untold = [n for n in ("school_told_on", "village_told_on") if values.get(n) is None]
    if untold:
        problem = Problem(
            "not_told_in_writing",
            "签了以后，要书面告知学校和村里（未成年人保护法第二十三条）。",
            True,
        )
        found.append((untold[0], problem))
    return found
