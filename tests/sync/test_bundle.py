"""Bundles between a device and its county: in any order, twice, cut, altered, by strangers."""

from __future__ import annotations

import secrets
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import told
from server import bundles, decisions, senders, sticks
from server import scans as desk_scans
from server.accounts import Caller
from server.home import make_county_keys
from server.store.sqlite import SqliteStore
from server.workers import Desk
from sync import bundle, courier, enrolment, paperbytes, scans
from sync.bundle import NEWS, OUT, BadBundle
from sync.protocol import MAX_BODY
from sync.replica import Replica
from tests.sync.town import Town, child, contact, value

PASSWORD = "correct horse"


@pytest.fixture
def stick() -> Stick:
    return Stick("li", "adm")


class Stick:
    """A town whose devices only ever meet the county by file."""

    def __init__(self, *users: str) -> None:
        self.town = Town()
        self.attach()
        make_county_keys(self.town.store)
        for user in users:
            self.add(user)
            self.turn(user)

    def attach(self) -> None:
        self.desk = Desk(self.town.store)
        self.desk.hub = self.desk.accounts.hub = self.town.hub

    def add(self, user: str) -> Replica:
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
        return replica

    def out(self, user: str) -> bytes:
        self.town.now_ms += 1000
        return courier.write(self.town.replicas[user]).data

    def answer(self, data: bytes) -> bytes:
        self.town.now_ms += 1000
        return bundles.read(self.desk, data).data

    def take(self, user: str, data: bytes) -> courier.News:
        return courier.read(self.town.replicas[user], data)

    def turn(self, *users: str) -> None:
        for user in users:
            assert self.take(user, self.answer(self.out(user))).report.in_step

    def log(self) -> int:
        return self.town.store.head()


def test_a_child_travels_by_stick_to_another_laptop_and_back() -> None:
    stick = Stick("li", "adm")
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    known = child(li)
    stick.turn("li", "adm")
    adm.save("child", {"name": "罗小静"}, known)
    stick.turn("adm", "li")
    assert value(li, known, "name") == "罗小静"
    assert not li.has_unsent() and not adm.has_unsent()


def test_the_same_bundle_again_and_the_same_answer_again_change_nothing() -> None:
    stick = Stick("li")
    li = stick.town.replicas["li"]
    known = child(li)
    sent = stick.out("li")
    first, head = stick.answer(sent), stick.log()
    again = stick.answer(sent)
    assert stick.log() == head
    assert stick.take("li", first).report.sent == 1
    for late in (first, again):
        news = stick.take("li", late)
        assert (news.report.sent, news.is_joined, news.report.in_step) == (0, False, True)
    assert value(li, known, "name") == "罗静"


@settings(max_examples=25)
@given(st.data())
def test_bundles_and_answers_in_any_order_lose_nothing(data: st.DataObject) -> None:
    users = ("li", "wu", "adm")
    stick = Stick(*users)
    adm = stick.town.replicas["adm"]
    written: dict[str, list[bytes]] = {user: [] for user in users}
    answers: dict[str, list[bytes]] = {user: [] for user in users}
    made: list[str] = []
    for _ in range(data.draw(st.integers(4, 20))):
        user = data.draw(st.sampled_from(users))
        replica = stick.town.replicas[user]
        deed = data.draw(st.sampled_from(("save", "move", "write", "carry", "take", "network")))
        if deed == "save":
            made.append(child(replica, "112" if user == "wu" else "111"))
        elif deed == "move" and made:
            known = data.draw(st.sampled_from(made))
            if adm.get(known) is not None:
                adm.save("child", {"village": data.draw(st.sampled_from(("111", "112")))}, known)
        elif deed == "write":
            written[user].append(stick.out(user))
        elif deed == "carry" and written[user]:
            answers[user].append(stick.answer(data.draw(st.sampled_from(written[user]))))
        elif deed == "take" and answers[user]:
            stick.take(user, data.draw(st.sampled_from(answers[user])))
        elif deed == "network":
            stick.town.sync(user)
    stick.turn(*users, *users)
    for record in made:
        assert value(adm, record, "name") == "罗静"
        village = value(adm, record, "village")
        assert (stick.town.replicas["li"].get(record) is not None) == (village == "111")
        assert (stick.town.replicas["wu"].get(record) is not None) == (village == "112")
    assert not any(stick.town.replicas[user].has_unsent() for user in users)
    assert not stick.town.quarantined()


