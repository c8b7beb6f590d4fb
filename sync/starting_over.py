"""The hub starts over: its log is another one, a backup's perhaps. All numbers here are void; unsent
work stays.

A restored hub may have lost what it once confirmed: everything of our own is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from schema.kinds import KINDS
from sync import keeping, paperbytes, receipts, strays
from sync.change import Entry, Grant, State
from sync.formers import own_ids
from sync.incoming import is_own
from sync.replica import Replica
from sync.scope import Scope
from sync.tables import table

_decode_entry = msgspec.json.Decoder(Entry).decode


def start_over(
    replica: Replica, grants: Sequence[Grant], drop: Callable[[Collection[str]], None]
) -> None:
    """`grants`: the new log's. `drop` takes out roots with all that hangs on them."""
    connection, records = replica.connection, replica.records
    keeping.void(connection)  # before anything leaves: an older backup may be back
    drop(_outside(replica, grants))
    paperbytes.send_again(connection)
    ours = own_ids(connection)
    own = [
        (e.change.seq, e.change.id, e.change.txn, msgspec.json.encode(e.change))
        for (body,) in connection.execute("SELECT body FROM log")
        if is_own((e := _decode_entry(body)).change, ours)
        and e.change.fields  # else erased
    ]
    connection.executemany(
        "INSERT OR IGNORE INTO outbox(seq, record, txn, body) VALUES (?, ?, ?, ?)", own
    )
    keeping.send_all_again(connection, records.kind_of)
    _count_unsent(replica)
    strays.look_for(replica)
    for kind in KINDS:
        records.void(kind)
    records.unread.forget_log()
    connection.execute("DELETE FROM log")
    receipts.withdraw(connection)
    for id_, body in connection.execute("SELECT id, body FROM shadow").fetchall():
        if body is not None:
            state = msgspec.json.decode(body, type=State)
            state.seq = 0
            records.set_shadows({id_: state}, ())


def _count_unsent(replica: Replica) -> None:
    """What waits to be sent once more stands on what is shown, as unsent work does."""
    counted = "SELECT record, count(*) FROM outbox GROUP BY record"
    unsent = dict(replica.connection.execute(counted).fetchall())
    for kind in KINDS:
        states = list(replica.records.shown(kind, unsent).values())
        for state in states:
            replica.records.keep_shadow(state.id, state)
        replica.records.put((state, unsent[state.id]) for state in states)


def _outside(replica: Replica, grants: Sequence[Grant]) -> list[str]:
    """Roots held here that other grants than before do not cover: a new log cannot tell us."""
    if set(grants) == set(replica.identity.grants):
        return []
    scope = Scope(grants, replica.tree)
    return [
        id_
        for kind in KINDS.values()
        if kind.scope == "root"
        for id_ in _ids(replica, kind.name)
        if not scope.reads(kind.name, id_, replica.units_of_root(id_))
    ]


def _ids(replica: Replica, kind: str) -> list[str]:
    rows = replica.connection.execute(f"SELECT id FROM {table(kind)}")  # noqa: S608
    return [row[0] for row in rows.fetchall()]
