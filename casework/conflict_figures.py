"""Figures about what was told two ways, of the records held here: how much, how fast, how often
taken back."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from statistics import median
from typing import Any

from casework import told
from sync.change import Head
from sync.decisions import decisions
from sync.reading import Reading

HOUR_MS = 3_600_000


def figures(replica: Reading) -> dict[str, Any]:
    """Conflicts opened and settled, the median hours until a decision and of those still open, the
    share of decisions taken back; by field, unit and pair of people."""
    made = decisions(replica.connection)
    waiting = {c.id: c for c in replica.conflicts() if len(c.heads) > 1}
    heads: dict[str, tuple[str, str, str, tuple[Head, ...]]] = {
        d.conflict: (d.kind, d.slot, d.record, d.before.heads) for d in made
    }
    heads |= {c.id: (c.kind, c.slot, c.record, c.heads) for c in waiting.values()}
    settled = {d.conflict for d in made} - waiting.keys()
    hours = [
        (d.at_ms - d.opened_ms) / HOUR_MS for d in made if d.conflict in settled and not d.taken_back
    ]
    now = replica_now(replica)
    ages = [(now - c.opened_ms) / HOUR_MS for c in waiting.values()]
    fields, units, pairs = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for kind, slot, record, told_by in heads.values():
        fields[f"{kind}.{slot}"] += 1
        view = replica.get(record, kind)
        units.update(replica.units_of_root(view.root) if view else ())
        people = sorted({told.person(replica, h.mark.author) for h in told_by})
        pairs.update(combinations(people, 2))
    return {
        "opened": len(heads),
        "settled": len(settled),
        "open": len(waiting),
        "median_hours_to_settle": round(median(hours), 2) if hours else None,
        "median_hours_open": round(median(ages), 2) if ages else None,
        "share_reversed": sum(bool(d.taken_back) for d in made) / len(made) if made else None,
        "by_field": dict(fields.most_common()),
        "by_unit": dict(units.most_common()),
        "by_pair": [{"people": list(pair), "count": n} for pair, n in pairs.most_common()],
    }


def replica_now(replica: Reading) -> int:
    """The hub's time at the last contact: an age is not to hang on this laptop's clock."""
    return int(replica.get_state("last_sync") or 0)
