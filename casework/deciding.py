"""A conflict decided by a reviewer: what is less worrying than what counts now, only with a reason."""

from __future__ import annotations

from typing import Any

from casework import told
from schema.kinds import KINDS
from sync.change import Conflict
from sync.replica import Refused, Replica, chosen


def is_calmer(conflict: Conflict, value: Any) -> bool:
    """True when `value` is less worrying than what counts now: to be decided only with a reason."""
    kind = KINDS[conflict.kind]
    return kind.rank(conflict.slot, value) < kind.rank(conflict.slot, conflict.heads[0].value)


def decide(
    replica: Replica, id: str, take: str, value: Any = None, note: str = "", head: int = 1
) -> str:
    """Settle an open conflict as `Replica.resolve` does; returns the record's id.

    Raises:
        Refused: as by `Replica.resolve`; `calmer`: less worrying than what counts now, and no note.
        InvalidRecord: the value cannot be stored.
    """
    with replica.together():
        found = replica.conflict(id)
        if found is None:
            raise Refused("not_found", id)
        reason = told.why_not(replica, found)
        if reason:
            raise Refused(reason)
        if not note.strip() and is_calmer(found, chosen(found, take, value, head)):
            raise Refused("calmer")
        return replica.resolve(id, take, value, note, head)
