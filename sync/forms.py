"""The form of changes as they arrive: whether they fit a database, what an op may write, which belong
together. Nothing here asks what stands in the county's store."""

from __future__ import annotations

from collections.abc import Sequence

from schema.record import DELETED
from sync.change import Change

MOST = 1 << 53
"""No number of a change is as great: it must stay a whole number in every JSON."""


def fits(change: Change) -> bool:
    """True when the numbers of a change fit a database: one that does not must not stop the
    others."""
    return 0 < change.seq < MOST and 0 <= change.hlc < 1 << 63


def is_well_formed(change: Change) -> bool:
    """True when an op writes what it may: only a delete hides, and a decision is about one slot."""
    if change.op in ("delete", "undelete"):
        is_empty = change.fields.get(DELETED) is None
        return set(change.fields) == {DELETED} and is_empty == (change.op == "undelete")
    if change.op in ("resolve", "reopen"):
        return len(change.fields) == 1
    return DELETED not in change.fields


def by_txn(changes: Sequence[Change]) -> list[list[Change]]:
    groups: list[list[Change]] = []
    for change in changes:
        if groups and groups[-1][0].txn == change.txn:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups
