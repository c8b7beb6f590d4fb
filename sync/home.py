"""A client's home: one folder a user (sync/folders.py); logging in, opening a store, and setting a
new passphrase with the county's help."""

from __future__ import annotations

import base64
import errno
import os
import secrets
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from sync import ids, keyfile, lease, leaving, spool
from sync.change import Grant
from sync.folders import Account, Card, holds_something, write_card
from sync.records import Indexer
from sync.replica import Replica
from sync.session import MEDIA_PLAIN, Session, trusted
from sync.storage import DamagedStore, open_encrypted
from sync.views import Identity

if TYPE_CHECKING:  # the line is opened after the first paint: 60 ms that no start pays
    from sync.transport import Rejected


class NoAccount(Exception):
    """Nobody has logged in here yet, or the one named has not."""


class ManyAccounts(Exception):
    """Several users share this home; one must be named."""

    def __init__(self, users: Sequence[str]) -> None:
        super().__init__(", ".join(users))
        self.users = list(users)


class _LoginAnswer(Struct):
    token: str
    device: str
    user: str
    name: str = ""
    grants: list[Grant] = []
    county: dict[str, Any] = {}


class Home:
    """A data folder (`CUNCAO_HOME`)."""

    def __init__(
        self,
        path: Path,
        *,
        indexers: Sequence[Indexer] = (),
        prepare: Callable[[Replica], None] | None = None,
    ) -> None:
        self.path = path
        self.indexers = tuple(indexers)
        self.prepare = prepare
        """Called with each opened replica; casework hangs its look-ups on it."""

    def accounts(self) -> list[Account]:
        """Everyone who has logged in here, by login name."""
        found = []
        for folder in sorted(self.path.glob("user-*")):
            try:
                packed = (folder / "card").read_bytes()
                body = zlib.decompress(base64.b64decode(packed))
                found.append(Account(folder, msgspec.json.decode(body, type=Card)))
            except (OSError, ValueError, zlib.error, msgspec.DecodeError):
                continue
        return sorted(found, key=lambda a: a.card.user)

    def account(self, user: str | None = None) -> Account:
        """The account of `user`, or the only one.

        Raises:
            NoAccount, ManyAccounts
        """
        accounts = self.accounts()
        wanted = user or os.environ.get("CUNCAO_USER") or None
        named = [a for a in accounts if wanted in (None, a.card.user)]
        if not named:
            raise NoAccount(wanted or "")
        if len(named) > 1:
            raise ManyAccounts([a.card.user for a in named])
        return named[0]

    def unlock(self, account: Account, passphrase: str, *, may_be_leaving: bool = False) -> Session:
        """Open a store. One whose device the county has revoked stays shut: what it still has is
        handed in, then it goes. `may_be_leaving`: opened all the same, to hand in otherwise.

        Raises:
            WrongPassphrase: nothing was changed.
            DamagedStore: key file or store cannot be read.
            Rejected: `revoked` (all is handed in, the store is gone), `revoked_kept` (not yet).
        """
        try:
            file = keyfile.read(account.key)
            key = keyfile.unwrap(file, passphrase)
        except keyfile.DamagedKey as error:
            raise DamagedStore(str(account.key)) from error
        session = self._open(account, key)
        if not may_be_leaving and leaving.is_leaving(session.replica):
            session.try_to_leave()
        return session

    def _open(self, account: Account, key: bytes) -> Session:
        if not holds_something(account.store):  # SQLite would make a new store of an empty file
            raise DamagedStore(str(account.store))
        replica = Replica(open_encrypted(account.store, key), indexers=self.indexers)
        if self.prepare is not None:
            self.prepare(replica)
        with suppress(Exception):  # a disk that is full or busy just now closes nobody's files
            lease.note_use(replica, replica.clock.now_ms())
        keeper = spool.Keeper(self.path, lambda: open_encrypted(account.store, key))
        replica.saved = keeper.saved
        return Session(account, replica, key, keeper)

    def login(
        self,
        url: str,
        user: str,
        password: str,
        passphrase: Callable[[bool], str],
        *,
        insecure: bool = False,
    ) -> Session:
        """Log in at the county's server; makes the store the first time, and keeps it ever after.

        `passphrase(is_new)` is asked once: to set it, or to open the store that is there. The
        server is asked first, so that a wrong password makes nothing.

        Raises:
            Offline, Rejected, WrongPassphrase, UnfitPassphrase, DamagedStore
        """
        from sync.transport import Rejected

        secret = secrets.token_bytes(32)
        account = next((a for a in self.accounts() if a.card.user == user), None)
        with ExitStack() as first:
            if account is not None:  # opened first: a wrong passphrase must not use up a login
                session = self.unlock(account, passphrase(False), may_be_leaving=True)
            else:
                answer, county_key = self._ask(url, user, password, "", secret, insecure)
                new = passphrase(True)
                first.enter_context(self.making(user))
                session = self.make(user, new)
            device = session.replica.identity.device
            # Also where only the card was lost, another window was quicker, or an earlier login was
            # cut off before the store had a device.
            if account is not None or device:
                secret = session.replica.get_state("bundle_secret") or secret
                try:
                    answer, county_key = self._ask(url, user, password, device, secret, insecure)
                except Rejected as refusal:
                    if refusal.code == "revoked":
                        _hand_in_after_login(session, refusal, url)
                    raise
            self._become(session, answer, county_key, url, secret, insecure)
        return session

    def _become(
        self,
        session: Session,
        answer: _LoginAnswer,
        county_key: bytes,
        url: str,
        secret: bytes,
        insecure: bool,
    ) -> None:
        """Note in the store what the county said at a login."""
        session.account.card.server = url.rstrip("/")
        session.account.card.insecure = insecure
        session.replica.become(
            Identity(
                answer.user, answer.device, tuple(answer.grants), url.rstrip("/"), answer.name,
                str(answer.county.get("name", "")),
            )
        )  # fmt: skip
        verify_key = base64.b64decode(answer.county.get("verify_key", ""))
        session.replica.set_state(
            token=answer.token, bundle_secret=secret,
            **({"county_seal": county_key, "county_verify": verify_key} if verify_key else {}),
        )  # fmt: skip
        if county_key:
            session.seal_for(county_key)
        session.write_card()

    def _ask(
        self, url: str, user: str, password: str, device: str, secret: bytes, insecure: bool
    ) -> tuple[_LoginAnswer, bytes]:
        from sync.bundle import DeviceKeys
        from sync.platform import machine_name
        from sync.transport import HttpTransport, Offline

        transport = HttpTransport(url, insecure=insecure, verify=trusted())
        keys = DeviceKeys(secret).public
        body = msgspec.json.encode({
            "user": user,
            "password": password,
            "device": device,
            "keys": keys,
            "name": machine_name(),
        })
        try:
            content, _ = transport.post("/v1/login", body, MEDIA_PLAIN)
        finally:
            transport.close()
        try:
            answer = msgspec.json.decode(content, type=_LoginAnswer)
        except (ValueError, msgspec.DecodeError, RecursionError) as error:
            raise Offline("answer damaged", is_broken=True) from error
        return answer, base64.b64decode(answer.county.get("public_key", ""))

    def _account(self, user: str) -> Account:
        return Account(self.path / f"user-{ids.derived_id('user', user)[:10]}", Card(user))

    def making(self, user: str) -> AbstractContextManager[None]:
        """Hold this while a user's store is made and told whose it is: of two windows that log in
        for the first time the second one opens what the first has made."""
        from sync.platform import locked

        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # a drive that is not there
            raise NotADirectoryError(errno.ENOTDIR, str(error), str(self.path)) from error
        return locked(self._account(user).lock)

    def make(self, user: str, passphrase: str) -> Session:
        """A new user's store, or the one that is there when only its card was lost."""
        keyfile.check_length(passphrase)
        account = self._account(user)
        account.folder.mkdir(exist_ok=True)
        if account.key.exists() and holds_something(account.store):
            return self.unlock(account, passphrase)
        key = secrets.token_bytes(32)
        keyfile.write(account.key, keyfile.wrap(key, passphrase))
        open_encrypted(account.store, key).close()
        write_card(account)  # last: an account is seen by its card
        return self._open(account, key)

    def recover(self, account: Account, password: str, passphrase: str) -> None:
        """Set a new passphrase with the county's help: an admin allowed it for this device.

        Raises:
            Offline, Rejected, UnfitPassphrase, DamagedStore
        """
        keyfile.check_length(passphrase)
        card = account.card
        try:
            file = keyfile.read(account.key)
        except keyfile.DamagedKey as error:
            raise DamagedStore(str(account.key)) from error
        from sync.transport import HttpTransport

        transport = HttpTransport(card.server, insecure=card.insecure, verify=trusted())
        request = {
            "user": card.user,
            "password": password,
            "device": card.device,
            "sealed": file.sealed,
        }
        try:
            content, _ = transport.post("/v1/recover", msgspec.json.encode(request), MEDIA_PLAIN)
        finally:
            transport.close()
        key = base64.b64decode(msgspec.json.decode(content)["key"])
        self._open(account, key).close()  # proves that it is the key before the old wrapping goes
        fresh = keyfile.wrap(key, passphrase)
        fresh.sealed = file.sealed
        keyfile.write(account.key, fresh)


def _hand_in_after_login(session: Session, refusal: Rejected, url: str) -> None:
    """A revoked device whose token had run out: the county gives one that only hands in.

    Raises:
        Rejected, Offline: as `Session.sync` does.
    """
    session.account.card.server = url.rstrip("/")
    if refusal.body.get("token"):
        session.replica.set_state(token=refusal.body["token"])
    if session.is_logged_in:
        session.sync()
