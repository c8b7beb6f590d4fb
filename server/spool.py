"""Envelopes that another user of a laptop delivered: opened, and taken in as if their author had
sent them."""

from __future__ import annotations

from collections.abc import Callable

from server import quarantine, syncing
from server.home import PRIVATE_KEY
from server.requests import Refusal, parse, unpacked
from server.senders import caller_of, signer
from server.workers import Desk
from sync import bundle, envelopes
from sync.bundle import BadBundle
from sync.envelopes import SEALED, Envelope
from sync.forms import MOST
from sync.hub import Session, content_hash
from sync.intake import GAP
from sync.protocol import PROTOCOL, Verdict
from sync.spool import TAKEN, SpoolRequest


def read_request(token: str, body: bytes, media: str) -> Callable[[Desk], list[bytes]]:
    """The work of reading a delivery: its envelopes. Whoever is known here may deliver."""

    def work(desk: Desk) -> list[bytes]:
        caller = syncing.identify(desk, token)
        request = parse(unpacked(body, media), SpoolRequest)
        if request.protocol != PROTOCOL:
            raise Refusal(426, "protocol", f"This server speaks protocol {PROTOCOL}.")
        if request.device != caller.device.id:
            raise Refusal(403, "foreign_device", "The token belongs to another device.")
        if caller.device.is_revoked:
            raise Refusal(403, "revoked", "This device has been revoked.", taken=[])
        return request.envelopes

    return work


def take_each(delivered: list[bytes]) -> Callable[[Desk], list[str]]:
    """The work of taking envelopes in: `taken`, or why not, for each."""
    return lambda desk: [_verdict(desk, data) for data in delivered]


def _verdict(desk: Desk, data: bytes) -> str:
    try:
        return take(desk, data)[1]
    except BadBundle as error:
        return error.code


def take(desk: Desk, data: bytes) -> tuple[Envelope, str]:
    """Take one envelope in. Everything in it is then in the log or in quarantine, but nothing of it
    twice, whoever else brings it: its author later, or this envelope once more.

    After a gap it is kept in quarantine, should nothing else ever come, and the laptop is told to
    carry it again.

    Raises:
        BadBundle: not sealed for this county, altered, or of a device unknown here.
    """
    private = desk.store.meta(PRIVATE_KEY) or b""
    head, rest = bundle.read(data, SEALED, private, Envelope, lambda head: signer(desk, head))
    changes = envelopes.changes_of(head, rest)
    if not all(0 < change.seq < MOST for change in changes):
        raise BadBundle("bundle_forged")
    caller = caller_of(desk, head)
    with desk.store.write():
        why = _why_aside(desk, head)
        if why:
            taken = syncing.set_aside(desk, head.device, changes, why)
            if len(taken) < len(changes):
                return head, "full"
            return head, GAP if why == GAP else TAKEN
        former = syncing.former_of(desk, caller.user, changes)
        session = Session(caller.user.name, head.device, caller.user.grants, False, former)
        at = desk.store.now_ms()
        verdicts = {v.seq: v for v in desk.hub.push(session, changes) if v.status != "duplicate"}
        for change in changes:
            # Its author may never come to mend it: kept, where a sync would only have told them.
            verdict = verdicts.get(change.seq)
            if verdict is not None and verdict.status != "quarantined":
                desk.store.quarantine(change, content_hash(change), verdict, at)
        quarantine.take_followers(desk, changes)
    return head, TAKEN


def _why_aside(desk: Desk, head: Envelope) -> str:
    """Why an envelope's changes go to quarantine unjudged; empty when they are judged."""
    device = desk.accounts.device(head.device)
    if device.is_revoked:
        return "device_revoked"
    if desk.accounts.user(device.user).is_disabled:
        return "user_disabled"
    for first, last in head.needs:
        if last - first >= syncing.MAX_HANDED_IN:
            return GAP
        wanted = range(first, last + 1)
        known = desk.store.known(head.device, wanted)
        if any(seq not in known or _is_gap(known[seq].verdict) for seq in wanted):
            return GAP
    return ""


def _is_gap(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.code == GAP
