"""Whose bundle or envelope a file is: devices' public keys, and tickets of laptops set up by file."""

from __future__ import annotations

import hashlib

from schema.problems import InvalidValue
from server.accounts import Caller
from server.workers import Desk
from sync.bundle import BadBundle, Outward

LATE_DAYS = 30
"""A laptop set up on a file's last day has this long to bring its first bundle."""
_DAY_MS = 86_400_000
_KEYS_LENGTH = 64


def put_keys(desk: Desk, device: str, keys: bytes) -> None:
    """Note a device's public keys; a login proved whose it is."""
    if len(keys) == _KEYS_LENGTH:
        with desk.store.write():
            desk.store.connection.execute(
                "INSERT OR REPLACE INTO device_keys VALUES (?, ?)", (device, keys)
            )


def keys_of(desk: Desk, device: str) -> bytes | None:
    row = desk.store.connection.execute(
        "SELECT keys FROM device_keys WHERE device = ?", (device,)
    ).fetchone()
    return bytes(row[0]) if row else None


def signer(desk: Desk, head: Outward) -> bytes:
    """The key that must have signed: the one on record, or for a ticket the one that comes with
    it."""
    if len(head.keys) != _KEYS_LENGTH:
        raise BadBundle("bundle_forged")
    known = keys_of(desk, head.device)
    if known is None and not head.ticket:
        raise BadBundle("bundle_unknown")
    return (head.keys if head.ticket else known or head.keys)[:32]


def caller_of(desk: Desk, head: Outward) -> Caller:
    """Whose bundle or envelope it is; a ticket that has not been used makes the device known."""
    with desk.store.write():
        if head.ticket and keys_of(desk, head.device) != head.keys:
            _use_ticket(desk, head)
        try:
            device = desk.accounts.device(head.device)
        except InvalidValue:
            raise BadBundle("bundle_unknown") from None
        return Caller(desk.accounts.user(device.user), device)


def _use_ticket(desk: Desk, head: Outward) -> None:
    """Let a device in that was set up from a file, once. Inside `write`; undone when it raises."""
    row = desk.store.connection.execute(
        "SELECT user, expires, password, used_by FROM ticket WHERE digest = ?",
        (digest_of(head.ticket),),
    ).fetchone()
    if row is None or row[0] != head.user:
        raise BadBundle("bundle_unknown")
    user, expires, password, used_by = row
    if used_by is not None:
        raise BadBundle("enrol_used")
    is_late = desk.store.now_ms() > expires + LATE_DAYS * _DAY_MS
    if is_late or bytes(password) != digest_of(stored_password(desk, user)):
        raise BadBundle("enrol_late")
    made = desk.accounts.log_in(desk.accounts.user(user), head.device)
    if made.device != head.device or desk.accounts.device(made.device).user != user:
        raise BadBundle("bundle_other")
    desk.store.connection.execute(
        "UPDATE ticket SET used_by = ? WHERE digest = ?", (head.device, digest_of(head.ticket))
    )
    if not made.is_revoked:
        put_keys(desk, head.device, head.keys)


def stored_password(desk: Desk, user: str) -> str:
    row = desk.store.connection.execute(
        "SELECT password FROM user WHERE name = ?", (user,)
    ).fetchone()
    return str(row[0])


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
