"""The history of a record from before what this laptop has been sent: how far it reaches here, and
fetching the rest from the county when somebody asks.

A new laptop, one that was sent a record as it stands, or whose county was put back to a backup has
only later entries. What is fetched stays, like every entry of the log, until the record leaves.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct

from sync import clock
from sync.change import Entry, State, raw_version
from sync.protocol import unpack
from sync.replica import Replica
from sync.storage import transaction
from sync.transport import Offline

_decode = msgspec.json.Decoder(Entry).decode


class Reach(Struct, frozen=True):
    """How far back the history of a record is complete here."""

    is_whole: bool
    since_ms: int = 0
    """From when on, UTC; 0 when whole."""


class _Answer(Struct):
    entries: list[Raw] = []


def _standing(replica: Replica, record: str) -> State | None:
    """The record as the county has it, unsent work aside."""
    kind = replica.records.kind_of([record]).get(record)
    return replica.records.canonical({kind: [record]}).get(record) if kind else None


def reach(replica: Replica, record: str) -> Reach:
    """How far back the history of a record is complete here."""
    state = _standing(replica, record)
    if state is None:
        return Reach(True)  # nobody but this laptop knows of it
    rows = replica.connection.execute("SELECT body FROM log WHERE record = ?", (record,))
    entries = [_decode(body) for (body,) in rows]
    known = {entry.change.version for entry in entries}
    ops = {raw_version(op) for slot in state.slots.values() for h in slot.heads for op in h.ops}
    has_beginning = any(entry.change.op == "create" for entry in entries)
    if has_beginning and ops <= known:
        return Reach(True)
    stamps = [] if has_beginning else [entry.stamp for entry in entries]  # else there is a gap
    return Reach(False, clock.ms_of(min(stamps, default=state.last.stamp)))


def fetch(replica: Replica, ask: Callable[[str], tuple[bytes, str]], record: str) -> int:
    """Fetch what the county has of a record's history; how many entries came. `ask`: carries a
    question to the county, given its path.

    Raises:
        Offline, Rejected: see sync/transport.py; nothing was changed.
    """
    content, media = ask(f"/v1/history?record={record}")
    try:
        raws = msgspec.json.decode(unpack(content, media), type=_Answer).entries
        came = [(_decode(raw), bytes(raw)) for raw in raws]
    except (ValueError, msgspec.DecodeError) as error:
        raise Offline("answer damaged") from error
    with transaction(replica.connection):
        state = _standing(replica, record)
        upto = [(e, raw) for e, raw in came if state and e.seq <= state.seq]
        if not state or not upto or not _is_end_of(upto[-1][0], state):
            return 0  # of another log than this laptop's: the next synchronisation finds out
        before = replica.connection.total_changes
        replica.connection.executemany(
            "INSERT OR IGNORE INTO log VALUES (?, ?, ?)",
            [(e.seq, record, raw) for e, raw in upto if e.change.id == record],
        )
        return int(replica.connection.total_changes - before)


def _is_end_of(entry: Entry, state: State) -> bool:
    return entry.seq == state.seq and entry.change.version == raw_version(state.last.version)
