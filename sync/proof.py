"""Own entries come back short, by their numbers: that they say what waits here is checked.

Laptops made from one disk give out the same numbers. What this one has sent the county has compared
(sync/twins.py); of what it has not, a number alone proves nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from sync.protocol import SyncResponse
from sync.records import as_json
from sync.storage import Connection
from sync.twins import hash_of


def chained(before: int, content: bytes) -> int:
    """What is told of own entries beside their numbers: one after the other, by `content_hash`."""
    return zlib.crc32(content, before)


def is_proven(connection: Connection, response: SyncResponse, sent: int) -> bool:
    """True when the short entries above the number `sent` are of what waits here."""
    for first, count, check in _told(response):
        numbers = range(first, first + count)
        if numbers[-1] <= sent or not check:  # a server before this told nothing
            continue
        rows = connection.execute(
            "SELECT seq, body FROM sendable WHERE seq IN (SELECT value FROM json_each(?))"
            " ORDER BY seq",
            (as_json(numbers),),
        )
        bodies = {seq: bytes(body) for seq, body in rows}
        mine = 0
        for number in numbers:
            mine = chained(mine, hash_of(bodies.get(number, b"")))
        if mine != check:
            return False
    return True


def _told(response: SyncResponse) -> Iterator[tuple[int, int, int]]:
    """First number, how many, and what proves them."""
    yield from ((own.device_seq, 1, own.check) for own in response.own)
    yield from ((run.device_seq, run.count, run.check) for run in response.runs)
