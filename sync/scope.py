"""Who may see and do what: grants laid over the tree of organisation units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from schema.kinds import KINDS
from schema.record import Kind
from schema.roles import REVIEWERS
from sync.change import Grant

FILE = "="
"""Before a file's id among the units of a place: whoever may see one file of a child sees all."""


class UnitTree:
    """Parents and children of units, by code."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        self.parents = dict(parents)
        self.children: dict[str, list[str]] = {}
        for code, parent in self.parents.items():
            if parent:
                self.children.setdefault(parent, []).append(code)

    def under(self, code: str) -> set[str]:
        """`code` and everything below it."""
        found: set[str] = set()
        waiting = [code]
        while waiting:
            unit = waiting.pop()
            if unit not in found:
                found.add(unit)
                waiting += self.children.get(unit, ())
        return found

    def path(self, code: str) -> list[str]:
        """`code`, its parent and so on up to the county."""
        found: list[str] = []
        unit: str | None = code
        while unit and unit not in found:
            found.append(unit)
            unit = self.parents.get(unit)
        return found


class Scope:
    """What a set of grants covers. Cheap to ask, made once a request."""

    def __init__(self, grants: Iterable[Grant], tree: UnitTree) -> None:
        self.grants = tuple(grants)
        self._tops = frozenset(code for code, parent in tree.parents.items() if not parent)
        self._units: dict[str, set[str]] = {}
        self._children: dict[str, set[str]] = {}
        self._reached: dict[frozenset[str], tuple[frozenset[str], frozenset[str]]] = {}
        for grant in self.grants:
            if grant.unit:
                self._units.setdefault(grant.role, set()).update(tree.under(grant.unit))
            if grant.child:
                self._children.setdefault(grant.role, set()).add(grant.child)
                # and every other file of the same child, see sync/merging.py
                self._units.setdefault(grant.role, set()).add(FILE + grant.child)

    @cached_property
    def _readable(self) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        return {name: self._reach(kind.read) for name, kind in KINDS.items()}

    def _reach(self, roles: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Units and children in which one of `roles` is held; remembered, a push asks per
        change."""
        known = self._reached.get(key := frozenset(roles))
        if known is not None:
            return known
        units: set[str] = set()
        children: set[str] = set()
        for role in roles:
            units |= self._units.get(role, set())
            children |= self._children.get(role, set())
        self._reached[key] = frozenset(units), frozenset(children)
        return self._reached[key]

    @property
    def is_empty(self) -> bool:
        return not self.grants

    def reads(self, kind: str, root: str, units: Collection[str]) -> bool:
        """True when a record of `kind` under `root`, which has `units`, may be held."""
        declared = KINDS.get(kind)
        if declared is None:
            return False
        if declared.scope == "public":
            return True  # units and names of users: every device holds them, whoever its user is
        in_units, in_children = self._readable[kind]
        return root in in_children or not in_units.isdisjoint(units)

    @property
    def reach(self) -> dict[str, set[str]]:
        """The units in which each role is held."""
        return self._units

    def root_reach(self) -> tuple[set[str], set[str]]:
        """Every unit and every root in which at least one kind that is not public may be read."""
        units: set[str] = set()
        children: set[str] = set()
        for name, kind in KINDS.items():
            if kind.scope != "public":
                units |= self._readable[name][0]
                children |= self._readable[name][1]
        return units, children

    def may(self, roles: Collection[str], root: str, units: Collection[str]) -> bool:
        """True when one of `roles` is held where the record is: for a public one, which is under
        no root, in the whole county."""
        in_units, in_children = self._reach(roles)
        if not root and not units:
            return not self._tops.isdisjoint(in_units)
        return root in in_children or not in_units.isdisjoint(units)

    def may_write(self, kind: Kind, root: str, units: Collection[str]) -> bool:
        return self.may(kind.write, root, units)

    def may_resolve(self, root: str, units: Collection[str]) -> bool:
        return self.may(REVIEWERS, root, units)

    def may_delete(self, kind: Kind, root: str, units: Collection[str]) -> bool:
        return self.may(kind.delete, root, units)


def units_of(kind: Kind, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The units a root record names."""
    named = [unit for field in kind.unit_fields if (unit := values.get(field))]
    return tuple(named) if len(named) < 2 else tuple(sorted(set(named)))
