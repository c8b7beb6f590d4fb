"""Pairs of files that seem to be of one child: the county's own findings, and what is found among
the files held here."""

from __future__ import annotations

from msgspec import Struct

from casework import likenesses
from sync import ids
from sync.reading import Reading


class Pair(Struct, frozen=True):
    """Two files; `certain` when name and valid ID number are the same. `why`: codes of
    `likenesses.WORDS`, separated by spaces."""

    id: str
    a: str
    b: str
    score: int
    certain: bool
    why: str


def pairs(replica: Reading) -> list[Pair]:
    """Every open pair whose two files are both held here, the surest first."""
    found: dict[str, Pair] = {}
    for row in replica.select("duplicate"):
        if len(replica.rows("child", [row["a"], row["b"]])) == 2:
            found[row["id"]] = Pair(
                row["id"],
                row["a"],
                row["b"],
                row["score"] or 0,
                bool(row["is_certain"]),
                row["why"] or "",
            )
    for a, b, likeness in likenesses.everybody(replica):
        id_ = ids.derived_id("duplicate", a, b)
        if id_ not in found:
            why = " ".join(likeness.reasons)
            found[id_] = Pair(id_, a, b, likeness.score, likeness.is_certain, why)
    return sorted(found.values(), key=lambda p: (-p.score, p.id))
