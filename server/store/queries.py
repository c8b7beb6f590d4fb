"""Statements that ask for one row, or for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from sync.storage import Connection


def text(value: Any) -> str:
    """JSON as SQLite's functions take it."""
    return msgspec.json.encode(value).decode()


MANY = 250
"""Rows of one transaction from which on short ways are worth it."""


class Queries:
    """What the tables of a store are read with."""

    connection: Connection
    much = MANY
    """New roots of one transaction from which on they stand apart first (server/store/fresh.py)."""

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

    def _has_from_to(self, table: str, column: str, ids: Collection[str]) -> bool:
        """False when a table has none of these: told by one look-up, as a roster comes in the order
        of ids."""
        between = f"SELECT 1 FROM {table} WHERE {column} BETWEEN ? AND ? LIMIT 1"
        return self._one(between, min(ids), max(ids)) is not None

    def _among_write(self, sql: str, values: Collection[Any]) -> None:
        if values:
            self._among(sql, values)
