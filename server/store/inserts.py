"""Rows into a table by the hundred."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sync.storage import Connection

TOGETHER = 100
"""Rows that one statement inserts."""


def insert(
    connection: Connection, into: str, rows: Sequence[tuple[Any, ...]], then: str = ""
) -> None:
    """`into` VALUES the rows, `then` what stands behind them. A statement for each row takes a third
    longer."""
    if not rows:
        return
    row = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % TOGETHER
    many = f"{into} {', '.join([row] * TOGETHER)} {then}"
    for n in range(0, whole, TOGETHER):
        connection.execute(many, tuple(chain.from_iterable(rows[n : n + TOGETHER])))
    connection.executemany(f"{into} {row} {then}", rows[whole:])
