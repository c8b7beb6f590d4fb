"""Moving the boundary before which laptops hold no contacts: when a month has passed, and when the
county sets another number of months."""

from __future__ import annotations

from server.settings import settings_of
from server.workers import Desk
from sync import digest, window

SETTING = "contact_months"


def move(desk: Desk) -> bool:
    """Bring the boundary to today's, in the log and in the sums; True when it moved.

    Where nothing is older, there is no boundary to be told of. Within the caller's `write`, if any.
    """
    store = desk.store
    wanted = window.boundary(store.now_ms(), _months(desk))
    with store.write():
        held = window.since_of(store)
        if wanted == held:
            return False
        first, last = sorted((held, wanted))
        row = store.connection.execute(
            "SELECT 1 FROM record WHERE month >= ? AND month < ? AND month != '' LIMIT 1",
            (first, last),
        ).fetchone()
        if row is None and not held:
            return False
        number = window.number_of(wanted)
        desk.hub.write("setting", window.RECORD, {"name": "window", "value": number})
        _count(desk, first, last, 1 if wanted < held else -1)
    return True


def _months(desk: Desk) -> int:
    return next(value for setting, value in settings_of(desk) if setting.name == SETTING)


def _count(desk: Desk, first: str, last: str, sign: int) -> None:
    """Take the records of months from `first` to before `last` into the sums, or out of them."""
    store = desk.store
    states = list(store.states_where("month >= ? AND month < ? AND month != ''", first, last))
    places = store.places({s.root for s in states})
    sums: dict[tuple[str, tuple[str, ...]], int] = {}
    for state in states:
        place = places.get(state.root)
        key = state.kind, place.units if place else ()
        sums[key] = sums.get(key, 0) + sign * digest.of(state)
    store.add_to_buckets(sums)
