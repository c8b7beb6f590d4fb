"""The spool: what one user saved reaches the county in another's hands, once, in order, unread."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import bundles, senders
from server import spool as taking
from server.home import make_county_keys
from server.workers import Desk
from sync import clones, courier, spool
from sync.bundle import BadBundle
from sync.protocol import unpack
from sync.replica import Replica
from sync.spool import SpoolRequest, SpoolResponse
from sync.transport import Offline
from tests.sync.town import Town, child, contact, value

PASSWORD = "correct horse"


class Shared:
    """A laptop that li and tea share, and the county behind it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.town = Town()
        self.desk = Desk(self.town.store)
        self.desk.hub = self.desk.accounts.hub = self.town.hub
        make_county_keys(self.town.store)
        for user in ("li", "tea"):
            self.desk.accounts.add_user(user, PASSWORD, self.town.grants[user])
            replica = self.town.add(user)
            device = replica.identity.device
            self.desk.store.connection.execute(
                "INSERT INTO device (id, user, token, created, issued) VALUES (?, ?, ?, 0, 0)",
                (device, user, secrets.token_bytes(32)),
            )
            county = bundles.county(self.desk)
            replica.set_state(county_seal=county.public_key, county_verify=county.verify_key)
            senders.put_keys(self.desk, device, courier.keys_of(replica).public)
            self.town.sync(user)

    @property
    def li(self) -> Replica:
        return self.town.replicas["li"]

    def seal(self, user: str = "li") -> list[str]:
        """What the program does after a save; the names of that user's envelopes."""
        replica = self.town.replicas[user]
        spool.keep(self.home, replica.connection)
        device = replica.identity.device
        return [f.path.name for f in spool.files_in(self.home) if f.device == device]

    def post(self, body: bytes, media: str) -> bytes:
        request = msgspec.json.decode(unpack(body, media), type=SpoolRequest)
        verdicts = taking.take_each(request.envelopes)(self.desk)
        return msgspec.json.encode(SpoolResponse(verdicts))

    def deliver(self, user: str = "tea") -> int:
        return spool.deliver(self.home, self.town.replicas[user].identity.device, self.post)

    def authors(self) -> list[tuple[str, int]]:
        """(author, number) of each entry in the log of a device."""
        rows = self.desk.store.log_rows(0, 10_000)
        entries = [self.desk.store.entry(f"{r.device}.{r.device_seq}") for r in rows]
        return [(e.change.author, e.change.seq) for e in entries if e and e.change.device != "hub"]


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


def test_what_one_user_saved_reaches_the_county_when_another_syncs(shared: Shared) -> None:
    known = child(shared.li)
    contact(shared.li, known, summary="奶奶身体还行")
    shared.seal()
    assert shared.deliver() == 1
    assert shared.authors() == [("li", 1), ("li", 2)]
    assert spool.files_in(shared.home) == []
    shared.town.sync("tea")
    assert value(shared.town.replicas["tea"], known, "name") == "罗静"


def test_the_author_who_comes_later_sends_nothing_twice_and_is_in_step(shared: Shared) -> None:
    child(shared.li)
    shared.seal()
    shared.deliver()
    head = shared.desk.store.head()
    child(shared.li, name="王小雨")
    shared.town.sync("li")
    assert not shared.li.has_unsent()
    assert shared.desk.store.head() == head + 1
    shared.town.rest()


def test_the_same_envelope_again_changes_nothing(shared: Shared) -> None:
    child(shared.li)
    shared.seal()
    data = [data for _file, data in spool.of_others(shared.home, "devtea")]
    for _ in range(2):
        assert taking.take_each(data)(shared.desk) == ["taken"]
    assert shared.authors() == [("li", 1)]


def test_an_answer_that_is_lost_is_asked_for_again(shared: Shared) -> None:
    child(shared.li)
    shared.seal()

    def lost(body: bytes, media: str) -> bytes:
        shared.post(body, media)
        raise Offline("cut")

    with pytest.raises(Offline):
        spool.deliver(shared.home, "devtea", lost)
    assert len(spool.files_in(shared.home)) == 1
    assert shared.deliver() == 1
    assert shared.authors() == [("li", 1)]


def test_nobody_delivers_their_own_and_a_sync_removes_what_it_confirmed(shared: Shared) -> None:
    child(shared.li)
    assert len(shared.seal()) == 1
    assert shared.deliver("li") == 0
    shared.town.sync("li")
    assert shared.seal() == []


def test_many_saves_are_few_envelopes_and_a_txn_is_never_cut(shared: Shared) -> None:
    known = child(shared.li)
    for n in range(spool.PACK - 2):
        shared.li.save("child", {"hobbies": f"象棋{n}"}, known)
        if n % 40 == 0:
            shared.seal()
    with shared.li.together():
        for n in range(5):
            contact(shared.li, known, summary=str(n))
    names = shared.seal()
    assert names == ["devli-1-199.sealed", "devli-200-204.sealed"]
    assert shared.deliver() == 2
    assert [seq for _author, seq in shared.authors()] == list(range(1, 205))


