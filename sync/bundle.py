"""Bundles: the messages of a synchronisation as one sealed, signed file, for where no network
reaches.

Sans-I/O: bytes in, bytes out. Outward a device's requests, sealed for the county; homeward the
county's answers, sealed for the device. Only bytes whose signature is good are read any further.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sync.protocol import MEDIA_ZSTD, TooLarge, compress, unpack
from sync.sealing import seal, unseal

OUT, NEWS, ENROL = b"O", b"N", b"E"
"""Device to county, county to device, and a laptop's first set-up (sync/enrolment.py)."""
MAX_FILE = 256 * 1024 * 1024
"""Bytes of a bundle; a county admin's first one is a tenth of it."""
MAX_WORK = 64 * 1024 * 1024
"""Bytes of requests, unpacked, after which a device leaves the rest to its next bundle."""
MAX_NEWS = 4 * 1024 * 1024 * 1024
"""Bytes of all answers of one bundle, unpacked one at a time."""
_NAME = b"cuncao bundle "
_MAGIC = _NAME + b"1\n"
_FRONT = len(_MAGIC) + 1 + 8
_SIGNATURE = 64
_LENGTH = struct.Struct(">I")

H = TypeVar("H", bound=Struct)


class BadBundle(Exception):
    """A file that is not taken. `code`: an entry of sync/errors.py; nothing was written."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


USAGE_CODES = frozenset({
    "bundle_not", "bundle_cut", "bundle_large", "bundle_direction", "bundle_kept", "bundle_missing",
    "bundle_room", "enrol_user",
})  # fmt: skip
"""The wrong file was named; every other code means that it is not from whom it should be."""


class Outward(Struct, omit_defaults=True):
    """What stands before a device's requests."""

    device: str
    user: str
    keys: bytes
    """The device's two public keys."""
    ticket: str = ""
    """Of the file that set this laptop up, until the county has answered."""
    repairs: int = 0
    """How often the device began anew by itself; comes back with the answer."""
    envelopes: list[str] = []
    """Names of the parts behind the pages: envelopes of the laptop's other users (sync/spool.py)."""
    called: str = ""
    """What people call the laptop."""


class Homeward(Struct, omit_defaults=True):
    """What stands before the county's answers."""

    device: str
    cursor: str = ""
    """Where the device was when it asked: the answers go on from there and from nowhere else."""
    repairs: int = 0
    taken: list[int] | None = None
    """Set for a revoked device: its changes that are safe at the county."""
    envelopes: dict[str, str] = {}
    """Name to verdict of the envelopes it brought."""


# ---------------------------------------------------------------------------- keys


class DeviceKeys:
    """A device's keys, both made out of one secret in its store."""

    def __init__(self, secret: bytes) -> None:
        self.signing = _derived(secret, b"cuncao device sign 1")
        self.opening = _derived(secret, b"cuncao device open 1")

    @property
    def public(self) -> bytes:
        """What the county keeps: the key that checks signatures, the key that seals."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        opening = X25519PrivateKey.from_private_bytes(self.opening)
        return verify_key(self.signing) + opening.public_key().public_bytes_raw()


def county_signing(private: bytes) -> bytes:
    """The county's signing key, out of the private key it has from its first day."""
    return _derived(private, b"cuncao county sign 1")


def _derived(secret: bytes, label: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt=None, info=label).derive(secret)


