"""One synchronisation: push what is unsent, pull what is new, usually in one round trip."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import msgspec
from msgspec import Raw, Struct

from sync import keeping, scrub, turns
from sync.branches import Compare
from sync.change import Change
from sync.clones import part
from sync.flights import Line
from sync.healing import heal
from sync.proof import is_proven
from sync.protocol import PAGE, PROTOCOL, SyncRequest, SyncResponse
from sync.receive import forget_bytes, receive
from sync.replica import Replica
from sync.sheaf import Sheaf
from sync.strays import strays
from sync.transport import Cut, Offline, Rejected, Transport
from sync.trouble import storage_code

MAX_IDS = 20
"""Laptops of one disk whose changes can be told apart in one synchronisation; the next goes on."""
MAX_ROUNDS = 10_000
"""Stops a loop with a server that never ends; a county's snapshot takes about 20."""
SENDS_NOTHING = (1 << 63) - 1
"""As `sent_up_to`: everything counts as sent."""

LEAST_PAGE = 25
"""Some 3 KB: 2 s of the slowest line that anybody still calls one."""


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
    healed: int = 0
    """Records that differed from the county's and were fetched again or taken out."""


def make_request(
    replica: Replica,
    sent_up_to: int,
    limit: int = PAGE,
    cursor: str = "",
    asked_up_to: str = "",
) -> tuple[SyncRequest, int]:
    """The next request: what is to be sent after `sent_up_to`, whole txns, and where we are; and
    the new `sent_up_to`. `cursor`: where we shall be when the answer at hand is stored;
    `asked_up_to`: the last stray root that was asked about."""
    rows = replica.connection.execute(
        "SELECT seq, txn, body FROM sendable WHERE seq > ? ORDER BY seq LIMIT ?",
        (sent_up_to, limit + 1),
    ).fetchall()
    if len(rows) > limit:
        cut = rows[limit][1]
        whole = [r for r in rows[:limit] if r[1] != cut]
        if not whole:  # one txn larger than a page travels whole
            whole = replica.connection.execute(
                "SELECT seq, txn, body FROM sendable WHERE txn = ? ORDER BY seq", (cut,)
            ).fetchall()
        rows = whole
    held = replica.connection.execute("SELECT seq FROM sendable ORDER BY seq LIMIT 1").fetchone()
    changes = cast(list[Change], [Raw(r[2]) for r in rows])  # they travel as they were saved
    me, cursor = replica.identity.device, cursor or replica.get_state("cursor") or ""
    lost = strays(replica, asked_up_to)
    short_from = held[0] if held and sent_up_to != SENDS_NOTHING else 0
    request = SyncRequest(
        PROTOCOL, me, cursor, changes, short_from, limit, lost,
        waiting=keeping.waiting(replica.connection, me),
    )  # fmt: skip
    return request, rows[-1][0] if rows else sent_up_to


def _open_conflicts(replica: Replica) -> set[str]:
    return {row[0] for row in replica.connection.execute("SELECT id FROM conflict")}


