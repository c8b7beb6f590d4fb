"""Questions about the contact log that other parts ask."""

from __future__ import annotations

from sync.replica import Replica

FACE_TO_FACE = ("home_visit", "talk", "video_call", "reunion", "meeting", "birthday", "activity")
"""Ways of contact in which the child is seen."""


def last_seen(replica: Replica, root: str) -> str | None:
    """The date on which this user last saw the child, by their own contact records; None if
    never."""
    marks = ", ".join("?" * len(FACE_TO_FACE))
    row = replica.connection.execute(
        f'SELECT max("on") FROM r_contact WHERE _root = ? AND _deleted IS NULL'  # noqa: S608
        f" AND kind IN ({marks}) AND coalesce(outcome, 'met') = 'met'"
        " AND json_extract(CAST(_meta AS TEXT), '$[0][1]') = ?",
        (root, *FACE_TO_FACE, replica.identity.user),
    ).fetchone()
    return row[0] if row else None
