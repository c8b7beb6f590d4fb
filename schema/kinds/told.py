"""What a person has been told of and has seen: their laptops agree by it. It holds no value of a child.

A notice itself is derived on each laptop (sync/notices.py); this says only that one was put away.
"""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Id, Ref, Text

TOLD = Kind(
    name="told",
    label="看过的通知",
    scope="hangs",
    parent="child",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    title=("whom",),
    list_columns=("whom", "notice"),
    can_add_by_hand=False,
    is_bookkeeping=True,
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("whom", Text(64), "告知谁", is_required=True, is_fixed=True),
        Field("notice", Id(), "通知", is_required=True, is_fixed=True),
        Field("cause", Text(64), "为什么", is_required=True, is_fixed=True),
    ),
)
