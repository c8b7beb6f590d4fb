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
from sync.twins import RENAMED, content_hash, is_one_save

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
        refused: list[Verdict] = []
        for of_one in _by_device(together):
            left = _take(desk, of_one)
            for change in of_one:
                if change.seq not in {v.seq for v in left}:
                    _note(desk, change, RELEASED, reason)
            refused += left
    return refused


def _take(desk: Desk, together: list[Change]) -> list[Verdict]:
    """Take changes of one device; those that still cannot be taken stay in quarantine as they were."""
    store, device = desk.store, together[0].device
    held = {c.seq: (verdict, at) for c, verdict, at in store.quarantined() if c.device == device}
    for change in together:
        store.release(device, change.seq)
    tops = [code for code, parent in store.parents().items() if not parent]
    # The admin answers for it: as if the author might do everything in the county.
    grants = tuple(Grant(role, top) for role in ROLES for top in tops)
    session = Session(together[0].author, device, grants)
    verdicts = Batch(store, session, store.now_ms()).take(together)
    refused = [v for v in verdicts if (v.status, v.code) != RENAMED]  # else its twin was taken
    kept = {change.seq: change for change in together}
    for verdict in refused:
        before, at = held[verdict.seq]
        told = verdict if verdict.status == "quarantined" else before
        store.release(device, verdict.seq)
        store.quarantine(kept[verdict.seq], content_hash(kept[verdict.seq]), told, at)
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
    return len(_by_device(together)[0])


def told(desk: Desk, device: str, waiting: Collection[int]) -> list[Decided]:
    """Of a device's changes that it believes in quarantine, those that wait no more."""
    if not waiting:
        return []
    decided = dict(
        desk.store.connection.execute(
            "SELECT device_seq, done FROM quarantine_decision WHERE device = ?", (device,)
        )
    )
    known = desk.store.known(device, waiting)
    found = []
    for seq in waiting:
        met = known.get(seq)
        if met is not None and met.verdict is None:
            found.append(Decided(seq, RELEASED, met.number))
        elif decided.get(seq) == DROPPED or (met is None and seq in decided):
            found.append(Decided(seq, decided[seq]))  # released: as its twin
    return found


def waiting(desk: Desk) -> list[tuple[Change, Verdict, int]]:
    """What waits for a person, each save once: laptops of one disk may have brought it under the ids
    of both."""
    found: list[tuple[Change, Verdict, int]] = []
    of: dict[tuple[str, int], list[Change]] = {}
    for one in desk.store.quarantined():
        alike = of.setdefault((one[0].id, one[0].seq), [])
        if not any(is_one_save(one[0], other) for other in alike):
            found.append(one)
        alike.append(one[0])
    return found


def _together(desk: Desk, version: str) -> list[Change]:
    """The change, what its author saved with it, and the same saves under another laptop's id."""
    kept = [change for change, _verdict, _at in desk.store.quarantined()]
    found = next((change for change in kept if change.version == version), None)
    if found is None:
        args = (("id", version), ("field", "id"))
        raise InvalidValue(Problem("not_found", "待处理的改动里没有「{id}」。", args=args))
    same = [c for c in kept if c.device == found.device and c.txn == found.txn]
    twins = [c for c in kept if c not in same and any(is_one_save(c, one) for one in same)]
    return [*sorted(same, key=_seq), *sorted(twins, key=_seq)]


def _by_device(changes: list[Change]) -> list[list[Change]]:
    devices = dict.fromkeys(change.device for change in changes)
    return [[c for c in changes if c.device == device] for device in devices]


def _seq(change: Change) -> int:
    return change.seq


def _note(desk: Desk, change: Change, done: str, reason: str) -> None:
    desk.store.connection.execute(
        "INSERT OR REPLACE INTO quarantine_decision VALUES (?, ?, ?, ?, ?)",
        (change.device, change.seq, done, reason.strip(), desk.store.now_ms()),
    )
