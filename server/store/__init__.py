"""Where the hub keeps its county: one interface (`sync.hub.HubStore`), more than one home."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from schema.problems import InvalidValue, Problem

if TYPE_CHECKING:
    from server.home import Home
    from server.store.sqlite import SqliteStore

DATABASE_URL = "CUNCAO_DATABASE_URL"


def check_address(address: str) -> None:
    """Refuse a database that this version cannot use; empty means the embedded one.

    Raises:
        InvalidValue: see above.
    """
    if not address:
        return
    if address.startswith(("postgresql://", "postgres://")):
        raise InvalidValue(
            Problem(
                "database_not_yet",
                "这一版服务器还不能用 PostgreSQL。请去掉 CUNCAO_DATABASE_URL，改用自带的数据库。",
            )
        )
    raise InvalidValue(
        Problem("database_unknown", "CUNCAO_DATABASE_URL 不是能用的数据库地址。请去掉它。")
    )


def open_store(
    home: Home,
    *,
    writer: AbstractContextManager[Any] | None = None,
    same_thread: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> SqliteStore:
    """The county's store, from a connection of its own; each thread opens one.

    Raises:
        InvalidValue: a database this version cannot use, or a home without a county.
        DamagedStore: the file is damaged, or the key is not its key.
    """
    from server.store.sqlite import SqliteStore
    from sync.storage import open_encrypted

    check_address(environment.get(DATABASE_URL, ""))
    key = home.key()
    if not home.store_file.exists():
        raise home.no_county()
    connection = open_encrypted(home.store_file, key, same_thread=same_thread)
    return SqliteStore(connection, writer=writer)
