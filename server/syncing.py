"""One sync request at the server: who asks, what is taken in, what is given out.

Each step is one piece of blocking work for a thread (`server/workers.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Raw, Struct

from server import decisions, lookout, quarantine, window
from server.accounts import Caller, User
from server.requests import Refusal, parse, too_large, unpacked
from server.workers import Desk
from sync import preparing
from sync.change import Change
from sync.feed import is_known
from sync.forms import MOST
from sync.hub import Session, content_hash
from sync.preparing import Prepared
from sync.protocol import (
    FILL_LEVEL,
    LEVEL,
    MAX_CHANGES,
    OLDEST,
    PAGE,
    PROTOCOL,
    Cursor,
    SyncRequest,
    SyncResponse,
    Verdict,
    pack,
    short_from,
)
from sync.turns import EARLY

MAX_LIMIT = 5000
"""Entries of one answer, whatever the client asks for."""
MAX_HANDED_IN = 20_000
"""Changes a revoked device may leave in quarantine."""
BACKUP = "backup_seq"
"""In meta: log number up to which a backup exists."""


Packed = tuple[bytes, str]
"""An answer as it travels, and its media type."""


class Ask(Struct, frozen=True):
    """A sync request whose sender is known."""

    caller: Caller
    request: SyncRequest
    prepared: Prepared | None = None
    """What can be told of a big push before its turn has come."""

    @property
    def session(self) -> Session:
        user = self.caller.user
        device = self.caller.device
        return Session(user.name, device.id, user.grants, device.is_revoked)

    @property
    def acked(self) -> int:
        """Log number up to which the device says it has stored everything."""
        cursor = Cursor.decode(self.request.cursor) if self.request.cursor else None
        return cursor.seq if cursor and 0 <= cursor.seq < MOST else 0


class _Version(Struct):
    protocol: int


class _Bare(Struct):
    """A request whose changes are only counted."""

    changes: list[Raw] = []


def identify(desk: Desk, token: str) -> Caller:
    """Raises `Refusal` when nobody holds the token."""
    caller = desk.accounts.caller(token) if token else None
    if caller is None:
        raise Refusal(401, "login", "Log in again.")
    return caller


def read_request(token: str, body: bytes, media: str) -> Callable[[Desk], Ask]:
    """The work of reading a sync request."""

    def work(desk: Desk) -> Ask:
        caller = identify(desk, token)
        request = _message(unpacked(body, media))
        if request.device != caller.device.id:
            raise Refusal(403, "foreign_device", "The token belongs to another device.")
        if not all(0 < change.seq < MOST for change in request.changes):
            raise Refusal(400, "malformed", "A change without a proper number.")
        return Ask(caller, request)

    return work


def _message(plain: bytes) -> SyncRequest:
    """Raises `Refusal`: of another protocol, too much, or not to be read, told in this order."""
    if plain.count(b"[") <= MAX_CHANGES:  # and each change begins with one
        with contextlib.suppress(Refusal):
            request = parse(plain, SyncRequest)
            if OLDEST <= request.protocol <= PROTOCOL:
                return request
    # The version is read by itself: a message of another protocol need not be readable.
    version = parse(plain, _Version).protocol
    if not OLDEST <= version <= PROTOCOL:
        raise _other_protocol(version)
    if len(parse(plain, _Bare).changes) > MAX_CHANGES:
        raise too_large()  # before the memory is spent: 25 bytes make a change of 500
    return parse(plain, SyncRequest)


def _other_protocol(version: int) -> Refusal:
    """What a program that is too old or too new for this server is told."""
    message = "This program is too old for the county's server. Update it; your records are safe."
    if version > PROTOCOL:
        message = "The county's server is older than this program. Your records are safe here."
    return Refusal(426, "protocol", message, speaks=[OLDEST, PROTOCOL])


def begin(token: str, body: bytes, media: str) -> Callable[[Desk], tuple[Ask, Packed | None]]:
    """The work of reading a request; one that brings nothing is answered in the same go."""
    reading = read_request(token, body, media)

    def work(desk: Desk) -> tuple[Ask, Packed | None]:
        ask = reading(desk)
        if len(ask.request.changes) > lookout.AT_ONCE:
            ask = _prepared(ask)
        is_news = ask.request.changes or ask.caller.device.is_revoked
        return ask, None if is_news else give_out(ask, [])(desk)

    return work


def _prepared(ask: Ask) -> Ask:
    """With the work done that needs no store: the one thread that writes is spared it."""
    user, device = ask.caller.user, ask.caller.device
    page = preparing.prepare(device.id, user.name, ask.request.changes)
    return msgspec.structs.replace(ask, prepared=page)


def take_in(ask: Ask) -> Callable[[Desk], list[Verdict]]:
    """The work of deciding what was sent; everything is stored when it returns."""

    def work(desk: Desk) -> list[Verdict]:
        _turn_away(desk, ask)
        with desk.store.write():
            return _decide(desk, ask)

    return work


def _turn_away(desk: Desk, ask: Ask) -> None:
    """Raises `Refusal`, with all kept that was sent, when the device has been revoked. Asked anew:
    perhaps it was while its request waited for its turn."""
    if desk.accounts.device(ask.caller.device.id).is_revoked:
        raise _handed_in(desk, ask)


def _decide(desk: Desk, ask: Ask) -> list[Verdict]:
    """What becomes of what was sent. Inside `write`."""
    changes = ask.request.changes
    former = former_of(desk, ask.caller.user, changes)
    session = msgspec.structs.replace(ask.session, former=former)
    window.move(desk)  # when a month has passed
    verdicts = desk.hub.push(session, changes, ask.request.cursor, ask.prepared)
    desk.accounts.name_formers(session.device, former)
    quarantine.take_followers(desk, changes)
    return verdicts


def take_in_much(ask: Ask, *, is_alone: bool = True) -> Callable[[Desk], Packed]:
    """The work of deciding a page of a big push, in its turn, and answering it. The answer is made
    before it is all committed, as while that is done the interpreter is the next page's; whoever calls
    has it only then. `is_alone`: nobody else is asking just now."""

    def work(desk: Desk) -> Packed:
        request = desk.turns.in_turn(ask.request)
        if request is None:
            raise Refusal(409, EARLY, "What this follows has not been taken. Send it again later.")
        now = msgspec.structs.replace(ask, request=request)
        _turn_away(desk, now)
        with desk.store.write():
            response = answer(desk, now, _decide(desk, now))
            tail = desk.turns.tell(request, response, is_alone=is_alone)
        desk.turns.note(request.device, tail)
        response.now = desk.hub.now_ms()  # of a receipt: when it is stored, not before
        return pack(response, FILL_LEVEL if response.rows else LEVEL)

    return work


def former_of(
    desk: Desk, user: User, changes: Sequence[Change], *, is_leaving: bool = False
) -> tuple[str, ...]:
    """The ids other than its own under which a laptop of `user` may have written these."""
    return tuple(
        device
        for device in {change.device for change in changes}
        if desk.accounts.may_speak_for(user, device, is_leaving=is_leaving)
    )


def _handed_in(desk: Desk, ask: Ask) -> Refusal:
    """Put what a revoked device sends into quarantine, all of it, and give nothing."""
    taken: set[int] = set()
    with desk.store.write():
        former = former_of(desk, ask.caller.user, ask.request.changes, is_leaving=True)
        for device in {ask.caller.device.id, *former}:  # a copied disk has work of before the copy
            own = [c for c in ask.request.changes if c.device == device]
            taken.update(set_aside(desk, device, own, "device_revoked"))
        cursor = ask.request.cursor
        reset = bool(cursor) and not is_known(desk.store, Cursor.decode(cursor))
    message = "This device has been revoked."
    return Refusal(403, "revoked", message, taken=sorted(taken), reset=reset)


def set_aside(desk: Desk, device: str, own: Sequence[Change], code: str) -> list[int]:
    """Put a device's changes into quarantine unjudged; the numbers of those that are safe here, now
    or since before. Inside `write`."""
    store = desk.store
    known = store.known(device, [c.seq for c in own])
    room = MAX_HANDED_IN - store.quarantined_of(device)
    taken: set[int] = set()
    for change in own:
        content = content_hash(change)
        met = known.get(change.seq)
        if met is None or met.content != content:
            if room <= 0:
                continue
            room -= 1
            # Another laptop of the same disk: its work is kept under a name of its own.
            under = change if met is None else _beside(change, content)
            told = Verdict(change.seq, "quarantined", code)
            store.quarantine(under, content, told, store.now_ms())
        taken.add(change.seq)
    return sorted(taken)


def _beside(change: Change, content: bytes) -> Change:
    return msgspec.structs.replace(change, device=f"{change.device}-{content[:4].hex()}")


def note_healing(ask: Ask, wanted: list[str]) -> Callable[[Desk], None]:
    """The work of keeping on record which records a device asks for anew."""

    def work(desk: Desk) -> None:
        with desk.store.write():
            mine = ask.request.compare.mine if ask.request.compare else ""
            desk.store.note_healing(ask.caller.device.id, ask.caller.user.name, wanted, mine[:32])

    return work


def give_out(ask: Ask, verdicts: list[Verdict]) -> Callable[[Desk], Packed]:
    """The work of answering with the next page."""

    def work(desk: Desk) -> Packed:
        response = answer(desk, ask, verdicts)
        return pack(response, FILL_LEVEL if response.rows else LEVEL)

    return work


def answer(desk: Desk, ask: Ask, verdicts: list[Verdict]) -> SyncResponse:
    """The next page for who asks."""
    request = ask.request
    limit = min(max(request.limit or PAGE, 1), MAX_LIMIT)
    with desk.store.read():
        response = desk.hub.pull(
            ask.session,
            request.cursor,
            short_from(request, verdicts),
            limit,
            request.strays,
            request.compare,
            request.older,
        )
        response.backup = int(desk.store.meta(BACKUP) or 0)
        if not response.more:
            response.decided = decisions.told(desk, request.device, request.waiting)
    response.verdicts = verdicts
    return response
