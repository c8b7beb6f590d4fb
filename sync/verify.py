"""Checks of a replica against itself: file, digest, unsent work, conflicts."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from schema.kinds import KINDS
from sync import digest
from sync.change import Change, State
from sync.replica import Replica
from sync.storage import damages
from sync.tables import CODECS


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    detail: str
    is_damage: bool = False


def problems_of(replica: Replica) -> list[Finding]:
    """Everything wrong with a store; empty when it is whole."""
    found = [Finding("damaged", text, True) for text in damages(replica.connection)]
    if found:
        return found
    total, conflicts = 0, set()
    shadows = {
        id_: None if body is None else msgspec.json.decode(body, type=State)
        for id_, body in replica.connection.execute("SELECT id, body FROM shadow")
    }
    unsent = {row[0] for row in replica.connection.execute("SELECT record FROM outbox")}
    for kind in KINDS:
        codec = CODECS[kind]
        for row in replica.connection.execute(codec.select):
            state = codec.state(row)
            known = {n: s for n, s in state.slots.items() if KINDS[kind].knows(n)}
            conflicts |= {s.conflict for s in known.values() if s.conflict}
            canonical = shadows.get(state.id, state)
            if canonical is not None:
                total += digest.of(canonical)
            if (state.id in unsent) != (state.id in shadows):
                found.append(Finding("shadow", state.id))
    total += sum(digest.of(state) for state in replica.records.unread.every())
    if digest.text(total) != (replica.get_state("digest") or digest.text(0)):
        found.append(Finding("digest", "stored sum and records differ"))
    listed = {row[0] for row in replica.connection.execute("SELECT id FROM conflict")}
    if listed != conflicts:
        found.append(Finding("conflicts", f"{len(listed)} listed, {len(conflicts)} in the records"))
    device, last = replica.identity.device, int(replica.get_state("device_seq", 0))
    for seq, body in replica.connection.execute("SELECT seq, body FROM outbox"):
        change = msgspec.json.decode(body, type=Change)
        if change.seq != seq or change.device != device or seq > last:
            found.append(Finding("outbox", f"change {seq}"))
    return found