def test_an_envelope_that_a_crash_left_out_is_made_up_at_the_next_pass(shared: Shared) -> None:
    known = child(shared.li)
    shared.seal()
    for n in range(3):
        contact(shared.li, known, summary=str(n))  # saved, and the program died
    assert shared.seal() == ["devli-1-4.sealed"]
    (shared.home / "spool" / "devli-1-4.sealed").unlink()
    assert shared.seal() == ["devli-1-4.sealed"]


def test_an_envelope_without_the_one_before_it_waits_and_breaks_no_order(shared: Shared) -> None:
    known = child(shared.li)
    shared.seal()
    first = shared.home / "spool" / "devli-1-1.sealed"
    kept = first.read_bytes()
    big = {"hobbies": "琴"}
    shared.li.save("child", big, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "PACK", 1)
        assert shared.seal() == ["devli-1-1.sealed", "devli-2-2.sealed"]
    first.unlink()
    assert shared.deliver() == 0
    assert shared.town.quarantined() == ["envelope_gap"]
    assert shared.authors() == []
    first.write_bytes(kept)
    assert shared.deliver() == 2
    assert shared.authors() == [("li", 1), ("li", 2)]
    assert shared.town.quarantined() == []
    assert shared.desk.store.states([known])[known].values["hobbies"] == "琴"


def test_the_author_themselves_closes_a_gap(shared: Shared) -> None:
    known = child(shared.li)
    shared.li.save("child", {"hobbies": "琴"}, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "PACK", 1)
        shared.seal()
    (shared.home / "spool" / "devli-1-1.sealed").unlink()
    shared.deliver()
    assert shared.town.quarantined() == ["envelope_gap"]
    shared.town.sync("li")
    assert not shared.li.has_unsent() and not shared.li.returned()
    assert shared.town.quarantined() == []
    assert shared.authors() == [("li", 1), ("li", 2)]
    shared.seal()
    assert shared.deliver() == 0 and spool.files_in(shared.home) == []


@pytest.mark.parametrize("how", ["device_revoked", "user_disabled"])
def test_of_a_revoked_device_and_a_disabled_user_it_goes_to_quarantine(
    shared: Shared, how: str
) -> None:
    child(shared.li)
    shared.seal()
    if how == "device_revoked":
        shared.desk.accounts.revoke("devli")
    else:
        shared.desk.accounts.disable("li")
    assert shared.deliver() == 1
    assert shared.town.quarantined() == [how]
    assert spool.files_in(shared.home) == []


def test_what_the_county_cannot_store_is_kept_for_its_absent_author(shared: Shared) -> None:
    child(shared.li)
    row = shared.li.connection.execute("SELECT body FROM outbox").fetchone()[0]
    broken = row.replace("罗静".encode(), b"")
    shared.li.connection.execute("UPDATE outbox SET body = ?", (broken,))
    shared.seal()
    assert shared.deliver() == 1
    [(change, verdict, _at)] = shared.desk.store.quarantined()
    assert (change.author, verdict.status) == ("li", "invalid")
    shared.town.sync("li")
    assert [r.status for r in shared.li.returned()] == ["invalid"]


@pytest.mark.parametrize("how", ["altered", "cut", "other county", "unknown device"])
def test_what_does_not_open_is_refused_and_not_carried_again(
    shared: Shared, tmp_path: Path, how: str
) -> None:
    child(shared.li)
    [name] = shared.seal()
    path = shared.home / "spool" / name
    data = path.read_bytes()
    if how == "altered":
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    elif how == "cut":
        path.write_bytes(data[:-1])
    elif how == "unknown device":
        shared.desk.store.connection.execute("DELETE FROM device_keys WHERE device = 'devli'")
    else:
        other = Shared(tmp_path / "other")
        child(other.li)
        other.seal()
        path.write_bytes((other.home / "spool" / name).read_bytes())
    assert shared.deliver() == 0
    assert shared.authors() == [] and shared.town.quarantined() == []
    calls: list[bytes] = []
    spool.deliver(shared.home, "devtea", lambda body, _media: calls.append(body) or b"{}")  # type: ignore[func-returns-value]
    assert calls == []
    assert shared.li.has_unsent()
    assert shared.seal() == [name]  # its own store's next opening makes it anew
    if how != "unknown device":
        assert shared.deliver() == 1


