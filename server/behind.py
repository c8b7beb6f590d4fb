"""What is done behind the pushes, in small pieces and in quiet moments: putting what a big one brought in
its order, looking for files of one child, and tidying the store's write-ahead log.

Nothing is lost when it is cut short: the search goes on from where the store says it is, and SQLite
tidies up by itself when its log has become too long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from server import lookout
from server.requests import say
from server.workers import Desk, Workers
from sync.change import Change

QUIET_S = 0.5
"""After the last page of a big push or a fill; the next page comes within it on most lines."""
LONGEST_S = 10.0
"""A step is done by then, however busy the server is."""
BETWEEN_S = 0.03
"""Between two steps: others have their turn."""


class Behind:
    """Does what waits, one step after the other."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._task: asyncio.Task[None] | None = None
        self._busy_at = 0.0
        self._is_untidy = False

    def start(self) -> None:
        """Do what waits, unless that is being done."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def is_busy(self) -> None:
        """Somebody is sending or fetching much just now: what waits goes on waiting."""
        self._busy_at = time.monotonic()

    def pushed_much(self) -> None:
        """Look later through a roster."""
        self.is_busy()
        self._is_untidy = True
        self.start()

    async def pushed(self, changes: Sequence[Change]) -> None:
        """Look at once through what people typed."""
        if any(change.kind in lookout.KINDS_READ for change in changes):
            for _ in range(len(changes) // lookout.STEP + 1):
                await self._workers.write(lookout.look)
        self.start()

    async def _work(self) -> None:
        try:
            for step in (settle, lookout.look):
                await self._quiet()
                while await self._workers.write(step):
                    await asyncio.sleep(BETWEEN_S)
                    await self._quiet()
            if self._is_untidy:
                self._is_untidy = False
                await self._workers.write(_tidy)
        except Exception as error:  # noqa: BLE001 - done again with the next push
            say({"failed": type(error).__name__, "where": "behind"})

    async def _quiet(self) -> None:
        """Wait for a quiet moment, but not for ever."""
        since = time.monotonic()
        while time.monotonic() < min(self._busy_at + QUIET_S, since + LONGEST_S):  # noqa: ASYNC110
            await asyncio.sleep(QUIET_S / 4)


def settle(desk: Desk) -> bool:
    """Put some of what a big push brought in its place; False when nothing is left."""
    with desk.store.write():
        return desk.store.settle()


def _tidy(desk: Desk) -> None:
    desk.store.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
