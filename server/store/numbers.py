"""Who holds an ID number."""

from __future__ import annotations

from array import array
from collections.abc import Collection

from server.store.queries import Queries
from sync.storage import insert

_TABLES = ("id_number", "id_number_fresh")


class Numbers(Queries):
    """The tables `id_number` and `id_number_fresh`."""

    _numbers: dict[str, str | None]
    """Of this transaction, written together: see `_put_numbers`."""
    _fresh: array[int] | None
    """Hashes of what is in `id_number_fresh`, while this connection alone writes it; some may be gone
    from there. None: not known. (160 KB of 20,000; a set of them 1.6 MB.)"""
    _fresh_at: int
    """`data_version` then: a number that changes when another connection has written."""

    def roots_with_id(self, numbers: Collection[str]) -> dict[str, list[str]]:
        self._put_numbers()
        fresh = self._fresh_hashes()
        late = numbers
        if fresh is not None:
            there = set(map(hash, numbers)).intersection(fresh)
            late = [number for number in numbers if hash(number) in there]
        found: dict[str, list[str]] = {}
        for table, some in zip(_TABLES, (numbers, late), strict=True):
            if some:
                rows = self._among(f"SELECT number, root FROM {table} WHERE number IN", some)
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
        if len(held) >= self.much and not self._has_from_to("id_number", "root", held):
            fresh = self._fresh_hashes()
            insert(self.connection, "id_number_fresh", list(held.items()), "REPLACE")
            if fresh is not None:
                fresh.extend(map(hash, held.values()))
        else:
            self._among_write("DELETE FROM id_number_fresh WHERE root IN", held)
            insert(self.connection, "id_number", list(held.items()), "REPLACE")
        for table in _TABLES:
            self._among_write(f"DELETE FROM {table} WHERE root IN", gone)

    def _fresh_hashes(self) -> array[int] | None:
        """Looking through the table takes 5 ms with 20,000 in it: half of what it is there to save."""
        row = self._one("PRAGMA data_version")
        now = row[0] if row else 0
        if self._fresh is None or now != self._fresh_at:
            is_empty = self._one("SELECT 1 FROM id_number_fresh LIMIT 1") is None
            self._fresh, self._fresh_at = array("q") if is_empty else None, now
        return self._fresh
