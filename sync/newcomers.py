"""Records that came whole to a device that has nothing of them: all of a first synchronisation.

They are written as they came. Nothing is replayed, compared or laid over them; what that would make
is the same, which is why whatever is in any doubt is left to the general way (sync/receive.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from schema.kinds import KINDS
from schema.record import DELETED
from sync.change import State
from sync.incoming import Incoming
from sync.records import as_json, may_hold
from sync.storage import Connection
from sync.tables import table

_KINDS = frozenset(kind.name for kind in KINDS.values() if kind.scope != "public")
"""What is public says what this device may hold, and how: units, and the county's boundary."""


def parted(connection: Connection, page: Incoming) -> tuple[list[State], list[State]]:
    """Rows of an answer that are new here, and the others."""
    told = page.response
    is_more_than_rows = page.entries or page.met or told.mended or told.absent or told.drops
    if is_more_than_rows or told.reset:
        return [], page.rows
    plain = [s for s in page.rows if s.kind in _KINDS and s.seq and _is_quiet(s)]
    if len({s.id for s in page.rows}) < len(page.rows):  # one of them twice
        return [], page.rows
    ids: dict[str, list[str]] = {}
    for state in plain:
        ids.setdefault(state.kind, []).append(state.id)
    held = _held(connection, ids)
    new = [s for s in plain if s.id not in held]
    if not new:
        return [], page.rows
    taken = {s.id for s in new}
    return new, [s for s in page.rows if s.id not in taken]


def _is_quiet(state: State) -> bool:
    """True when nobody is to be told of anything in it, and nothing in it goes: no open conflict, not
    hidden or erased."""
    slots = state.slots
    return not slots or (DELETED not in slots and not any(s.conflict for s in slots.values()))


def _held(connection: Connection, ids: Mapping[str, list[str]]) -> set[str]:
    """Those of the records (by kind) of which anything is here: a row, or unsent work."""
    every = [i for some in ids.values() for i in some]
    held: set[str] = set()
    for name, column, some in (
        *((table(kind), "id", some) for kind, some in ids.items()),
        ("outbox", "record", every),
        ("shadow", "id", every),
        ("unread", "id", every),
    ):
        if may_hold(connection, name, column, some):
            found = connection.execute(
                f"SELECT {column} FROM {name}"  # noqa: S608
                f" WHERE {column} IN (SELECT value FROM json_each(?))",
                (as_json(some),),
            )
            held.update(row[0] for row in found)
    return held
