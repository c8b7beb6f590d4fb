"""The program: opens the store while Textual is imported, goes from place to place, keeps the title
true."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.folders import Account
from sync.home import Home
from sync.session import Session


class Opening:
    """A store being opened in a thread, while the imports run: argon2id takes 40 ms of its own."""

    def __init__(self, home: Home, account: Account, passphrase: str) -> None:
        self.account = account
        self._home = home
        self._passphrase = passphrase
        self._key: bytes | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._derive, daemon=True)
        self._thread.start()

    def _derive(self) -> None:
        from sync import keyfile

        try:
            self._key = keyfile.unwrap(keyfile.read(self.account.key), self._passphrase)
        except Exception as error:
            self._error = error

    def session(self) -> Session:
        """The open session; raises what opening raised (see `Home.unlock`)."""
        self._thread.join()
        if self._error is not None:
            from sync.keyfile import DamagedKey
            from sync.storage import DamagedStore

            if isinstance(self._error, DamagedKey):
                raise DamagedStore from self._error
            raise self._error
        assert self._key is not None
        return self._home._open(self.account, self._key)


def run(path: Path, user: str | None = None, theme: str | None = None) -> int:
    """Open the terminal program over a home; returns the exit code."""
    import gc

    gc.disable()  # until the first paint: 20 ms of 195
    from sync.home import ManyAccounts, NoAccount
    from tui.paths import home_at, passphrase_given

    home: Home = home_at(path)
    opening = None
    account = None
    try:
        account = home.account(user)
        given = passphrase_given()
        if given is not None:
            opening = Opening(home, account, given)
    except (NoAccount, ManyAccounts):
        pass
    os.environ.setdefault("ESCDELAY", "50")
    from tui.program import CuncaoApp

    app = CuncaoApp(home, account, opening, theme)
    result: Any = app.run(mouse=False)
    return int(result or 0)


def __getattr__(name: str) -> Any:
    if name == "CuncaoApp":
        from tui.program import CuncaoApp

        return CuncaoApp
    raise AttributeError(name)


__all__ = ["Opening", "run"]
