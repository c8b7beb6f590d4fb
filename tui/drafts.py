"""Half-written forms, kept in the encrypted store until saved or thrown away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sync.storage import transaction

if TYPE_CHECKING:
    from sync.replica import Replica


def keep(replica: Replica, place: str, body: dict[str, Any]) -> None:
    with transaction(replica.connection):
        replica.connection.execute(
            "INSERT OR REPLACE INTO draft VALUES (?, ?, ?)",
            (place, replica.clock.now_ms(), json.dumps(body, ensure_ascii=False)),
        )


def find(replica: Replica, place: str) -> tuple[dict[str, Any], int] | None:
    """(body, moment of keeping in ms), or None."""
    row = replica.connection.execute(
        "SELECT body, at FROM draft WHERE place = ?", (place,)
    ).fetchone()
    return (json.loads(row[0]), int(row[1])) if row else None


def drop(replica: Replica, place: str) -> None:
    with transaction(replica.connection):
        replica.connection.execute("DELETE FROM draft WHERE place = ?", (place,))
