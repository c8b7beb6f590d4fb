"""Statements that ask for one row, or for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from sync.storage import Connection


def text(value: Any) -> str:
    """JSON as SQLite's functions take it."""
    return msgspec.json.encode(value).decode()


class Queries:
    """What the tables of a store are read with."""

    connection: Connection

    def head(self) -> int:
        row = self._one("SELECT max(seq) FROM log")
        return (row[0] if row else None) or 0

    def _one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self.connection.execute(sql, values).fetchone()
        return row

    def _among(
        self, sql: str, values: Collection[Any], order: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Rows where a column is one of `values`: one statement, however many they are."""
        rows: Iterator[tuple[Any, ...]] = self.connection.execute(
            f"{sql} (SELECT value FROM json_each(?)) {order}", (text(list(values)),)
        )
        return rows

    def _among_write(self, sql: str, values: Collection[Any]) -> None:
        if values:
            self._among(sql, values)