def test_an_envelope_lost_from_the_middle_leaves_no_hole(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        child(shared.li)
    with monkeypatch.context() as patch:
        patch.setattr(spool, "PACK", 1)
        shared.seal()
    spool.files_in(shared.home)[0].path.unlink()
    child(shared.li)
    shared.seal()
    shared.deliver()
    assert [seq for _, seq in shared.authors()] == [1, 2, 3]


def test_a_laptop_with_a_new_id_leaves_no_envelope_under_the_old_one(shared: Shared) -> None:
    child(shared.li)
    shared.seal()
    clones.become(shared.li, "newli", clones._held(shared.li, 1, ()))
    assert shared.seal() == ["newli-1-1.sealed"]
    assert [f.device for f in spool.files_in(shared.home)] == ["newli"]


def test_nobody_seals_in_anothers_name(shared: Shared) -> None:
    child(shared.li)
    shared.li.set_state(bundle_secret=secrets.token_bytes(32))
    shared.seal()
    [(_file, data)] = spool.of_others(shared.home, "devtea")
    with pytest.raises(BadBundle, match="bundle_forged"):
        taking.take(shared.desk, data)


def test_a_spool_shows_no_word_and_no_name(shared: Shared) -> None:
    known = child(shared.li, name="阿依古丽", phone="13900002741")
    contact(shared.li, known, summary="晚上一个人睡")
    shared.seal()
    for path in (shared.home / "spool").iterdir():
        told = path.name.encode() + path.read_bytes()
        for word in ("阿依古丽", "13900002741", "晚上一个人睡", "contact", "summary", known):
            assert word.encode() not in told
        assert path.name == "devli-1-2.sealed"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_saves_syncs_and_deliveries_in_any_order_lose_and_double_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    shared = Shared(tmp_path_factory.mktemp("laptop"))
    kept: list[bytes] = []
    made: list[str] = []
    for _ in range(data.draw(st.integers(5, 25))):
        deed = data.draw(
            st.sampled_from(("save", "edit", "seal", "deliver", "again", "lose", "sync"))
        )
        if deed == "save":
            made.append(child(shared.li))
        elif deed == "edit" and made:
            shared.li.save(
                "child", {"hobbies": secrets.token_hex(3)}, data.draw(st.sampled_from(made))
            )
        elif deed == "seal":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(spool, "PACK", data.draw(st.integers(1, 4)))
                shared.seal()
            kept += [d for _f, d in spool.of_others(shared.home, "devtea")]
        elif deed == "deliver":
            shared.deliver()
        elif deed == "again" and kept:
            taking.take_each([data.draw(st.sampled_from(kept))])(shared.desk)
        elif deed == "lose" and (files := spool.files_in(shared.home)):
            data.draw(st.sampled_from(files)).path.unlink()
        elif deed == "sync":
            shared.town.sync("li")
    if data.draw(st.booleans()):  # li never comes back, but once more opened the laptop
        shared.seal()
        shared.deliver()
    else:
        shared.town.sync("li")
        assert not shared.li.has_unsent()
    assert shared.town.quarantined() == []
    seqs = [seq for _author, seq in shared.authors()]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) == int(shared.li.get_state("device_seq", 0))
    shared.town.rest()
    assert shared.li.returned() == [] and shared.li.conflicts() == []


def test_a_save_waits_for_no_envelope_and_closing_leaves_none_out(shared: Shared) -> None:
    sealing = threading.Event()

    def connect() -> object:
        sealing.wait(5)
        return _Borrowed(shared.li)

    keeper = spool.Keeper(shared.home, connect)  # type: ignore[arg-type]
    shared.li.saved = keeper.saved
    child(shared.li)  # returns though sealing hangs
    assert spool.files_in(shared.home) == []
    sealing.set()
    keeper.close(shared.li.connection)
    assert [f.name for f in spool.files_in(shared.home)] == ["devli-1-1"]


def test_nothing_is_sealed_beside_a_synchronisation_but_after_it(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "PAUSE_S", 0.001)
    paused, connected = threading.Event(), threading.Event()

    def connect() -> object:
        connected.set()
        raise OSError

    keeper = spool.Keeper(shared.home, connect)  # type: ignore[arg-type]
    honest = keeper._closing.wait
    passed: list[float] = []

    def wait(timeout: float) -> bool:
        passed.append(timeout)
        if len(passed) > 3:
            paused.set()
        return honest(timeout)

    monkeypatch.setattr(keeper._closing, "wait", wait)
    with spool.unsealed(shared.home):
        child(shared.li)
        keeper.saved()
        assert paused.wait(5) and not connected.is_set()
    assert connected.wait(5)
    keeper.close(shared.li.connection)
    assert [f.name for f in spool.files_in(shared.home)] == ["devli-1-1"]


class _Borrowed:
    """A store's connection that the one who borrowed it cannot close."""

    def __init__(self, replica: Replica) -> None:
        self.execute = replica.connection.execute

    def close(self) -> None:
        """It stays open."""
