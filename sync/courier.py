"""A device's half of a bundle: writes its unsent work into one, applies the county's answer, sets
itself up.

An answer goes on from where the device was when it asked; elsewhere it changes nothing. So bundles
may be carried twice, in any order and by anyone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import msgspec
from msgspec import Struct

from sync import bundle, enrolment, ids, leaving, paperbytes, scans, scrub, spool
from sync.bundle import NEWS, OUT, BadBundle, DeviceKeys, Homeward, Outward
from sync.client import SyncReport, make_request
from sync.folders import wipe
from sync.home import Home
from sync.parcels import Carried, Request, Response
from sync.platform import machine_name
from sync.proof import is_proven
from sync.protocol import PROTOCOL, compress
from sync.receive import receive
from sync.replica import Replica
from sync.session import Session
from sync.storage import transaction
from sync.views import Identity


class Written(Struct, frozen=True):
    """A bundle for the county."""

    data: bytes
    changes: int
    envelopes: int = 0
    papers: int = 0
    """Papers whose bytes are in it."""
    papers_left: int = 0
    """Papers that did not fit, and go with the next one."""


def keys_of(replica: Replica) -> DeviceKeys:
    """The device's keys, made when there are none."""
    secret = replica.get_state("bundle_secret")
    if secret is None:
        secret = secrets.token_bytes(32)
        replica.set_state(bundle_secret=secret)
    return DeviceKeys(bytes(secret))


def write(replica: Replica, others: Sequence[tuple[spool.Sealed, bytes]] = ()) -> Written:
    """Everything unsent, where we are, and what the laptop's `others` left. Nothing changes
    here: what is not carried goes again.

    Raises:
        BadBundle: `bundle_no_key`: no login since the program can write bundles.
    """
    county, signs = replica.get_state("county_seal"), replica.get_state("county_verify")
    if county is None or signs is None or not replica.identity.device:
        raise BadBundle("bundle_no_key")
    if scrub.is_due(replica):
        scrub.look(replica)
    pages: list[bytes] = []
    sent_up_to = changes = size = 0
    with transaction(replica.connection):
        keys, me = keys_of(replica), replica.identity
        wanted: list[str] | None = paperbytes.wished(replica.connection)
        while not pages or (replica.has_sendable(after=sent_up_to) and size < bundle.MAX_WORK):
            request, sent_up_to = make_request(replica, sent_up_to)
            asked = Request(**msgspec.structs.asdict(request), wanted=wanted)
            plain = msgspec.json.encode(asked)
            wanted = None
            pages.append(compress(plain))
            changes += len(request.changes)
            size += len(plain)
        papers = _papers(replica, bundle.MAX_WORK - size)
        papers_left = paperbytes.unsent(replica.connection) - len(papers)
        pages += papers
        head = Outward(
            me.device, me.user, keys.public, replica.get_state("ticket") or "", _repairs(replica),
            [file.name for file, _data in others], machine_name(),
        )  # fmt: skip
    pages += [data for _file, data in others]
    data = bundle.write(OUT, bytes(county), keys.signing, head, pages)
    return Written(data, changes, len(others), len(papers), papers_left)


def _papers(replica: Replica, room: int) -> list[bytes]:
    """A page each for the papers that the county lacks, as far as `room` (bytes of JSON) goes."""
    pages: list[bytes] = []
    for paper, content in paperbytes.to_send(replica.connection):
        request = Request(PROTOCOL, replica.identity.device, papers=[Carried(paper, content)])
        plain = msgspec.json.encode(request)
        room -= len(plain)
        if room < 0:
            break
        pages.append(compress(plain))
    return pages


def write_for_all(session: Session) -> Written:
    """`write` with what the laptop's other users have left in the spool."""
    me = session.replica.identity.device
    return write(session.replica, spool.of_others(session.home, me))


def read_for_all(session: Session, data: bytes) -> News:
    """`read`, and the envelopes that the county has are removed from the spool."""
    news = read(session.replica, data)
    spool.settle_named(session.home, news.envelopes)
    return news


def _repairs(replica: Replica) -> int:
    return int(replica.get_state("repairs", 0))


class News(Struct, frozen=True):
    """What reading an answer did."""

    report: SyncReport
    is_joined: bool
    """False when the answer goes on from elsewhere: received before, or overtaken by another."""
    envelopes: dict[str, str] = {}
    """What the county said of the other users' envelopes."""
    papers: int = 0
    """Papers whose bytes came."""


class DeviceRevoked(Exception):
    """The county has revoked this device. `taken`: what of its unsent work is safe there."""

    def __init__(self, taken: list[int]) -> None:
        super().__init__("revoked")
        self.taken = taken


