"""Checks of a replica against itself: file, digest, log, unsent work, conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from schema.kinds import KINDS
from sync import digest, scrub, window
from sync.change import Change, Entry, State
from sync.decide import replay
from sync.replica import Replica
from sync.storage import damages
from sync.tables import table


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    detail: str
    is_damage: bool = False


def problems_of(replica: Replica) -> list[Finding]:
    """Everything wrong with a store; empty when it is whole. Changes nothing but that a wrong sum
    is looked into at the next contact."""
    found = [Finding("damaged", text, True) for text in damages(replica.connection)]
    if found:
        return found
    total, conflicts = 0, set()
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
        replica.connection.execute("INSERT OR IGNORE INTO hand VALUES ('other')")
    unsent = {row[0] for row in replica.connection.execute("SELECT record FROM outbox")}
    under = {row[0] for row in replica.connection.execute("SELECT id FROM shadow")}
    for kind in KINDS:
        for (id_,) in replica.connection.execute(f"SELECT id FROM {table(kind)}"):  # noqa: S608
            if (id_ in unsent) != (id_ in under):
                found.append(Finding("shadow", id_))
        opened = replica.connection.execute(f"SELECT id FROM {table(kind)} WHERE _open > 0")  # noqa: S608
        shown = replica.records.shown(kind, [row[0] for row in opened]) if not found else {}
        for state in shown.values():
            known = (s for n, s in state.slots.items() if KINDS[kind].knows(n))
            conflicts |= {s.conflict for s in known if s.conflict}
    listed = {row[0] for row in replica.connection.execute("SELECT id FROM conflict")}
    if not found and listed != conflicts:
        found.append(Finding("conflicts", f"{len(listed)} listed, {len(conflicts)} in the records"))
    found += _against_log(replica, states)
    device, last = replica.identity.device, int(replica.get_state("device_seq", 0))
    for seq, body in replica.connection.execute("SELECT seq, body FROM outbox"):
        change = msgspec.json.decode(body, type=Change)
        if change.seq != seq or change.device != device or seq > last:
            found.append(Finding("outbox", f"change {seq}"))
    return found


def _against_log(replica: Replica, states: dict[str, State]) -> Iterator[Finding]:
    """Records that are not what the log kept here makes of them, as far as it reaches: from the
    record's beginning to its last entry. What came as a snapshot has no log behind it."""
    made: dict[str, State] = {}
    known: dict[str, set[str]] = {}
    for seq, record, body in replica.connection.execute(
        "SELECT seq, record, body FROM log ORDER BY seq"
    ):
        try:
            entry = msgspec.json.decode(body, type=Entry)
        except msgspec.MsgspecError:
            yield Finding("log", f"entry {seq}")
            continue
        if (entry.seq, entry.change.id) != (seq, record):
            yield Finding("log", f"entry {seq}")
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
            yield Finding("record", record)
