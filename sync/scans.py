"""Bytes of papers and pictures (S27): apart from changes, named by their hash, fetched on demand.

A laptop keeps them in its encrypted store and hands them over after a synchronisation, piece by
piece, going on where the line broke. They are there as long as a paper held here names them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from sync.protocol import MEDIA_PLAIN
from sync.replica import Refused, Replica
from sync.storage import Connection

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


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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
        replica.connection.execute(
            "INSERT OR IGNORE INTO scan VALUES (?, ?, ?, 0)", (digest, len(content), content)
        )
    return made


def held(replica: Replica, paper: str) -> bytes | None:
    """The bytes of a paper, whole; None when they are not on this device.

    Raises:
        Refused: `not_found`: no such paper here, or one without bytes.
    """
    digest, size = _named(replica, paper)
    content = _kept(replica, digest)
    return content if len(content) == size else None


def fetch(replica: Replica, paper: str, post: Post) -> bytes:
    """The bytes of a paper from the county, kept here; goes on where an earlier fetch broke off.

    Raises:
        Unfit: what came is not what the paper names.
        Offline, Rejected: from `post`.
    """
    digest, size = _named(replica, paper)
    content = _kept(replica, digest)
    while len(content) < size:
        body = msgspec.json.encode(GetRequest(paper, len(content)))
        answer, _media = post("/v1/scan/get", body, MEDIA_PLAIN)
        piece = msgspec.json.decode(answer, type=GetResponse).piece
        content += piece
        is_whole = len(content) >= size
        if not piece or (is_whole and digest_of(content) != digest):
            replica.connection.execute("DELETE FROM scan WHERE digest = ?", (digest,))
            raise Unfit("scan_differs")
        replica.connection.execute(
            "INSERT OR REPLACE INTO scan VALUES (?, ?, ?, 1)", (digest, size, content)
        )
    return content


def unsent(connection: Connection) -> int:
    """How many papers' bytes the county does not have yet."""
    row = connection.execute("SELECT count(*) FROM scan WHERE is_sent = 0").fetchone()
    return int(row[0])


def deliver(replica: Replica, post: Post) -> int:
    """Hand over what is unsent of papers that the county knows; how many came over whole."""
    rows = replica.connection.execute(
        "SELECT s.digest, s.body, min(p.id) FROM scan s JOIN r_paper p ON p.digest = s.digest"
        " WHERE s.is_sent = 0 AND p._seq > 0 AND p._deleted IS NULL GROUP BY s.digest"
    ).fetchall()
    for digest, content, paper in rows:
        have = _put(post, PutRequest(paper))
        while have < len(content):
            came = _put(post, PutRequest(paper, have, content[have : have + PIECE]))
            if came <= have:  # not what the paper names, or another laptop is at it: next time
                break
            have = came
        else:
            replica.connection.execute("UPDATE scan SET is_sent = 1 WHERE digest = ?", (digest,))
    return len(rows)


def _put(post: Post, request: PutRequest) -> int:
    answer, _media = post("/v1/scan/put", msgspec.json.encode(request), MEDIA_PLAIN)
    return msgspec.json.decode(answer, type=PutResponse).have


def _named(replica: Replica, paper: str) -> tuple[str, int]:
    rows = replica.rows(PAPER, [paper])
    if not rows or not rows[0].get("digest"):
        raise Refused("not_found", paper)
    return rows[0]["digest"], int(rows[0]["size"] or 0)


def _kept(replica: Replica, digest: str) -> bytes:
    row = replica.connection.execute("SELECT body FROM scan WHERE digest = ?", (digest,)).fetchone()
    return bytes(row[0]) if row else b""
