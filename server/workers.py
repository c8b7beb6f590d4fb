"""Threads for blocking work: one that writes, some that read, each with a connection of its own.

Nothing is merged on the event loop; a push of thousands of changes delays nobody else's empty sync.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from server.accounts import Accounts
from server.home import Home
from server.store import open_store
from server.store.sqlite import SqliteStore, wall_ms
from sync.hub import Hub
from sync.turns import Turns

READERS = 6
"""More only queue for the interpreter; password hashing, which lets it go, needs a few."""

PATIENCE_MS = 5_000
"""A sixth of the time after which a laptop takes the line for broken."""

PATIENT_S = 0.1
"""So long a big message waits for the writer to come to a commit."""

AFTER_YOU_S = 0.002
"""What was read before goes to the writer first."""

T = TypeVar("T")


class Desk:
    """What a thread works with."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.hub = Hub(store, wall_ms)
        self.accounts = Accounts(store, self.hub)
        self.turns = Turns()
        """Used by the desk that writes."""


Work = Callable[[Desk], T]


class Workers:
    """The threads of one server process."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._writer_lock = threading.RLock()
        self._local = threading.local()
        self._desks: list[Desk] = []
        self._readers = ThreadPoolExecutor(READERS, "read")
        self._much_reader = ThreadPoolExecutor(1, "much")
        self._writer = ThreadPoolExecutor(1, "write")
        self._is_free = threading.Event()
        """Set while the writing thread leaves the interpreter to others."""
        self._is_free.set()

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a reading thread. A short write of its own waits for the writer."""
        return await self._run(self._readers, work)

    async def read_much(self, work: Work[T]) -> T:
        """Run what unpacks a big message, one at a time: each thread keeps the room it once took.

        It is done while the writer commits, when there is one at work: two threads that reckon at once
        take as long as one after the other, and half as long again for handing the interpreter to and
        fro; a commit only encrypts and writes."""

        def patient(desk: Desk) -> T:
            time.sleep(AFTER_YOU_S)
            self._is_free.wait(PATIENT_S)
            return work(desk)

        return await self._run(self._much_reader, patient)

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the writing thread, in turn."""

        def alone(desk: Desk) -> T:
            self._is_free.clear()
            desk.store.before_commit = self._is_free.set
            try:
                return work(desk)
            finally:
                self._is_free.set()

        self._is_free.clear()  # at once: the thread may have to wait for the interpreter
        return await self._run(self._writer, alone)

    async def _run(self, pool: ThreadPoolExecutor, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, lambda: work(self._desk()))

    def _desk(self) -> Desk:
        desk: Desk | None = getattr(self._local, "desk", None)
        if desk is None:
            store = open_store(self._home, writer=self._writer_lock, same_thread=False)
            # A command beside the server may hold the lock; who waits longer is asked to come again.
            store.connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            desk = self._local.desk = Desk(store)
            self._desks.append(desk)
        return desk

    def close(self) -> None:
        """Wait for what is being done, then close every connection."""
        self._readers.shutdown(wait=True)
        self._much_reader.shutdown(wait=True)
        self._writer.shutdown(wait=True)
        for desk in self._desks:
            with contextlib.suppress(Exception):  # closing is a courtesy: SQLite recovers by itself
                desk.store.connection.close()
