"""When the server asks to be left alone for a while: too much waits already, the store is locked,
or its disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from server.requests import MAX_PACKED, Refusal
from sync.trouble import storage_code

MOST_INSIDE = 1000
"""Requests being read or worked on: twice a county's laptops in the same moment."""
MOST_BYTES = 128 * 1024 * 1024
"""Bytes of bodies held at once; with what they unpack to, some 500 MB."""
BUSY_S, FULL_S = 5, 600
"""Seconds for which a device is asked to stay away: until a queue is worked off, until a person
has made room."""


class Door:
    """Counts who is inside."""

    def __init__(self) -> None:
        self.inside = self.bytes = 0

    @contextmanager
    def let_in(self, request: Request) -> Iterator[None]:
        """Raises `Refusal` when too much is inside. One request is always let in, however large."""
        announced = request.headers.get("content-length", "")
        size = min(int(announced), MAX_PACKED) if announced.isdecimal() else MAX_PACKED
        if self.inside >= MOST_INSIDE or (self.inside and self.bytes + size > MOST_BYTES):
            refusal = later(503, "busy", "Too much at once; nothing was changed.", BUSY_S)
            refusal.headers["connection"] = "close"  # the body is not waited for
            raise refusal
        self.inside, self.bytes = self.inside + 1, self.bytes + size
        try:
            yield
        finally:
            self.inside, self.bytes = self.inside - 1, self.bytes - size


def later(status: int, code: str, message: str, seconds: int) -> Refusal:
    """A refusal that says when to come again."""
    refusal = Refusal(status, code, message)
    refusal.headers["retry-after"] = str(seconds)
    return refusal


def of_store(error: Exception) -> Refusal | None:
    """What to answer when the store could not do its work just now; None for any other failure."""
    code = storage_code(error)
    if code == "busy":
        return later(503, "busy", "The store is locked; nothing was changed.", BUSY_S)
    if code in ("disk_full", "read_only"):
        return later(507, code, "The server cannot write; nothing was changed.", FULL_S)
    return None
