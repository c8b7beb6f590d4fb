"""Records made here that the county took just as they were made: nearly all of a big push.

They stand here as the log makes them: their numbers are noted, and nothing else of them is written
again. Whatever is in any doubt is left to the general way (sync/receive.py).
"""

from __future__ import annotations

from collections import Counter

from sync.change import Entry, State
from sync.decide import replay
from sync.incoming import Incoming
from sync.records import Records
from sync.unread import kind_of

Parted = tuple[dict[str, State], list[Entry]]
"""States by id that are confirmed, and the entries that are left to the general way."""


def confirmed(records: Records, page: Incoming) -> Parted:
    """Note what an answer confirms of this device's new records."""
    made = _made_here(records, page)
    if not made:
        return {}, page.entries
    states = {i: replay(kind_of(e.change.kind), None, e) for i, e in made.items()}
    if not records.number(states.values()):  # not shown, as its root was not here
        return {}, page.entries
    records.set_shadows({}, states.keys())
    return states, [e for e in page.entries if e.change.id not in states]


def _made_here(records: Records, page: Incoming) -> dict[str, Entry]:
    """Entries that make a record of which this device has that one change, the hub nothing else, and
    the answer tells no more."""
    told = page.response
    if told.reset or told.drops or told.mended or told.absent or page.rows:
        return {}
    named = Counter([e.change.id for e in page.entries])
    named.update(page.outbox[v.seq].id for v in page.met)
    made = {
        e.change.id: e
        for e in page.entries
        if e.change.op == "create"
        and e.seq in page.matched
        and e.change.seq not in page.hidden
        and e.stamp == e.change.hlc
        and not e.outcome
        and named[e.change.id] == 1
    }
    if not made:
        return {}
    all_of_them = min(made), max(made)  # a roster, in the order of its making: a walk, no look-ups
    unknown = records.connection.execute(
        "SELECT id FROM shadow WHERE body IS NULL AND id BETWEEN ? AND ?", all_of_them
    ).fetchall()
    edited = records.connection.execute(
        "SELECT record FROM outbox WHERE record BETWEEN ? AND ?"
        " GROUP BY record HAVING count(*) > 1",
        all_of_them,
    ).fetchall()
    only = {row[0] for row in unknown} - {row[0] for row in edited}
    return {i: e for i, e in made.items() if i in only}
