"""Whom to call first when a child is in danger: the national numbers, the county's own, the family."""

from __future__ import annotations

import datetime

from msgspec import Struct

from casework import wording
from schema.kinds import KINDS
from sync.language import N_, _
from sync.reading import Reading

HURT = ("injury", "self_harm", "domestic_violence", "sexual_harm", "unlawful_harm")
"""Causes with which the ambulance is called as well."""
STEPS = {
    "township": "township_told",
    "county": "civil_affairs_told",
    "school": "education_told",
    "village": "looked_again",
}
"""Level of a unit to the step that telling it is."""
PEOPLE = KINDS["family"]


class Call(Struct, frozen=True):
    """One number, and the step that a call to it is."""

    who: str
    number: str
    step: str


ALWAYS = Call(N_("公安"), "110", "police_told")
AMBULANCE = Call(N_("急救"), "120", "response")
LINES = (
    Call(N_("青少年服务台"), "12355", "support"),
    Call(N_("法律援助"), "12348", "legal_aid"),
)
NATIONAL = frozenset(c.number for c in (ALWAYS, AMBULANCE, *LINES))
"""Numbers that say nothing of the child."""


def first(replica: Reading, child: str, cause: str = "") -> list[Call]:
    """In calling order: police, ambulance, township and village, who looks after the child, the
    others of the family, advice lines."""
    today = wording.day_of(replica.clock.now_ms())
    found = [ALWAYS, *([AMBULANCE] if cause in HURT else [])]
    return [
        *(Call(_(c.who), c.number, c.step) for c in found),
        *_offices(replica, child, today),
        *_people(replica, child, today),
        *(Call(_(c.who), c.number, c.step) for c in LINES),
    ]


def _offices(replica: Reading, child: str, today: datetime.date) -> list[Call]:
    """The units of the child that have a phone, the township first."""
    codes = {u for code in replica.units_of_root(child) for u in replica.path_of(code)}
    units = [u for u in map(replica.unit, sorted(codes)) if u and u.get("phone")]
    units.sort(key=lambda u: u["level"] != "township")
    return [
        Call(wording.unit_text(u["id"], replica, today), u["phone"], STEPS.get(u["level"], ""))
        for u in units
    ]


def _people(replica: Reading, child: str, today: datetime.date) -> list[Call]:
    """Who has a phone in the family, those who look after the child first."""
    people = [p for p in replica.children_of(PEOPLE.name, child) if p.get("phone")]
    people.sort(key=lambda p: not p.get("is_carer"))
    return [
        Call(wording.title_text(PEOPLE, p, replica, today), p["phone"], "parents_told")
        for p in people
    ]
