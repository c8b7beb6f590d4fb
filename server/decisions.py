"""What an admin decides about work in quarantine: taken after all, or dropped with a reason.

A change is known by its version, `DEVICE.SEQ`; what its author saved together is decided together.
"""

from __future__ import annotations

from collections.abc import Collection

from schema.problems import InvalidValue, Problem
from schema.roles import ROLES
from server.workers import Desk
from sync.change import Change, Grant
from sync.hub import Session
from sync.intake import Batch
from sync.protocol import Decided, Verdict

RELEASED, DROPPED = "released", "dropped"


def release(desk: Desk, version: str, reason: str) -> list[Verdict]:
    """Take a change into the log though its author might not have written it there; the whole txn.

    Answers why it still cannot be taken, with what stays in quarantine then; empty when all is in
    the log, in its author's name.

    Raises:
        InvalidValue: no such change.
    """
    store = desk.store
    with store.write():
        together = _together(desk, version)
        device = together[0].device
        came = dict(
            store.connection.execute(
                "SELECT device_seq, at FROM quarantine WHERE device = ?", (device,)
            )
        )
        for change in together:
            store.release(device, change.seq)
        tops = [code for code, parent in store.parents().items() if not parent]
        # The admin answers for it: as if the author might do everything in the county.
        grants = tuple(Grant(role, top) for role in ROLES for top in tops)
        session = Session(together[0].author, device, grants)
        refused = Batch(store, session, store.now_ms()).take(together)
        store.connection.executemany(
            "UPDATE quarantine SET at = ? WHERE device = ? AND device_seq = ?",
            [(came[v.seq], device, v.seq) for v in refused],
        )
        for change in together:
            if change.seq not in {v.seq for v in refused}:
                _note(desk, change, RELEASED, reason)
    return refused


def drop(desk: Desk, version: str, reason: str) -> int:
    """Let a change be, with all of its txn; its words and the reason stay on record.

    Returns how many. Raises `InvalidValue`: no such change, or no reason.
    """
    if not reason.strip():
        raise InvalidValue(Problem("required", "要写原因。", args=(("field", "reason"),)))
    with desk.store.write():
        together = _together(desk, version)
        for change in together:
            _note(desk, change, DROPPED, reason)
    return len(together)


def told(desk: Desk, device: str, waiting: Collection[int]) -> list[Decided]:
    """Of a device's changes that it believes in quarantine, those that wait no more."""
    if not waiting:
        return []
    dropped = {
        seq
        for (seq,) in desk.store.connection.execute(
            "SELECT device_seq FROM quarantine_decision WHERE device = ? AND done = ?",
            (device, DROPPED),
        )
    }
    known = desk.store.known(device, waiting)
    found = []
    for seq in waiting:
        met = known.get(seq)
        if met is not None and met.verdict is None:
            found.append(Decided(seq, RELEASED, met.number))
        elif seq in dropped:
            found.append(Decided(seq, DROPPED))
    return found


def _together(desk: Desk, version: str) -> list[Change]:
    kept = [change for change, _verdict, _at in desk.store.quarantined()]
    found = next((change for change in kept if change.version == version), None)
    if found is None:
        args = (("id", version), ("field", "id"))
        raise InvalidValue(Problem("not_found", "待处理的改动里没有「{id}」。", args=args))
    same = [c for c in kept if c.device == found.device and c.txn == found.txn]
    return sorted(same, key=lambda change: change.seq)


def _note(desk: Desk, change: Change, done: str, reason: str) -> None:
    desk.store.connection.execute(
        "INSERT OR REPLACE INTO quarantine_decision VALUES (?, ?, ?, ?, ?)",
        (change.device, change.seq, done, reason.strip(), desk.store.now_ms()),
    )
