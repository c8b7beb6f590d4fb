"""Merges taken back: which two files were one, and between which stamps.

What was written into the kept file meanwhile may be of either child; reviewers say of which
(casework/partings.py). The hub says it of every merge taken back; a laptop knows of its own before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from schema.record import Kind
from sync import ids
from sync.change import Change, Entry, raw_version
from sync.reading import Reading

if TYPE_CHECKING:
    from sync.intake import Batch

NAME = "parting"


class Parting(Struct, frozen=True):
    """Two files that were one. `begun` and `ended` are effective stamps."""

    kept: str
    away: str
    begun: int
    ended: int


def tell(batch: Batch, change: Change, kept: str, begun: int) -> None:
    """At the hub: the file of `change` is out of `kept` again."""
    state = batch.states.get(kept)
    if state is None or state.is_deleted:
        return
    fields = {
        "child": kept,
        "other": change.id,
        "begun": begun,
        "ended": batch.entries[change.version].stamp,
    }
    batch._own(NAME, ids.derived_id(NAME, change.version), fields)


def partings(replica: Reading) -> list[Parting]:
    """Those whose two files are two now, as far as this user reviews them."""
    # As they were written: a row names the file under which it is shown, if that was merged since.
    states = replica.records.shown(NAME, [row["id"] for row in replica.select(NAME)]).values()
    names = ("child", "other", "begun", "ended")
    told = [Parting(*(state.values[name] for name in names)) for state in states]
    told += [p for kind in KINDS.values() if kind.pointer for p in _unsent(replica, kind)]
    files = {i for p in told for i in (p.kept, p.away)}
    shown = replica.kept_of(files)
    return [p for p in told if shown.get(p.kept, p.kept) != shown.get(p.away, p.away)]


def _unsent(replica: Reading, kind: Kind) -> list[Parting]:
    """Merges taken back here, of which the county does not know yet."""
    rows = replica.connection.execute(
        "SELECT body FROM outbox WHERE CAST(body AS TEXT) LIKE ?", (f'%"{kind.pointer}":null%',)
    )
    found = []
    for (body,) in rows.fetchall():
        change = msgspec.json.decode(body, type=Change)
        merge, begun = _merge(replica, kind, change)
        if merge is not None and merge.fields.get(kind.pointer):
            found.append(Parting(merge.fields[kind.pointer], change.id, begun, change.hlc))
    return found


def _merge(replica: Reading, kind: Kind, undone: Change) -> tuple[Change | None, int]:
    """The change that an un-merge takes back, and its stamp."""
    version = raw_version(undone.base.get(kind.pointer, ""))
    for change in replica.records.unsent([undone.id]).get(undone.id, []):
        if change.version == version:
            return change, change.hlc
    rows = replica.connection.execute("SELECT body FROM log WHERE record = ?", (undone.id,))
    for (body,) in rows:
        entry = msgspec.json.decode(body, type=Entry)
        if entry.change.version == version:
            return entry.change, entry.stamp
    return None, 0
