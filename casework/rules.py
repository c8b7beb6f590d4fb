"""The rules of the work that look beyond one record; the replica asks them before it saves.

They hold on the laptop only: nobody's work is refused at the hub for what another did meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.problems import Problem
from schema.record import Kind
from sync.replica import Replica


def problems(
    replica: Replica, kind: Kind, values: Mapping[str, Any], id: str | None
) -> list[tuple[str, Problem]]:
    """What is wrong with a record about to be saved; see `Replica.rules`."""
    if kind.name == "case_step":
        from casework import cases

        return cases.problems(replica, values, replica.clock.now_ms())
    if kind.name == "pairing":
        from casework import pairings

        return pairings.problems(replica, values, id)
    if kind.name == "agreement":
        from casework import agreements

        return agreements.problems(replica, values, id)
    return []
