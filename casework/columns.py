"""Columns of lists: how wide a field is in cells, and the computed ones a declaration names with
`~`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from casework import wording
from schema.kinds import KINDS
from schema.kinds.family import ROLE
from schema.record import Field, Kind
from schema.types import Choice, Date, Integer, LongText, Name, Phone, UnitRef, YesNo
from sync.language import N_, _
from sync.reading import Reading
from sync.records import as_json


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a list: text, and the name of a mark before it (tui/marks.py)."""

    text: str
    mark: str = ""


Loader = Callable[[Reading, Sequence[dict[str, Any]], datetime.date], list[Cell]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: label (message id), width in cells, and how its cells are made for the visible
    rows."""

    name: str
    label: str
    width: int
    load: Loader
    is_right: bool = False
    is_quiet: bool = False
    """Set dim: facts that help to tell, not those one looks for."""


def _ages(_replica: Reading, rows: Sequence[dict[str, Any]], today: datetime.date) -> list[Cell]:
    years = (wording.age(r.get("birth_date"), today) for r in rows)
    return [Cell("" if y is None else str(y)) for y in years]


def _carers(replica: Reading, rows: Sequence[dict[str, Any]], _today: datetime.date) -> list[Cell]:
    """The family member marked as carer; else with whom the child lives."""
    found = dict(
        replica.connection.execute(
            "SELECT _root, role FROM r_family WHERE is_carer = 1 AND _deleted IS NULL"
            " AND _root IN (SELECT value FROM json_each(?))",
            (as_json(r["id"] for r in rows),),
        ).fetchall()
    )
    lives = KINDS["child"].by_name["lives_with"].type
    assert isinstance(lives, Choice)
    cells = []
    for row in rows:
        code = ROLE.by_code.get(found.get(row["id"], "")) or lives.codes.by_code.get(
            row.get("lives_with") or ""
        )
        cells.append(Cell(_(code.label) if code else ""))
    return cells


def _last_contacts(
    replica: Reading, rows: Sequence[dict[str, Any]], today: datetime.date
) -> list[Cell]:
    found = dict(
        replica.connection.execute(
            'SELECT _root, max("on") FROM r_contact WHERE _deleted IS NULL'
            " AND _root IN (SELECT value FROM json_each(?)) GROUP BY _root",
            (as_json(r["id"] for r in rows),),
        ).fetchall()
    )
    return [Cell(wording.date_text(found.get(r["id"]), today) or "—") for r in rows]


COMPUTED: dict[str, Column] = {
    "~age": Column("~age", N_("岁"), 3, _ages, is_right=True),
    "~carer": Column("~carer", N_("谁在带"), 9, _carers),
    "~last_contact": Column("~last_contact", N_("上次"), 10, _last_contacts, is_quiet=True),
}


def _width(field: Field) -> int:
    kind = field.type
    if isinstance(kind, Choice):
        return 4 if field.name == "sex" else 10
    for types, width in (
        ((Name,), 16), ((UnitRef,), 10), ((Date,), 10), ((Phone,), 14),
        ((Integer, YesNo), 6), ((LongText,), 40),
    ):  # fmt: skip
        if isinstance(kind, types):
            return width
    return 14


def _of_field(field: Field) -> Column:
    codes = field.type.codes if isinstance(field.type, Choice) else None

    def load(replica: Reading, rows: Sequence[dict[str, Any]], today: datetime.date) -> list[Cell]:
        cells = []
        for row in rows:
            value = row.get(field.name)
            code = codes.by_code.get(value) if codes and isinstance(value, str) else None
            text = wording.value_text(field, value, replica, today)
            cells.append(Cell(text.replace("\n", " "), code.mark if code else ""))
        return cells

    is_quiet = isinstance(field.type, (UnitRef, Date)) or _width(field) <= 4
    return Column(field.name, field.label, _width(field), load, is_quiet=is_quiet)


def columns_of(kind: Kind) -> list[Column]:
    """The columns a kind's declaration asks for."""
    return [COMPUTED.get(n) or _of_field(kind.by_name[n]) for n in kind.list_columns]
