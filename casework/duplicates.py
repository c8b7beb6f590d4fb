"""Pairs of files that seem to be of one child: the county's own findings, and equal valid ID
numbers here."""

from __future__ import annotations

import itertools

from msgspec import Struct

from schema import idnumber
from sync import ids
from sync.reading import Reading


class Pair(Struct, frozen=True):
    """Two files; `certain` when name and valid ID number are the same."""

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
    for pair in _same_numbers(replica):
        found.setdefault(pair.id, pair)
    return sorted(found.values(), key=lambda p: (-p.score, p.id))


def _same_numbers(replica: Reading) -> list[Pair]:
    rows = replica.connection.execute(
        "SELECT id, name, id_number FROM r_child WHERE _deleted IS NULL AND id_number IN"
        " (SELECT id_number FROM r_child WHERE id_number IS NOT NULL AND _deleted IS NULL"
        " GROUP BY id_number HAVING count(*) > 1) ORDER BY id_number, id"
    )
    same: dict[str, list[tuple[str, str]]] = {}
    for id_, name, number in rows:
        same.setdefault(number, []).append((id_, name))
    found = []
    for number, files in same.items():
        if not idnumber.is_valid(number):
            continue
        for (a, name), (b, other) in itertools.combinations(files, 2):
            is_certain = name == other
            why = "same_id_number_and_name" if is_certain else "same_id_number"
            score = 100 if is_certain else 90
            found.append(Pair(ids.derived_id("duplicate", a, b), a, b, score, is_certain, why))
    return found
