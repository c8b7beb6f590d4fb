"""The county's half of a bundle: who it is from, what it brings, the answer; and files that set
laptops up."""

from __future__ import annotations

import secrets

import msgspec
from msgspec import Struct

from server import decisions, scans, spool, syncing
from server.accounts import Caller
from server.home import PRIVATE_KEY, PUBLIC_KEY
from server.requests import Refusal
from server.senders import caller_of, digest_of, keys_of, signer, stored_password
from server.syncing import Ask
from server.workers import Desk
from sync import bundle, enrolment
from sync.bundle import NEWS, OUT, BadBundle, Homeward, Outward
from sync.enrolment import Enrolment
from sync.forms import MOST
from sync.hub import Session
from sync.parcels import Request, Response
from sync.protocol import (
    MAX_BODY,
    OLDEST,
    PAGE,
    PROTOCOL,
    Cursor,
    SyncResponse,
    Verdict,
    short_from,
)
from sync.twins import CLONED

MAX_ANSWER = bundle.MAX_FILE // 2
"""Bytes of pages after which the device asks for the rest in its next bundle."""
_DAY_MS = 86_400_000


class Answered(Struct, frozen=True):
    """What a bundle did."""

    data: bytes
    """The answer, for the device alone."""
    device: str
    taken: int
    """Changes of this bundle that are in the log, by this bundle or an earlier delivery."""
    refused: int
    is_revoked: bool = False
    papers: int = 0
    """Papers of this bundle whose bytes are all here."""


# ---------------------------------------------------------------------------- keys


class County(Struct, frozen=True):
    """What every login tells of the county."""

    name: str
    code: str
    public_key: bytes
    """What is sealed for it only the county opens."""
    verify_key: bytes
    """Checks the county's signatures."""


def county(desk: Desk) -> County:
    with desk.store.read():
        tops = [code for code, parent in desk.store.parents().items() if not parent]
        found = desk.store.states(tops[:1])
    name = str(found[tops[0]].values.get("name", "")) if found else ""
    private = desk.store.meta(PRIVATE_KEY) or b""
    verify = bundle.verify_key(bundle.county_signing(private))
    return County(name, tops[0] if tops else "", desk.store.meta(PUBLIC_KEY) or b"", verify)


# ---------------------------------------------------------------------------- reading


def read(desk: Desk, data: bytes) -> Answered:
    """Take a bundle in and make its answer. The same bundle again is a no-op with a fresh answer.

    Raises:
        BadBundle: nothing was written.
    """
    private = desk.store.meta(PRIVATE_KEY) or b""
    head, rest = bundle.read(data, OUT, private, Outward, lambda head: signer(desk, head))
    most = bundle.MAX_WORK + MAX_BODY
    rest, others = bundle.without_last(rest, len(head.envelopes))
    requests = [_request(plain, head.device) for plain in bundle.pages(rest, most)]
    if not requests:
        raise BadBundle("bundle_forged")
    caller = caller_of(desk, head)
    if caller.user.is_disabled and not caller.device.is_revoked:
        raise BadBundle("disabled")
    keys = keys_of(desk, caller.device.id) or head.keys
    asks = [Ask(caller, request) for request in requests]
    home = Homeward(head.device, requests[0].cursor, head.repairs)
    papers: list[str] = []
    home.envelopes = dict(zip(head.envelopes, spool.take_each(others)(desk), strict=True))
    if caller.device.is_revoked:
        home.taken = sorted({seq for ask in asks for seq in _hand_in(desk, ask)})
        pages: list[bytes] = []
        taken, refused = 0, len(home.taken)
        papers = scans.take_carried(desk, caller, (c for r in requests for c in r.papers))
    else:
        desk.accounts.name_device(caller.device.id, head.called)
        verdicts = _taken(desk, asks)
        papers = scans.take_carried(desk, caller, (c for r in requests for c in r.papers))
        pages = _answers(desk, asks, verdicts)
        if requests[0].wanted is not None:
            pages += _papers(desk, caller, requests[0], papers)
        refused = sum(v.status != "duplicate" for v in verdicts)
        taken = sum(len(r.changes) for r in requests) - refused
    acked = max(asks[0].acked, caller.device.acked)
    desk.accounts.note_syncs([(caller.device.id, desk.store.now_ms(), acked)])
    signing = bundle.county_signing(private)
    answer = bundle.write(NEWS, keys[32:], signing, home, pages)
    return Answered(
        answer, head.device, taken, refused, caller.device.is_revoked, len(papers)
    )


