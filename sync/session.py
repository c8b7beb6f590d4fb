"""An open store with its line to the server: synchronising, handing in, leaving."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync import keyfile, lease, leaving, spool
from sync.folders import Account, wipe, write_card
from sync.replica import Replica

if TYPE_CHECKING:  # the line is opened after the first paint: 60 ms that no start pays
    from sync.client import SyncReport
    from sync.older import Older
    from sync.transport import HttpTransport, Rejected

MEDIA_PLAIN = "application/json"


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
            self._transport = HttpTransport(card.server, insecure=card.insecure, verify=trusted())
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

        with locked(self.account.lock), spool.unsealed(self.home):
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


def trusted() -> Any:
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
