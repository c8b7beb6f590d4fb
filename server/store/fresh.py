"""What a big push brings stands apart until a quiet moment: the ways back from a unit and from an ID
number to their roots.

Both are in the order of units and numbers. A roster comes in another, and each page of it would write
nearly the whole of them again: 3,000 of the 11,000 pages that a push of 20,000 wrote, 0.1 s. So its
rows are put down in the order of their coming, looked through for whoever asks (1 ms with 20,000), and
put in their places later.
"""

from __future__ import annotations

from server.store.numbers import Numbers
from server.store.places import Places

STEP = 5000
"""Roots put in their places in one transaction: some 30 ms, so that no push waits long."""


class Fresh(Places, Numbers):
    """The tables whose names end so."""

    def settle(self, most: int = STEP) -> bool:
        """Put what stands apart in its place; False when nothing is left. Within the caller's
        `write`."""
        self._fresh = None
        is_left = self._settle("place_unit", "unit, root", most)
        return self._settle("id_number", "root, number", most) or is_left

    def _settle(self, table: str, columns: str, most: int) -> bool:
        fresh = f"FROM {table}_fresh"
        up_to = self._one(f"SELECT root {fresh} ORDER BY root LIMIT 1 OFFSET ?", most)
        before, values = ("", ()) if up_to is None else ("WHERE root < ?", up_to)
        run = self.connection.execute
        run(f"INSERT OR REPLACE INTO {table} SELECT {columns} {fresh} {before} ORDER BY 1, 2", values)
        run(f"DELETE {fresh} {before}", values)
        return up_to is not None
