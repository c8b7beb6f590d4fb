"""What a store keeps beside its records and could make anew from them: where a row is shown, how much
is unsent and in conflict, the list of conflicts, what is searched; and what it keeps that nothing
else explains: history, bytes of papers, the number last given out.

`differences` finds what another hand has altered, `mend` puts it right without the county.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.record import Kind
from sync import paperbytes
from sync.change import Change, Entry
from sync.confirming import marks_of
from sync.following import away_in, hanging_on
from sync.replica import Replica
from sync.storage import Connection, transaction
from sync.tables import Meta, quoted, table

_meta = msgspec.json.Decoder(Meta).decode
_change = msgspec.json.Decoder(Change).decode
_entry = msgspec.json.Decoder(Entry).decode
Difference = tuple[str, str]
"""A code, and the id of what it is about."""


def differences(replica: Replica) -> Iterator[Difference]:
    """Everything that is not as the records make it. Changes nothing."""
    connection = replica.connection
    conflicts: set[tuple[Any, ...]] = set()
    for kind in KINDS:
        for id_, held, meant, listed in _rows(connection, kind):
            conflicts |= listed
            if held != meant:
                yield "columns", id_
    rows = set(connection.execute("SELECT id, record, kind, slot, opened FROM conflict"))
    yield from (("conflicts", str(row[0])) for row in sorted(conflicts ^ rows, key=str))
    yield from (("shadow", id_) for id_ in sorted(_shadows_missing(connection)))
    yield from (("shadow", id_) for id_ in sorted(_shadows_over(connection)))
    yield from (("outbox", f"change {seq}") for seq in _marked_wrong(connection))
    yield from (("log", f"entry {seq}") for seq in _unreadable(connection))
    yield from (("paper", paper) for paper in paperbytes.spoilt(connection))
    yield from (("search", id_) for id_ in sorted(_search_differences(replica)))
    if (last := _last_number(replica)) > int(replica.get_state("device_seq", 0)):
        yield "device_seq", str(last)


def mend(replica: Replica) -> list[str]:
    """Make anew what differs; what of it there was, by id. History that cannot be read goes, and
    comes from the county when it is asked for; so do the bytes of a paper that the county has."""
    found = list(differences(replica))
    if not found:
        return []
    connection, records = replica.connection, replica.records
    codes = {code for code, _ in found}
    with transaction(connection):
        if "columns" in codes:
            for kind in KINDS:
                wrong = [
                    (*meant, id_)
                    for id_, held, meant, _ in _rows(connection, kind)
                    if held != meant
                ]
                records.touch(kind, [row[-1] for row in wrong])
                connection.executemany(
                    f"UPDATE {table(kind)} SET _root = ?, _pending = ?, _open = ? WHERE id = ?",  # noqa: S608
                    wrong,
                )
        if "conflicts" in codes:
            meant = {
                row for kind in KINDS for _, _, _, own in _rows(connection, kind) for row in own
            }
            connection.execute("DELETE FROM conflict")
            connection.executemany(
                "INSERT OR REPLACE INTO conflict VALUES (?, ?, ?, ?, ?)", sorted(meant)
            )
        # NULL: not known; what the county has of it comes again.
        unknown = [(id_,) for id_ in _shadows_missing(connection)]
        connection.executemany(
            "DELETE FROM shadow WHERE id = ?", [(i,) for i in _shadows_over(connection)]
        )
        connection.executemany("INSERT INTO shadow VALUES (?, NULL)", unknown)
        for seq in _marked_wrong(connection):  # NULL: the general way is taken
            connection.execute("UPDATE outbox SET digest = NULL WHERE seq = ?", (seq,))
        for seq in _unreadable(connection):
            connection.execute("DELETE FROM log WHERE seq = ?", (seq,))
        paperbytes.let_go_spoilt(connection)
        if "search" in codes:
            _search_anew(replica)
        replica.set_state(
            device_seq=max(_last_number(replica), int(replica.get_state("device_seq", 0)))
        )
        records.settle()
    return sorted({id_ for _, id_ in found})


_Row = tuple[str, tuple[Any, ...], tuple[Any, ...], set[tuple[Any, ...]]]


def _rows(connection: Connection, name: str) -> Iterator[_Row]:
    """(id, columns as they are, as they should be, conflicts) of each row of a kind; columns are
    where it is shown, how many changes are unsent, how many slots in conflict."""
    kind = KINDS[name]
    above = quoted(kind.parent) if kind.parent else "NULL"
    unsent = dict(connection.execute("SELECT record, count(*) FROM outbox GROUP BY record"))
    away = _away(connection, kind)
    for id_, root, pending, opened, body, parent in connection.execute(
        f"SELECT id, _root, _pending, _open, _meta, {above} FROM {table(name)}"  # noqa: S608
    ).fetchall():
        try:
            slots = _meta(body).slots
        except msgspec.MsgspecError:
            continue  # the record itself cannot be read: it comes again
        open_now = {n: s for n, s in slots.items() if s.conflict}
        own = {id_: away.get(id_, id_)} if kind.scope == "root" else {}
        where = own.get(id_) or (away.get(parent, parent) if parent else root)
        listed = {
            (s.conflict, id_, name, n, s.opened) for n, s in open_now.items() if kind.knows(n)
        }
        held, meant = (root, pending, opened), (where, unsent.get(id_, 0), len(open_now))
        yield id_, held, meant, listed


def _away(connection: Connection, kind: Kind) -> dict[str, str]:
    """Merged-away file to the kept one, among those that the kind's rows may be shown under."""
    for other in KINDS.values():
        if other.pointer and (other is kind or kind in hanging_on(other)):
            return away_in(connection, other)
    return {}


