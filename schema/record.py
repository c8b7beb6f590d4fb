"""Record kinds: fields declared once, with everything the rest of the program reads from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from schema.problems import InvalidValue, Problem
from schema.roles import Role
from schema.types import Choice, FieldType, Merge, YesNo

Scope = Literal["public", "root", "hangs"]
"""public: every device holds all of them. root: the record has units itself. hangs: it goes with a
root."""

DELETED = "_deleted"
"""The slot that every record has besides its fields: the reason for which it was deleted, or
None."""


@dataclass(frozen=True)
class Field:
    """One field of a kind."""

    name: str
    type: FieldType
    label: str
    """Chinese label of two to four characters where possible; the gettext message id."""
    is_required: bool = False
    is_searchable: bool = False
    is_sensitive: bool = False
    """Masked on screens until asked for."""
    is_fixed: bool = False
    """Set when the record is made, never changed after."""
    group: str = ""
    """Fields of one group are written and merged whole."""
    merge_as: Merge | None = None
    """Overrides the type's way of merging."""
    worry: Mapping[Any, int] | None = None
    """Safety ranking: value to rank, the more worrying the greater; an empty value ranks lowest
    (-1). A code list's own `rank`s are taken with `worry={}`."""
    headings: tuple[str, ...] = ()
    """Other headings spreadsheets use for it."""
    section: str = ""
    """Name of the section of the file and the form in which it stands."""
    is_hidden: bool = False
    """Kept and synced, but not offered in forms."""

    @property
    def merge(self) -> Merge:
        return self.merge_as or self.type.merge

    @property
    def slot(self) -> str:
        """What merges as one: the group's name, or the field's."""
        return self.group or self.name

    @property
    def is_critical(self) -> bool:
        """True when the more worrying of two concurrent values stands."""
        return self.worry is not None

    def rank(self, value: Any) -> int:
        """How worrying `value` is; -1 when empty. Equal ranks fall back to the stamp."""
        if self.worry is None or value is None:
            return -1
        if self.worry:
            return self.worry.get(value, 0)
        if isinstance(self.type, Choice) and not isinstance(value, list):
            code = self.type.codes.by_code.get(value)
            return code.rank if code else 0
        return int(value is True) if isinstance(self.type, YesNo) else 0


@dataclass(frozen=True)
class Rule:
    """What must hold between fields of one record. Made by the functions of schema/rules.py."""

    fields: tuple[str, ...]
    """The fields it speaks of: asked when one of them is written."""
    fault: Callable[[Mapping[str, Any]], str | None]
    """The field at fault in values, or None."""
    problem: Problem
    """What is said then; a doubt is said and kept."""


@dataclass(frozen=True)
class Deadline:
    """A day by which something is to be done about a record, until another field says it was."""

    field: str
    """The date it runs from."""
    what: str
    """Chinese label of the duty."""
    until: str
    """The field that ends it."""
    doer: tuple[Role, ...]
    days: int = 0
    """After the date."""
    when: tuple[str, ...] = ()
    """Only where one of these yes-or-no fields says yes."""


