"""Erasing: what one record ever said goes from every log, history, conflict, quarantine and draft;
who erased it, when and why stays.

An erasure is an entry of the hub's own in the log, one a record. Numbers, ids of changes, their order
and the hashes of what they said never change. What a device may still send of such a record is
refused with the code `erased` and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from schema.kinds import KINDS
from schema.record import DELETED
from sync import paperbytes
from sync.change import Change, Entry, Head, Mark, Slot, State
from sync.storage import Connection

ERASE = "erase"
"""The op; only the hub makes it."""
ERASED = "erased"
"""The code of a change that came too late."""

_change = msgspec.json.Decoder(Change).decode
_entry = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode


def subjects(change: Change) -> set[str]:
    """The records a change says something of: its own, and the one it hangs on."""
    kind = KINDS.get(change.kind)
    above = change.fields.get(kind.parent) if kind and kind.parent else None
    return {change.id, above} if isinstance(above, str) else {change.id}


def blank(change: Change) -> Change:
    """A change without what it said: who, when, which slots were seen, and its place stay."""
    return msgspec.structs.replace(change, fields={}, seen=None, note="")


def blank_entry(entry: Entry) -> Entry:
    """An entry without what was said; an erasure stays as it is."""
    if entry.change.op == ERASE:
        return entry
    return msgspec.structs.replace(entry, change=blank(entry.change), outcome={})


def is_blank(entry: Entry) -> bool:
    return not (entry.change.fields or entry.outcome or entry.change.note or entry.change.seen)


def left_of(entry: Entry) -> State:
    """The state after an erasure: hidden, with its reason, by whom and when, and nothing else.

    The one head has no change in it: so it is known, and nothing can be concurrent with it.
    """
    change = entry.change
    mark = Mark(change.version, change.author, entry.stamp)
    gone = Slot((Head(mark, change.note, ()),))
    values = {DELETED: change.note}
    return State(
        change.kind, change.id, entry.root, mark, mark, values, {DELETED: gone}, entry.seq
    )  # fmt: skip


def is_erased(state: State) -> bool:
    slot = state.slots.get(DELETED) if state.slots else None
    return slot is not None and not slot.standing.ops


# ------------------------------------------------------------------ on a device


def forget_unsent(connection: Connection, ids: Collection[str], at_ms: int) -> None:
    """What was not sent yet of erased records comes back without its words."""
    connection.execute("PRAGMA secure_delete = ON")  # else the old bytes stay in the file's gaps
    listed = (_encode(list(ids)).decode(),)
    among = "WHERE record IN (SELECT value FROM json_each(?))"
    for table in ("outbox", "returned"):
        rows = connection.execute(f"SELECT seq, record, body FROM {table} {among}", listed)  # noqa: S608
        blanked = [
            (seq, record, ERASED, at_ms, _encode(blank(_change(body))))
            for seq, record, body in rows
        ]
        connection.executemany(
            "INSERT OR REPLACE INTO returned VALUES (?, ?, 'invalid', ?, '', ?, ?)", blanked
        )
    for table in ("outbox", "decided", "notice", "let_go"):
        connection.execute(f"DELETE FROM {table} {among}", listed)  # noqa: S608
    connection.execute("DELETE FROM shadow WHERE id IN (SELECT value FROM json_each(?))", listed)
    paperbytes.forget(connection, ids)
    for id_ in ids:  # a draft names its record, or the child it hangs on, in its place or its words
        connection.execute(
            "DELETE FROM draft WHERE instr(place, ?) > 0 OR instr(body, ?) > 0", (id_, id_)
        )


def forget_history(connection: Connection, ids: Collection[str]) -> None:
    """The entries of erased records as far as they are kept here; also what was kept of them when
    they left."""
    listed = (_encode(list(ids)).decode(),)
    among = "WHERE record IN (SELECT value FROM json_each(?))"
    connection.execute(f"DELETE FROM kept {among}", listed)  # noqa: S608
    rows = connection.execute(f"SELECT seq, body FROM log {among}", listed).fetchall()  # noqa: S608
    connection.executemany(
        "UPDATE log SET body = ? WHERE seq = ?",
        [(_encode(blank_entry(_entry(body))), seq) for seq, body in rows],
    )
