"""Records made here that the county took just as they were made: nearly all of a big push.

They stand here as the log makes them: their numbers are noted, and nothing else of them is written
again. Whatever is in any doubt is left to the general way (sync/receive.py).
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from sync import digest, window
from sync.change import Entry
from sync.decide import first_values
from sync.incoming import Incoming
from sync.records import Records
from sync.unread import kind_of


class Confirmed(Struct, frozen=True):
    """What an answer confirms."""

    left: list[Entry]
    """The entries that are left to the general way."""
    total: int = 0
    """Of the digests of the records."""
    greatest: int = 0
    """Of their stamps."""


def confirmed(records: Records, page: Incoming, since: str) -> Confirmed:
    """Note what an answer confirms of this device's new records. `since`: as of `window.counts`."""
    made = _made_here(records, page)
    if not made or not records.number(made.values()):  # not shown, as its root was not here
        return Confirmed(page.entries)
    records.set_shadows({}, made.keys())
    total = 0
    for entry in made.values():
        kind = kind_of(entry.change.kind)
        values = first_values(kind, entry.change)
        if window.is_held(kind, values, since):
            total += digest.of_new(entry.change, values)
    left = [e for e in page.entries if e.change.id not in made]
    return Confirmed(left, total, max(e.stamp for e in made.values()))


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