@dataclass(frozen=True)
class Kind:
    """A record type."""

    name: str
    label: str
    scope: Scope
    fields: tuple[Field, ...]
    read: frozenset[Role]
    write: frozenset[Role]
    delete: frozenset[Role]
    parent: str = ""
    """For `hangs`: the field that names the root record."""
    unit_fields: tuple[str, ...] = ()
    """For `root`: the fields that name the units the record belongs to."""
    title: tuple[str, ...] = ("name",)
    """Fields that name the record to people, in order."""
    list_columns: tuple[str, ...] = ()
    """What a list shows: field names, or `~name` for a column computed in casework/columns.py."""
    section_labels: Mapping[str, str] = field(default_factory=dict)
    """Section name to Chinese label, in order; the pages of the file."""
    order_by: tuple[str, ...] = ()
    """Fields by which lists run when nothing else is asked; `-on` runs down."""
    deadlines: tuple[Deadline, ...] = ()
    """Duties that a record makes by itself."""
    reckoned_by: tuple[str, ...] = ()
    """Fields that figures and duties ask of every record: one index, after the root, holds them
    all."""
    can_add_by_hand: bool = True
    is_bookkeeping: bool = False
    """For `hangs`: what the program notes about other records, not what people say of the child."""
    window_field: str = ""
    """For `hangs`: the date by which the county bounds how far back laptops hold it."""
    merges_text: bool = True
    """False for safeguarding steps: their words are never combined."""
    pointer: str = ""
    """For `root`: the field that names the record which this one, found to be a second of the same,
    was merged into. Only reviewers write it."""
    page: str = ""
    """For `hangs`: label of the page of the root's file on which it stands with others; empty: a
    page of its own."""
    rules: tuple[Rule, ...] = ()
    """What must hold between the fields, on the laptop and at the hub."""
    report: frozenset[Role] = frozenset()
    """Who may make one without being allowed to read it: a bound reporter hands it on."""
    is_append_only: bool = False
    """Made once: never changed, decided about, withdrawn or deleted, by nobody."""
    keeps_root: bool = False
    """While one hangs on a root, that root cannot be deleted."""

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def slots(self) -> dict[str, tuple[Field, ...]]:
        """Slot name to the fields that merge in it, in order of declaration."""
        found: dict[str, list[Field]] = {}
        for f in self.fields:
            found.setdefault(f.slot, []).append(f)
        return {name: tuple(members) for name, members in found.items()}

    @cached_property
    def _members(self) -> dict[str, tuple[str, ...]]:
        """Of every group its fields."""
        groups = {name: fields for name, fields in self.slots.items() if name not in self.by_name}
        return {name: tuple(f.name for f in fields) for name, fields in groups.items()}

    def knows(self, slot: str) -> bool:
        """False for a slot that only a newer program declares."""
        return slot in self.slots or slot == DELETED

    def is_group(self, slot: str) -> bool:
        return slot in self._members

    def slot_value(self, slot: str, values: Mapping[str, Any]) -> Any:
        """What stands in a slot: one value, or `{field: value}` of a group without its empty
        members."""
        names = self._members.get(slot)
        if names is None:
            return values.get(slot)
        return {name: v for name in names if (v := values.get(name)) is not None} or None

    def spread(self, slot: str, value: Any) -> dict[str, Any]:
        """The reverse of `slot_value`: every field of the slot with its value."""
        names = self._members.get(slot)
        if names is not None:
            given = value or {}
            return {name: given.get(name) for name in names}
        if isinstance(value, dict):  # a group that a newer program declares: no field holds a dict
            return dict(value)
        return {slot: value}

    def rank(self, slot: str, value: Any) -> int:
        """How worrying a slot's value is (see `Field.rank`)."""
        if slot == DELETED:
            return 0 if value else 1  # staying alive outranks being hidden
        field_ = self.by_name.get(slot)
        return field_.rank(value) if field_ else -1

    def is_critical(self, slot: str) -> bool:
        field_ = self.by_name.get(slot)
        return bool(field_ and field_.is_critical)

    def merge(self, slot: str) -> Merge:
        """How concurrent values of a slot meet."""
        field_ = self.by_name.get(slot)
        if field_ is None or (field_.merge == "text" and not self.merges_text):
            return "last"
        return field_.merge

    def parse(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Typed text per field to values.

        Raises:
            InvalidValue: an unknown field or a text that means nothing for its type; `problem.args`
                then names the `field`.
        """
        values: dict[str, Any] = {}
        for name, text in texts.items():
            f = self.by_name.get(name)
            if f is None:
                raise InvalidValue(
                    Problem("unknown_field", "没有「{field}」这一项。", args=(("field", name),))
                )
            try:
                values[name] = f.type.parse(text)
            except InvalidValue as error:
                named = (*error.problem.args, ("field", name))
                raise InvalidValue(
                    Problem(error.problem.code, error.problem.message, args=named)
                ) from None
        return values

    def problems(self, values: Mapping[str, Any]) -> list[tuple[str, Problem]]:
        """Everything wrong with values about to be stored, as (field, problem)."""
        found: list[tuple[str, Problem]] = []
        for name, value in values.items():
            f = self.by_name.get(name)
            if f is None:
                found.append((
                    name,
                    Problem("unknown_field", "没有「{field}」这一项。", args=(("field", name),)),
                ))
            elif value is not None:
                problem = f.type.check(value)
                if problem:
                    found.append((name, problem))
        return found

    def broken(
        self,
        values: Mapping[str, Any],
        changed: Collection[str],
        rules: Sequence[Rule] | None = None,
    ) -> list[tuple[str, Problem]]:
        """The rules (all, or of `rules`) about one of the fields `changed` that a record with
        `values` breaks.

        What an earlier save or another person left broken is not held against this one.
        """
        among = self.rules if rules is None else rules
        asked = (rule for rule in among if not set(rule.fields).isdisjoint(changed))
        return [(at, rule.problem) for rule in asked if (at := rule.fault(values))]

    @cached_property
    def makers(self) -> frozenset[Role]:
        """Who may make a new one."""
        return self.write | self.report

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Required fields that a new record lacks."""
        return [name for name in self._required if values.get(name) is None]

    @cached_property
    def _required(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields if f.is_required)


def replace_field(field_: Field, type_: FieldType) -> Field:
    """The field with another type; forms use it to ask more widely than a record may hold."""
    return replace(field_, type=type_)