def test_a_laptop_that_only_ever_meets_the_county_by_stick_has_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "machine_name", lambda: "村委办公室")
    stick = Stick("li", "adm")
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    known = child(li)
    stick.turn("li", "adm")
    assert told.device_text(adm, adm.history(known)[0].version) == "村委办公室"
    assert told.device_text(li, adm.history(known)[0].version) == "这台电脑"
    head = stick.log()
    stick.turn("li", "adm")
    assert stick.log() == head  # told again, and nothing written
    monkeypatch.setattr(courier, "machine_name", lambda: "")
    stick.turn("li")
    assert stick.desk.accounts.device_names()["devli"] == "村委办公室"


def paper_of(replica: Replica, known: str, content: bytes = b"scan" * 9000) -> str:
    return scans.add(replica, {"child": known, "sort": "agreement"}, content)


def test_a_scan_travels_by_stick_to_another_laptop(stick: Stick) -> None:
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    paper = paper_of(li, child(li))
    written = courier.write(li)
    assert (written.papers, written.papers_left) == (1, 0)
    first = stick.answer(written.data)
    again = stick.answer(written.data)
    for answer in (again, first, again):
        stick.take("li", answer)
    assert paperbytes.unsent(li.connection) == 0
    news = stick.take("adm", stick.answer(stick.out("adm")))
    assert news.papers == 1 and scans.held(adm, paper) == b"scan" * 9000
    assert stick.take("adm", stick.answer(stick.out("adm"))).papers == 0


def test_a_scan_of_long_ago_comes_by_stick_when_it_is_asked_for(stick: Stick) -> None:
    li = stick.town.replicas["li"]
    paper = paper_of(li, child(li))
    stick.turn("li")
    late = stick.add("sup")
    assert stick.take("sup", stick.answer(stick.out("sup"))).papers == 0  # its first fill
    assert scans.held(late, paper) is None
    scans.wish(late, paper)
    asking = stick.out("sup")
    answers = [stick.answer(asking), stick.answer(asking)]
    assert [stick.take("sup", answer).papers for answer in answers] == [1, 1]
    assert scans.held(late, paper) == b"scan" * 9000


