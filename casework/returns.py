"""Changes that came back from the county: their words are kept until mended or seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.kinds import KINDS
from schema.problems import Problem
from sync.replica import InvalidRecord, Refused, Replica
from sync.storage import transaction
from sync.views import Returned


def values_of(change: Returned) -> dict[str, Any]:
    """What its author had written, field by field: where mending begins."""
    kind = KINDS[change.kind]
    slots = ((s, v) for s, v in change.fields.items() if s in kind.slots)
    return {n: v for s, value in slots for n, v in kind.spread(s, value).items()}


def put_away(replica: Replica, seq: int) -> None:
    """Forget a change that was mended, or that the county keeps."""
    with transaction(replica.connection):
        replica.connection.execute("DELETE FROM returned WHERE seq = ?", (seq,))


def let_go(replica: Replica, seq: int, reason: str) -> None:
    """Let a change go that came back, with a reason; its words stay on record here.

    Raises:
        InvalidRecord: no reason.
        Refused: no such change.
    """
    if not reason.strip():
        raise InvalidRecord([("reason", Problem("required", "要写原因。"))])
    with transaction(replica.connection):
        kept = replica.connection.execute(
            "INSERT OR REPLACE INTO let_go SELECT seq, record, ?, ?, body FROM returned WHERE seq = ?",
            (replica.clock.now_ms(), reason.strip(), seq),
        )
        if kept.rowcount < 1:
            raise Refused("not_found", str(seq))
        replica.connection.execute("DELETE FROM returned WHERE seq = ?", (seq,))


def mend(replica: Replica, change: Returned, values: Mapping[str, Any]) -> str:
    """Write anew what came back, with `values` in place of its own; returns the record's id.

    Raises:
        Refused, InvalidRecord: as `Replica.save`; then nothing was written.
    """
    with replica.together():
        kind = KINDS[change.kind]
        is_here = replica.get(change.id, change.kind) is not None
        written = {**values_of(change), **values}
        fixed = {n for n in written if kind.by_name[n].is_fixed and n not in values}
        given = {n: v for n, v in written.items() if not (is_here and n in fixed)}
        record = replica.save(change.kind, given, change.id if is_here else None)
        replica.connection.execute("DELETE FROM returned WHERE seq = ?", (change.seq,))
        return record
