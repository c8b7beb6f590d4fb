"""Told to the county's admin: something that they may not read is told two ways, in which township and since when.

Written by the county beside each such conflict and emptied when it is settled. It names no child, no record, no field
and no value: a laptop that may not read the record learns only that its supervisor has something to decide.
"""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Date, UnitRef

WITHHELD = Kind(
    name="withheld",
    label="限看的两种说法",
    scope="root",
    unit_fields=("unit",),
    read=roles.ADMINS,
    write=roles.NOBODY,
    delete=roles.NOBODY,
    title=("opened",),
    list_columns=("unit", "opened"),
    order_by=("opened",),
    can_add_by_hand=False,
    fields=(
        Field("unit", UnitRef(), "单位", is_hidden=True),
        Field("opened", Date(), "从哪天起"),  # empty: settled
    ),
)
