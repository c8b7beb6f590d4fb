"""Records as the log makes them. Of a root to which nothing has come since it was made, the log entry is
all there is: its state is not written beside it.

A push of 20,000 children writes a quarter less for it. What hangs on them is always written: a fill
reads it by root, not as it came, and would look up each entry in another place (a county of 229,000
records took a quarter longer). So is what is public: it is read often, and there is little of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from schema.kinds import KINDS
from server.store.latest import Latest
from server.store.queries import MANY, Queries, text
from sync.change import Entry, State
from sync.decide import replay
from sync.storage import insert
from sync.window import month_of

AS_MADE = b""
"""In place of a state that one log entry tells."""
STATE = (
    "iif(length(state), state, (SELECT body FROM body WHERE body.seq = record.seq)), length(state)"
)
"""What `state_of` reads a state from: two columns of `record`."""

_THE_ROOTS = "id IN (SELECT value FROM json_each(?1)) AND id = root"
_WHAT_HANGS = "root IN (SELECT value FROM json_each(?1)) AND root <> id"
"""The words of the index `record_hanging`: SQLite takes it for no others."""

_encode = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(State).decode
_decode_entry = msgspec.json.Decoder(Entry).decode


def state_of(body: bytes, is_whole: int) -> State:
    """A record's state from the columns `STATE`."""
    return _decode_state(body) if is_whole else _as_made(body)


def _as_made(body: bytes) -> State:
    entry = _decode_entry(body)
    return replay(KINDS[entry.change.kind], None, entry)


class Records(Queries):
    """The table `record`."""

    _latest: Latest
    _tree: tuple[int, dict[str, str | None]] | None
    """Unit to parent, and the log number up to which it is that."""

    def parents(self) -> Mapping[str, str | None]:
        row = self._one("SELECT max(seq) FROM record WHERE kind = 'unit'")
        at = (row[0] if row else None) or 0
        if self._tree is None or self._tree[0] != at:
            rows = self.connection.execute("SELECT state FROM record WHERE kind = 'unit'")
            states = [_decode_state(r[0]) for r in rows]
            self._tree = at, {s.id: s.values.get("parent") for s in states}
        return self._tree[1]

    def states(self, ids: Collection[str]) -> dict[str, State]:
        if len(ids) > MANY and not self._has_from_to("record", "id", ids):
            return {}
        rows = self._among(f"SELECT id, {STATE} FROM record WHERE id IN", ids)
        return {id: state_of(body, is_whole) for id, body, is_whole in rows}

    def states_where(self, condition: str, *values: Any) -> Iterator[State]:
        """Of the records of which an SQL condition holds."""
        rows = self.connection.execute(f"SELECT {STATE} FROM record WHERE {condition}", values)
        return itertools.starmap(state_of, rows)

    def put_states(self, states: Iterable[State]) -> None:
        rows = []
        for state in states:
            kind = KINDS.get(state.kind)
            month = month_of(kind, state.values) if kind and kind.window_field else ""
            body = AS_MADE if self._is_as_made(state) else _encode(state)
            rows.append((state.id, state.kind, state.root, state.seq, body, month))
            if self._tree is not None and state.kind == "unit":
                at, tree = self._tree
                tree = {**tree, state.id: state.values.get("parent")}
                self._tree = max(at, state.seq), tree
        self.put_records(rows)

    def put_records(self, rows: Sequence[tuple[Any, ...]]) -> None:
        insert(
            self.connection,
            "record (id, kind, root, seq, state, month)",
            rows,
            then="ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state,"
            " month = excluded.month",
        )

    def _is_as_made(self, state: State) -> bool:
        """True when the log entry just written is all that a root's state says."""
        if state.root != state.id or state.slots or state.made != state.last:
            return False
        return self._latest.made.get(state.seq) == state.id

    def records_of(
        self,
        roots: Collection[str],
        since: str = "",
        before: str = "",
        stage: int | None = None,
    ) -> list[tuple[str, str, bytes]]:
        bound = ""
        if before:
            bound = f" AND month >= '{since}' AND month < '{before}' AND month != ''"
        elif since:
            bound = f" AND (month = '' OR month >= '{since}')"
        select = f"SELECT root, kind, {STATE}, seq FROM record WHERE"
        parts = [_THE_ROOTS] * (stage != 1) + [_WHAT_HANGS] * (stage != 0)
        rows = self.connection.execute(
            " UNION ALL ".join(f"{select} {part}{bound}" for part in parts) + " ORDER BY root, seq",
            (text(list(roots)),),
        )
        return [
            (root, kind, body if is_whole else _encode(_as_made(body)))
            for root, kind, body, is_whole, _ in rows
        ]

    def months(self, ids: Collection[str]) -> dict[str, str]:
        return dict(self._among("SELECT id, month FROM record WHERE month != '' AND id IN", ids))
