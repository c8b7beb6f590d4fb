"""The hub's index of what is compared of each child's file, in the county's store."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from sync.likeness import Facts, keys
from sync.records import as_json
from sync.storage import Connection

SEEN = "lookalikes_seq"
"""In meta: log number up to which the county has looked for duplicates."""
MOST = 400
"""Files compared with one: those of one key in a county of 20,000 are 60 at most."""

_decode = msgspec.json.Decoder(Facts).decode
_encode = msgspec.json.Encoder().encode


class Lookalikes:
    """Reads and writes the index. Within the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def put(self, files: Mapping[str, Facts | None]) -> None:
        """Root to its facts; None for a file that is no more."""
        roots = [(root,) for root in files]
        self.connection.executemany("DELETE FROM lookalike_key WHERE root = ?", roots)
        self.connection.executemany("DELETE FROM lookalike WHERE root = ?", roots)
        held = [one for one in files.values() if one is not None]
        self.connection.executemany(
            "INSERT INTO lookalike VALUES (?, ?)", [(one.id, _encode(one)) for one in held]
        )
        self.connection.executemany(
            "INSERT INTO lookalike_key VALUES (?, ?)",
            [(key, one.id) for one in held for key in keys(one)],
        )

    def near(self, one: Facts) -> list[Facts]:
        """Files that share a key with `one`, itself aside."""
        rows = self.connection.execute(
            "SELECT facts FROM lookalike WHERE root != ? AND root IN (SELECT root FROM"
            " lookalike_key WHERE key IN (SELECT value FROM json_each(?)) LIMIT ?)",
            (one.id, as_json(keys(one)), MOST),
        )
        return [_decode(row[0]) for row in rows]

    def held(self, roots: Collection[str]) -> dict[str, Facts]:
        """Root to what is compared of it, for those that are in the index."""
        rows = self.connection.execute(
            "SELECT root, facts FROM lookalike WHERE root IN (SELECT value FROM json_each(?))",
            (as_json(sorted(roots)),),
        )
        return {root: _decode(facts) for root, facts in rows}

    def forget(self, roots: Collection[str]) -> None:
        self.put(dict.fromkeys(roots))
