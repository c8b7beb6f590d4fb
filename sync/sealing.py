"""Sealing bytes so that only the county can open them: X25519, HKDF-SHA256, AES-256-GCM."""

from __future__ import annotations

import os

_INFO = b"cuncao seal 1"


def new_keypair() -> tuple[bytes, bytes]:
    """(private, public) key, 32 raw bytes each."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def _key(shared: bytes, ephemeral: bytes, public: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt=ephemeral + public, info=_INFO).derive(shared)


def seal(public: bytes, data: bytes) -> bytes:
    """`data` for the holder of the private key: ephemeral public key, nonce, ciphertext."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    once = X25519PrivateKey.generate()
    ephemeral = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    nonce = os.urandom(12)
    return ephemeral + nonce + AESGCM(_key(shared, ephemeral, public)).encrypt(nonce, data, None)


def unseal(private: bytes, sealed: bytes) -> bytes:
    """The data of `seal`.

    Raises:
        ValueError: it was not sealed for this key, or is damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) < 60:
        raise ValueError("too short to be sealed")
    key = X25519PrivateKey.from_private_bytes(private)
    ephemeral, nonce, text = sealed[:32], sealed[32:44], sealed[44:]
    shared = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    public = key.public_key().public_bytes_raw()
    try:
        return AESGCM(_key(shared, ephemeral, public)).decrypt(nonce, text, None)
    except InvalidTag as error:
        raise ValueError("not sealed for this key") from error