def read(replica: Replica, data: bytes) -> News:
    """Apply the county's answer, page by page like answers from the wire.

    Raises:
        BadBundle: not for this device, not from its county, altered, cut. Nothing was written.
        DeviceRevoked: see there.
    """
    signs, secret = replica.get_state("county_verify"), replica.get_state("bundle_secret")
    if signs is None or secret is None:
        bundle.inside_of(data, NEWS)
        raise BadBundle("bundle_no_key")
    keys = DeviceKeys(bytes(secret))
    head, rest = bundle.read(data, NEWS, keys.opening, Homeward, lambda _head: bytes(signs))
    if head.device != replica.identity.device:
        raise BadBundle("bundle_other")
    if head.taken is not None:
        raise DeviceRevoked(head.taken)
    news = apply(replica, head.cursor, head.repairs, rest)
    if news.is_joined:  # the county knows this laptop now
        replica.connection.execute("DELETE FROM state WHERE key = 'ticket'")
    return msgspec.structs.replace(news, envelopes=head.envelopes)


def apply(replica: Replica, cursor: str, repairs: int, rest: bytes) -> News:
    """Store the pages that go on from where this replica is."""
    before = _open_conflicts(replica)
    sent = received = rejected = joined = papers = 0
    for plain in bundle.pages(rest):
        try:
            response = msgspec.json.decode(plain, type=Response)
        except (ValueError, msgspec.DecodeError, RecursionError):
            raise BadBundle("bundle_forged") from None
        if response.is_papers:
            papers += _keep_papers(replica, response, is_joined=joined > 0)
            continue
        with transaction(replica.connection):
            here = replica.get_state("cursor") or ""
            is_next = here == cursor and repairs == _repairs(replica)
            if is_next and is_proven(replica.connection, response, 0):
                last = max(response.now, replica.get_state("last_sync", 0) or 0)
                done = receive(replica, response, None if response.more else last, is_live=False)
                joined += 1
                sent += done.confirmed
                received += done.entries + done.drops
                rejected += len(done.refused)
        cursor = response.cursor or cursor
    report = SyncReport(
        sent,
        received,
        len(_open_conflicts(replica) - before),
        rejected,
        replica.get_state("cursor") or "",
        0,
        bool(replica.get_state("in_step", 0)),
    )
    return News(report, joined > 0, papers=papers)


def _keep_papers(replica: Replica, response: Response, *, is_joined: bool) -> int:
    """Bytes are what their paper says or they are let go, so an answer may be old, or read twice."""
    with transaction(replica.connection):
        for paper in response.taken if is_joined else ():
            paperbytes.note_sent(replica.connection, paper)
        return sum(scans.keep(replica, paper, content) for paper, content in response.papers)


def _open_conflicts(replica: Replica) -> set[str]:
    return {row[0] for row in replica.connection.execute("SELECT id FROM conflict")}


def hand_in(session: Session, taken: list[int]) -> bool:
    """A revoked device: what the county has goes; True when that was all, and the store is gone."""
    leaving.begin(session.replica)
    if leaving.settle(session.replica, taken):
        return False
    session.close()
    wipe(session.account)
    return True


def enrol(
    home: Home,
    data: bytes,
    password: str,
    passphrase: Callable[[bool], str],
    now_ms: int,
    user: str | None = None,
) -> tuple[Session, News]:
    """Set this laptop up from a file. A store that is already here keeps its device and its unsent
    work.

    Raises:
        BadBundle: not such a file, not this password, too old, for another user.
        WrongPassphrase, UnfitPassphrase, DamagedStore
    """
    told, rest = enrolment.read(data, password, now_ms)
    if user and user != told.user:
        raise BadBundle("enrol_user")
    account = next((a for a in home.accounts() if a.card.user == told.user), None)
    with ExitStack() as first:
        if account is not None:
            session = home.unlock(account, passphrase(False))
        else:
            new = passphrase(True)
            first.enter_context(home.making(told.user))
            session = home.make(told.user, new)
        replica = session.replica
        held = replica.identity
        device = held.device or ids.new_device_id(secrets.token_bytes)
        grants = held.grants if held.device else tuple(told.grants)
        with transaction(replica.connection):
            replica.become(Identity(told.user, device, grants, held.server, told.name, told.county))
            replica.set_state(
                county_seal=told.seal_key, county_verify=told.verify_key, ticket=told.ticket
            )
            keys_of(replica)
        session.seal_for(told.seal_key)
    news = apply(replica, "", 0, rest)
    session.write_card()
    return session, news
