"""The names of laptops, known to every device, so that whoever reviews knows where a value was written."""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Name

DEVICE = Kind(
    name="device",
    label="电脑",
    scope="public",
    read=roles.EVERYBODY,
    write=roles.NOBODY,  # the county's server makes them at a login
    delete=roles.NOBODY,
    title=("name",),
    list_columns=("name",),
    order_by=("name",),
    can_add_by_hand=False,
    fields=(Field("name", Name(64), "名称", is_required=True),),
)
