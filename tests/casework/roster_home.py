"""A replica of a real county for the roster tests, and made-up children for it (nobody of them exists)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from casework.search import Indexer
from schema.idnumber import check_character
from sync.change import Grant, Mark, State
from sync.reading import Identity
from sync.replica import Replica
from sync.storage import open_plain, transaction

DATA = Path(__file__).resolve().parents[2] / "tests" / "casework" / "data"


def units_of_county(county: str) -> dict[str, dict[str, Any]]:
    with open(DATA / f"{county}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        r["code"]: {
            "code": r["code"],
            "name": r["name"],
            "level": r["level"],
            **({"parent": r["parent_code"]} if r["parent_code"] else {}),
        }
        for r in rows
    }


def make_replica(
    county: str = "510811", grants: tuple[Grant, ...] = (), more: tuple[dict[str, Any], ...] = ()
) -> Replica:
    """A plain replica that holds the county's units and nothing else."""
    replica = Replica(open_plain(), indexers=[Indexer()])
    replica.become(Identity("管理", "dev1", grants or (Grant("admin", county),)))
    mark = Mark("hub.1", "server", 1)
    with transaction(replica.connection):
        for values in (*units_of_county(county).values(), *more):
            state = State("unit", values["code"], "", mark, mark, values, {}, 1)
            replica.records.put([(state, 0)])
        replica.records.settle()
    replica.forget_units()
    return replica


def id_number(county: str, born: str, order: int) -> str:
    """A valid number that belongs to nobody known: order is the 15th to 17th digit, odd for boys."""
    first = f"{county}{born.replace('-', '')}{order:03d}"
    return first + check_character(first)
