"""What one child will get written: the drafts of its rows laid over what stands.

Of a child met before, a roster fills what is empty and brings what differs; it never shortens a
birth date, takes a village away for a township, or replaces words in the note.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from casework.roster_drafts import Draft
from schema.kinds.child import CHILD
from schema.types import Choices, LongText

SINGLE_ROLES = frozenset(
    "father mother grandfather grandmother maternal_grandfather maternal_grandmother".split()
)
"""Of these a child has one; of the others several."""


class FamilyPlan(Struct):
    """A family member to be made (`id` None) or changed."""

    id: str | None
    base: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        return {**self.base, **self.changes}


class ChildPlan(Struct):
    """Everything one txn will write."""

    id: str | None
    base: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)
    family: list[FamilyPlan] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    known_contacts: list[dict[str, Any]] = field(default_factory=list)
    is_met: bool = False
    """True once a row of this file has spoken: later rows only fill what is empty."""

    @property
    def values(self) -> dict[str, Any]:
        return {**self.base, **self.changes}

    def size(self) -> int:
        """Grows with everything there is to write."""
        return (
            len(self.changes)
            + sum(1 + len(f.changes) for f in self.family if f.changes)
            + len(self.contacts)
            + len(str(self.changes.get("note") or ""))
        )


def fill(plan: ChildPlan, draft: Draft) -> None:
    """Lay the draft over the plan. A second row of the same child fills only what is still
    empty."""
    values = plan.values
    for name, value in draft.child.items():
        if value is None or values.get(name) == value:
            continue
        new = _brought(plan, draft, name, value)
        if new is not None and new != values.get(name):
            plan.changes[name] = new
    _add_notes(plan, draft.note)
    for member in draft.family:
        _fill_family(plan, member)
    if draft.contact and not _is_told(plan, draft.contact):
        plan.contacts.append(draft.contact)
    plan.is_met = True


def _brought(plan: ChildPlan, draft: Draft, name: str, value: Any) -> Any:
    """What the field becomes, or None to leave it."""
    held = plan.values.get(name)
    if held is None:
        return value
    if name == "village":
        is_first = not plan.is_met
        return value if is_first and draft.is_place_known else None
    if name == "birth_date":
        return value if str(value).startswith(str(held)) else None
    declared = CHILD.by_name[name].type
    if isinstance(declared, Choices):
        return declared.sorted([*held, *value])
    if plan.is_met or name in ("name", "id_number") or isinstance(declared, LongText):
        return None
    return None if _says_more(held, value) else value


def _says_more(held: Any, value: Any) -> bool:
    """A longer text that begins or ends with the shorter one stays: 东莞市制衣厂 over 东莞市."""
    if not isinstance(held, str) or not isinstance(value, str) or len(value) < 2:
        return False
    return held.startswith(value) or held.endswith(value)


def _add_notes(plan: ChildPlan, lines: list[str]) -> None:
    held = str(plan.values.get("note") or "")
    known = held.split("\n")
    more = [x for line in lines for x in line.split("\n") if x and x not in known]
    if more:
        plan.changes["note"] = "\n".join([*(k for k in known if k), *dict.fromkeys(more)])[:20_000]


def _fill_family(plan: ChildPlan, told: Mapping[str, Any]) -> None:
    member = _member_of(plan, told)
    if member is None:
        plan.family.append(FamilyPlan(None, {}, dict(told)))
        return
    values = member.values
    for name, value in told.items():
        held = values.get(name)
        if value is None or held == value:
            continue
        if name == "role":
            if held == "other":
                member.changes["role"] = value
        elif name == "note":
            lines = str(held or "").split("\n")
            more = [x for x in str(value).split("\n") if x not in lines]
            if more:
                member.changes["note"] = "\n".join([*(x for x in lines if x), *more])
        elif held is None or not plan.is_met:
            if name == "phone" and values.get("other_phone") == value:
                continue  # known, only not as the first
            if not (name == "workplace" and _says_more(held, value)):
                member.changes[name] = value


def _member_of(plan: ChildPlan, told: Mapping[str, Any]) -> FamilyPlan | None:
    """The member of the family that is meant: by role where there is one of it, else by role and
    name."""
    role, name = told["role"], told.get("name")
    if role in SINGLE_ROLES:
        found = next((f for f in plan.family if f.values.get("role") == role), None)
        if found or not name:
            return found
    named = [f for f in plan.family if name and f.values.get("name") == name]
    for member in named:
        held = member.values.get("role")
        if held == role or "other" in (held, role):
            return member
    if role not in SINGLE_ROLES and not name:
        return next((f for f in plan.family if f.values.get("role") == role), None)
    return None


def _is_told(plan: ChildPlan, contact: Mapping[str, Any]) -> bool:
    known = [*plan.known_contacts, *plan.contacts]
    keys = ("on", "kind", "summary")
    return any(all(k.get(n) == contact.get(n) for n in keys) for k in known)
