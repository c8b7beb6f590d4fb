"""What a connection of the store wrote last, kept from a push to its answer: who has just pushed is
answered from memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sync.hubstore import LogRow, Place


class Latest:
    """The rows of one transaction. Good as long as the log ends with them."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        """Of the log, as they stand there."""
        self.plain: list[bool] = []
        """Of each row: see `LogRow`."""
        self.bodies: list[bytes] = []
        self.made: dict[int, str] = {}
        """Ids of the records that they make, by log number."""
        self.places: dict[str, Place] = {}

    def add(
        self, rows: list[tuple[Any, ...]], bodies: list[bytes], plain: Sequence[bool]
    ) -> None:
        """What stands behind the rest."""
        self.rows += rows
        self.bodies += bodies
        self.plain += plain

    def place_of(self, seq: int, head: Callable[[], int]) -> int:
        """Where a log number stands in it; -1 where it does not, or where others wrote after it.
        `head`: tells the last number of the log."""
        if not self.rows or self.rows[0][0] > seq or self.rows[-1][0] != head():
            return -1
        return seq - int(self.rows[0][0])

    def log_rows(self, at: int, limit: int) -> list[LogRow]:
        return [
            LogRow(seq, root, kind, txn, device, device_seq, record, content, is_plain)
            for (seq, root, kind, txn, device, device_seq, _stamp, _at, record, content), is_plain in (
                zip(self.rows[at : at + limit], self.plain[at : at + limit], strict=True)
            )
        ]
