"""Under which file a record is shown: what hangs on a merged-away file follows to the kept one.

`_root` of a row says so; whom the record itself names (its id, its parent) stays as its author
wrote it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from schema.kinds import KINDS
from schema.record import Kind
from schema.types import Ref
from sync import merging
from sync.storage import Connection
from sync.tables import quoted, table


def _listed(ids: Collection[str]) -> str:
    return msgspec.json.encode(list(ids)).decode()


def hanging_on(kind: Kind) -> list[Kind]:
    """The kinds whose records hang on this one's, as their declarations say."""
    return [
        other
        for other in KINDS.values()
        if other.scope == "hangs"
        and isinstance(named := other.by_name[other.parent].type, Ref)
        and named.kind == kind.name
    ]


def follow(connection: Connection, touched: dict[str, set[str]]) -> None:
    """Bring `_root` of all rows to where the pointers lead; adds to `touched` what is shown anew.

    Costs a few look-ups in empty indexes where nothing was ever merged.
    """
    for kind in KINDS.values():
        hanging = hanging_on(kind) if kind.pointer else []
        if not kind.pointer or touched.keys().isdisjoint({kind.name, *(h.name for h in hanging)}):
            continue
        away = away_in(connection, kind)
        changed: set[str] = set()
        if kind.name in touched:
            shown = dict(
                connection.execute(f"SELECT id, _root FROM {table(kind.name)} WHERE _root <> id")  # noqa: S608
            )
            changed = {i for i in away.keys() | shown.keys() if away.get(i) != shown.get(i)}
            connection.executemany(
                f"UPDATE {table(kind.name)} SET _root = ? WHERE id = ?",  # noqa: S608
                [(away.get(i, i), i) for i in changed],
            )
            # A kept file is found by what its other files say.
            touched[kind.name] |= changed
            both = touched[kind.name]
            both |= {d[i] for d in (away, shown) for i in d.keys() & both}
        for other in hanging:
            parents = touched.get(kind.name, set())
            _move(connection, other, parents, touched.get(other.name, set()), away)


def away_in(connection: Connection, kind: Kind) -> dict[str, str]:
    """Merged-away file of a kind to the kept one."""
    into = dict(
        connection.execute(
            f"SELECT id, {quoted(kind.pointer)} FROM {table(kind.name)}"  # noqa: S608
            f" WHERE {quoted(kind.pointer)} IS NOT NULL"
        ).fetchall()
    )
    if not into:
        return {}
    there = connection.execute(
        f"SELECT id FROM {table(kind.name)} WHERE _deleted IS NULL"  # noqa: S608
        " AND id IN (SELECT value FROM json_each(?))",
        (_listed(into.values()),),
    )
    return merging.ends(into, set(into.values()) - {row[0] for row in there})


def _move(
    connection: Connection,
    kind: Kind,
    parents: AbstractSet[str],
    touched: Collection[str],
    away: Mapping[str, str],
) -> None:
    """The records of these parents, and the ones just written, to where their parent is shown."""
    name, parent = table(kind.name), quoted(kind.parent)
    # Nearly always none: the index that tells so is empty.
    away_now = f"SELECT 1 FROM {name} WHERE _root <> {parent} LIMIT 1"  # noqa: S608
    rows = []
    if parents and connection.execute(away_now).fetchone():
        rows = connection.execute(
            f"SELECT id, {parent} FROM {name}"  # noqa: S608
            f" WHERE _root <> {parent} AND {parent} IN (SELECT value FROM json_each(?))",
            (_listed(parents),),
        ).fetchall()
    hidden = away.keys() & parents
    if hidden:
        rows += connection.execute(
            f"SELECT id, {parent} FROM {name}"  # noqa: S608
            f" WHERE _root = {parent} AND _root IN (SELECT value FROM json_each(?))",
            (_listed(hidden),),
        ).fetchall()
    if away and touched:  # what has been erased says no more whose it is, and stays where it is
        rows += connection.execute(
            f"SELECT id, {parent} FROM {name}"  # noqa: S608
            f" WHERE {parent} IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
            (_listed(touched),),
        ).fetchall()
    connection.executemany(
        f"UPDATE {name} SET _root = ? WHERE id = ?",  # noqa: S608
        [(away.get(p, p), i) for i, p in rows],
    )
