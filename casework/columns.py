"""Columns of lists: how wide a field is in cells, and the computed ones a declaration names with
`~`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from casework import assessments, cases, pairings, wording
from schema.codes import CodeList
from schema.instruments import Result
from schema.kinds import KINDS
from schema.kinds.case_step import STEP
from schema.kinds.child import LIVES_WITH, RISK
from schema.kinds.family import ROLE
from schema.record import Field, Kind
from schema.types import (
    Choice,
    Choices,
    Date,
    Integer,
    LongText,
    Moment,
    Name,
    Phone,
    Ref,
    Text,
    UnitRef,
    YesNo,
)
from sync.language import N_, _
from sync.reading import Reading
from sync.records import as_json


class Cell(Struct, frozen=True):
    """One cell of a list: text, and the name of a mark before it (tui/marks.py)."""

    text: str
    mark: str = ""


Loader = Callable[[Reading, Sequence[dict[str, Any]], datetime.date], list[Cell]]


class Column(Struct, frozen=True):
    """A column: label (message id), width in cells, and how its cells are made for the visible
    rows."""

    name: str
    label: str
    width: int
    load: Loader
    is_right: bool = False
    is_quiet: bool = False
    """Set dim: facts that help to tell, not those one looks for."""
    answers: tuple[str, ...] = ()
    """Labels (message ids) of the only texts that stand in it; none may be cut."""
    has_marks: bool = False
    """True where a mark and a blank stand before some of them."""
    is_long: bool = False
    """Free text: what gives way first where the line is short."""


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


def _helped(replica: Reading, rows: Sequence[dict[str, Any]], today: datetime.date) -> list[Cell]:
    found = pairings.helped(replica, [r["id"] for r in rows], today.isoformat())
    cells = []
    for row in rows:
        most = pairings.most(row)
        cells.append(Cell(f"{found[row['id']]}" + (f"/{most}" if most else "")))
    return cells


def _results(replica: Reading, rows: Sequence[dict[str, Any]]) -> list[Result]:
    return [assessments.proposal(replica, row) for row in rows]


def _scores(replica: Reading, rows: Sequence[dict[str, Any]], _today: datetime.date) -> list[Cell]:
    points = (r.points for r in _results(replica, rows))
    return [Cell("" if p is None else str(p)) for p in points]


def _proposed(
    replica: Reading, rows: Sequence[dict[str, Any]], _today: datetime.date
) -> list[Cell]:
    levels = (RISK.by_code.get(r.level or "") for r in _results(replica, rows))
    return [Cell(_(c.label), c.mark) if c else Cell("") for c in levels]


def _standings(replica: Reading, rows: Sequence[dict[str, Any]]) -> list[cases.Standing]:
    return cases.standings(replica, list(rows), replica.clock.now_ms())


def _stages(replica: Reading, rows: Sequence[dict[str, Any]], _today: datetime.date) -> list[Cell]:
    words = dict(cases.STAGES)
    return [Cell(_(words[s.stage])) for s in _standings(replica, rows)]


def _next_steps(
    replica: Reading, rows: Sequence[dict[str, Any]], _today: datetime.date
) -> list[Cell]:
    cells = []
    for found in _standings(replica, rows):
        if found.next is None:
            cells.append(Cell(_("可以结案") if found.is_open else ""))
        else:
            step = STEP.by_code[found.next.step]
            cells.append(Cell(_(step.label), "danger" if found.next.is_late else "medium"))
    return cells


def _kilobytes(
    _replica: Reading, rows: Sequence[dict[str, Any]], _today: datetime.date
) -> list[Cell]:
    """The size of a file in whole kilobytes."""
    return [Cell(f"{max(1, r['size'] // 1024)} KB" if r.get("size") else "") for r in rows]


def _labels(*lists: CodeList) -> tuple[str, ...]:
    return tuple(code.label for codes in lists for code in codes.live)


COMPUTED: dict[str, Column] = {
    "~age": Column("~age", N_("岁"), 3, _ages, is_right=True),
    "~carer": Column("~carer", N_("谁在带"), 9, _carers, answers=_labels(ROLE, LIVES_WITH)),
    "~helped": Column("~helped", N_("在帮"), 5, _helped, is_right=True),
    "~score": Column("~score", N_("得分"), 5, _scores, is_right=True),
    "~proposed": Column(
        "~proposed", N_("算出来"), 10, _proposed, answers=_labels(RISK), has_marks=True
    ),
    "~stage": Column("~stage", N_("到哪一步"), 9, _stages, answers=tuple(dict(cases.STAGES).values())),
    "~next_step": Column(
        "~next_step", N_("下一步"), 16, _next_steps, has_marks=True,
        answers=tuple(STEP.by_code[duty.step].label for duty in cases.CHAIN),
    ),
    "~kb": Column("~kb", N_("大小"), 7, _kilobytes, is_right=True, is_quiet=True),
    "~last_contact": Column("~last_contact", N_("上次"), 10, _last_contacts, is_quiet=True),
}


def _width(field: Field) -> int:
    kind = field.type
    if isinstance(kind, Choice):
        return 4 if field.name == "sex" else 10
    for types, width in (
        ((Name,), 16), ((UnitRef,), 9), ((Date,), 10), ((Phone,), 13),
        ((Integer, YesNo), 6), ((LongText,), 40), ((Moment, Ref), 16),
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
    is_one = codes is not None and not isinstance(field.type, Choices)
    return Column(
        field.name, field.label, _width(field), load, is_quiet=is_quiet,
        answers=_labels(codes) if codes and is_one else (),
        has_marks=any(code.mark for code in codes.live) if codes else False,
        is_long=isinstance(field.type, (Text, LongText, Ref, Choices))
        and not isinstance(field.type, (Name, UnitRef)),
    )  # fmt: skip


def columns_of(kind: Kind) -> list[Column]:
    """The columns a kind's declaration asks for."""
    return [COMPUTED.get(n) or _of_field(kind.by_name[n]) for n in kind.list_columns]
