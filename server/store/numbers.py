"""Who holds an ID number."""

from __future__ import annotations

from collections.abc import Collection

from server.store.fresh import MANY
from server.store.queries import Queries
from sync.storage import insert


class Numbers(Queries):
    """The tables `id_number` and `id_number_fresh`."""

    much = MANY
    _numbers: dict[str, str | None]
    """Of this transaction, written together: see `_put_numbers`."""

    def roots_with_id(self, numbers: Collection[str]) -> dict[str, list[str]]:
        self._put_numbers()
        found: dict[str, list[str]] = {}
        for table in ("id_number", "id_number_fresh"):
            rows = self._among(f"SELECT number, root FROM {table} WHERE number IN", numbers)
            for number, root in rows:
                found.setdefault(number, []).append(root)
        return {number: sorted(roots) for number, roots in found.items()}

    def put_id(self, root: str, number: str | None) -> None:
        self._numbers[root] = number  # written together: see `_put_numbers`

    def _put_numbers(self) -> None:
        if not self._numbers:
            return
        held = {root: n for root, n in self._numbers.items() if n}
        gone = self._numbers.keys() - held.keys()
        self._numbers.clear()
        if len(held) >= self.much and not self._has_any_from_to(held):
            insert(self.connection, "id_number_fresh", list(held.items()), "REPLACE")
        else:
            self._among_write("DELETE FROM id_number_fresh WHERE root IN", held)
            insert(self.connection, "id_number", list(held.items()), "REPLACE")
        for table in ("id_number", "id_number_fresh"):
            self._among_write(f"DELETE FROM {table} WHERE root IN", gone)

    def _has_any_from_to(self, roots: Collection[str]) -> bool:
        """False when none of them has a number: told by one look-up, as a roster comes in the order
        of ids."""
        between = "SELECT 1 FROM id_number WHERE root BETWEEN ? AND ? LIMIT 1"
        return self._one(between, min(roots), max(roots)) is not None
