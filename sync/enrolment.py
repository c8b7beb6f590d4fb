"""A laptop's first set-up without a network: a file that the user's password opens, snapshot
included.

The key comes from the password with argon2id, with the salt and cost under which the county stores
it, so the county needs nobody's password to write one. Whoever opens it owes the county the ticket
inside.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from sync import bundle
from sync.bundle import BadBundle
from sync.change import Grant

DAYS = 30
"""A file not opened by then is of no use."""
MOST_MEMORY_KIB, MOST_PASSES, MOST_LANES = 256 * 1024, 16, 16
"""More than any county asks for: a file that does is none of ours."""


class Enrolment(Struct, omit_defaults=True):
    """What a login tells, and the ticket that stands for one."""

    ticket: str
    user: str
    name: str
    grants: list[Grant]
    county: str
    seal_key: bytes
    verify_key: bytes
    expires: int
    """Ms UTC."""


class _Cost(Struct, omit_defaults=True):
    salt: bytes
    memory_kib: int
    passes: int
    lanes: int


def write(stored: str, enrolment: Enrolment, pages: Sequence[bytes]) -> bytes:
    """The file. `stored`: the user's password as argon2 stores it,
    `$argon2id$v=19$m=…,t=…,p=…$salt$hash`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _, _, _, costs, salt, digest = stored.split("$")
    cost = {name: int(number) for name, number in (part.split("=") for part in costs.split(","))}
    clear = msgspec.json.encode(_Cost(_bytes(salt), cost["m"], cost["t"], cost["p"]))
    nonce = os.urandom(12)
    body = bundle.joined(enrolment, pages)
    sealed = AESGCM(_key(_bytes(digest))).encrypt(nonce, body, clear)
    return bundle.front(bundle.ENROL, len(clear).to_bytes(2, "big") + clear + nonce + sealed)


def read(data: bytes, password: str, now_ms: int) -> tuple[Enrolment, bytes]:
    """What is inside, and its pages (`bundle.pages`).

    Raises:
        BadBundle: no such file; `login`: not this password, or the file was altered; `enrol_late`.
    """
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    inside = bundle.inside_of(data, bundle.ENROL)
    end = 2 + int.from_bytes(inside[:2], "big")
    clear, nonce, sealed = inside[2:end], inside[end : end + 12], inside[end + 12 :]
    try:
        cost = msgspec.json.decode(clear, type=_Cost)
    except msgspec.DecodeError:
        raise BadBundle("bundle_forged") from None
    if cost.memory_kib > MOST_MEMORY_KIB or cost.passes > MOST_PASSES or cost.lanes > MOST_LANES:
        raise BadBundle("bundle_forged")
    try:
        digest = hash_secret_raw(
            password.encode(), cost.salt, cost.passes, cost.memory_kib, cost.lanes, 32, Type.ID
        )
        body = AESGCM(_key(digest)).decrypt(nonce, sealed, clear)
    except InvalidTag:
        raise BadBundle("login") from None
    except (ValueError, OverflowError, HashingError):
        raise BadBundle("bundle_forged") from None
    enrolment, rest = bundle.split(body, Enrolment)
    if now_ms > enrolment.expires:
        raise BadBundle("enrol_late")
    return enrolment, rest


def _key(digest: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt=None, info=b"cuncao enrol 1").derive(digest)


def _bytes(text: str) -> bytes:
    """argon2's base64 has no padding."""
    import base64

    return base64.b64decode(text + "=" * (-len(text) % 4))
