"""Ids: 26 lower-case letters and digits that sort by time of making (48 bits of ms, 80 random
bits)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_LETTERS = frozenset(_ALPHABET)

Random = Callable[[int], bytes]
"""`n` random bytes; `secrets.token_bytes` outside tests."""


def _base32(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


def new_id(now_ms: int, random: Random) -> str:
    """An id for a new record."""
    return _base32(max(now_ms, 0) % (1 << 48), 10) + _base32(int.from_bytes(random(10), "big"), 16)


def made_ms(id: str) -> int | None:
    """When a record was made, ms UTC, as its id says; None for an id of another make."""
    if len(id) != 26 or not _LETTERS.issuperset(id):
        return None
    number = 0
    for letter in id[:10]:
        number = number * 32 + _ALPHABET.index(letter)
    return number


def new_device_id(random: Random) -> str:
    """Eight letters: short, because every version carries it."""
    return _base32(int.from_bytes(random(5), "big"), 8)


def derived_id(*parts: str) -> str:
    """An id that follows from its parts: the same conflict or pair gets the same id everywhere."""
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=10).digest()
    return _base32(int.from_bytes(digest, "big"), 16)


def twin_id(text: str) -> str:
    """A device id that follows from a change that bears a twin's number (sync/clones.py). Its first
    letter is in no id that is made at random."""
    return "u" + derived_id("twin", text)[:7]


def is_twin_id(device: str) -> bool:
    return len(device) == 8 and device[0] == "u"
