"""Children of one household: who may be visited together."""

from __future__ import annotations

from sync.reading import Reading


def housemates(replica: Reading, child: str) -> list[str]:
    """Ids of other children who share the village and address, or a phone of the family; nearest
    first."""
    rows = replica.connection.execute(
        "SELECT other.id FROM r_child me JOIN r_child other ON other.village = me.village"
        " AND other.address = me.address AND other.id <> me.id"
        " WHERE me.id = ? AND me.address IS NOT NULL AND other._deleted IS NULL",
        (child,),
    ).fetchall()
    found = [row[0] for row in rows]
    rows = replica.connection.execute(
        "SELECT DISTINCT other._root FROM r_family me JOIN r_family other"
        " ON other.phone = me.phone AND other._root <> me._root"
        " WHERE me._root = ? AND me._deleted IS NULL AND other._deleted IS NULL"
        " AND me.phone IS NOT NULL",
        (child,),
    ).fetchall()
    found += [row[0] for row in rows]
    return list(dict.fromkeys(found))
