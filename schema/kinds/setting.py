"""The county's settings, known to every device: what they mean stands in schema/settings.py."""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Integer, Text

SETTING = Kind(
    name="setting",
    label="县里的设定",
    scope="public",
    read=roles.EVERYBODY,
    write=roles.NOBODY,  # the county's server makes them (cuncao-server settings set)
    delete=roles.NOBODY,
    title=("name",),
    list_columns=("name", "value"),
    order_by=("name",),
    can_add_by_hand=False,
    fields=(
        Field("name", Text(40), "名目", is_required=True, is_fixed=True),
        Field("value", Integer(), "数值", is_required=True),
    ),
)
