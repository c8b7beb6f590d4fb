"""A hash of what a replica holds, additive, so that it is kept up to date change by change.

The sum (mod 2^128) over records of blake2b-128 of content and versions. Both ends compute it from
the same state; neither ever adopts the other's.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from sync.change import Mark, State

MODULUS = 1 << 128
_encode = msgspec.json.Encoder(order="sorted").encode


def of(state: State) -> int:
    """The hash of one record: id, values, the version and heads of every slot.

    What is left of a log that is no more (0 as its number) is kept, but no other end counts it.
    """
    if not state.seq:
        return 0
    return _of(state.id, state.values, state.made, state.slots)


def of_new(id: str, values: dict[str, Any], made: Mark) -> int:
    """The hash of a record with one version, whatever its number in the log will be."""
    return _of(id, values, made, {})


def _of(*content: Any) -> int:
    return int.from_bytes(hashlib.blake2b(_encode(content), digest_size=16).digest(), "big")


def text(total: int) -> str:
    """A root as it travels: 32 hexadecimal digits."""
    return f"{total % MODULUS:032x}"