def test_scans_that_do_not_fit_go_with_the_next_bundle(
    stick: Stick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_WORK", 60_000)
    li, known = stick.town.replicas["li"], child(stick.town.replicas["li"])
    papers = [paper_of(li, known, bytes([n]) * 20_000) for n in range(3)]
    told = [(w.papers, w.papers_left) for w in (courier.write(li), courier.write(li))]
    assert told == [(2, 1), (2, 1)]  # nothing is let go until the county has answered
    stick.turn("li")
    assert [courier.write(li).papers, courier.write(li).papers_left] == [1, 0]
    stick.turn("li")
    assert paperbytes.unsent(li.connection) == 0
    stick.turn("adm")
    assert all(scans.held(stick.town.replicas["adm"], paper) for paper in papers)


def test_an_answer_carries_no_more_than_its_share_of_scans(
    stick: Stick, monkeypatch: pytest.MonkeyPatch
) -> None:
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    papers = [paper_of(li, child(li), bytes([n]) * 20_000) for n in range(3)]
    stick.turn("li")
    monkeypatch.setattr(desk_scans, "MOST_CARRIED", 50_000)
    assert stick.take("adm", stick.answer(stick.out("adm"))).papers == 2
    (missing,) = [paper for paper in papers if scans.held(adm, paper) is None]
    scans.wish(adm, missing)
    assert stick.take("adm", stick.answer(stick.out("adm"))).papers == 1


def test_scans_of_a_bundle_that_overtook_its_record_are_carried_again(stick: Stick) -> None:
    li = stick.town.replicas["li"]
    paper = paper_of(li, child(li))
    early = stick.town.backup()
    stick.turn("li")
    stick.town.restore(early, "later")
    stick.attach()
    for _ in range(3):  # told that the log went back, sent again, answered
        stick.take("li", stick.answer(stick.out("li")))
    assert paperbytes.unsent(li.connection) == 0
    count = "SELECT count(*) FROM paper_scan WHERE paper = ? AND length(body) = size"
    assert stick.town.connection.execute(count, (paper,)).fetchone()[0] == 1


def test_an_answer_hands_nobody_the_scan_of_a_child_they_may_not_see(stick: Stick) -> None:
    li, wu = stick.town.replicas["li"], stick.add("wu")
    stick.turn("wu")
    paper = paper_of(li, child(li))
    stick.turn("li")
    mine = paper_of(wu, child(wu, "112"))  # the same bytes, and so the same digest
    wu.connection.execute("DELETE FROM paper_scan")
    stick.turn("wu")
    accounts = stick.desk.accounts

    def given(user: str) -> list[str]:
        caller = Caller(accounts.user(user), accounts.device(f"dev{user}"))
        return [p for p, _ in desk_scans.give_carried(stick.desk, caller, [paper, mine], 0)]

    assert (given("wu"), given("adm")) == ([], [paper])


def test_an_answer_overtaken_by_the_network_is_not_applied_backwards() -> None:
    stick = Stick("li")
    li = stick.town.replicas["li"]
    child(li)
    late = stick.answer(stick.out("li"))
    child(li)
    stick.town.sync("li")
    cursor = li.get_state("cursor")
    assert not stick.take("li", late).is_joined
    assert li.get_state("cursor") == cursor


def test_an_answer_many_days_under_way_does_not_turn_the_clock_back() -> None:
    stick = Stick("li")
    li = stick.town.replicas["li"]
    child(li)
    answer = stick.answer(stick.out("li"))
    stick.town.now_ms += 9 * 86_400_000
    stick.take("li", answer)
    assert abs(li.clock.offset_ms) < 60_000


def test_an_answer_that_tells_of_a_twins_change_takes_none_for_ones_own() -> None:
    stick = Stick("li")
    li = stick.town.replicas["li"]
    known = child(li)
    stick.turn("li")
    contact(li, known, summary="抄盘前。")
    sent = stick.out("li")
    twin = stick.town.clone("li", "twin")
    contact(twin, known, summary="双。")
    stick.town.sync("twin")
    contact(li, known, summary="李。")  # under the number that the twin's has
    assert not stick.take("li", stick.answer(sent)).is_joined
    stick.town.sync("li", "twin")
    said = sorted(row["summary"] for row in twin.select("contact"))
    assert said == sorted(["抄盘前。", "双。", "李。"])


def test_what_left_the_scope_is_not_waited_for() -> None:
    stick = Stick("li", "adm")
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    known = child(li)
    stick.turn("li", "adm")
    contact(li, known)
    sent = stick.out("li")
    stick.answer(sent)
    adm.save("child", {"village": "112"}, known)
    stick.turn("adm")
    stick.take("li", stick.answer(sent))
    assert not li.has_unsent()
    assert li.get(known) is None


def test_a_revoked_devices_bundle_goes_to_quarantine_and_gets_nothing() -> None:
    stick = Stick("li", "adm")
    child(stick.town.replicas["adm"], "111")
    stick.turn("adm")
    child(stick.town.replicas["li"])
    stick.desk.accounts.revoke("devli")
    done = bundles.read(stick.desk, stick.out("li"))
    assert done.is_revoked and stick.town.quarantined() == ["device_revoked"]
    with pytest.raises(courier.DeviceRevoked) as told:
        stick.take("li", done.data)
    assert len(told.value.taken) == 1
    assert stick.town.replicas["li"].count("child") == 1  # its own, and nothing of the county's


def test_a_roster_by_stick_stands_in_its_place_when_the_command_ends(
    stick: Stick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server may run there that would put it there later."""
    monkeypatch.setattr(SqliteStore, "much", 2)
    for number in ("510811201210234942", "110105194912310021", "11010519491231002X"):
        child(stick.town.replicas["li"], id_number=number)
    (tmp_path / "out").write_bytes(stick.out("li"))
    apart: list[int] = []
    run = stick.desk.store.connection.execute
    honest = bundles.read

    def read(desk: Desk, data: bytes) -> bundles.Answered:
        done = honest(desk, data)
        apart.extend(run("SELECT count(*) FROM id_number_fresh").fetchone())
        return done

    monkeypatch.setattr(bundles, "read", read)
    monkeypatch.setattr(sticks, "open_desk", lambda: nullcontext(stick.desk))
    words = [str(tmp_path / "out"), "--reply", str(tmp_path / "news")]
    assert CliRunner().invoke(sticks.bundle_read, words).exit_code == 0
    assert apart[0] > 1
    for table in ("place_unit_fresh", "id_number_fresh"):
        assert run(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert run("SELECT count(*) FROM place_unit").fetchone() == (3,)


def test_what_became_of_work_that_waited_comes_home_by_stick() -> None:
    """To who lost the child, once; what is taken into the log is kept until a backup has it."""
    stick = Stick("li", "adm")
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    one, two = (child(li, name=name) for name in ("甲子", "乙丑"))
    stick.turn("li", "adm")
    for record, words in ((one, "爱画画"), (two, "爱下棋")):
        adm.save("child", {"village": "112"}, record)
        li.save("child", {"hobbies": words}, record)
    stick.turn("adm", "li")
    assert stick.town.quarantined() == ["out_of_scope"] * 2
    assert {(r.id, r.code) for r in li.returned()} == {
        (one, "out_of_scope"), (two, "out_of_scope")
    }  # fmt: skip
    overtaken = stick.answer(stick.out("li"))
    first, second = sorted(decisions.waiting(stick.desk), key=lambda kept: kept[0].id != one)
    assert decisions.release(stick.desk, first[0].version, "补录") == []
    assert decisions.drop(stick.desk, second[0].version, "孩子已搬走") == 1
    stick.turn("li")
    stick.take("li", overtaken)
    told = {r.id: r.code for r in li.returned()}
    assert told == {one: "released", two: "dropped"}
    kept = li.connection.execute("SELECT record FROM kept WHERE number > 0").fetchall()
    assert Counter(kept) == {(one,): 2, (two,): 1}  # both files as they were made, and the change
    stick.turn("adm")
    assert (value(adm, one, "hobbies"), value(adm, two, "hobbies")) == ("爱画画", None)
    stick.turn("li")
    assert {r.id: r.code for r in li.returned()} == told


def test_a_disabled_users_bundle_is_refused() -> None:
    stick = Stick("li")
    child(stick.town.replicas["li"])
    sent, head = stick.out("li"), stick.log()
    stick.desk.accounts.disable("li")
    head = stick.log()
    with pytest.raises(BadBundle, match="disabled"):
        stick.answer(sent)
    assert stick.log() == head


@pytest.mark.parametrize("way", ["out", "home"])
def test_a_bundle_cut_at_any_byte_is_refused_whole(way: str) -> None:
    stick = Stick("li")
    child(stick.town.replicas["li"])
    sent = stick.out("li")
    whole = sent if way == "out" else stick.answer(sent)
    head, cursor = stick.log(), stick.town.replicas["li"].get_state("cursor")
    for length in range(len(whole)):
        with pytest.raises(BadBundle):
            stick.answer(whole[:length]) if way == "out" else stick.take("li", whole[:length])
    assert stick.log() == head
    assert stick.town.replicas["li"].get_state("cursor") == cursor


@pytest.mark.parametrize("way", ["out", "home"])
def test_one_altered_byte_anywhere_is_refused(way: str) -> None:
    stick = Stick("li")
    child(stick.town.replicas["li"])
    sent = stick.out("li")
    whole = sent if way == "out" else stick.answer(sent)
    head, cursor = stick.log(), stick.town.replicas["li"].get_state("cursor")
    for at in range(len(whole)):
        altered = whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :]
        with pytest.raises(BadBundle):
            stick.answer(altered) if way == "out" else stick.take("li", altered)
    assert stick.log() == head
    assert stick.town.replicas["li"].get_state("cursor") == cursor


def test_a_bundle_for_another_county_does_not_open() -> None:
    here, there = Stick("li"), Stick("li")
    child(here.town.replicas["li"])
    with pytest.raises(BadBundle, match="bundle_forged"):
        there.answer(here.out("li"))


def test_nobody_writes_in_anothers_name() -> None:
    stick = Stick("li", "wu")
    li, wu = stick.town.replicas["li"], stick.town.replicas["wu"]
    child(li)
    head = stick.log()
    li.set_state(bundle_secret=wu.get_state("bundle_secret"))  # wu's key, li's name
    with pytest.raises(BadBundle, match="bundle_forged"):
        stick.answer(stick.out("li"))
    li.set_state(bundle_secret=secrets.token_bytes(32), ticket="made up")
    with pytest.raises(BadBundle, match="bundle_unknown"):
        stick.answer(stick.out("li"))
    assert stick.log() == head


def test_an_answer_signed_by_anyone_but_the_county_is_refused() -> None:
    stick = Stick("li")
    li = stick.town.replicas["li"]
    public = courier.keys_of(li).public
    forged = bundle.write(NEWS, public[32:], secrets.token_bytes(32), bundle.Homeward("devli"), [])
    with pytest.raises(BadBundle, match="bundle_forged"):
        stick.take("li", forged)


def test_another_devices_answer_does_not_open() -> None:
    stick = Stick("li", "wu")
    with pytest.raises(BadBundle, match="bundle_forged"):
        stick.take("wu", stick.answer(stick.out("li")))


def test_the_wrong_file_is_called_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stick = Stick("li")
    sent = stick.out("li")
    for data, code in (
        (b"", "bundle_not"),
        (b"PK\x03\x04 a spreadsheet", "bundle_not"),
        (sent[:-1], "bundle_cut"),
        (stick.answer(sent), "bundle_direction"),
        (sent.replace(b"bundle 1\n", b"bundle 2\n", 1), "protocol"),
    ):
        with pytest.raises(BadBundle, match=code):
            stick.answer(data)
    monkeypatch.setattr(bundle, "MAX_FILE", len(sent) - 1)
    with pytest.raises(BadBundle, match="bundle_large"):
        stick.answer(sent)


def test_pages_that_unpack_to_too_much_are_refused_before_anything_is_stored() -> None:
    stick = Stick("li")
    li, head = stick.town.replicas["li"], stick.log()
    keys = courier.keys_of(li)
    bomb = bundle.compress(b" " * (MAX_BODY + 1))
    told = bundle.Outward("devli", "li", keys.public)
    data = bundle.write(OUT, bytes(li.get_state("county_seal")), keys.signing, told, [bomb])
    assert len(data) < 100_000
    with pytest.raises(BadBundle, match="bundle_large"):
        stick.answer(data)
    assert stick.log() == head


def test_a_restored_county_gets_again_by_stick_what_its_backup_lacks() -> None:
    stick = Stick("li", "adm")
    li, adm = stick.town.replicas["li"], stick.town.replicas["adm"]
    copy = stick.town.backup()
    known = child(li)
    stick.turn("li")
    late = stick.answer(stick.out("li"))
    stick.town.restore(copy, "another")
    stick.attach()
    stick.take("li", late)
    news = stick.take("li", stick.answer(stick.out("li")))
    assert news.is_joined and li.has_unsent()  # the log is another one: our own goes again
    stick.turn("li", "adm")
    assert value(adm, known, "name") == "罗静"


def test_a_device_the_restored_county_has_forgotten_is_told_what_to_do() -> None:
    stick = Stick("li")
    copy = stick.town.backup()
    stick.add("wu")
    stick.turn("wu")
    child(stick.town.replicas["wu"], "112")
    sent = stick.out("wu")
    stick.town.restore(copy, "another")
    stick.attach()
    with pytest.raises(BadBundle, match="bundle_unknown"):
        stick.answer(sent)
    assert stick.town.replicas["wu"].pending_count() == 1


def test_an_enrolment_cut_or_altered_at_any_byte_opens_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUNCAO_TEST_FAST_HASH", "1")
    stick = Stick("li")
    whole, expires = bundles.enrol(stick.desk, "li")
    told, rest = enrolment.read(whole, PASSWORD, expires)
    assert told.user == "li" and list(bundle.pages(rest))
    for at in range(len(whole)):
        for wrong in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :]):
            with pytest.raises(BadBundle):
                enrolment.read(wrong, PASSWORD, expires)
    with pytest.raises(BadBundle, match="login"):
        enrolment.read(whole, PASSWORD + "!", expires)
    with pytest.raises(BadBundle, match="enrol_late"):
        enrolment.read(whole, PASSWORD, expires + 1)


def test_a_ticket_ends_with_a_new_password_and_serves_only_its_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUNCAO_TEST_FAST_HASH", "1")
    stick = Stick("li", "wu")
    whole, expires = bundles.enrol(stick.desk, "li")
    told, _ = enrolment.read(whole, PASSWORD, expires)
    wu = stick.town.replicas["wu"]
    child(wu, "112")
    kept = wu.get_state("bundle_secret")
    wu.set_state(ticket=told.ticket, bundle_secret=secrets.token_bytes(32))
    with pytest.raises(BadBundle, match="bundle_unknown"):
        stick.answer(stick.out("wu"))
    wu.set_state(bundle_secret=kept)
    stick.turn("wu")  # its own keys still count
    stick.desk.accounts.set_password("li", "another horse")
    li = stick.town.replicas["li"]
    li.set_state(ticket=told.ticket, bundle_secret=secrets.token_bytes(32))
    with pytest.raises(BadBundle, match="enrol_late"):
        stick.answer(stick.out("li"))
