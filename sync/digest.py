"""A hash of what a replica holds, additive, so that it is kept up to date change by change.

The sum (mod 2^128) over records of blake2b-128 of content and versions. Both ends compute it from
the same state; neither ever adopts the other's.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from sync.change import Change, State

MODULUS = 1 << 128
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_in_order = msgspec.json.Encoder().encode


def of(state: State) -> int:
    """The hash of one record: id, values, the version and heads of every slot.

    What is left of a log that is no more (0 as its number) is kept, but no other end counts it.
    """
    if not state.seq:
        return 0
    return _hash(_encode((state.id, state.values, state.made, state.slots)))


def of_new(change: Change, values: dict[str, Any]) -> int:
    """The hash of a record that a change makes, taken with the stamp that it claims."""
    return _hash(_encode(_new(change, values)))


def of_ordered(change: Change, values: dict[str, Any]) -> int:
    """`of_new`, where the names of `values` come in their order already."""
    return _hash(_encode_in_order(_new(change, values)))


def _new(change: Change, values: dict[str, Any]) -> tuple[Any, ...]:
    made = change.version, change.author, change.hlc, change.seen  # as a `Mark` is written
    return change.id, values, made, {}


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=16).digest(), "big")


def text(total: int) -> str:
    """A root as it travels: 32 hexadecimal digits."""
    return f"{total % MODULUS:032x}"
