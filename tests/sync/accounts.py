"""What a county has, slot by slot, and whether anything anyone wrote is missing: read from its bare
log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.record import DELETED
from sync.change import Entry
from tests.sync.town import Town


def standing(town: Town) -> dict[tuple[str, str], Any]:
    """What people wrote, by name of record and slot: the values standing against each other."""
    found: dict[tuple[str, str], Any] = {}
    for id_, kind, state in states(town):
        if not kind.write:  # the county's own: that a merge was made and taken back stays known
            continue
        for slot in {*kind.slots, *state.slots} - {kind.pointer}:
            held = state.slot(slot, kind.slot_value(slot, state.values))
            values = sorted({repr(h.value) for h in held.heads}) if held else ["None"]
            if values != ["None"]:
                found[id_, slot] = values
    return found


def states(town: Town) -> Iterator[tuple[str, Any, Any]]:
    for root, name, body in town.store.records_of([
        r for (r,) in town.connection.real.execute("SELECT root FROM place")
    ]):
        state = town.store.states([msgspec.json.decode(body)[1]])
        for id_, held in state.items():
            yield id_, KINDS[name], held
        assert root


def nothing_is_lost(town: Town) -> None:
    """P2, P8 over the bare log: each change is a head of its slot, or somebody who saw it or its own
    laptop wrote over it, or it was made into one with others; no slot has the same value twice."""
    entries = [
        msgspec.json.decode(body, type=Entry)
        for (body,) in town.connection.real.execute("SELECT body FROM body ORDER BY seq")
    ]
    combined: dict[str, set[str]] = {}
    for entry in entries:
        for slot in entry.outcome.values():
            for head in slot.heads:
                combined.setdefault(head.mark.version, set()).update(head.ops)
    seen: dict[tuple[str, str], set[str]] = {}
    latest: dict[tuple[str, str, str], int] = {}
    for entry in entries:
        for slot in entry.change.fields:
            latest[entry.change.device, entry.change.id, slot] = entry.change.seq
            named = seen.setdefault((entry.change.id, slot), set())
            versions = [entry.change.base.get(slot, "")]
            if entry.change.op == "resolve":
                versions += entry.change.names
            for version in versions:
                named |= combined.get(version, {version})
    now = {id_: (kind, state) for id_, kind, state in states(town)}
    for entry in entries:
        if entry.change.id not in now:
            continue
        kind, state = now[entry.change.id]
        for slot in entry.change.fields.keys() - {DELETED}:
            held = state.slot(slot, kind.slot_value(slot, state.values))
            heads = held.heads if held else ()
            if entry.change.version in {op for h in heads for op in h.ops}:
                continue
            is_empty = entry.change.fields[slot] is None
            is_chain = entry.change.seq < latest[entry.change.device, state.id, slot]
            is_circle = slot == kind.pointer and slot in entry.outcome
            is_replaced = entry.change.version in seen[state.id, slot] or is_chain
            assert is_replaced or is_empty or is_circle, (entry, state)
            values = [repr(h.value) for h in heads]
            assert len(set(values)) == len(values), "one value twice in a conflict"
