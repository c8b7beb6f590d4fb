"""Two files of one child that are two again: what was written into the kept one between is to be looked at.

Written by the county with each merge taken back. The stamps say from when to when the two were one; what was written
meanwhile follows from them (casework/partings.py), so nothing is copied and nobody learns of what they may not read.
"""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Integer, Ref

STAMP = Integer(0, 1 << 62)

PARTING = Kind(
    name="parting",
    label="拆回",
    scope="hangs",
    parent="child",
    read=roles.REVIEWERS,
    write=roles.NOBODY,
    delete=roles.NOBODY,
    title=("other",),
    list_columns=("child", "other"),
    can_add_by_hand=False,
    is_bookkeeping=True,
    fields=(
        Field("child", Ref("child"), "留下的一份", is_required=True, is_fixed=True, is_hidden=True),
        Field("other", Ref("child"), "拆出的一份", is_required=True, is_fixed=True),
        Field("begun", STAMP, "合并时", is_required=True, is_fixed=True),
        Field("ended", STAMP, "拆回时", is_required=True, is_fixed=True),
    ),
)
