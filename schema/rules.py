"""Rules between the fields of one record, made where its kind is declared; pure functions.

An empty value breaks nothing by itself: papers are filled in bit by bit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from schema.problems import Problem
from schema.record import Rule

OUT_OF_ORDER = Problem("dates_out_of_order", "日子的先后不对：不能早于前面那一步。")
NEEDED = Problem("needed", "这样的话，这一项不能空着。")


def in_order(*names: str) -> Rule:
    """Days and moments run in this order; equal ones are fine, empty ones are skipped."""

    def fault(values: Mapping[str, Any]) -> str | None:
        before = ""
        for name in names:
            at = values.get(name)
            if at is None:
                continue
            shortest = min(len(before), len(at))
            if at[:shortest] < before[:shortest]:
                return name
            before = at
        return None

    return Rule(names, fault, OUT_OF_ORDER)


def needs(field: str, codes: Collection[Any], *names: str, problem: Problem = NEEDED) -> Rule:
    """While `field` is one of `codes`, the fields `names` are filled in."""

    def fault(values: Mapping[str, Any]) -> str | None:
        empty = [n for n in names if values.get(n) is None]
        return empty[0] if empty and has(values, field, codes) else None

    return Rule((field, *names), fault, problem)


def follows(name: str, before: str, problem: Problem) -> Rule:
    """`name` is filled in only when `before` is."""

    def fault(values: Mapping[str, Any]) -> str | None:
        return name if values.get(name) is not None and values.get(before) is None else None

    return Rule((name, before), fault, problem)


def only_while(name: str, field: str, codes: Collection[Any], problem: Problem) -> Rule:
    """`name` is filled in only while `field` is one of `codes`."""

    def fault(values: Mapping[str, Any]) -> str | None:
        is_wrong = values.get(name) is not None and not has(values, field, codes)
        return name if is_wrong else None

    return Rule((name, field), fault, problem)


def stops(
    field: str, codes: Collection[Any], name: str, bad: Collection[Any], problem: Problem
) -> Rule:
    """A hard stop: while `field` is one of `codes`, `name` is none of `bad`."""

    def fault(values: Mapping[str, Any]) -> str | None:
        return name if has(values, field, codes) and has(values, name, bad) else None

    return Rule((field, name), fault, problem)


def as_doubt(rule: Rule) -> Rule:
    """The same rule, said and kept instead of refused."""
    return replace(rule, problem=replace(rule.problem, is_doubt=True))


def has(values: Mapping[str, Any], field: str, codes: Collection[Any]) -> bool:
    """True when a field holds one of `codes`, or a set with one of them in it."""
    value = values.get(field)
    if isinstance(value, list):
        return any(v in codes for v in value)
    return value is not None and value in codes
