"""Changes that wait in quarantine for something that comes by itself: those of newer programs until
the county's program is updated, those of a record unknown here until the record comes, those of one
that has left their author's reach until it is back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from schema.problems import InvalidValue
from server.workers import Desk
from sync.change import Change
from sync.hub import Session
from sync.intake import Batch
from sync.judging import NEWER

UNKNOWN = "unknown_record"
LEFT = "out_of_scope"
WAITING = (NEWER, UNKNOWN, LEFT)
"""Verdicts that change by themselves: of an update, of a record that comes, of one that moves."""


_OPEN = (
    "NOT EXISTS (SELECT 1 FROM quarantine_decision d WHERE d.done = 'dropped'"
    " AND d.device = quarantine.device AND d.device_seq = quarantine.device_seq)"
)
"""What an admin dropped stays dropped."""


class Taken(Struct):
    """What became of the changes that waited."""

    taken: int = 0
    kept: int = 0
    """Still in quarantine, for this reason or another."""


def take_again(desk: Desk) -> Taken:
    """Decide once more what came from newer programs, each device's in the order of saving.

    Nothing is lost half way: what cannot be decided yet stays as it was.
    """
    store, done = desk.store, Taken()
    with store.write():
        devices = store.connection.execute(
            f"SELECT DISTINCT device FROM quarantine WHERE code = ? AND {_OPEN}", (NEWER,)
        ).fetchall()
        for (device,) in devices:
            _take_of(desk, device, done)
    return done


def take_followers(desk: Desk, came: Iterable[Change]) -> None:
    """Decide once more what waits for a record that one of these changes made, or moved.

    A county put back to a backup hears again of a child made since from the laptop that made it;
    whoever wrote in that child's file may have been there first, or only after it was moved away.
    """
    store = desk.store
    waits = "SELECT 1 FROM quarantine WHERE code IN (?, ?) LIMIT 1"
    if store.connection.execute(waits, (UNKNOWN, LEFT)).fetchone() is None:
        return  # nearly always
    came = list(came)
    made = seen = {change.id for change in came if change.op == "create"}
    moved = {change.id for change in came if _may_move(change)}
    while made or moved:
        with store.write():
            waiting = store.connection.execute(
                f"SELECT device, code, change FROM quarantine WHERE code IN (?, ?) AND {_OPEN}",
                (UNKNOWN, LEFT),
            ).fetchall()
            followers: dict[str, list[Change]] = {}
            for device, code, body in waiting:
                change = msgspec.json.decode(body, type=Change)
                if (made if code == UNKNOWN else moved) & _spoken_of(change):
                    followers.setdefault(device, []).append(change)
            for device in followers:
                _take_of(desk, device, Taken())
        # What they make in their turn is waited for too.
        made = {c.id for those in followers.values() for c in those if c.op == "create"} - seen
        seen, moved = seen | made, set()


def _may_move(change: Change) -> bool:
    """True when a change of a record that is there writes where it belongs."""
    kind = KINDS.get(change.kind)
    if kind is None or change.op == "create":
        return False
    return not change.fields.keys().isdisjoint(kind.unit_fields)


def _spoken_of(change: Change) -> set[str]:
    """The ids that a change names: its record's, and those it hangs on or points to."""
    return {change.id, *(v for v in change.fields.values() if isinstance(v, str))}


def _take_of(desk: Desk, id: str, done: Taken) -> None:
    connection = desk.store.connection
    where = f"WHERE device = ? AND code IN (?, ?, ?) AND {_OPEN}"
    rows = connection.execute(
        f"SELECT change, at FROM quarantine {where} ORDER BY device_seq", (id, *WAITING)
    ).fetchall()
    changes = [msgspec.json.decode(row[0], type=Change) for row in rows]
    try:
        device = desk.accounts.device(id)
    except InvalidValue:  # of before a restore: nobody knows whose it was
        done.kept += len(changes)
        return
    user = desk.accounts.user(device.user)
    connection.execute(f"DELETE FROM quarantine {where}", (id, *WAITING))
    session = Session(user.name, id, user.grants, device.is_revoked)
    refused = Batch(desk.store, session, desk.store.now_ms()).take(changes)
    came = {change.seq: at for change, (_, at) in zip(changes, rows, strict=True)}
    connection.executemany(
        "UPDATE quarantine SET at = ? WHERE device = ? AND device_seq = ?",
        [(came[verdict.seq], id, verdict.seq) for verdict in refused],
    )
    done.taken += len(changes) - len(refused)
    done.kept += len(refused)
