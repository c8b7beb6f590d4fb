"""The device ids a laptop had before it took another (sync/clones.py), and which changes are its
own."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from sync.storage import Connection

_EVERY = 1 << 53


class Former(Struct, frozen=True, array_like=True):
    """An id this laptop had: its own changes under it have numbers below `below`."""

    device: str
    below: int


class _Device(Struct):
    device: str = ""


class _Claim(Struct, array_like=True):
    device: str
    seq: int
    txn: Raw
    op: Raw
    kind: Raw
    id: str
    author: Raw
    hlc: Raw
    fields: dict[str, Raw]


class _Entry(Struct, array_like=True):
    seq: Raw
    change: _Claim


def _state(connection: Connection, key: str) -> Any:
    row = connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def formers(connection: Connection) -> list[Former]:
    """The oldest first; nearly always none."""
    body = _state(connection, "former")
    return msgspec.json.decode(body, type=list[Former]) if body else []


def own_ids(connection: Connection) -> dict[str, int]:
    """Every id of this laptop, with the number below which its changes are this laptop's."""
    identity = _state(connection, "identity")
    me = msgspec.json.decode(identity, type=_Device).device if identity else ""
    return {f.device: f.below for f in formers(connection)} | ({me: _EVERY} if me else {})


def now_named(connection: Connection, version: str, record: str, slot: str) -> str:
    """A version as it is called now: a form may have been open while this laptop took a new id."""
    device, _, number = version.partition(".")
    former = next((f for f in formers(connection) if f.device == device), None)
    if former is None or not number.isdigit() or int(number) < former.below:
        return version
    rows = connection.execute(
        "SELECT body FROM sendable WHERE seq = ? AND record = ?", (int(number), record)
    )
    claims = [msgspec.json.decode(row[0], type=_Claim) for row in rows]
    rows = connection.execute("SELECT body FROM log WHERE record = ?", (record,))
    claims += [msgspec.json.decode(row[0], type=_Entry).change for row in rows]
    ids = own_ids(connection)
    for claim in claims:
        is_it = claim.seq == int(number) and claim.device != device and slot in claim.fields
        if is_it and claim.seq < ids.get(claim.device, 0):
            return f"{claim.device}.{number}"
    return version
