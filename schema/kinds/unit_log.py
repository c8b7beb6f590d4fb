"""What a unit did of its own duties, or put off: a class meeting, a census round, a monthly report handed in."""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Date, Text, UnitRef

UNIT_LOG = Kind(
    name="unit_log",
    label="单位记事",
    scope="root",
    unit_fields=("unit",),
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("on", "note"),
    list_columns=("on", "unit", "rule", "done_by", "note"),
    order_by=("-on",),
    fields=(
        Field("unit", UnitRef(), "单位", is_required=True, is_fixed=True),
        Field("rule", Text(40), "哪条周期", is_fixed=True),
        Field("on", Date(), "日期", is_required=True),
        Field("until", Date(), "推到"),
        Field("done_by", Text(80), "谁做"),
        Field("note", Text(), "说明", is_searchable=True),
    ),
)
