"""Figures about what was told two ways, of the records held here: how much, how fast, how often
taken back."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from statistics import median
from typing import Any

from casework import told, wording
from schema.kinds import KINDS
from sync.change import Head
from sync.decisions import decisions
from sync.language import _
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


def words(replica: Reading, found: dict[str, Any]) -> list[str]:
    """What `figures` found, a line each."""
    today = wording.day_of(replica.clock.now_ms())
    lines = [
        _("有过 {n} 处两种说法，定了 {m} 处，还等着 {k} 处。").format(
            n=found["opened"], m=found["settled"], k=found["open"]
        )
    ]
    if (hours := found["median_hours_to_settle"]) is not None:
        lines.append(_("从出现到定下，一半在 {n} 小时以内。").format(n=hours))
    if (hours := found["median_hours_open"]) is not None:
        lines.append(_("还等着的，一半等了 {n} 小时以上。").format(n=hours))
    if (share := found["share_reversed"]) is not None:
        lines.append(_("定过的有 {n}% 又撤销了。").format(n=round(share * 100)))
    for name, n in found["by_field"].items():
        kind = KINDS[name.partition(".")[0]]
        slot = wording.slot_label(kind, name.partition(".")[2])
        lines.append(f"{_(kind.label)} {slot}  {n}")
    lines += [f"{wording.unit_text(u, replica, today)}  {n}" for u, n in found["by_unit"].items()]
    lines += [f"{' + '.join(p['people'])}  {p['count']}" for p in found["by_pair"]]
    return lines


def replica_now(replica: Reading) -> int:
    """The hub's time at the last contact: an age is not to hang on this laptop's clock."""
    return int(replica.get_state("last_sync") or 0)
