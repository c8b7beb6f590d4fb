"""Bytes of papers and pictures (S27): apart from changes, kept under their paper, fetched on demand.

A laptop keeps them in its encrypted store and hands them over after a synchronisation, piece by
piece, going on where the line broke, or in a bundle (sync/parcels.py). They are there as long as
their paper is, and those the county does not have stay until it has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from sync import paperbytes
from sync.paperbytes import digest_of
from sync.protocol import MEDIA_PLAIN
from sync.replica import Refused, Replica
from sync.transport import Rejected

MOST = 2 * 1024 * 1024
"""Bytes of one paper, as its kind says."""
PIECE = 192 * 1024
"""Bytes of one message: a poor line carries that in half a minute."""
PAPER = "paper"

Post = Callable[[str, bytes, str], tuple[bytes, str]]
"""Path, body and media type to body and media type."""


class PutRequest(Struct):
    """A piece of the bytes of `paper`, from `at` on; an empty one asks how far they have come."""

    paper: str
    at: int = 0
    piece: bytes = b""


class PutResponse(Struct):
    have: int
    """Bytes the county has; all of them when that is the paper's size."""


class GetRequest(Struct):
    paper: str
    at: int = 0


class GetResponse(Struct):
    size: int
    piece: bytes


class Unfit(ValueError):
    """Bytes that are no paper's: `code` as in sync/errors.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def add(replica: Replica, values: dict[str, Any], content: bytes) -> str:
    """A paper with its bytes, in one transaction; returns the paper's id.

    Raises:
        Unfit: no bytes, or too many.
        Refused, InvalidRecord: see `Replica.save`.
    """
    if not content:
        raise Unfit("scan_empty")
    if len(content) > MOST:
        raise Unfit("scan_large")
    digest = digest_of(content)
    with replica.together():
        made = replica.save(PAPER, {**values, "size": len(content), "digest": digest})
        paperbytes.put(replica.connection, made, digest, len(content), content, is_own=True)
    return made


def held(replica: Replica, paper: str) -> bytes | None:
    """The bytes of a paper, whole; None when they are not on this device, or are spoilt here.

    Raises:
        Refused: `not_found`: no such paper here, or one without bytes.
    """
    digest, _size = _named(replica, paper)
    content = paperbytes.of(replica.connection, paper)
    return content if digest_of(content) == digest else None


def fetch(replica: Replica, paper: str, post: Post) -> bytes:
    """The bytes of a paper from the county, kept here; goes on where an earlier fetch broke off.

    Raises:
        Unfit: what came is not what the paper names.
        Offline, Rejected: from `post`.
    """
    digest, size = _named(replica, paper)
    content = paperbytes.of(replica.connection, paper)
    if len(content) >= size and digest_of(content) != digest:
        content = b""
    while len(content) < size:
        body = msgspec.json.encode(GetRequest(paper, len(content)))
        answer, _media = post("/v1/scan/get", body, MEDIA_PLAIN)
        piece = msgspec.json.decode(answer, type=GetResponse).piece
        content += piece
        is_whole = len(content) >= size
        if not piece or (is_whole and digest_of(content) != digest):
            paperbytes.forget(replica.connection, [paper])
            raise Unfit("scan_differs")
        paperbytes.put(replica.connection, paper, digest, size, content)
    return content


# ---------------------------------------------------------------------------- wishes


def wish(replica: Replica, paper: str) -> None:
    """Ask for a paper's bytes, to come with the next synchronisation or bundle.

    Raises:
        Refused: as `held`.
    """
    digest, size = _named(replica, paper)
    paperbytes.ask_for(replica.connection, paper, digest, size)


def fetch_wished(replica: Replica, post: Post) -> None:
    """Fetch what is asked for, as far as the county has it.

    Raises:
        Offline, Rejected: from `post`, unless it is about one paper alone.
    """
    for paper in paperbytes.wished(replica.connection):
        try:
            fetch(replica, paper, post)
        except (Unfit, Refused):
            continue
        except Rejected as refusal:
            if refusal.code not in ("not_found", "scan_not_here"):
                raise


# ---------------------------------------------------------------------------- handing over


def deliver(replica: Replica, post: Post) -> int:
    """Hand over what is unsent of papers that the county knows; how many came over whole."""
    waiting = {row[0] for row in replica.connection.execute("SELECT record FROM outbox")}
    done = 0
    for paper, content in paperbytes.to_send(replica.connection):
        if paper in waiting:
            continue
        try:
            is_there = _hand_over(post, paper, content)
        except Rejected as refusal:
            if refusal.code != "not_found":
                raise
            continue  # in quarantine, or refused: the others go
        if is_there:
            paperbytes.note_sent(replica.connection, paper)
            done += 1
    return done


def _hand_over(post: Post, paper: str, content: bytes) -> bool:
    """False when the bytes are not what the paper names, or another laptop is at it: next time."""
    have = _put(post, PutRequest(paper))
    while have < len(content):
        came = _put(post, PutRequest(paper, have, content[have : have + PIECE]))
        if came <= have:
            return False
        have = came
    return True


def _put(post: Post, request: PutRequest) -> int:
    answer, _media = post("/v1/scan/put", msgspec.json.encode(request), MEDIA_PLAIN)
    return msgspec.json.decode(answer, type=PutResponse).have


def _named(replica: Replica, paper: str) -> tuple[str, int]:
    rows = replica.rows(PAPER, [paper])
    if not rows or not rows[0].get("digest"):
        raise Refused("not_found", paper)
    return rows[0]["digest"], int(rows[0]["size"] or 0)


# ---------------------------------------------------------------------------- by bundle


def keep(replica: Replica, paper: str, content: bytes) -> bool:
    """Bytes that the county's answer brought; False when they are no paper's of this device."""
    try:
        digest, size = _named(replica, paper)
    except Refused:
        return False
    if digest_of(content) != digest:
        return False
    paperbytes.put(replica.connection, paper, digest, size, content)
    return True
