"""The messages of `POST /v1/sync` and how they travel: JSON, compressed with zstd from 1 KB."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgspec
from msgspec import Raw, Struct

from sync.branches import Branch, Compare
from sync.change import Change, Grant, Slot, State

BIOGRAPHY = {
    1: "2026: login, sync in one round trip, recovery, history, hand-in of revoked devices, bundles",
}
"""What each version of the protocol brought; what may be added within one is in
docs/protocol.md."""
PROTOCOL = max(BIOGRAPHY)
OLDEST = max(PROTOCOL - 1, min(BIOGRAPHY))
"""A server answers this version and the current one: laptops are updated after it, one by one."""
MEDIA_PLAIN = "application/json"
MEDIA_ZSTD = "application/vnd.cuncao+zstd"
"""An own media type: httpx would otherwise unpack by itself, without a limit."""
MEDIA_GZIP = "application/json+gzip"
"""Never on the wire: what `Content-Encoding: gzip` makes of a request's `application/json`."""
COMPRESS_FROM = 1024
_decode_state = msgspec.json.Decoder(State).decode
LEVEL = 3
"""Of zstd: gzip 6's size within 7 % in a tenth of the time."""
FILL_LEVEL = 8
"""For a device's first fill: 15 % smaller; 4 ms more a page, spent while the page before is
applied."""
MAX_BODY = 32 * 1024 * 1024
"""Bytes of an unpacked message; a larger one is refused before it is unpacked."""
MAX_CHANGES = 20_000
"""Changes of one request; ten pages, as a txn is never cut."""
PAGE = 2000
"""Changes pushed and entries pulled in one request; a txn is never cut."""


class SyncRequest(Struct, omit_defaults=True):
    protocol: int
    device: str
    cursor: str = ""
    changes: list[Change] = []
    held: int = 0
    """The lowest own seq the device still holds: own entries from there on come back short."""
    limit: int = PAGE
    strays: list[str] = []
    """Roots held from a log that is no more: those known and out of scope come back as `drops`."""
    older: list[str] = []
    """Roots whose records before the county's boundary are asked for; come as rows, on the last
    page."""
    compare: Compare | None = None
    """Asked when the roots differ; answered on the last page."""
    waiting: list[int] = []
    """Own seqs that wait in the county's quarantine, as far as the device knows."""
    follows: int = 0
    """The last seq of the request before, whose answer is not here yet (sync/turns.py); `cursor` is where
    that one began. 0: none is under way."""


class Verdict(Struct, frozen=True, array_like=True, gc=False):
    """What became of a change that was not taken into the log by this request."""

    seq: int
    status: str
    """`quarantined`, `invalid`, `cloned`, or `duplicate`: in the log since an earlier request."""
    code: str = ""
    field: str = ""
    number: int = 0
    """Duplicate: the number of its log entry."""


class Decided(Struct, frozen=True, array_like=True, gc=False):
    """What became of a change that waited in quarantine. Nothing is told of the record it is about:
    its author may have lost it from sight."""

    seq: int
    what: str
    """`released`: in the log; `dropped`: a person has let it be."""
    number: int = 0
    """Released: the number of its log entry."""


def short_from(request: SyncRequest, verdicts: list[Verdict]) -> int:
    """From which number on own entries may come short: none where what the device holds under its
    numbers is not what stands in the log."""
    return 0 if any(v.status == "cloned" for v in verdicts) else request.held


class Own(Struct, frozen=True, array_like=True, gc=False):
    """The log entry of a change the device itself sent: it has the body already."""

    seq: int
    device_seq: int
    stamp: int
    outcome: dict[str, Slot] = {}
    root: str = ""
    check: int = 0
    """See sync/proof.py; 0: not told."""


class Run(Struct, array_like=True, gc=False):
    """Own changes that came into the log one after the other just as they were claimed: with their
    own stamps, and with nothing to tell beside them."""

    seq: int
    """Log number of the first."""
    device_seq: int
    count: int = 1
    check: int = 0
    """See sync/proof.py; 0: not told."""


