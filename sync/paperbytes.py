"""The bytes of papers as a device's store keeps them: a row a paper, apart from the records.

`is_own`: put in here. `is_sent`: the county has them, or they came from there; shorter than `size`:
asked for, and not here whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

import msgspec

from sync.storage import Connection

TABLE = (
    "CREATE TABLE paper_scan(paper TEXT PRIMARY KEY, digest TEXT NOT NULL, size INTEGER NOT NULL,"
    " body BLOB NOT NULL, is_own INTEGER NOT NULL, is_sent INTEGER NOT NULL)",
    # Before, they were kept by digest alone: whoever named the same one had them too.
    "INSERT INTO paper_scan SELECT p.id, s.digest, s.size, s.body, 1 - s.is_sent, s.is_sent"
    " FROM scan s JOIN r_paper p ON p.digest = s.digest",
    "DROP TABLE scan",
)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(
    connection: Connection,
    paper: str,
    digest: str,
    size: int,
    content: bytes,
    *,
    is_own: bool = False,
) -> None:
    """The bytes of a paper, or how far they have come."""
    connection.execute(
        "INSERT INTO paper_scan VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(paper) DO UPDATE"
        " SET digest = excluded.digest, size = excluded.size, body = excluded.body",
        (paper, digest, size, content, is_own, not is_own),
    )


def of(connection: Connection, paper: str) -> bytes:
    """What is here of a paper's bytes."""
    row = connection.execute("SELECT body FROM paper_scan WHERE paper = ?", (paper,)).fetchone()
    return bytes(row[0]) if row else b""


def ask_for(connection: Connection, paper: str, digest: str, size: int) -> None:
    """Note that somebody wants a paper's bytes."""
    connection.execute(
        "INSERT OR IGNORE INTO paper_scan VALUES (?, ?, ?, x'', 0, 1)", (paper, digest, size)
    )


def wished(connection: Connection) -> list[str]:
    """Papers whose bytes are asked for and not here whole, the newest first."""
    rows = connection.execute(
        "SELECT paper FROM paper_scan WHERE is_own = 0 AND length(body) < size ORDER BY paper DESC"
    )
    return [row[0] for row in rows]


def unsent(connection: Connection) -> int:
    """How many papers' bytes the county does not have yet."""
    row = connection.execute("SELECT count(*) FROM paper_scan WHERE is_sent = 0").fetchone()
    return int(row[0])


def to_send(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Papers that the county has no bytes of, and those, the oldest first."""
    papers = connection.execute("SELECT paper FROM paper_scan WHERE is_sent = 0 ORDER BY paper")
    for (paper,) in papers.fetchall():
        yield paper, of(connection, paper)


def note_sent(connection: Connection, paper: str) -> None:
    """The county has the bytes; of a paper that has left this device they go."""
    connection.execute("UPDATE paper_scan SET is_sent = 1 WHERE paper = ?", (paper,))
    connection.execute(
        "DELETE FROM paper_scan WHERE paper = ? AND paper NOT IN (SELECT id FROM r_paper)", (paper,)
    )


def send_again(connection: Connection) -> None:
    """A county put back to a backup may have lost what was handed over: it is asked once more."""
    connection.execute("UPDATE paper_scan SET is_sent = 0 WHERE is_own = 1")


def forget(connection: Connection, papers: Collection[str]) -> None:
    connection.execute(
        "DELETE FROM paper_scan WHERE paper IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(papers)).decode(),),
    )


def spoilt(connection: Connection) -> list[str]:
    """Papers whose bytes are whole here and not those that they were."""
    found = []
    rows = connection.execute("SELECT paper, digest FROM paper_scan WHERE length(body) >= size")
    for paper, digest in rows.fetchall():
        if digest_of(of(connection, paper)) != digest:
            found.append(paper)
    return found


def let_go_spoilt(connection: Connection) -> None:
    """What is spoilt and at the county comes again; what only this laptop has stays as it is."""
    connection.executemany(
        "UPDATE paper_scan SET body = x'', is_own = 0 WHERE paper = ? AND is_sent = 1",
        [(paper,) for paper in spoilt(connection)],
    )


def tidy(connection: Connection) -> None:
    """Bytes stay as long as their paper does; those that the county has not got stay when it
    leaves, until its author lets it go."""
    connection.execute(
        "DELETE FROM paper_scan WHERE paper NOT IN"
        " (SELECT id FROM r_paper p WHERE p.digest = paper_scan.digest)"
        " AND (is_sent = 1 OR paper IN (SELECT id FROM r_paper)"
        " OR paper IN (SELECT record FROM let_go))"
    )
