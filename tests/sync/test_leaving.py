"""A revoked laptop hands in and goes; until all is handed in it stays locked, and each contact tries
again (P6)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sync import leaving
from sync.change import Grant
from sync.folders import Account
from sync.home import Home
from sync.protocol import SyncRequest, unpack
from sync.session import Session
from sync.transport import HttpTransport, Offline, Rejected
from sync.views import Identity
from tests.sync.town import Town, child

PASSPHRASE = "battery staple 村"


class Refusing:
    """The county as a revoked device meets it: takes `room` changes in all, then the line breaks."""

    def __init__(self, room: int, breaks: int = 0) -> None:
        self.room, self.breaks = room, breaks
        self.taken: set[int] = set()

    def __call__(
        self, line: HttpTransport, path: str, body: bytes, media: str, token: str = ""
    ) -> tuple[bytes, str]:
        if self.breaks and len(self.taken) >= self.room:
            self.breaks -= 1
            raise Offline("broken")
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        for change in request.changes:
            if len(self.taken) < self.room:
                self.taken.add(change.seq)
        refusal = Rejected("revoked")
        refusal.body = {"taken": sorted(self.taken & {c.seq for c in request.changes})}
        raise refusal


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def session(home: Home) -> Session:
    session = home.make("li", PASSPHRASE)
    session.account.card.server = "http://127.0.0.1:9"
    session.replica.become(Identity("li", "devli", (Grant("director", "111"),)))
    session.replica.set_state(token="t")
    session.replica.connection.execute("PRAGMA user_version")
    for record in ("1", "11", "111"):
        session.replica.connection.execute(
            "INSERT INTO r_unit (id, _root, _seq, _meta, code, name, level) "
            "VALUES (?, '', 1, ?, ?, ?, 'village')",
            (record, msgspec.json.encode((("hub.1", "server", 1), ("hub.1", "server", 1), {})),
             record, record),
        )  # fmt: skip
    session.replica.forget_units()
    for _ in range(3):
        child(session.replica)
    return session


def meets(monkeypatch: pytest.MonkeyPatch, county: Refusing) -> None:
    monkeypatch.setattr(HttpTransport, "post", lambda *given: county(*given))


def refused(home: Home, account: Account) -> str:
    with pytest.raises(Rejected) as told:
        home.unlock(account, PASSPHRASE)
    return told.value.code


def test_a_laptop_that_could_not_hand_in_all_stays_shut_and_goes_at_the_next_contact(
    home: Home, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    meets(monkeypatch, Refusing(2))
    with pytest.raises(Rejected, match="revoked_kept"):
        session.sync()
    account, folder = session.account, session.account.folder
    session.close()
    assert refused(home, account) == "revoked_kept"
    assert (folder / "store.db").exists()
    meets(monkeypatch, Refusing(2, breaks=1))
    assert refused(home, account) == "revoked"
    assert not folder.exists()


def test_without_a_line_a_revoked_laptop_stays_shut_and_whole(
    home: Home, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    meets(monkeypatch, Refusing(0, breaks=0))
    with pytest.raises(Rejected, match="revoked_kept"):
        session.sync()
    session.close()
    meets(monkeypatch, Refusing(0, breaks=9))
    assert refused(home, session.account) == "revoked_kept"
    opened = home.unlock(session.account, PASSPHRASE, may_be_leaving=True)
    assert opened.replica.pending_count() == 3
    opened.close()


def test_a_wrong_passphrase_does_not_even_hand_in(
    home: Home, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.keyfile import WrongPassphrase

    county = Refusing(0)
    meets(monkeypatch, county)
    with pytest.raises(Rejected):
        session.sync()
    session.close()
    county.room = 9
    with pytest.raises(WrongPassphrase):
        home.unlock(session.account, "not this one")
    assert county.taken == set()


def test_a_county_that_takes_the_laptop_again_opens_it(
    home: Home, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    meets(monkeypatch, Refusing(0))
    with pytest.raises(Rejected):
        session.sync()
    session.close()
    monkeypatch.setattr(Session, "sync", lambda self: None)
    opened = home.unlock(session.account, PASSPHRASE)
    assert opened.replica.pending_count() == 3
    opened.close()
    home.unlock(session.account, PASSPHRASE).close()


def test_what_only_a_newer_backup_had_is_handed_in_where_an_older_one_was_put_back() -> None:
    town = Town("li")
    li = town.replicas["li"]
    child(li)
    town.rest()
    town.backup()
    town.rest()
    assert leaving.hand_over(li, {"taken": []}) == 0  # a backup has it
    assert leaving.hand_over(li, {"taken": [], "reset": True}) == 1
    assert leaving.hand_over(li, {"taken": [1]}) == 0


def test_what_was_handed_in_is_so_once_more_where_a_backup_is_put_back_meanwhile() -> None:
    town = Town("li")
    li = town.replicas["li"]
    for _ in range(3):
        child(li)
    assert leaving.hand_over(li, {"taken": [1, 2]}) == 1
    li.reload()  # the laptop is off for a while
    assert leaving.hand_over(li, {"taken": [], "reset": True}) == 3
    assert leaving.hand_over(li, {"taken": [1, 2, 3], "reset": True}) == 0


def test_a_laptop_that_may_stay_sends_what_it_had_handed_in() -> None:
    """It waits in quarantine, as a revoked laptop's; now it is judged like any other."""
    town = Town("li")
    li = town.replicas["li"]
    child(li)
    assert leaving.hand_over(li, {"taken": [1]}) == 0
    leaving.stay(li)
    town.rest()
    assert town.store.head() > 0 and town.quarantined() == []
    assert [seq for (seq,) in town.connection.execute(
        "SELECT device_seq FROM log WHERE device = 'devli'"
    )] == [1]
