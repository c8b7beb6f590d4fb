"""Fetching what lies before the county's boundary of one child, when somebody asks for it.

It stays on the laptop, and is kept up to date, until the boundary moves again.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from sync import window
from sync.client import SENDS_NOTHING, make_request
from sync.protocol import SyncResponse, pack, unpack
from sync.receive import receive
from sync.replica import Replica
from sync.transport import Offline, Transport


class Older(Struct, frozen=True):
    """What came."""

    fetched: int
    before: str
    """The boundary, as `2024-11`; '' when the county has none and everything is here."""


def fetch(replica: Replica, transport: Transport, token: str, root: str) -> Older:
    """Fetch older records of a child.

    Raises:
        Offline, Rejected: see sync/transport.py. What arrived before stays.
    """
    before = replica.window_since()
    if not before:
        return Older(0, "")
    held = _count(replica, root)
    is_more = True
    while is_more:
        request = msgspec.structs.replace(make_request(replica, SENDS_NOTHING)[0], older=[root])
        body, media = pack(request)
        answer, media = transport.post("/v1/sync", body, media, token)
        try:
            response = msgspec.json.decode(unpack(answer, media), type=SyncResponse)
        except (ValueError, msgspec.DecodeError) as error:
            raise Offline("answer damaged") from error
        receive(replica, response)
        is_more = response.more
    return Older(_count(replica, root) - held, before)


def _count(replica: Replica, root: str) -> int:
    return sum(len(replica.children_of(kind, root)) for kind in window.WINDOWED)
