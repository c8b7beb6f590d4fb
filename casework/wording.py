"""How values are worded for people: codes, units, dates, phones, masked numbers; in the chosen
language."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from casework.units_names import short_name
from schema import grade, idnumber
from schema.kinds import KINDS
from schema.record import DELETED, Field, Kind
from schema.types import Choice, Choices, Date, IdNumber, Moment, Money, Phone, Ref, UnitRef, YesNo
from sync import language
from sync.language import _
from sync.reading import Reading

COUNTY_ZONE = datetime.timezone(datetime.timedelta(hours=8))
"""A day is a day at UTC+8, whatever the machine's zone."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def day_of(ms: int) -> datetime.date:
    """The county's day of a moment."""
    return datetime.datetime.fromtimestamp(ms / 1000, COUNTY_ZONE).date()


def month_day(day: datetime.date) -> str:
    """11月5日, 5 Nov."""
    if language.current() == "en":
        return f"{day.day} {_MONTHS[day.month - 1]}"
    return f"{day.month}月{day.day}日"


def date_text(value: str | None, today: datetime.date) -> str:
    """A date as people say it: today, yesterday, 5 November this year, 2025-11-21 otherwise."""
    if not value or len(value) < 10:
        return value or ""
    day = datetime.date.fromisoformat(value)
    near = {0: _("今天"), 1: _("昨天"), -1: _("明天")}.get((today - day).days)
    if near:
        return near
    return month_day(day) if day.year == today.year else value


def moment_text(ms: int | None, today: datetime.date) -> str:
    """A moment: 昨天 18:20 within two days, else the date."""
    if ms is None:
        return _("从没")
    moment = datetime.datetime.fromtimestamp(ms / 1000, COUNTY_ZONE)
    text = date_text(moment.date().isoformat(), today)
    if abs((today - moment.date()).days) <= 1:
        return f"{text} {moment:%H:%M}"
    return text


def age(birth_date: str | None, today: datetime.date) -> int | None:
    """Whole years; None when the year of birth is unknown."""
    if not birth_date:
        return None
    year, month, day = (*(int(p) for p in birth_date.split("-")), 1, 1)[:3]
    return today.year - year - ((today.month, today.day) < (month, day))


def unit_text(code: str | None, replica: Reading, today: datetime.date) -> str:
    """A unit's short name; a class by this school year's name."""
    unit = replica.unit(code) if code else None
    if unit is None:
        return code or ""
    if unit["level"] == "class":
        return grade.class_name(unit, today)
    return short_name(str(unit["name"]))


def record_text(kind: Kind, id: str, replica: Reading, today: datetime.date) -> str:
    """A record by its title."""
    rows = replica.rows(kind.name, [replica.kept(id) if kind.pointer else id], with_deleted=True)
    return title_text(kind, rows[0], replica, today) if rows else id


def headed(text: str) -> str:
    """A label where a heading or a line begins: its first letter large, in English."""
    return text[:1].upper() + text[1:]


def within(label: str) -> str:
    """A label inside a sentence: its first letter small, in English; `ID` stays."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def title_text(
    kind: Kind, values: Mapping[str, Any], replica: Reading, today: datetime.date
) -> str:
    parts = (value_text(kind.by_name[n], values.get(n), replica, today) for n in kind.title)
    return " ".join(p for p in parts if p)


def value_text(
    field: Field | None,
    value: Any,
    replica: Reading,
    today: datetime.date,
    *,
    is_masked: bool = True,
) -> str:
    """A value for a screen, one line or more; empty text for an empty value."""
    if value is None or field is None:
        return "" if value is None else str(value)
    kind = field.type
    if isinstance(kind, Choices):
        codes = kind.codes.by_code
        return _("、").join(_(codes[c].label) if c in codes else str(c) for c in value)
    if isinstance(kind, Choice):
        code = kind.codes.by_code.get(value)
        return _(code.label) if code else str(value)
    if isinstance(kind, YesNo):
        return _("是") if value else _("否")
    if isinstance(kind, Date):
        return date_text(value, today)
    if isinstance(kind, Moment):
        return f"{date_text(value[:10], today)}{value[10:]}"
    if isinstance(kind, Phone):
        return kind.grouped(value)
    if isinstance(kind, IdNumber):
        return idnumber.masked(value) if is_masked and field.is_sensitive else str(value)
    if isinstance(kind, UnitRef):
        return unit_text(value, replica, today)
    if isinstance(kind, Ref):
        return record_text(KINDS[kind.kind], value, replica, today)
    return kind.show(value) if isinstance(kind, Money) else str(value)


def slot_text(
    kind: Kind,
    slot: str,
    value: Any,
    replica: Reading,
    today: datetime.date,
    *,
    is_masked: bool = False,
) -> str:
    """A slot's value: a field's, or the members of a group."""
    if slot == DELETED:
        return _("删除：{reason}").format(reason=value) if value else _("保留")
    if slot == kind.pointer:
        if not value:
            return _("不合，各是一份")
        return _("合到「{file}」那一份").format(file=record_text(kind, value, replica, today))
    if not kind.is_group(slot):
        return value_text(kind.by_name.get(slot), value, replica, today, is_masked=is_masked)
    members = kind.spread(slot, value)
    texts = (
        value_text(kind.by_name[n], v, replica, today, is_masked=is_masked)
        for n, v in members.items()
    )
    return " ".join(t for t in texts if t)


def slot_label(kind: Kind, slot: str) -> str:
    """What a slot is called: a field's label, or those of a group's members."""
    if slot == DELETED:
        return _("删除")
    if slot == kind.pointer:
        return _("合不合成一份")
    if not kind.is_group(slot):
        return _(kind.by_name[slot].label)
    first, *more = (_(f.label) for f in kind.slots[slot])
    return _("、").join([first, *map(within, more)])
