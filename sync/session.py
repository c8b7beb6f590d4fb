"""A client's home: one folder a user (sync/folders.py); logging in, opening a store, and an open
store with its line to the server."""

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
from sync.folders import Account, Card, holds_something, wipe, write_card
from sync.reading import Identity
from sync.records import Indexer
from sync.replica import Replica
from sync.storage import DamagedStore, open_encrypted

if TYPE_CHECKING:  # the line is opened after the first paint: 60 ms that no start pays
    from sync.client import SyncReport
    from sync.older import Older
    from sync.transport import HttpTransport, Rejected

MEDIA_PLAIN = "application/json"


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


class Session:
    """An open store with its line to the server."""

    delivered = 0
    """Envelopes of the laptop's other users that this session's synchronisations delivered."""

    def __init__(
        self, account: Account, replica: Replica, key: bytes, keeper: spool.Keeper | None = None
    ) -> None:
        self.account = account
        self.replica = replica
        self._key = key
        self._keeper = keeper
        self._transport: HttpTransport | None = None

    @property
    def transport(self) -> HttpTransport:
        if self._transport is None:
            from sync.transport import HttpTransport

            card = self.account.card
            self._transport = HttpTransport(card.server, insecure=card.insecure, verify=_trusted())
        return self._transport

    @property
    def is_logged_in(self) -> bool:
        return bool(self.replica.get_state("token"))

    def _token(self) -> str:
        """What the county knows this device by.

        Raises:
            Rejected: there is none: `no_login` (never had one), `logged_out` (`detail`: the words
                that log in again), `revoked_unheard` (revoked, and only a bundle or a login hands
                in).
        """
        from sync.transport import Rejected

        token = self.replica.get_state("token")
        if token:
            return str(token)
        me = self.replica.identity
        if leaving.is_leaving(self.replica):
            raise Rejected("revoked_unheard")
        if me.server:
            raise Rejected("logged_out", f"cuncao login {me.server} --user {me.user}")
        raise Rejected("no_login")

    def sync(self, limit: int = 2000, *, is_checked: bool = False) -> SyncReport:
        """Send and receive; one process at a time, or two would take in one answer twice.

        `is_checked`: every record is compared with the county's, even if none seems altered.

        Raises:
            Offline: nothing was lost, try again.
            Rejected: `login` (log in again), `revoked` (the store is gone), `revoked_kept` (some
            unsent
                work is still here), and others.
        """
        from sync.platform import locked

        with locked(self.account.lock):
            return self._sync(limit, is_checked)

    def fetch_older(self, root: str) -> Older:
        """Fetch what the county lets laptops not hold of one child, by its date.

        Raises:
            Offline, Rejected: as `sync`.
        """
        from sync import older
        from sync.platform import locked

        token = self._token()
        with locked(self.account.lock):
            return older.fetch(self.replica, self.transport, token, root)

    def fetch_history(self, record: str) -> int:
        """Fetch what came before in a record's history; how many steps.

        Raises:
            Offline, Rejected: as `sync`.
        """
        from sync import history

        token = self._token()
        return history.fetch(self.replica, lambda path: self.transport.get(path, token), record)

    def _sync(self, limit: int, is_checked: bool) -> SyncReport:
        from sync.client import sync_once
        from sync.transport import Rejected

        token = self._token()
        try:
            report = sync_once(self.replica, self.transport, token, limit, is_checked=is_checked)
            self._deliver(token)
            self._exchange_scans(token)
            return report
        except Rejected as refusal:
            if refusal.code != "revoked":
                raise
            self._hand_in(refusal, token, limit)
            raise
        finally:
            if self.account.folder.exists():
                self.write_card()

    @property
    def home(self) -> Path:
        """The folder that the laptop's users share."""
        return self.account.folder.parent

    def _deliver(self, token: str) -> None:
        """Take the other users' envelopes along. What goes wrong with them is no failure of this
        synchronisation: they stay where they are."""
        from sync.transport import Offline, Rejected

        def post(body: bytes, media: str) -> bytes:
            return self.transport.post("/v1/spool", body, media, token)[0]

        with suppress(Offline, Rejected, OSError, ValueError):
            self.delivered += spool.deliver(self.home, self.replica.identity.device, post)

    def _exchange_scans(self, token: str) -> None:
        """Papers go after the records that name them; what does not get through goes next time."""
        from sync import paperbytes, scans
        from sync.transport import Offline, Rejected

        def post(path: str, body: bytes, media: str) -> tuple[bytes, str]:
            return self.transport.post(path, body, media, token)

        with suppress(Offline, Rejected):
            if paperbytes.unsent(self.replica.connection):
                scans.deliver(self.replica, post)
            scans.fetch_wished(self.replica, post)

    def scan(self, paper: str) -> bytes:
        """The bytes of a paper, fetched from the county.

        Raises:
            Offline, Rejected: as `sync`.
            Unfit: what came is not what the paper names.
        """
        from sync import scans

        token = self._token()
        return scans.fetch(
            self.replica,
            paper,
            lambda path, body, media: self.transport.post(path, body, media, token),
        )

    def _hand_in(self, refusal: Rejected, token: str, limit: int) -> None:
        """The county takes our unsent work into quarantine page by page; once all is there, the
        store goes.

        Raises:
            Rejected: `revoked_kept`: the county takes no more just now, or the line broke; what was
                taken need not be sent again.
        """
        from sync.client import sync_once
        from sync.transport import Offline, Rejected

        before = -1
        while left := leaving.hand_over(self.replica, refusal.body):
            if left == before:
                raise Rejected("revoked_kept") from refusal
            before = left
            try:
                sync_once(self.replica, self.transport, token, limit)
            except Offline as broken:
                raise Rejected("revoked_kept") from broken
            except Rejected as again:
                refusal = again
        self._hand_in_scans(token)
        self.close()
        wipe(self.account)

    def _hand_in_scans(self, token: str) -> None:
        """Papers follow what names them into quarantine, as far as the county takes them.

        Raises:
            Rejected: `revoked_kept`: the line broke.
        """
        from sync import scans
        from sync.transport import Offline, Rejected

        try:
            with suppress(Rejected):
                scans.deliver(
                    self.replica,
                    lambda path, body, media: self.transport.post(path, body, media, token),
                )
        except Offline as broken:
            raise Rejected("revoked_kept") from broken

    def try_to_leave(self) -> None:
        """A revoked device's next contact. Returns when the county takes it for its own again, as
        one put back to an older backup does.

        Raises:
            Rejected: `revoked` (all is handed in, the store is gone), `revoked_kept` (not yet),
                `login` (a new login must say whose it is).
        """
        from sync.transport import Offline, Rejected

        try:
            self.sync()
        except Offline as broken:
            self.close()
            raise Rejected("revoked_kept") from broken
        except Rejected:
            self.close()
            raise
        leaving.stay(self.replica)

    def logout(self) -> None:
        """Forget the server's token. Store and unsent work stay."""
        self.replica.connection.execute("DELETE FROM state WHERE key = 'token'")
        self.write_card()

    def change_passphrase(self, passphrase: str) -> None:
        """Wrap the store's key anew.

        Raises:
            UnfitPassphrase: wrong length.
        """
        old = keyfile.read(self.account.key)
        new = keyfile.wrap(self._key, passphrase)
        new.sealed = old.sealed
        keyfile.write(self.account.key, new)

    def seal_for(self, county_key: bytes) -> None:
        """Seal the store's key for the county, so that a forgotten passphrase loses nothing."""
        from sync.sealing import seal

        file = keyfile.read(self.account.key)
        file.sealed = base64.b64encode(seal(county_key, self._key)).decode()
        keyfile.write(self.account.key, file)

    def write_card(self) -> None:
        """Bring the card up to date with the store.

        A courtesy to the unlock screen: what a full disk or a damaged page makes of it must not be
        taken for the end of what was done before.
        """
        with suppress(Exception):  # sqlcipher3's errors and the system's share no base class
            self._fill_card()
            write_card(self.account)

    def _fill_card(self) -> None:
        replica, card = self.replica, self.account.card
        me = replica.identity
        units = replica.units()
        card.user, card.name, card.device = me.user, me.name, me.device
        card.roles = list(me.roles)
        card.units = [units[g.unit]["name"] for g in me.grants if g.unit in units]
        card.children = replica.count("child")
        card.pending = replica.pending_count()
        card.last_sync = replica.get_state("last_sync")
        card.lease_left = lease.lease_of(replica).left

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._keeper is not None:
            self._keeper.close(self.replica.connection)
            self._keeper = None
        self.replica.connection.close()


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

        transport = HttpTransport(url, insecure=insecure, verify=_trusted())
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

        transport = HttpTransport(card.server, insecure=card.insecure, verify=_trusted())
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


def _trusted() -> Any:
    """What to trust for TLS: `CUNCAO_CA` names a county's own certificate, else the usual ones."""
    ca = os.environ.get("CUNCAO_CA")
    if not ca:
        return True
    import ssl

    from sync.transport import Rejected

    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # no such file, or no certificate in it
        raise Rejected("ca_file", Path(ca).name) from error


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
