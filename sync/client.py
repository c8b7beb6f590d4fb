"""One synchronisation: push what is unsent, pull what is new, usually in one round trip."""

from __future__ import annotations

import time
from typing import cast

import msgspec
from msgspec import Raw, Struct

from sync.change import Change
from sync.protocol import PAGE, PROTOCOL, SyncRequest, SyncResponse, pack, unpack
from sync.receive import receive
from sync.replica import Replica
from sync.transport import Offline, Transport

MAX_ROUNDS = 10_000
"""Stops a loop with a server that never ends; a county's snapshot takes about 20."""


class SyncReport(Struct, frozen=True):
    """What a synchronisation did."""

    sent: int
    """Own changes now in the county's log."""
    received: int
    conflicts: int
    """Conflicts newly open because of this synchronisation."""
    rejected: int
    cursor: str
    round_trips: int
    in_step: bool
    ms: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


def make_request(
    replica: Replica, sent_up_to: int, limit: int = PAGE
) -> tuple[SyncRequest, int]:
    """The next request: unsent changes after `sent_up_to`, whole txns, and where we are; and the new
    `sent_up_to`."""
    rows = replica.connection.execute(
        "SELECT seq, txn, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?",
        (sent_up_to, limit + 1),
    ).fetchall()
    if len(rows) > limit:
        cut = rows[limit][1]
        whole = [r for r in rows[:limit] if r[1] != cut]
        if not whole:  # one txn larger than a page travels whole
            whole = replica.connection.execute(
                "SELECT seq, txn, body FROM outbox WHERE txn = ? ORDER BY seq", (cut,)
            ).fetchall()
        rows = whole
    held = replica.connection.execute("SELECT min(seq) FROM outbox").fetchone()[0]
    changes = cast(list[Change], [Raw(r[2]) for r in rows])  # they travel as they were saved
    me, cursor = replica.identity.device, replica.get_state("cursor") or ""
    request = SyncRequest(PROTOCOL, me, cursor, changes, held or 0, limit)
    return request, rows[-1][0] if rows else sent_up_to


def _open_conflicts(replica: Replica) -> set[str]:
    return {row[0] for row in replica.connection.execute("SELECT id FROM conflict")}


def sync_once(
    replica: Replica, transport: Transport, token: str = "", limit: int = PAGE
) -> SyncReport:
    """Bring a replica and the hub together.

    Every page is stored with its cursor in one transaction, so an interruption anywhere is repeated
    without loss or doubling.

    Raises:
        Offline, Rejected: see sync/transport.py. What arrived before stays.
    """
    began = time.monotonic()
    before = _open_conflicts(replica)
    sent = received = rejected = trips = up = down = 0
    sent_up_to = 0
    is_asked_again = False
    while True:
        request, sent_up_to = make_request(replica, sent_up_to, limit)
        body, media = pack(request)
        answer, answer_media = transport.post("/v1/sync", body, media, token)
        trips += 1
        up, down = up + len(body), down + len(answer)
        try:
            response = msgspec.json.decode(unpack(answer, answer_media), type=SyncResponse)
        except (ValueError, msgspec.DecodeError) as error:
            raise Offline("answer damaged") from error
        is_end = not response.more and not response.reset
        is_last = is_end and not replica.has_unsent(after=sent_up_to)
        done = receive(replica, response, response.now if is_last else None)
        sent += done.confirmed
        received += done.entries + done.drops
        rejected += len(done.refused)
        if response.reset:
            sent_up_to = 0  # what an earlier log confirmed waits to be sent again
        if is_last:
            if is_asked_again or not replica.has_unsent(up_to=sent_up_to):
                break
            # Sent, not refused, and its entry has not come though the feed is at its end: the record
            # has left our scope. Sent once more, the hub says that it has it.
            is_asked_again, sent_up_to = True, 0
        if trips > MAX_ROUNDS:
            raise Offline("the server does not come to an end")
    return SyncReport(
        sent,
        received,
        len(_open_conflicts(replica) - before),
        rejected,
        replica.get_state("cursor") or "",
        trips,
        bool(replica.get_state("in_step", 0)),
        round((time.monotonic() - began) * 1000),
        up,
        down,
    )
