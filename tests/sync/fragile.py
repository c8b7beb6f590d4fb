"""Stores that break: a machine that stops at a statement, a disk that is full at one."""

from __future__ import annotations

import sqlite3
from collections import Counter
from functools import cache
from typing import Any

from server.store.sqlite import SqliteStore
from sync.hub import Hub
from sync.replica import Replica
from sync.storage import prepared

START_MS = 1_790_000_000_000
UNITS = (
    ("1", "county", None),
    ("11", "township", "1"),
    ("111", "village", "11"),
    ("112", "village", "11"),
)
COUNTY_UNITS = (
    *UNITS,
    ("12", "township", "1"),
    ("121", "village", "12"),
    ("122", "village", "12"),
    ("s11", "school", "11"),
    ("s12", "school", "12"),
)
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "COMMIT")

Fuse = tuple[int, bool] | tuple[int, bool, str]
"""At which statement, whether after it took effect, and what happens there: `crash`, `commit` (a
crash too; only commits count) or `full` (only writes count)."""


class Crash(Exception):
    """The machine stopped here."""


class Full(sqlite3.OperationalError):
    """No room is left on the disk: this statement fails, the machine goes on."""


class Fragile:
    """A connection whose machine stops at a statement: before it, or after it took effect."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self.real = real
        self.fuse: int | None = None
        self.is_after = False
        self.is_dead = False
        self.how = "crash"
        self.broke = ""
        """Where it broke last: `before commit`, `after statement`, `full`."""

    def light(self, fuse: int, is_after: bool, how: str = "crash") -> None:
        self.fuse, self.is_after, self.how = fuse, is_after, how

    def tell(self, counts: Counter[str], side: str) -> None:
        """Put the fuse out; count where it broke, if it did."""
        self.fuse = None
        if self.broke:
            counts[f"{side} {self.broke}"] += 1
        self.broke = ""

    def restart(self) -> None:
        self.fuse, self.is_dead = None, False
        if self.real.in_transaction:
            self.real.rollback()

    def _run(self, run: Any, *given: Any) -> Any:
        if self.is_dead:
            raise Crash
        if self.fuse is not None:
            word = given[0].lstrip()[:6].upper()
            counts = {"full": WRITES, "commit": ("COMMIT",)}.get(self.how)
            is_counted = counts is None or word in counts
            self.fuse -= is_counted
            if self.fuse < 0 and is_counted:
                self._break(run, word, *given)
        return run(*given)

    def _break(self, run: Any, word: str, *given: Any) -> None:
        self.fuse = None
        if self.how == "full":
            self.broke = "disk full"
            raise Full("database or disk is full")
        what = "commit" if word == "COMMIT" else "statement"
        self.broke = f"stops {'after' if self.is_after else 'before'} a {what}"
        self.is_dead = True
        if self.is_after:
            run(*given)
        raise Crash

    def execute(self, *given: Any) -> Any:
        return self._run(self.real.execute, *given)

    def executemany(self, *given: Any) -> Any:
        return self._run(self.real.executemany, *given)

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction


def memory() -> sqlite3.Connection:
    return prepared(sqlite3.connect(":memory:", isolation_level=None))


@cache
def _template(kind: str) -> sqlite3.Connection:
    made = memory()
    if kind == "replica":
        Replica(made)
        return made
    store = SqliteStore(made, now_ms=lambda: START_MS)
    store.put_meta("epoch", b"e0")
    hub = Hub(store, lambda: START_MS)
    for code, level, parent in COUNTY_UNITS if kind == "county" else UNITS:
        hub.write("unit", code, {"code": code, "name": code, "level": level, "parent": parent})
    return made


def copy_of(kind: str) -> Fragile:
    """A migrated store of its own; migrating takes 60 ms, copying less than one."""
    mine = memory()
    _template(kind).backup(mine)
    return Fragile(mine)
