"""The names of users, known to every device so that an author is a person. The record id is the login."""

from __future__ import annotations

from schema import roles
from schema.record import Field, Kind
from schema.types import Name, Text, YesNo

USER = Kind(
    name="user",
    label="用户",
    scope="public",
    read=roles.EVERYBODY,
    write=roles.NOBODY,  # made by cuncao-server user …
    delete=roles.NOBODY,
    title=("name",),
    list_columns=("login", "name"),
    order_by=("login",),
    can_add_by_hand=False,
    fields=(
        Field("login", Name(64), "登录名", is_required=True, is_fixed=True),
        Field("name", Name(64), "姓名", is_searchable=True),
        Field("is_disabled", YesNo(), "停用"),
        # `role@unit`, separated by spaces: whose visit counts for which duty, whom to ask. Of grants for
        # single children it says `role@`, not which.
        Field("posts", Text(2000), "职务", is_hidden=True),
    ),
)
