"""What a released program left on disk opens in today's, whole, and goes on from there."""

from __future__ import annotations

import pytest

from sync import bundle, courier, paperbytes, scans
from sync.paperbytes import digest_of
from sync.verify import problems_of
from tools.release_fixture import values_of
from tui import drafts
from tui.paths import home_at


def test_an_old_store_opens_with_every_record_and_all_unsent_work(release, tmp_path):
    session = release.unlock(release.home(tmp_path))
    replica, about = session.replica, release.about
    held = values_of(replica)
    assert {i: held.get(i) for i in about["records"]} == about["records"]
    assert [p.seq for p in replica.pending()] == about["unsent"]
    assert [[r.seq, r.status, r.code] for r in replica.returned()] == about["returned"]
    found = sorted([c.record, c.slot, c.meeting] for c in replica.conflicts())
    assert found == about["conflicts"]
    assert all(drafts.find(replica, place) for place in about["drafts"])
    papers = {p: digest_of(scans.held(replica, p) or b"") for p in about.get("papers", ())}
    assert papers == about.get("papers", {})
    assert problems_of(replica) == []
    session.close()


def test_an_old_store_syncs_with_an_old_database_under_todays_program(release, county, tmp_path):
    county.start()
    home = release.home(tmp_path)
    home.login(
        county.url, "lan", release.about["password"], lambda _new: release.about["passphrase"]
    ).close()
    session = release.unlock(home)
    before = values_of(session.replica)
    report = session.sync()
    assert report.sent == len(release.about["unsent"]) and report.in_step
    assert session.replica.identity.device == release.about["device"]
    assert values_of(session.replica).items() >= before.items()
    assert session.sync().sent == 0
    session.close()
    county.stop()
    assert county.done("check", "--json").json["ok"]


def test_an_old_bundle_is_taken_by_todays_county_and_its_answer_by_the_old_store(
    release, county, tmp_path
):
    out, reply = tmp_path / "out.cuncao", tmp_path / "reply.cuncao"
    out.write_bytes(release.bundle("out"))
    for _ in range(2):  # carried twice
        ran = county.cli("bundle", "read", str(out), "--reply", str(reply), "--json")
        assert ran.code == 0 and ran.json["taken"] == len(release.about["unsent"])
        assert ran.json["papers"] == ("papers" in release.about)
    session = release.unlock(release.home(tmp_path))
    news = courier.read(session.replica, reply.read_bytes())
    assert news.is_joined and news.report.in_step
    assert not session.replica.has_unsent()
    assert paperbytes.unsent(session.replica.connection) == 0
    session.close()


def test_an_old_answer_on_a_stick_is_taken_by_todays_program(release, tmp_path):
    session = release.unlock(release.home(tmp_path))
    news = courier.read(session.replica, release.bundle("news"))
    assert news.is_joined and news.report.sent == len(release.about["unsent"])
    assert news.report.received > 0 and news.report.in_step
    assert problems_of(session.replica) == []
    session.close()


def test_an_old_file_sets_a_laptop_up(release, tmp_path):
    about = release.about
    home = home_at(tmp_path / "new")
    session, news = courier.enrol(
        home, release.bundle("enrol"), about["password"], lambda _new: about["passphrase"],
        about["made_ms"],
    )  # fmt: skip
    assert news.is_joined and session.replica.count("unit") == 6
    with pytest.raises(bundle.BadBundle, match="enrol_late"):
        courier.enrol(
            home_at(tmp_path / "late"), release.bundle("enrol"), about["password"],
            lambda _new: about["passphrase"], about["made_ms"] + 31 * 86_400_000,
        )  # fmt: skip
    session.close()
