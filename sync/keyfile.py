"""The key of a store, wrapped by the user's passphrase and sealed once more for the county's
recovery.

The store's key is random and never changes; a new passphrase only wraps it anew. The wrapping key
comes from argon2id (19 MiB, 2 passes: RFC 9106's second choice is 64 MiB, which alone would break
the 80 MB budget).
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

import msgspec
from msgspec import Struct

MEMORY_KIB = 19 * 1024
PASSES = 2
MOST_MEMORY_KIB = 1024 * 1024
"""More than any version of the program asks for: a key file that does is damaged."""
MIN_LENGTH = 8
MAX_LENGTH = 128
_LABEL = b"cuncao store key 1"


class WrongPassphrase(Exception):
    """The passphrase does not open the key."""


class UnfitPassphrase(ValueError):
    """Shorter than 8 or longer than 128 characters."""


class DamagedKey(Exception):
    """The key file cannot be read."""


class KeyFile(Struct):
    """What stands in the file, base64 where bytes."""

    salt: str
    wrapped: str
    memory_kib: int = MEMORY_KIB
    passes: int = PASSES
    sealed: str = ""
    """The store's key for the county's private key (sync/sealing.py); empty before the first
    login."""
    version: int = 1


def check_length(passphrase: str) -> None:
    """Raise `UnfitPassphrase` unless it has 8 to 128 characters; any characters will do."""
    if not MIN_LENGTH <= len(passphrase) <= MAX_LENGTH:
        raise UnfitPassphrase(len(passphrase))


def _derive(passphrase: str, salt: bytes, memory_kib: int, passes: int) -> bytes:
    import unicodedata

    from argon2.low_level import Type, hash_secret_raw  # 22 ms, only when a store is opened

    # One passphrase typed on two keyboards may differ in composition only.
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return hash_secret_raw(secret, salt, passes, memory_kib, 1, 32, Type.ID)


def wrap(key: bytes, passphrase: str, sealed: bytes = b"") -> KeyFile:
    """A key file for `key`.

    Raises:
        UnfitPassphrase: wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    check_length(passphrase)
    salt, nonce = os.urandom(16), os.urandom(12)
    wrapping = _derive(passphrase, salt, MEMORY_KIB, PASSES)
    text = nonce + AESGCM(wrapping).encrypt(nonce, key, _LABEL)
    return KeyFile(_text(salt), _text(text), sealed=_text(sealed))


def unwrap(file: KeyFile, passphrase: str) -> bytes:
    """The store's key.

    Raises:
        WrongPassphrase, DamagedKey
    """
    from argon2.exceptions import HashingError
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if file.memory_kib > MOST_MEMORY_KIB:
        raise DamagedKey
    try:
        salt, text = base64.b64decode(file.salt), base64.b64decode(file.wrapped)
        wrapping = _derive(passphrase, salt, file.memory_kib, file.passes)
        return AESGCM(wrapping).decrypt(text[:12], text[12:], _LABEL)
    except InvalidTag:
        raise WrongPassphrase from None
    except (ValueError, OverflowError, HashingError) as error:
        raise DamagedKey from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read(path: Path) -> KeyFile:
    """Raises `DamagedKey` when there is nothing readable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except (OSError, msgspec.DecodeError) as error:
        raise DamagedKey(str(path)) from error


def write(path: Path, file: KeyFile) -> None:
    """Replace the file whole; a power cut leaves the old one or the new one."""
    write_whole(path, msgspec.json.encode(file))


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that it is there whole or not at all, for its owner's eyes only."""
    from sync import platform

    fresh = path.with_name(path.name + ".new")
    with open(fresh, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    platform.make_private(fresh)
    platform.replace(fresh, path)
