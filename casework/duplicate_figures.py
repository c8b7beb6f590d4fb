"""Figures about files of one child: how many were met before a second file was made, and after."""

from __future__ import annotations

from collections import Counter
from typing import Any

from casework import batches, likenesses
from casework.duplicates import NOT_SAME, PAIR
from sync import merges
from sync.language import _
from sync.replica import Replica


def figures(replica: Replica) -> dict[str, Any]:
    """Before entry: rows of this laptop's rosters that were found on file already. After: pairs that
    the county found, or that somebody here spoke of; by what became of them and by reason."""
    rosters = [b for b in batches.past(replica) if not b.is_undone]
    pairs = replica.select(PAIR.name)
    merged = {frozenset((m.kept, m.away)) for m in merges.merges(replica)}
    not_same = sum(p["verdict"] == NOT_SAME for p in pairs)
    done = sum(frozenset((p["a"], p["b"])) in merged for p in pairs)
    reasons = Counter[str](code for p in pairs for code in (p["why"] or "").split())
    return {
        "before_entry": sum(b.counts.get(n, 0) for b in rosters for n in ("updated", "same")),
        "after_entry": len(pairs),
        "certain": sum(bool(p["is_certain"]) for p in pairs),
        "merged": len(merged),
        "not_same": not_same,
        "open": len(pairs) - not_same - done,
        "by_reason": dict(reasons.most_common()),
    }


def words(found: dict[str, Any]) -> list[str]:
    """What `figures` found, a line each."""
    lines = [
        _("名册导入时就认出来的 {n} 个，建档以后才发现的 {m} 对，其中一定是的 {k} 对。").format(
            n=found["before_entry"], m=found["after_entry"], k=found["certain"]
        ),
        _("合了 {n} 对，不是同一个的 {m} 对，还没定的 {k} 对。").format(
            n=found["merged"], m=found["not_same"], k=found["open"]
        ),
    ]
    return lines + [f"{likenesses.words([code])}  {n}" for code, n in found["by_reason"].items()]
