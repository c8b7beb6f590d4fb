"""A duty put off with a reason ("去了，没人"): it falls due again on another day; the record of the child is not touched."""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Date, Ref, Text

DEFERRAL = Kind(
    name="deferral",
    label="推后",
    scope="hangs",
    parent="child",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    title=("on", "reason"),
    list_columns=("on", "child", "rule", "until", "reason"),
    order_by=("-on",),
    can_add_by_hand=False,
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("rule", Text(40), "哪条周期", is_required=True, is_fixed=True),
        Field("on", Date(), "哪天说的", is_required=True, is_fixed=True),
        Field("until", Date(), "推到", is_required=True),
        Field("reason", Text(), "为什么", is_required=True),
    ),
)