def _shadows_missing(connection: Connection) -> set[str]:
    """Records with unsent changes of which it is not kept how the county has them."""
    rows = connection.execute("SELECT record FROM outbox EXCEPT SELECT id FROM shadow")
    return {row[0] for row in rows}


def _shadows_over(connection: Connection) -> set[str]:
    """Records without unsent changes of which that is kept all the same."""
    rows = connection.execute("SELECT id FROM shadow EXCEPT SELECT record FROM outbox")
    return {row[0] for row in rows}


def _marked_wrong(connection: Connection) -> list[int]:
    """Numbers of unsent changes beside which stands what the record they make is not."""
    found = []
    for seq, body, *marks in connection.execute(
        "SELECT seq, body, kind, stamp, digest FROM outbox WHERE digest IS NOT NULL"
    ):
        try:
            change = _change(body)
        except msgspec.MsgspecError:
            continue  # told as damage (sync/verify.py)
        kind = KINDS.get(change.kind)
        if kind is None or change.op != "create" or tuple(marks) != marks_of(kind, change):
            found.append(seq)
    return found


def _unreadable(connection: Connection) -> list[int]:
    """Numbers of the history's entries that are not what they say."""
    found = []
    for seq, record, body in connection.execute("SELECT seq, record, body FROM log"):
        try:
            entry = _entry(body)
        except msgspec.MsgspecError:
            found.append(seq)
            continue
        if (entry.seq, entry.change.id) != (seq, record):
            found.append(seq)
    return found


def _search_differences(replica: Replica) -> set[str]:
    """Ids that would be searched otherwise, were it made anew."""
    connection = replica.connection
    if not replica.records.indexers:
        return set()
    before = set(connection.execute("SELECT * FROM search"))
    connection.execute("SAVEPOINT searched")
    try:
        _search_anew(replica)
        after = set(connection.execute("SELECT * FROM search"))
    finally:
        connection.execute("ROLLBACK TO searched")
        connection.execute("RELEASE searched")
    return {row[2] for row in before ^ after}


def _search_anew(replica: Replica) -> None:
    connection = replica.connection
    connection.execute("DELETE FROM search")
    for kind in KINDS:
        rows = connection.execute(f"SELECT id FROM {table(kind)}").fetchall()  # noqa: S608
        replica.records.index(kind, [row[0] for row in rows])


def _last_number(replica: Replica) -> int:
    """The greatest number that this device has given to a change of its own."""
    row = replica.connection.execute(
        "SELECT max(seq) FROM (SELECT seq FROM outbox UNION ALL SELECT seq FROM kept"
        " UNION ALL SELECT seq FROM returned)"
    ).fetchone()
    return int(row[0] or 0)
