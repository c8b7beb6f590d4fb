"""The server's folder: the key file and the encrypted store it opens."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from schema.problems import InvalidValue, Problem
from server.store.sqlite import SqliteStore
from sync import sealing
from sync.platform import make_private

KEY_BYTES = 32
PRIVATE_KEY = "county_private_key"
PUBLIC_KEY = "county_public_key"


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """CUNCAO_SERVER_HOME, else where the system keeps a program's data."""
    named = environment.get("CUNCAO_SERVER_HOME", "")
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("cuncao-server", appauthor=False)


class Home:
    """A server's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key_file = path / "server.key"
        self.store_file = path / "hub.db"

    def no_county(self) -> InvalidValue:
        return InvalidValue(
            Problem(
                "no_county",
                "{folder} 里还没有县。请先运行 cuncao-server init。",
                args=(("folder", str(self.path)),),
            )
        )

    def make_folder(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        make_private(self.path)

    def key(self) -> bytes:
        """The store's key.

        Raises:
            InvalidValue: there is none, or the file is no key.
        """
        try:
            key = self.key_file.read_bytes()
        except FileNotFoundError:
            raise self.no_county() from None
        if len(key) != KEY_BYTES:
            raise InvalidValue(
                Problem(
                    "key_damaged",
                    "{file} 不是服务器的密钥文件，或者已经损坏。请放回备份的密钥文件。",
                    args=(("file", str(self.key_file)),),
                )
            )
        return key

    def make_key(self) -> bytes:
        """The store's key, made when there is none. Written whole or not at all."""
        if self.key_file.exists():
            return self.key()
        self.make_folder()
        key = secrets.token_bytes(KEY_BYTES)
        new = self.path / "server.key.new"
        new.touch()
        make_private(new)
        with open(new, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.key_file)
        return key


def make_county_keys(store: SqliteStore) -> None:
    """The pair that devices seal their keys to, for recovery. Made once."""
    if store.meta(PRIVATE_KEY) is None:
        private, public = sealing.new_keypair()
        store.put_meta(PRIVATE_KEY, private)
        store.put_meta(PUBLIC_KEY, public)
