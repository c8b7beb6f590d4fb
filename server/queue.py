"""Pages of a big push before the writer: one that follows another waits until that one stands there.

Two requests of one laptop come by two connections, and the later one may be here first. In the writer's
queue they keep their order; whether what went before was taken is seen there (sync/turns.py).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

WAIT_S = 5.0
"""So long what went before may still be on its way; then it is taken for lost."""

QUIET_S = 0.1
"""After a little request: where there was one there are more."""


class Queue:
    """Who stands in the writer's queue; for the event loop."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._passed_at = -QUIET_S

    def join(self, device: str, seq: int) -> None:
        """A page of a device's goes into the queue now. `seq`: of its last change."""
        self._last[device] = seq
        if (waiting := self._waiting.pop(device, None)) is not None:
            waiting.set()

    def pass_by(self) -> None:
        """Somebody asks for little, and would wait for those who send much."""
        self._passed_at = time.monotonic()

    @property
    def is_quiet(self) -> bool:
        """True while nobody passes by."""
        return time.monotonic() - self._passed_at > QUIET_S

    async def behind(self, device: str, seq: int) -> None:
        """Return when the page that ends with `seq` has joined, or will not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while self._last.get(device) != seq:
                    await self._waiting.setdefault(device, asyncio.Event()).wait()
