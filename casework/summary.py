"""A record in a few lines: the head of its file, the peek under a list. Made from declarations."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from casework import columns, wording
from schema.kinds import KINDS
from schema.record import Kind
from schema.types import Choice, LongText, Phone, Ref
from sync.language import _
from sync.reading import Reading

Piece = tuple[str, str]
"""Text and style words (`text bold`); an empty style is plain text."""


def hanging_kinds(kind: Kind) -> list[Kind]:
    """The kinds that people write under this one, in order of declaration."""
    if kind.scope != "root":
        return []
    found = []
    for other in KINDS.values():
        parent = other.by_name.get(other.parent) if other.can_add_by_hand else None
        if parent and isinstance(parent.type, Ref) and parent.type.kind == kind.name:
            found.append(other)
    return found


def pages(replica: Reading, kind: Kind) -> list[tuple[str, str, list[Kind]]]:
    """The pages of a root's file on which records hang: (name, label, kinds), those without a page
    of their own together; only what this user may read or add."""
    found: dict[str, tuple[str, str, list[Kind]]] = {}
    for other in hanging_kinds(kind):
        if replica.may("read", other.name) or replica.may("add", other.name):
            page = found.setdefault(
                other.page or other.name, (other.page or other.name, other.page or other.label, [])
            )
            page[2].append(other)
    return list(found.values())


def is_people(kind: Kind) -> bool:
    """True for kinds whose records are people one can call."""
    listed = (kind.by_name.get(name) for name in kind.list_columns)
    return any(f is not None and isinstance(f.type, Phone) for f in listed)


def head(replica: Reading, kind: Kind, row: dict[str, Any], today: datetime.date) -> list[Piece]:
    """The first line of a file: title and the short facts of its list."""
    pieces: list[Piece] = [(wording.title_text(kind, row, replica, today), "text bold")]
    for column in columns.columns_of(kind)[1:]:
        cell = column.load(replica, [row], today)[0]
        if cell.text not in ("", "—") and not cell.mark and column.name not in kind.title:
            text = cell.text
            if column.name == "~age":
                text = _("{n}岁").format(n=text)
            pieces.append((text, "text"))
    return pieces


def marks(row: dict[str, Any], kind: Kind) -> list[tuple[str, str]]:
    """What stands out about a record: (mark, text)."""
    found: list[tuple[str, str]] = []
    for field in kind.fields:
        if isinstance(field.type, Choice) and isinstance(row.get(field.name), str):
            code = field.type.codes.by_code.get(row[field.name])
            if code and code.mark in ("danger", "high"):
                found.append((
                    code.mark,
                    _("{level}{what}").format(level=_(code.label), what=wording.within(_(field.label))),
                ))
    if row.get("_open"):
        found.append(("told_two_ways", _("{n} 待核").format(n=row["_open"])))
    if row.get("_pending"):
        found.append(("unsent", _("{n} 未传").format(n=row["_pending"])))
    return found


def person_line(
    replica: Reading, kind: Kind, row: dict[str, Any], today: datetime.date
) -> list[Piece]:
    """One person around the child: role, name, facts, and the phone in bold."""
    pieces: list[Piece] = []
    for name in kind.list_columns:
        field = kind.by_name.get(name)
        if field is None:
            continue
        text = wording.value_text(field, row.get(name), replica, today)
        if text and row.get(name) is True:
            pieces.append((_(field.label), "text"))
        elif text and row.get(name) is not False:
            is_phone = isinstance(field.type, Phone)
            pieces.append((text, "text bold" if is_phone else "text"))
    return pieces


def newest(replica: Reading, kind: Kind, root: str, today: datetime.date) -> list[Piece]:
    """The newest hanging record in one line."""
    rows = replica.select(kind.name, {kind.parent: root}, limit=1)
    return entry_line(replica, kind, rows[0], today) if rows else []


def entry_line(
    replica: Reading, kind: Kind, row: dict[str, Any], today: datetime.date
) -> list[Piece]:
    pieces: list[Piece] = []
    for name in kind.list_columns:
        if name == kind.parent:
            continue  # whose it is stands at the top of the file
        field = kind.by_name.get(name)
        text = wording.value_text(field, row.get(name), replica, today)
        if text:
            is_long = isinstance(field.type, LongText) if field else False
            pieces.append((text.replace("\n", " "), "text" if is_long else "dim"))
    return pieces


def peek(
    replica: Reading, kind: Kind, row: dict[str, Any], today: datetime.date
) -> list[tuple[str, Sequence[Piece]]]:
    """Three lines about the record under the cursor: (label, pieces)."""
    lines: list[tuple[str, Sequence[Piece]]] = [("", head(replica, kind, row, today))]
    for other in hanging_kinds(kind):
        if other.page:
            continue
        if is_people(other):
            people = replica.select(other.name, {other.parent: row["id"]})
            flags = [
                f.name for f in other.fields if f.name in other.list_columns and f.type.sql is int
            ]
            people.sort(key=lambda p: not any(p.get(n) for n in flags))
            pieces: list[Piece] = []
            for person in people[:2]:
                pieces += [*person_line(replica, other, person, today), ("", "")]
            lines.append((_(other.label), pieces or [(_("还没有"), "faint")]))
        else:
            pieces = newest(replica, other, row["id"], today)
            lines.append((
                _("上次"),
                pieces or [(_("还没有{what}").format(what=wording.within(_(other.label))), "faint")],
            ))
    return lines[:3]
