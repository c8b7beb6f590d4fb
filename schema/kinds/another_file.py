"""Told to those who see a child's file: the county may have another one of the same child.

Written by the county beside each pair it finds, one in either file, as school and village may not see
each other's. It says nothing of the other file; nobody else writes it.
"""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Id, Ref, YesNo

ANOTHER_FILE = Kind(
    name="another_file",
    label="另有一份",
    scope="hangs",
    parent="child",
    read=roles.CASEWORKERS,
    write=roles.NOBODY,
    delete=roles.NOBODY,
    title=("pair",),
    list_columns=("child", "is_settled"),
    can_add_by_hand=False,
    is_bookkeeping=True,
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("pair", Id(), "哪一对", is_required=True, is_fixed=True),
        Field("is_settled", YesNo(), "核对过"),
    ),
)
