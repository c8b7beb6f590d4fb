"""Pages of a big push that follow each other without waiting for the answers.

A device may send a page while the one before it is under way; `follows` names that one. Only right
behind it the page is taken, and its answer goes on where that one's ends. Whatever is not just so is
`early`: nothing is taken, and the device sends it again once it has the answer before.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from sync.protocol import SyncRequest, SyncResponse

EARLY = "early"
"""Refusal: what this follows is not here, or was not taken."""
FROM = 250
"""Changes of a page that another may follow: below it little is won."""


class Tail(Struct, frozen=True):
    """The last page taken of a device."""

    seq: int
    """Number of its last change."""
    began: str
    """The cursor with which it was taken."""
    cursor: str
    """Where its answer left the device."""


class Turns:
    """What of each device was taken last; for the one thread that writes. Lost with a restart: what
    follows is sent again then."""

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}

    def in_turn(self, request: SyncRequest) -> SyncRequest | None:
        """The request with the cursor from which it goes on; None when it is early."""
        tail = self._tails.pop(request.device, None)  # until this one is answered too
        if not request.follows:
            return request
        if tail is None or (tail.seq, tail.began) != (request.follows, request.cursor):
            return None
        return msgspec.structs.replace(request, cursor=tail.cursor)

    def tell(
        self, request: SyncRequest, response: SyncResponse, *, is_alone: bool = True
    ) -> Tail | None:
        """Tell that `request`, as `in_turn` gave it, may be followed, and where. What comes behind a
        log that went back, or a twin's trace, is not what the device would send now. `is_alone`: nobody
        else is waiting; else what is under way is still taken, and no more is asked for."""
        if request.follows:
            response.since = request.cursor
        is_cloned = any(verdict.status == "cloned" for verdict in response.verdicts)
        if len(request.changes) < FROM or response.reset or is_cloned:
            return None
        response.may_follow = is_alone
        cursor = response.cursor or request.cursor
        return Tail(request.changes[-1].seq, request.cursor, cursor)

    def note(self, device: str, tail: Tail | None) -> None:
        """What was told stands, as the page is stored."""
        if tail is not None:
            self._tails[device] = tail
