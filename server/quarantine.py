"""Changes of newer programs that waited in quarantine until the county's program was updated."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from schema.problems import InvalidValue
from server.workers import Desk
from sync.change import Change
from sync.hub import Session
from sync.intake import NEWER, Batch

WAITING = (NEWER, "unknown_record")
"""Verdicts that an update may change: the second where a change speaks of a record that waits."""


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
            "SELECT DISTINCT device FROM quarantine WHERE code = ?", (NEWER,)
        ).fetchall()
        for (device,) in devices:
            _take_of(desk, device, done)
    return done


def _take_of(desk: Desk, id: str, done: Taken) -> None:
    connection = desk.store.connection
    where = "WHERE device = ? AND code IN (?, ?)"
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
