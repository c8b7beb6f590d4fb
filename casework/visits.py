"""A visit to a household: what it begins with, whom it is about, and one contact a child of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from casework import wording
from schema.kinds import KINDS
from sync import ids
from sync.reading import Reading
from sync.replica import Replica

CONTACT, CHILD, PEOPLE = KINDS["contact"], KINDS["child"], KINDS["family"]
DAY = "on"
"""The field that holds the day of a contact."""


def beginning(replica: Reading, today: datetime.date, *, is_call: bool) -> dict[str, Any]:
    """What a new visit or call starts with: today, its way, and who is writing."""
    me = replica.identity
    way = "parent_call" if is_call else "home_visit"
    return {DAY: today.isoformat(), "kind": way, "done_by": me.name or me.user}


def name_and_age(child: Mapping[str, Any], today: datetime.date) -> tuple[str, int | None]:
    """How a child stands at the head of its column."""
    return str(child.get("name") or ""), wording.age(child.get("birth_date"), today)


def phones(replica: Reading, child: str, today: datetime.date) -> list[str]:
    """The people around a child that can be called, each with the number."""
    found = []
    for row in replica.children_of(PEOPLE.name, child):
        number = wording.value_text(PEOPLE.by_name["phone"], row.get("phone"), replica, today)
        if number:
            found.append(f"{wording.title_text(PEOPLE, row, replica, today)} {number}")
    return found


def named(replica: Reading, words: Sequence[str]) -> list[str]:
    """The children of exactly this name (`words[0]`), in units named with the words after it.

    For who may write but not look anything up: it tells nothing that was not typed.
    """
    rows = replica.select(CHILD.name, {CHILD.title[0]: words[0]})
    units = replica.units()

    def places(row: Mapping[str, Any]) -> str:
        return " ".join(str(units.get(row[f], {}).get("name")) for f in CHILD.unit_fields if row[f])

    return [r["id"] for r in rows if all(word in places(r) for word in words[1:])]


def same_visits(replica: Reading, child: str) -> dict[str, list[str]]:
    """Contacts that may be one visit told twice: of one child, one day and one way, written by
    different people. Both stay as they are; each names the others.

    Source: the meeting called a double visit, of two laptops that did not know of one another.
    """
    alike: dict[tuple[Any, Any], list[str]] = {}
    for row in replica.children_of(CONTACT.name, child):
        alike.setdefault((row[DAY], row["kind"]), []).append(row["id"])
    found: dict[str, list[str]] = {}
    for ids_ in alike.values():
        if len(ids_) > 1:
            by = {id_: author_of(replica, id_) for id_ in ids_}
            for id_ in ids_:
                others = [other for other in ids_ if by[other] != by[id_]]
                if others:
                    found[id_] = others
    return found


def author_of(replica: Reading, contact: str) -> str:
    """Who wrote a contact down: its child is set once, when it is made."""
    view = replica.get(contact, CONTACT.name)
    return (view.author(CONTACT.parent) if view else None) or ""


def save(
    replica: Replica,
    children: Sequence[str],
    common: Mapping[str, Any],
    each: Mapping[str, Mapping[str, Any]],
) -> None:
    """One contact a child, tied by one `visit` id, all or none.

    Raises:
        Refused, InvalidRecord: see `Replica.save`.
    """
    visit = ids.new_id(replica.clock.now_ms(), replica.random)
    with replica.together():
        for child in children:
            values = {**common, **each[child], CONTACT.parent: child, "visit": visit}
            replica.save(CONTACT.name, values, seen=common.get(DAY))
