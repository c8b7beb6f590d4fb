"""Checks of a replica against itself: file, digest, log, unsent work, conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from schema.kinds import KINDS
from sync import derived, digest, scrub, window
from sync.change import Change, Entry, State
from sync.decide import replay
from sync.replica import Replica
from sync.storage import damages, transaction


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    detail: str
    is_damage: bool = False


def problems_of(replica: Replica) -> list[Finding]:
    """Everything wrong with a store; empty when it is whole. Changes nothing but that what is
    wrong is looked into at the next contact."""
    found = [Finding("damaged", text, True) for text in damages(replica.connection)]
    if found:
        return found
    total = 0
    states: dict[str, State] = {}
    since = replica.window_since()
    for _, id_, state in scrub.states(replica):
        if state is None:
            found.append(Finding("unreadable", id_))
        else:
            total += window.digest_of(state, since)
            states[id_] = state
    if digest.text(total) != (replica.get_state("digest") or digest.text(0)):
        found.append(Finding("digest", "stored sum and records differ"))
    found += [Finding(code, about) for code, about in derived.differences(replica)]
    found += [Finding("record", id_) for id_ in _against_log(replica, states)]
    device, last = replica.identity.device, int(replica.get_state("device_seq", 0))
    for seq, body in replica.connection.execute("SELECT seq, body FROM outbox"):
        try:
            change = msgspec.json.decode(body, type=Change)
        except msgspec.MsgspecError:
            found.append(Finding("outbox", f"change {seq}", True))
            continue
        if change.seq != seq or change.device != device or seq > last:
            found.append(Finding("outbox", f"change {seq}"))
    if found:
        replica.connection.execute("INSERT OR IGNORE INTO hand VALUES ('other')")
    return found


def let_go_false_history(replica: Replica) -> None:
    """Where the county has just said that a record is right and the history kept here says
    otherwise, the history is wrong: it goes, and comes from the county when asked for."""
    states = {id_: state for _, id_, state in scrub.states(replica) if state is not None}
    with transaction(replica.connection):
        for id_ in list(_against_log(replica, states)):
            replica.connection.execute("DELETE FROM log WHERE record = ?", (id_,))


def _against_log(replica: Replica, states: dict[str, State]) -> Iterator[str]:
    """Records that are not what the log kept here makes of them, as far as it reaches: from the
    record's beginning to its last entry. What came as a snapshot has no log behind it."""
    made: dict[str, State] = {}
    known: dict[str, set[str]] = {}
    for record, body in replica.connection.execute("SELECT record, body FROM log ORDER BY seq"):
        try:
            entry = msgspec.json.decode(body, type=Entry)
        except msgspec.MsgspecError:
            continue  # told above
        kind = KINDS.get(entry.change.kind)
        known.setdefault(record, set()).add(entry.change.version)
        if kind and (record in made or entry.change.op == "create"):
            made[record] = replay(kind, made.get(record), entry)
    for record, state in made.items():
        held = states.get(record)
        if held is None or held.seq != state.seq or digest.of(held) == digest.of(state):
            continue
        ops = {op for slot in held.slots.values() for head in slot.heads for op in head.ops}
        # What came as a row in between, after a fill begun anew, has left a gap in the log here.
        if ops <= known[record]:
            yield record
