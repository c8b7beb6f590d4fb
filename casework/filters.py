"""Filters over a list: fields with a closed set of answers, chosen by people, as a condition over
the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schema.record import Field, Kind
from schema.types import Choice, Choices, UnitRef, YesNo
from sync.reading import Reading
from sync.tables import quoted


def filterable(kind: Kind) -> list[Field]:
    """Fields one can filter by: units, what the list shows, then what is watched, then the rest."""
    closed = [
        f for f in kind.fields if isinstance(f.type, (Choice, YesNo, UnitRef)) and not f.is_hidden
    ]

    def place(field: Field) -> tuple[bool, bool, bool]:
        return (
            not isinstance(field.type, UnitRef),
            field.name not in kind.list_columns,
            not field.is_critical,
        )

    return sorted(closed, key=place)


def condition(replica: Reading, kind: Kind, chosen: Mapping[str, Any]) -> str:
    """SQL over `r_KIND` for values chosen per field: all must hold; several codes of a set: any of
    them.

    Only codes of declared lists and of units known here get into the text, never what was typed.
    """
    parts = []
    for name, value in chosen.items():
        field = kind.by_name[name]
        column = quoted(name)
        if value is None:
            continue
        if isinstance(field.type, UnitRef):
            parts.append(f"{column} IN ({_listed(sorted(replica.tree.under(value)))})")
        elif isinstance(field.type, Choices):
            codes = _listed([c for c in value if c in field.type.codes.by_code])
            parts.append(
                f"EXISTS (SELECT 1 FROM json_each({column}) WHERE json_each.value IN ({codes}))"  # noqa: S608
            )
        elif isinstance(field.type, Choice) and value in field.type.codes.by_code:
            parts.append(f"{column} = {_listed([value])}")
        elif isinstance(field.type, YesNo):
            parts.append(f"{column} = {int(bool(value))}")
    return " AND ".join(parts)


def _listed(values: Sequence[str]) -> str:
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)