class SyncResponse(Struct, omit_defaults=True):
    now: int
    """Hub time, ms UTC."""
    verdicts: list[Verdict] = []
    own: list[Own] = []
    entries: list[Raw] = []
    """`Entry` each, in log order."""
    rows: list[Raw] = []
    """`State` each: records that came into scope, as they stand."""
    drops: list[str] = []
    """Roots that left the scope."""
    cursor: str = ""
    """Absent when it has not moved."""
    more: bool = False
    digest: str = ""
    """Root digest of the scope at the cursor, when nothing more is to come."""
    grants: list[Grant] | None = None
    """The user's grants when they differ from the cursor's."""
    reset: bool = False
    """The hub does not know the cursor: everything comes again, unsent work is untouched."""
    backup: int = 0
    """Log number up to which a backup exists."""
    runs: list[Run] = []
    branches: list[Branch] = []
    """What `compare.paths` asked about."""
    mended: list[Raw] = []
    """`State` each: what `compare.wanted` asked for, as it stands whatever the device holds."""
    absent: list[str] = []
    """Of `compare.wanted`: not there, or not within the grants."""
    decided: list[Decided] = []
    """Of `waiting`: what waits no more; on the last page."""
    may_follow: bool = False
    """Another request may be sent before the answer to the next is there."""
    since: str = ""
    """To a request that follows another: the cursor from which this goes on."""


class Fill(Struct, frozen=True, array_like=True):
    """A transfer under way of what new grants bring: first the roots, in order of id, then what hangs
    on them, root by root. So a laptop is of use once its children have come."""

    target: tuple[Grant, ...]
    after: str | None = None
    stage: int = 0
    """0: the roots are on their way; 1: what hangs on them."""
    before: str = ""
    """When the county lets laptops hold more months: those before this one are fetched."""


class Cursor(Struct, frozen=True, array_like=True):
    """How far a device is. Opaque to it."""

    epoch: str
    seq: int
    grants: tuple[Grant, ...] = ()
    fill: Fill | None = None
    ahead: int = 0
    """Moves of roots are told this far ahead of `seq`: what a device holds follows from where the
    roots were at `seq + ahead`, so that nothing is sent of a root that has moved away since."""
    mark: str = ""
    """Of the log entry `seq + ahead`: a log that went back and grew again has another one there."""
    since: str = ""
    """The boundary (sync/window.py) under which the last page was made: from this month on the
    device has everything, or the fill brings it."""

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor | None:
        """The cursor, or None when `text` is none of ours."""
        try:
            padded = text + "=" * (-len(text) % 4)
            return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=cls)
        except (ValueError, msgspec.DecodeError):
            return None


class TooLarge(Exception):
    """A message that unpacks to more than `MAX_BODY` bytes."""


def pack(message: Any, level: int = LEVEL) -> tuple[bytes, str]:
    """Bytes and media type of a message."""
    body = msgspec.json.encode(message)
    if len(body) < COMPRESS_FROM:
        return body, MEDIA_PLAIN
    return compress(body, level), MEDIA_ZSTD


def compress(body: bytes, level: int = LEVEL) -> bytes:
    return bytes(_zstd().compress(body, level=level))


def unpack(body: bytes, media: str, limit: int = MAX_BODY) -> bytes:
    """The JSON of a message.

    Raises:
        TooLarge: it unpacks to more than `limit` bytes.
        ValueError: it does not unpack, or something stands behind its end.
    """
    if media == MEDIA_GZIP:
        return _gunzip(body, limit)
    if media != MEDIA_ZSTD:
        if len(body) > limit:
            raise TooLarge
        return body
    zstd = _zstd()
    try:
        unpacker = zstd.ZstdDecompressor()
        plain = bytes(unpacker.decompress(body, max_length=limit + 1))
    except zstd.ZstdError as error:
        raise ValueError("not a zstd frame") from error
    if len(plain) > limit:
        raise TooLarge
    if not unpacker.eof:
        raise ValueError("a zstd frame cut short")
    if unpacker.unused_data:
        raise ValueError("bytes after the end of a zstd frame")
    return plain


def _gunzip(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise ValueError("not gzip") from error
    if len(plain) > limit:
        raise TooLarge
    if not unpacker.eof:
        raise ValueError("gzip cut short")
    if unpacker.unused_data:
        raise ValueError("bytes after the end of gzip")
    return plain


def _zstd() -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        from backports import zstd
    return zstd


def rows_of(raws: list[Raw]) -> list[State]:
    return [_decode_state(raw) for raw in raws]
