"""Envelopes: unsent changes sealed for the county, so that anyone who shares the laptop may deliver
them and nobody there can read them.

Sans-I/O, in the format of a bundle (sync/bundle.py) under a letter of its own: signed by the
device, sealed for the county's key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw

from sync import bundle
from sync.bundle import BadBundle, DeviceKeys, Outward
from sync.change import Change

SEALED = b"S"
"""The letter of an envelope."""
MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes of changes in one envelope; laptops pack 1 MB at most, and a larger txn by itself."""


class Envelope(Outward, omit_defaults=True):
    """What stands before an envelope's changes."""

    first: int = 0
    last: int = 0
    needs: list[tuple[int, int]] = []  # noqa: RUF012 - msgspec copies it
    """Own numbers below `first` that were unsent when it was sealed: where the county lacks one of
    them, an envelope before this one is missing."""

    @property
    def name(self) -> str:
        """Whose and which: no person's name."""
        return name_of(self.device, self.first, self.last)


def name_of(device: str, first: int, last: int) -> str:
    return f"{device}-{first}-{last}"


def ranges_of(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as [(first, last)]: 20,000 unsent ones in a row are one pair."""
    found: list[tuple[int, int]] = []
    for seq in seqs:
        if found and found[-1][1] == seq - 1:
            found[-1] = found[-1][0], seq
        else:
            found.append((seq, seq))
    return found


def write(county: bytes, keys: DeviceKeys, head: Envelope, bodies: Sequence[bytes]) -> bytes:
    """An envelope for the county. `bodies`: the changes as they would travel."""
    page = bundle.page([Raw(body) for body in bodies])
    return bundle.write(SEALED, county, keys.signing, head, [page])


def changes_of(head: Envelope, rest: bytes) -> list[Change]:
    """The changes of an envelope whose signature is good.

    Raises:
        BadBundle: not what a laptop of ours packs.
    """
    found: list[Change] = []
    for plain in bundle.pages(rest, MAX_UNPACKED):
        try:
            found += msgspec.json.decode(plain, type=list[Change])
        except (ValueError, msgspec.DecodeError, RecursionError):
            raise BadBundle("bundle_forged") from None
    seqs = [change.seq for change in found]
    if not found or seqs != sorted(set(seqs)):
        raise BadBundle("bundle_forged")
    if (seqs[0], seqs[-1]) != (head.first, head.last):
        raise BadBundle("bundle_forged")
    return found
