"""Receipts: which of this device's changes the county has, under which log number and since when.

The log numbers stand in the device's own log; what is kept besides is one row a page: up to which
number own changes had been taken at which hub time. A county set back to a backup begins a log
anew, and with the old one its receipts go: a change sent again gets a new one.
"""

from __future__ import annotations

from bisect import bisect_left

from msgspec import Struct

from sync.change import Entry
from sync.storage import Connection


class Receipt(Struct, frozen=True):
    """The county has a change."""

    seq: int
    """Its number in the county's log."""
    at_ms: int
    """Hub time of the answer that said so: never before the change was stored there."""


def note(connection: Connection, up_to: int, at_ms: int) -> None:
    """An answer of hub time `at_ms` brought own entries up to a log number. A page that comes twice
    keeps its first time."""
    known = connection.execute("SELECT max(up_to) FROM receipt").fetchone()[0] or 0
    if up_to > known:
        connection.execute("INSERT INTO receipt VALUES (?, ?)", (up_to, at_ms))


def withdraw(connection: Connection) -> None:
    """The log they spoke of is no more."""
    connection.execute("DELETE FROM receipt")


def latest(connection: Connection) -> Receipt | None:
    """The newest receipt of all."""
    row = connection.execute("SELECT up_to, at FROM receipt ORDER BY up_to DESC").fetchone()
    return Receipt(*row) if row else None


class Receipts:
    """The receipts of a device, read once."""

    def __init__(self, connection: Connection, device: str) -> None:
        self._device = device
        rows = connection.execute("SELECT up_to, at FROM receipt ORDER BY up_to").fetchall()
        self._up_to = [row[0] for row in rows]
        self._at = [row[1] for row in rows]

    def of(self, entry: Entry) -> Receipt | None:
        """None for the changes of others, and for own ones of a log without receipts."""
        place = bisect_left(self._up_to, entry.seq)
        if entry.change.device != self._device or place == len(self._at):
            return None
        return Receipt(entry.seq, self._at[place])
