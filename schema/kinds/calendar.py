"""The county's calendar: school terms, days off and days worked that differ from what the program knows."""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.record import Field, Kind
from schema.types import Choice, Date, Text

CALENDAR_DAY = codes("calendar_day", ("term", "学期", "上学"), ("off", "放假", "假期"), ("work", "上班", "补班"))

CALENDAR = Kind(
    name="calendar",
    label="日历",
    scope="public",
    read=roles.EVERYBODY,
    write=roles.ADMINS,
    delete=roles.ADMINS,
    title=("note", "from_on"),
    list_columns=("what", "from_on", "until", "note"),
    order_by=("from_on",),
    fields=(
        Field("what", Choice(CALENDAR_DAY), "是什么", is_required=True),
        Field("from_on", Date(), "从哪天", is_required=True),
        Field("until", Date(), "到哪天", is_required=True),
        Field("note", Text(80), "说明"),
    ),
)
