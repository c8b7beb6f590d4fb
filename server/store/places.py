"""Where roots are: the units of each, and the way back from a unit to its roots."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping

import msgspec

from server.store.queries import text
from server.store.records import Records
from sync.forms import MOST
from sync.hubstore import Move, Place
from sync.storage import insert

WIDE = 4
"""Reading a page of roots: from a quarter of all units on, walking all roots beats asking by
unit."""
ROOTS_IN = " UNION ALL ".join(
    f"SELECT root FROM {table} WHERE unit IN (SELECT value FROM json_each({{units}}))"
    for table in ("place_unit", "place_unit_fresh")
)
_decode_units = msgspec.json.Decoder(tuple[str, ...]).decode


class Places(Records):
    """The tables `place`, `move` and what is derived from them."""

    def places(self, roots: Collection[str]) -> dict[str, Place]:
        found: dict[str, Place] = {}
        latest = self._latest.places
        if latest and self._latest.place_of(MOST, self.head) >= 0:
            found = {root: latest[root] for root in roots if root in latest}
            roots = [root for root in roots if root not in found]
        if roots:
            rows = self._among("SELECT root, units, born FROM place WHERE root IN", roots)
            read = functools.cache(_decode_units)  # many have the same
            found |= {root: Place(read(units), born) for root, units, born in rows}
        return found

    def put_places(
        self, places: Mapping[str, Place], before: Mapping[str, Place | None]
    ) -> None:
        left = [(u, root) for root in places if (was := before.get(root)) for u in was.units]
        self._latest.places |= places
        for table in ("place_unit", "place_unit_fresh"):
            leave = f"DELETE FROM {table} WHERE unit = ? AND root = ?"
            self.connection.executemany(leave, left)
        texts = {units: text(units) for units in {p.units for p in places.values()}}
        insert(
            self.connection,
            "place",
            [(root, texts[p.units], p.born) for root, p in places.items()],
            "REPLACE",
        )
        rows = [(u, root) for root, p in places.items() for u in p.units]
        if len(places) >= self.much:
            insert(self.connection, "place_unit_fresh (unit, root)", rows)
        else:
            insert(self.connection, "place_unit", sorted(rows))

    def roots_in(
        self, units: Collection[str], roots: Collection[str], after: str, limit: int
    ) -> list[str]:
        if len(units) * WIDE >= len(self.parents()):
            return self._walk(set(units), set(roots), after, limit)
        rows = self.connection.execute(
            f"SELECT root FROM ({ROOTS_IN.format(units='?1')}) WHERE root > ?2 UNION"
            " SELECT root FROM place WHERE root IN (SELECT value FROM json_each(?3))"
            " AND root > ?2 ORDER BY 1 LIMIT ?4",
            (text(list(units)), after, text(list(roots)), limit),
        )
        return [r[0] for r in rows]

    def roots_at(self, units: tuple[str, ...]) -> list[str]:
        if not units:
            rows = self.connection.execute("SELECT root FROM place WHERE units = '[]'")
            return ["", *(r[0] for r in rows)]
        rows = self.connection.execute(
            f"SELECT root FROM ({ROOTS_IN.format(units='?1')}) JOIN place USING (root)"
            " WHERE units = ?2",
            (text(units[:1]), text(units)),
        )
        return [r[0] for r in rows]

    def _walk(self, units: set[str], roots: set[str], after: str, limit: int) -> list[str]:
        found: list[str] = []
        read = functools.cache(_decode_units)
        for root, placed in self.connection.execute(
            "SELECT root, units FROM place WHERE root > ? ORDER BY root", (after,)
        ):
            if root in roots or not units.isdisjoint(read(placed)):
                found.append(root)
                if len(found) == limit:
                    break
        return found

    def add_moves(self, moves: Iterable[Move]) -> None:
        self.connection.executemany(
            "INSERT INTO move VALUES (?, ?, ?, ?)",
            [(m.seq, m.root, text(m.before), text(m.after)) for m in moves],
        )

    def moves_after(self, seq: int) -> list[Move]:
        rows = self.connection.execute(
            "SELECT seq, root, was, becomes FROM move WHERE seq > ? ORDER BY seq", (seq,)
        )
        return [Move(n, root, _decode_units(a), _decode_units(b)) for n, root, a, b in rows]

    def add_unit_moves(self, moves: Iterable[tuple[int, str, str | None]]) -> None:
        self.connection.executemany("INSERT INTO unit_move VALUES (?, ?, ?)", list(moves))

    def parents_at(self, seq: int) -> Mapping[str, str | None]:
        rows = self.connection.execute(
            "SELECT unit, was FROM unit_move WHERE seq > ? ORDER BY seq DESC", (seq,)
        ).fetchall()
        return {**self.parents(), **dict(rows)} if rows else self.parents()
