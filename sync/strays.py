"""Records held from a log that is no more: the hub is asked which of their roots have left the
scope.

A log put back to a backup names no drops, and a device cannot tell a child that moved away before
the backup from one that the county has lost. Asked, the hub names the roots that it knows and that
the grants do not cover; of the others nothing is said, and they stay.
"""

from __future__ import annotations

from schema.kinds import KINDS
from sync.replica import Replica
from sync.tables import table

AT_ONCE = 2000
"""Roots asked about in one request, 27 bytes each."""
_ROOTS = [name for name, kind in KINDS.items() if kind.scope == "root"]


def look_for(replica: Replica) -> None:
    """From now on each synchronisation asks, until none is left."""
    replica.set_state(strays=1)


def strays(replica: Replica, after: str = "") -> list[str]:
    """The next roots to ask about, in order of id; nearly always none, which costs one read."""
    if not replica.get_state("strays", 0):
        return []
    # Number 0: of no log that is. An unsent creation has it too, with an empty shadow.
    each = " UNION ALL ".join(
        f"SELECT r.id AS id FROM {table(name)} r LEFT JOIN shadow s ON s.id = r.id"  # noqa: S608
        " WHERE r._seq = 0 AND r.id > ? AND (r._pending = 0 OR s.body IS NOT NULL)"
        for name in _ROOTS
    )
    rows = replica.connection.execute(
        f"SELECT id FROM ({each}) ORDER BY id LIMIT {AT_ONCE}",  # noqa: S608
        (after,) * len(_ROOTS),
    ).fetchall()
    if not rows and not after:
        replica.set_state(strays=0)
    return [row[0] for row in rows]
