"""Changes that came back from the county: their words are kept until mended or seen."""

from __future__ import annotations

from typing import Any

from schema.kinds import KINDS
from sync.reading import Returned
from sync.replica import Replica
from sync.storage import transaction


def values_of(change: Returned) -> dict[str, Any]:
    """What its author had written, field by field: where mending begins."""
    kind = KINDS[change.kind]
    slots = ((s, v) for s, v in change.fields.items() if s in kind.slots)
    return {n: v for s, value in slots for n, v in kind.spread(s, value).items()}


def put_away(replica: Replica, seq: int) -> None:
    """Forget a change that was mended, or that the county keeps."""
    with transaction(replica.connection):
        replica.connection.execute("DELETE FROM returned WHERE seq = ?", (seq,))
