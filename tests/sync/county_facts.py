"""Where the units of the simulated county are, who may do what there, and what people type: in
plain Python, sharing no code with sync/."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sync.change import Grant
from tests.sync.model import Slots

YEAR_MS = 365 * 86_400_000
YEARS = range(1970, 2041)
VILLAGES = ("111", "112", "121", "122")
SCHOOLS = ("s11", "s12")
UNDER = {
    "1": {"1", "11", "111", "112", "12", "121", "122", "s11", "s12"},
    "11": {"11", "111", "112", "s11"},
    "12": {"12", "121", "122", "s12"},
}
READERS = {"admin", "supervisor", "director", "teacher", "class-teacher", "counsellor"}
STAFF = READERS - {"counsellor"}
REVIEWERS = {"admin", "supervisor"}
POSTS = (
    ("supervisor", ("11", "12")),
    ("director", VILLAGES),
    ("teacher", (*SCHOOLS, *VILLAGES)),
    ("class-teacher", SCHOOLS),
    ("counsellor", ("11", "12", *VILLAGES)),
)
"""Roles that are given, and where."""
VALUES: dict[str, tuple[Any, ...]] = {
    "phone": (None, "13900000001", "13900000002", "13900000003"),
    "hobbies": (None, "画画", "唱歌", "跑步"),
    "risk_level": (None, "low", "medium", "high", "critical"),
    "lives_alone": (None, False, True),
    "is_boarding": (None, False, True),
    "categories": (
        None,
        ["poverty"],
        ["study"],
        ["poverty", "study"],
        ["guardianship_missing", "internet"],
    ),
    "id_type": (None, "resident", "other"),
    "id_number": (None, "11010519491231002X", "123"),
    "mood": (None, "fine", "bad"),
}
GROUPS = {"id_type": "identity", "id_number": "identity"}
CHILD_FIELDS = (
    "phone", "hobbies", "risk_level", "lives_alone", "is_boarding", "categories", "note", "id_type",
    "id_number",
)  # fmt: skip
CONTACT_FIELDS = ("mood", "summary")
CONTACT = {"on": "2026-11-01", "kind": "home_visit", "summary": "甲。乙。丙。"}


def covers(grants: Collection[Grant], roles: Collection[str], child: str, slots: Slots) -> bool:
    """True when one of the roles is held where a child is."""
    units = {slots[s][0].value for s in ("village", "school") if s in slots}
    return any(
        g.role in roles and (g.child == child or units & UNDER.get(g.unit, {g.unit}) - {""})
        for g in grants
    )
