"""Records in a tree by where they are and a hash of their id: two ends that differ walk down to
which.

The first byte of a record's key is a hash of its bucket (kind and units), the other three of its
id. A branch is told as the sums of its 256 parts, or as its records when they are few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache

import msgspec
from msgspec import Struct

DEPTH = 4
"""Bytes of a key."""
FEW = 96
"""Records that are listed one by one: 4 KB; the sums of 256 parts are 2 KB."""
WIDTH = 6
"""Bytes of a digest that travel: one difference in 2^48 goes unseen, and then only until the root
is compared again."""
MOST_PATHS = 32
"""Branches one request may ask about."""
MOST_WANTED = 200
"""Records one request may ask for."""

Leaf = tuple[bytes, str, int]
"""Key, id and digest of a record."""


class Compare(Struct, omit_defaults=True):
    """What a device whose root differs asks beside its sync request."""

    paths: list[str] = []
    """Branches to tell of, in hexadecimal; '' is the root."""
    wanted: list[str] = []
    """Ids of records that differ: to be sent as they stand."""
    mine: str = ""
    """The device's root, for the record."""


class Branch(Struct, array_like=True):
    """A branch as the county has it."""

    path: str
    sums: bytes
    """`WIDTH` bytes for each of the 256 parts; empty when the records are listed."""
    leaves: list[tuple[str, bytes]] = []
    """Id and digest of every record in it."""


@cache
def group_of(kind: str, units: tuple[str, ...]) -> int:
    """The first byte of the keys of a bucket."""
    return hashlib.blake2b(msgspec.json.encode([kind, list(units)]), digest_size=1).digest()[0]


def key_of(group: int, id: str) -> bytes:
    """Where a record of a bucket is in the tree."""
    return bytes([group]) + hashlib.blake2b(id.encode(), digest_size=DEPTH - 1).digest()


def cut(value: int) -> bytes:
    """The part of a digest or sum that travels."""
    return (value % (1 << 8 * WIDTH)).to_bytes(WIDTH, "big")


def sums_of(parts: Iterable[tuple[int, int]]) -> bytes:
    """The sums of 256 parts out of (part, digest)."""
    sums = [0] * 256
    for part, value in parts:
        sums[part] += value
    return b"".join(map(cut, sums))


def branch(path: bytes, leaves: Iterable[Leaf]) -> Branch:
    """A branch out of records that may lie in it or beside it."""
    inside = [leaf for leaf in leaves if leaf[0].startswith(path)]
    if len(inside) <= FEW or len(path) >= DEPTH:
        return Branch(path.hex(), b"", [(id_, cut(value)) for _, id_, value in inside])
    return Branch(path.hex(), sums_of((key[len(path)], value) for key, _, value in inside))


def differing(theirs: Branch, leaves: Iterable[Leaf]) -> tuple[list[str], set[tuple[str, bytes]]]:
    """Where `leaves` differ from a branch: paths to ask further about, and records (id, digest)
    that only one end has in it."""
    path = bytes.fromhex(theirs.path)
    if theirs.sums:
        mine = sums_of((k[len(path)], v) for k, _, v in leaves if k.startswith(path))
        places = zip(_pieces(theirs.sums), _pieces(mine), strict=True)
        return [(path + bytes([n])).hex() for n, (a, b) in enumerate(places) if a != b], set()
    held = {(id_, cut(v)) for k, id_, v in leaves if k.startswith(path)}
    return [], held ^ set(theirs.leaves)


def _pieces(sums: bytes) -> Iterator[bytes]:
    return (sums[n : n + WIDTH] for n in range(0, len(sums), WIDTH))