def sync_once(
    replica: Replica,
    transport: Transport,
    token: str = "",
    limit: int = PAGE,
    *,
    is_checked: bool = False,
) -> SyncReport:
    """Bring a replica and the hub together. `is_checked`: take the sums anew first, due or not.

    Every page is stored with its cursor in one transaction, so an interruption anywhere is repeated
    without loss or doubling.

    Raises:
        Offline, Rejected: see sync/transport.py. What arrived before stays.
    """
    with _collecting_rarely():
        return _sync_once(replica, transport, token, limit, is_checked=is_checked)


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Pages make tens of thousands of objects and no cycles: looking for some after every 700 took
    a tenth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(10_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _sync_once(
    replica: Replica, transport: Transport, token: str, limit: int, *, is_checked: bool
) -> SyncReport:
    began = time.monotonic()
    before = _open_conflicts(replica)
    line = Line(transport, token)
    if is_checked or scrub.is_due(replica):
        scrub.look(replica, is_whole=is_checked)
    sent = received = rejected = 0
    try:
        for _ in range(MAX_IDS):
            done = _exchange(replica, line, limit)
            sent, received = sent + done.sent, received + done.received
            rejected += done.rejected
            if not done.twin:
                break
            line.token = part(replica, transport, line.token, done.twin, done.known, done.twin_name)
            replica.set_state(delivered=0)  # its changes have other numbers now
        healed = None
        if not replica.get_state("in_step", 1):
            healed = heal(replica, lambda asked: _compare(replica, line, limit, asked))
    except Rejected:
        line.let_go()
        if not replica.get_state("delivered"):
            raise
        replica.set_state(delivered=0)  # a county that takes leave of us asks for all we have
        return _sync_once(replica, transport, line.token, limit, is_checked=False)
    except Cut:
        smaller = max(LEAST_PAGE, _page(replica, limit) // 4)
        try:
            replica.set_state(page=smaller)
        except Exception as error:
            if storage_code(error) != "disk_full":  # else, that the line broke is what to tell
                raise
        raise
    finally:
        line.let_go()
    return SyncReport(
        sent,
        received,
        len(_open_conflicts(replica) - before),
        rejected,
        replica.get_state("cursor") or "",
        line.trips,
        bool(replica.get_state("in_step", 0)),
        round((time.monotonic() - began) * 1000),
        line.up,
        line.down,
        len(healed.records) if healed else 0,
    )


def _page(replica: Replica, most: int) -> int:
    """How much one message may hold, on a line as good as it was the last time."""
    return min(most, int(replica.get_state("page") or most))


def _first(replica: Replica, sent_up_to: int, page: int) -> int:
    """How much the first message brings: of more than a page a part, as only its answer lets two be
    under way."""
    beyond = replica.connection.execute(
        "SELECT 1 FROM sendable WHERE seq > ? LIMIT 1 OFFSET ?", (sent_up_to, page)
    ).fetchone()
    return max(page // 4, min(page, turns.FROM)) if beyond else page


def _send_behind(
    replica: Replica, line: Line, sent_up_to: int, page: int, cursor: str, asked_up_to: str
) -> int:
    """Send a second page behind the one under way, if there is one; the new `sent_up_to`."""
    request, up_to = make_request(replica, sent_up_to, page, cursor, asked_up_to)
    if request.strays or not request.changes:
        return sent_up_to
    line.send(msgspec.structs.replace(request, follows=sent_up_to), up_to, is_ahead=True)
    return up_to


def _compare(replica: Replica, line: Line, limit: int, asked: Compare) -> SyncResponse | None:
    """One round trip of a healing; None when something else came with it."""
    request = make_request(replica, SENDS_NOTHING, limit)[0]
    line.send(msgspec.structs.replace(request, compare=asked))
    _, response = line.answer()
    assert response is not None  # it followed nothing
    receive(replica, response)
    is_news = response.entries or response.rows or response.drops or response.reset
    return None if response.more or is_news else response


class _Exchanged(Struct):
    """What one exchange did."""

    sent: int = 0
    received: int = 0
    rejected: int = 0
    twin: int = 0
    """The lowest number that another laptop of the same disk has used too; 0: none."""
    twin_name: str = ""
    """The device id under which the county has that very save, if it has."""
    known: set[int] = set()
    """Numbers of changes that the county has as they are."""


def _exchange(replica: Replica, line: Line, limit: int) -> _Exchanged:
    """Page after page until both sides have everything; after a twin's trace only to listen."""
    with Sheaf(replica) as sheaf:
        return _pages(replica, line, limit, sheaf)


def _pages(replica: Replica, line: Line, limit: int, sheaf: Sheaf) -> _Exchanged:
    total = _Exchanged()
    is_asked_again = False
    asked_up_to = ""
    page = _page(replica, limit)
    # What was sent and answered is in the log, though others' entries before it may be under way
    # still: on a line that breaks it would go out again with every try.
    delivered = int(replica.get_state("delivered", 0))
    line.send(*make_request(replica, delivered, _first(replica, delivered, page)))
    while True:
        if sheaf.is_full or not line.has_answered():
            sheaf.keep()
        flight, response = line.answer()
        request, answered = flight.request, flight.sent_up_to
        sent_up_to = line.flights[-1].sent_up_to if line.flights else answered
        at = (replica.get_state("cursor") or "") if request.follows else request.cursor
        is_due = response is not None and (not request.follows or response.since == at)
        if response is None or not is_due or not is_proven(replica.connection, response, answered):
            sheaf.keep()
            line.let_go()
            held = 0 if is_due else request.held  # not proven: then they come whole
            again = msgspec.structs.replace(request, held=held, follows=0, cursor=at)
            line.send(again, answered)
            continue
        asked_up_to = request.strays[-1] if request.strays else asked_up_to
        is_end = not response.more and not response.reset
        twins = {v.seq: v.field for v in response.verdicts if v.status == "cloned"}
        total.known.update(v.seq for v in response.verdicts if v.status == "duplicate")
        if twins and not total.twin:
            total.twin, sent_up_to = min(twins), SENDS_NOTHING
            total.twin_name = twins[total.twin]
        if twins or response.reset:
            line.let_go()  # the county takes nothing behind it
        is_last = is_end and not line.flights and not replica.has_sendable(after=sent_up_to)
        is_last = is_last and not strays(replica, asked_up_to)
        cursor = response.cursor or at
        if not is_last and not response.reset:
            where = page, cursor, asked_up_to
            if not line.flights:
                ahead, sent_up_to = make_request(replica, sent_up_to, *where)
                line.send(ahead, sent_up_to, is_ahead=True)
            if line.may_follow(response):
                sent_up_to = _send_behind(replica, line, sent_up_to, *where)
        with sheaf.page():
            done = receive(replica, response, response.now if is_last else None, is_part=True)
        if done.has_erased:
            sheaf.keep()
            forget_bytes(replica)
        total.sent += done.confirmed
        total.received += done.entries + done.drops
        total.rejected += len(done.refused)
        if page < limit:  # it passed: the next may hold twice as much
            page = min(limit, 2 * page)
            replica.set_state(page=page)
        if line.flights and (replica.get_state("cursor") or "") != cursor:
            sheaf.keep()
            line.let_go()  # not where we said we should be
            sent_up_to = SENDS_NOTHING if total.twin else 0
        is_taken = not response.reset and not total.twin
        if is_taken and not is_last and delivered < answered < SENDS_NOTHING:
            delivered = answered
            replica.set_state(delivered=delivered)
        if response.reset:
            replica.set_state(delivered=0)
            total.twin, total.twin_name, total.known = 0, "", set()
            sent_up_to, asked_up_to = 0, ""  # what an earlier log confirmed is sent again
        if is_last:
            if total.twin or is_asked_again or not replica.has_sendable(up_to=sent_up_to):
                return total
            # Sent, not refused, and its entry has not come though the feed is at its end: the
            # record has left our scope. Sent once more, the hub says that it has it.
            is_asked_again, sent_up_to = True, 0
        if line.trips > MAX_ROUNDS:
            raise Offline("the server does not come to an end")
        if not line.flights:
            sheaf.keep()
            line.send(*make_request(replica, sent_up_to, page, "", asked_up_to))