def _request(plain: bytes, device: str) -> Request:
    """A page's request, as strictly as on the wire."""
    try:
        request = msgspec.json.decode(plain, type=Request)
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise BadBundle("bundle_forged") from None
    if not OLDEST <= request.protocol <= PROTOCOL:
        raise BadBundle("protocol")
    if request.device != device or not all(0 < c.seq < MOST for c in request.changes):
        raise BadBundle("bundle_forged")
    return request


def _hand_in(desk: Desk, ask: Ask) -> list[int]:
    try:
        syncing.take_in(ask)(desk)
    except Refusal as refusal:
        return list(refusal.more["taken"])
    return []


def _taken(desk: Desk, asks: list[Ask]) -> list[Verdict]:
    """What became of the changes; none after those of a twin's, see sync/clones.py."""
    verdicts: list[Verdict] = []
    for ask in asks:
        if short_from(ask.request, verdicts) < ask.request.held:
            verdicts += [Verdict(c.seq, *CLONED) for c in ask.request.changes]
        else:
            verdicts += syncing.take_in(ask)(desk)
    return verdicts


def _answers(desk: Desk, asks: list[Ask], verdicts: list[Verdict]) -> list[bytes]:
    """The pages from where the device was to the end of what it may see."""
    request, held = asks[0].request, short_from(asks[0].request, verdicts)
    waiting = {c.seq for ask in asks for c in ask.request.changes} - {v.seq for v in verdicts}
    pages: list[bytes] = []
    cursor, size = request.cursor, 0
    strays = [root for ask in asks for root in ask.request.strays]
    while True:
        with desk.store.read():
            response: SyncResponse = desk.hub.pull(
                asks[0].session, cursor, held, PAGE, strays
            )
            response.backup = int(desk.store.meta(syncing.BACKUP) or 0)
            known = desk.store.known(asks[0].session.device, waiting)
            if not response.more:
                response.decided = decisions.told(desk, request.device, request.waiting)
        strays = []
        response.verdicts, verdicts = verdicts, []
        waiting -= {own.device_seq for own in response.own}
        for run in response.runs:
            waiting.difference_update(range(run.device_seq, run.device_seq + run.count))
        if not response.more:  # in the log, but out of the scope: nobody will ask once more
            response.verdicts += [
                Verdict(seq, "duplicate", number=known[seq].number)
                for seq in sorted(waiting & known.keys())
            ]
        pages.append(bundle.page(response))
        size += len(pages[-1])
        cursor = response.cursor or cursor
        if not response.more or size > MAX_ANSWER:
            return pages


def _papers(desk: Desk, caller: Caller, request: Request, taken: list[str]) -> list[bytes]:
    """Pages with the bytes of papers for a device, and those of it that are here now."""
    cursor = Cursor.decode(request.cursor) if request.cursor else None
    after = cursor.seq if cursor and not cursor.fill else None
    now = desk.store.now_ms()
    given = scans.give_carried(desk, caller, request.wanted or (), after)
    pages = [bundle.page(Response(now, papers=[carried])) for carried in given]
    return [*pages, bundle.page(Response(now, taken=taken))] if taken else pages


# ---------------------------------------------------------------------------- enrolment


def enrol(desk: Desk, name: str) -> tuple[bytes, int]:
    """A file that sets one laptop of a user up, and when it ends (ms UTC).

    Raises:
        InvalidValue: no such user.
        BadBundle: a disabled one.
    """
    user = desk.accounts.user(name)
    if user.is_disabled:
        raise BadBundle("disabled")
    stored = stored_password(desk, user.name)
    ticket = secrets.token_urlsafe(32)
    now = desk.store.now_ms()
    expires = now + enrolment.DAYS * _DAY_MS
    us = county(desk)
    pages: list[bytes] = []
    cursor, is_more = "", True
    while is_more:
        with desk.store.read():
            response = desk.hub.pull(Session(user.name, "", user.grants), cursor, 0, PAGE)
        pages.append(bundle.page(response))
        cursor, is_more = response.cursor or cursor, response.more
    told = Enrolment(
        ticket, user.name, user.display, list(user.grants), us.name, us.public_key, us.verify_key,
        expires,
    )  # fmt: skip
    with desk.store.write():
        desk.store.connection.execute(
            "INSERT INTO ticket VALUES (?, ?, ?, ?, NULL)",
            (digest_of(ticket), user.name, expires, digest_of(stored)),
        )
    return enrolment.write(stored, told, pages), expires
