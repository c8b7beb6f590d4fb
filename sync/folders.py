"""One user's folder in a laptop's home: key file, encrypted store, and a card for the unlock screen.

The card tells the user's own name and counts, so that one knows before unlocking that unsent work is
there. It is encoded, not encrypted; nothing readable of a child stands in any file here.
"""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import msgspec
from msgspec import Struct

from sync import keyfile, spool


class Card(Struct):
    """What may be known before unlocking."""

    user: str
    name: str = ""
    roles: list[str] = []
    units: list[str] = []
    """Names of the units of the grants."""
    children: int = 0
    pending: int = 0
    last_sync: int | None = None
    """Hub time of the last contact, ms UTC."""
    lease_left: int | None = None
    """Days of use until files are closed to reading."""
    server: str = ""
    device: str = ""
    insecure: bool = False


class Account(Struct, frozen=True):
    """A user's folder in a home."""

    folder: Path
    card: Card

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def key(self) -> Path:
        return self.folder / "key.json"

    @property
    def lock(self) -> Path:
        """Beside the folder: a revoked device's folder goes while the lock is held."""
        return self.folder.with_name(f".sync-{self.folder.name}")


def write_card(account: Account) -> None:
    packed = base64.b64encode(zlib.compress(msgspec.json.encode(account.card)))
    card = account.folder / "card"
    if not card.exists() or card.read_bytes() != packed:
        keyfile.write_whole(card, packed)


def wipe(account: Account) -> None:
    """Remove a user's store. The key file goes first: without it the rest is noise."""
    if not account.folder.exists():  # another process did
        return
    spool.forget(account.folder.parent, account.card.device)
    for name in ("key.json", "store.db", "store.db-wal", "store.db-shm", "card"):
        (account.folder / name).unlink(missing_ok=True)
    for left in account.folder.iterdir():
        left.unlink()
    account.folder.rmdir()


def holds_something(store: Path) -> bool:
    return store.is_file() and store.stat().st_size > 0
