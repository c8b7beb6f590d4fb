"""What is told two ways in records that this user may not read: that it is so, where and since when."""

from __future__ import annotations

import datetime
from collections import Counter

from msgspec import Struct

from casework import wording
from schema.kinds import KINDS
from sync.language import _
from sync.reading import Reading
from sync.withheld import NAME, id_of, is_restricted


class Withheld(Struct, frozen=True):
    """A conflict that others are to decide."""

    id: str
    unit: str
    """The township whose supervisor sees it."""
    opened: str
    """The day since when, `YYYY-MM-DD`."""


def withheld(replica: Reading) -> list[Withheld]:
    """Those that are open, the oldest first; without what this user may read as well, being more than
    an admin."""
    rows = [row for row in replica.select(NAME) if row["opened"]]
    read = _read_here(replica) if rows else set()
    return [Withheld(r["id"], r["unit"] or "", r["opened"]) for r in rows if r["id"] not in read]


def withheld_words(replica: Reading, today: datetime.date) -> str:
    """How many, since when and where: 限看的 3 处，最早 11月3日  卫子镇 2  王家镇 1; empty where there is
    none."""
    found = withheld(replica)
    if not found:
        return ""
    first = wording.date_text(found[0].opened, today)
    units = Counter(w.unit for w in found)
    where = (f"{wording.unit_text(u, replica, today)} {n}" for u, n in units.most_common())
    return _("限看的 {n} 处，由看得到的人定，最早 {day}：{where}").format(
        n=len(found), day=first, where="  ".join(where)
    )


def _read_here(replica: Reading) -> set[str]:
    return {
        id_of(row["id"], slot)
        for kind in KINDS.values()
        if is_restricted(kind)
        for row in replica.select(kind.name)
        for slot in kind.slots
    }