def verify_key(signing: bytes) -> bytes:
    """The public half of a signing key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(signing).public_key().public_bytes_raw()


def _sign(signing: bytes, text: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(signing).sign(text)


def _is_signed(verify: bytes, signature: bytes, text: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(verify).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---------------------------------------------------------------------------- the file


def front(kind: bytes, inside: bytes) -> bytes:
    """The whole file: what it is, how long it must be, what is inside."""
    return _MAGIC + kind + len(inside).to_bytes(8, "big") + inside


def inside_of(data: bytes, kind: bytes) -> bytes:
    """What is inside a file of the kind expected.

    Raises:
        BadBundle: it is no bundle, another kind, of another version, too large, or cut.
    """
    if len(data) > MAX_FILE:
        raise BadBundle("bundle_large")
    if not data.startswith(_MAGIC):
        is_other = data.startswith(_NAME) and len(data) >= _FRONT
        raise BadBundle("protocol" if is_other else "bundle_not")
    if len(data) < _FRONT:
        raise BadBundle("bundle_cut")
    found = data[len(_MAGIC) : len(_MAGIC) + 1]
    if found != kind:
        raise BadBundle("bundle_direction" if found in (OUT, NEWS, ENROL) else "bundle_not")
    length = int.from_bytes(data[_FRONT - 8 : _FRONT], "big")
    if len(data) - _FRONT < length:
        raise BadBundle("bundle_cut")
    if len(data) - _FRONT > length:
        raise BadBundle("bundle_forged")
    return data[_FRONT:]


def is_bundle(begin: bytes) -> bool:
    """True when a file begins as ours do; any other is never overwritten."""
    return begin.startswith(_NAME)


def kind_of(begin: bytes) -> bytes:
    return begin[len(_MAGIC) : len(_MAGIC) + 1] if begin.startswith(_MAGIC) else b""


def write(
    kind: bytes, public: bytes, signing: bytes, head: Struct, pages: Sequence[bytes]
) -> bytes:
    """A bundle for the holder of `public`. `pages`: from `page`."""
    body = joined(head, pages)
    signature = _sign(signing, _signed(kind, public, body))
    return front(kind, seal(public, signature + body))


def read(
    data: bytes, kind: bytes, private: bytes, head: type[H], signer: Callable[[H], bytes]
) -> tuple[H, bytes]:
    """The head and what follows it (`pages`), when the signature is that of `signer(head)`.

    `signer` knows whose head it is before anything is believed: it returns the key to check with.

    Raises:
        BadBundle: see `inside_of`; not sealed for us, altered, or signed by somebody else.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    inside = inside_of(data, kind)
    try:
        plain = unseal(private, inside)
    except ValueError:
        raise BadBundle("bundle_forged") from None
    signature, body = plain[:_SIGNATURE], plain[_SIGNATURE:]
    found, rest = split(body, head)
    public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    if not _is_signed(signer(found), signature, _signed(kind, public, body)):
        raise BadBundle("bundle_forged")
    return found, rest


def _signed(kind: bytes, public: bytes, body: bytes) -> bytes:
    """What a signature covers: also for whom, so that nobody can send it on to somebody else."""
    return _MAGIC + kind + public + body


# ---------------------------------------------------------------------------- head and pages


def page(message: Any) -> bytes:
    """One message, compressed."""
    return compress(msgspec.json.encode(message))


def joined(head: Struct, pages: Sequence[bytes]) -> bytes:
    parts = [msgspec.json.encode(head), *pages]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def split(body: bytes, head: type[H]) -> tuple[H, bytes]:
    """Raises `BadBundle` when there is no head of that type."""
    first, end = _part(body, 0)
    try:
        return msgspec.json.decode(first, type=head), body[end:]
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise BadBundle("bundle_forged") from None


def pages(rest: bytes, most: int = MAX_NEWS) -> Iterator[bytes]:
    """The JSON of each page, unpacked one at a time: `most` bytes in all, each bounded as on the
    wire.

    Raises:
        BadBundle: one does not unpack, or to too much.
    """
    left, at = most, 0
    while at < len(rest):
        packed, at = _part(rest, at)
        try:
            plain = unpack(packed, MEDIA_ZSTD)
        except TooLarge:
            raise BadBundle("bundle_large") from None
        except ValueError:
            raise BadBundle("bundle_forged") from None
        left -= len(plain)
        if left < 0:
            raise BadBundle("bundle_large")
        yield plain


def without_last(rest: bytes, count: int) -> tuple[bytes, list[bytes]]:
    """The pages, and the `count` parts behind them as they are.

    Raises:
        BadBundle: there are not so many.
    """
    if not count:
        return rest, []
    starts, at = [], 0
    while at < len(rest):
        starts.append(at)
        _skipped, at = _part(rest, at)
    if not 0 <= count <= len(starts):
        raise BadBundle("bundle_forged")
    cut = starts[len(starts) - count]
    return rest[:cut], [_part(rest, start)[0] for start in starts[len(starts) - count :]]


def _part(text: bytes, at: int) -> tuple[bytes, int]:
    """The part that begins at `at`, and where the next one does."""
    start = at + _LENGTH.size
    if len(text) < start:
        raise BadBundle("bundle_forged")
    end = start + _LENGTH.unpack_from(text, at)[0]
    if len(text) < end:
        raise BadBundle("bundle_forged")
    return text[start:end], end
