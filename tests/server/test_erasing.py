"""An erased record is gone from every place that held its words, for good; who, when and why stay."""

from __future__ import annotations

import re

import msgspec
import pytest

from server.check import check
from server.erasing import erase_here, with_what_hangs
from server.home import Home
from server.store import open_store
from sync import merges, storage
from sync.change import Entry
from sync.replica import Refused
from sync.verify import problems_of
from tests.sync.town import Town, child, contact, value

SECRET = "不该留下的话"
OTHER = "别人的话"


def erase(town: Town, record: str, reason: str = "家长要求") -> list[str]:
    with town.store.write():
        ids = with_what_hangs(town.store, record)
        erase_here(town.store, ids, town.now_ms, reason, "adm")
    return ids


def told(town: Town) -> Town:
    """A child whose every field and visit says the secret, on two laptops; another beside it."""
    li = town.replicas["li"]
    town.record = child(li, name=SECRET, hobbies=SECRET)
    town.visit = contact(li, town.record, summary=SECRET)
    town.other = child(li, name=OTHER)
    town.rest()
    li.save("child", {"hobbies": SECRET + "一"}, town.record)
    town.replicas["tea"].save("child", {"hobbies": SECRET + "二"}, town.record)
    town.rest()  # two that met: a conflict, and a notice
    return town


def words_in(connection) -> str:
    """Everything in a store, as text; blobs are written in hexadecimal there."""
    blobs = re.compile("X'([0-9A-F]*)'")
    dump = "\n".join(connection.iterdump())
    return blobs.sub(lambda m: bytes.fromhex(m[1]).decode("utf-8", "replace"), dump)


def test_what_an_erased_child_said_is_nowhere_any_more():
    town = told(Town("li", "tea"))
    li, tea = town.replicas["li"], town.replicas["tea"]
    li.connection.execute(
        "INSERT INTO draft VALUES (?, 1, ?)", (f"form:child:{town.record}", SECRET)
    )
    before = [tuple(r) for r in town.connection.real.execute("SELECT seq, content FROM log")]
    assert SECRET in words_in(town.connection.real)
    ids = erase(town, town.record)
    assert set(ids) == {town.record, town.visit}
    assert SECRET not in words_in(town.connection.real)
    town.rest()
    for replica in (li, tea):
        assert SECRET not in words_in(replica.connection.real)
        assert value(replica, town.other, "name") == OTHER
        assert replica.get(town.record).deleted == "家长要求"
        assert replica.conflicts() == []
        assert problems_of(replica) == []
        (left,) = replica.history(town.record)
        assert (left.author, left.value) == ("adm", "家长要求")
    # Numbers, order and hashes of what was there are what they were.
    after = [tuple(r) for r in town.connection.real.execute("SELECT seq, content FROM log")]
    assert after[: len(before)] == before
    assert check(town.store).faults == []
    newcomer = town.add("adm")
    town.sync("adm")
    assert SECRET not in words_in(newcomer.connection.real)
    town.rest()


def test_one_visit_can_be_erased_and_the_child_stays():
    town = told(Town("li", "tea"))
    assert erase(town, town.visit) == [town.visit]
    town.rest()
    assert value(town.replicas["tea"], town.record, "name") == SECRET
    assert town.replicas["tea"].get(town.visit).values.get("summary") is None
    assert check(town.store).faults == []


def test_a_visit_is_erased_where_files_are_merged():
    town = told(Town("adm", "li", "tea"))
    merges.merge(town.replicas["adm"], town.other, town.record)
    town.rest()
    assert erase(town, town.visit) == [town.visit]
    town.rest()
    for replica in town.replicas.values():
        assert replica.get(town.visit).values.get("summary") is None
        assert problems_of(replica) == []


def test_a_merge_that_comes_too_late_takes_the_erasure_from_nobody():
    town = told(Town("adm", "li", "tea"))
    new = child(town.replicas["adm"], "112", name=OTHER)
    town.rest()
    merges.merge(town.replicas["adm"], town.record, new)  # not sent yet
    erase(town, town.record)
    town.sync("adm")
    town.rest()
    for replica in town.replicas.values():
        assert SECRET not in words_in(replica.connection.real)
    assert check(town.store).faults == []


def test_check_reads_a_log_whose_other_file_was_erased():
    town = Town("adm", "li", "tea")
    li, tea, adm = (town.replicas[name] for name in ("li", "tea", "adm"))
    kept = child(li, name=OTHER, note="一。二。三。")
    away = child(li, name=SECRET, note="一。二。三。")
    town.rest()
    merge = merges.merge(adm, kept, away)
    tea.save("child", {"note": "一。二。三。四。"}, away)
    li.save("child", {"note": "零。一。二。三。"}, kept)
    town.rest()
    merges.unmerge(adm, merge)
    town.rest()
    assert erase(town, away) == [away]
    town.rest()
    assert check(town.store).faults == []


def test_what_a_put_back_log_never_heard_of_leaves_other_laptops_too():
    town = told(Town("li", "tea"))
    backup = town.backup()
    visit = contact(town.replicas["li"], town.other, summary=SECRET + "四")
    town.rest()
    ids = erase(town, town.record)
    with town.store.write():
        erase_here(town.store, [visit], town.now_ms, "家长要求", "adm")
    town.restore(backup, "anew")
    with town.store.write():
        erase_here(town.store, [*ids, visit], town.now_ms, "家长要求", "adm")
    town.sync("tea")
    town.rest()
    for replica in town.replicas.values():
        assert SECRET not in words_in(replica.connection.real)
        assert replica.get(visit) is None


def test_a_visit_that_a_put_back_log_lost_goes_with_its_erased_child():
    town = told(Town("li", "tea"))
    backup = town.backup()
    visit = contact(town.replicas["li"], town.record, summary=SECRET + "五")
    town.rest()
    town.restore(backup, "anew")
    town.sync("tea")
    erase(town, town.record)  # before its author brings the visit again
    town.rest()
    for replica in town.replicas.values():
        assert SECRET not in words_in(replica.connection.real)
        assert replica.get(visit) is None


def test_a_file_that_a_put_back_log_still_has_merged_stays_where_it_is():
    town = told(Town("adm", "li", "tea"))
    merge = merges.merge(town.replicas["adm"], town.record, town.other)
    town.rest()
    backup = town.backup()
    merges.unmerge(town.replicas["adm"], merge)
    town.rest()
    ids = erase(town, town.record)
    assert town.other not in ids
    town.restore(backup, "anew")
    with town.store.write():
        erase_here(town.store, ids, town.now_ms, "家长要求", "adm")
    assert check(town.store).faults == []
    town.rest()
    assert check(town.store).faults == []
    assert value(town.replicas["li"], town.other, "name") == OTHER


def test_work_that_comes_too_late_is_refused_and_kept_nowhere():
    town = told(Town("li", "tea"))
    li = town.replicas["li"]
    li.save("child", {"hobbies": SECRET + "三"}, town.record)
    with li.together():  # one save of two children
        late = contact(li, town.record, summary=SECRET)
        beside = contact(li, town.other, summary=OTHER)
    erase(town, town.record)
    report = town.sync("li")
    assert (report.in_step, report.rejected) == (True, 2)
    assert {r.code for r in li.returned()} == {"erased"}
    assert SECRET not in words_in(li.connection.real)
    assert SECRET not in words_in(town.connection.real)
    assert value(li, beside, "summary") == OTHER
    assert li.get(late) is None
    town.rest()
    with pytest.raises(Refused, match="erased"):
        li.undelete(town.record)
    assert check(town.store).faults == []


def test_what_a_revoked_laptop_hands_in_of_an_erased_child_is_kept_blank():
    from sync.hub import content_hash
    from sync.protocol import Verdict

    town = told(Town("li", "tea"))
    li = town.replicas["li"]
    li.save("child", {"hobbies": SECRET}, town.record)
    (change,) = li.records.unsent()[town.record]
    erase(town, town.record)
    with town.store.write():
        verdict = Verdict(change.seq, "quarantined", "device_revoked")
        town.store.quarantine(change, content_hash(change), verdict, town.now_ms)
    assert SECRET not in words_in(town.connection.real)
    assert town.quarantined() == ["device_revoked"]


def test_after_the_log_began_anew_nobody_brings_an_erased_child_back():
    town = told(Town("li", "tea"))
    backup = town.backup()
    li = town.replicas["li"]
    new = child(li, name=SECRET)  # after the backup: only this laptop could bring it again
    town.rest()
    ids = erase(town, town.record) + erase(town, new)
    town.sync("tea")  # the other laptop has not heard of it yet
    town.restore(backup, "anew")
    with town.store.write():
        erase_here(town.store, ids, town.now_ms, "家长要求", "adm")
    town.rest()
    for store in (town.connection, li.connection, town.replicas["tea"].connection):
        assert SECRET not in words_in(store.real)
    assert check(town.store).faults == []


def test_an_erased_row_that_says_something_is_a_fault():
    town = told(Town("li", "tea"))
    (seq, body) = town.connection.real.execute(
        "SELECT seq, body FROM body WHERE seq = (SELECT min(seq) FROM log WHERE record = ?)",
        (town.record,),
    ).fetchone()
    erase(town, town.record)
    town.connection.real.execute("UPDATE body SET body = ? WHERE seq = ?", (body, seq))
    assert ("not_erased", str(seq)) in {(f.code, f.where) for f in check(town.store).faults}


def test_the_bytes_leave_the_files_too(tmp_path):
    """As somebody would find them who has the key."""
    hub, laptop = tmp_path / "hub.db", tmp_path / "store.db"
    town = told(Town("li", "tea"))
    for connection, path in (
        (town.connection.real, hub),
        (town.replicas["li"].connection.real, laptop),
    ):
        file = storage.open_plain(path)
        connection.backup(file)
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.close()
    from server.erasing import _leave_no_bytes
    from server.store.sqlite import SqliteStore
    from sync.replica import Replica

    town.connection = storage.open_plain(hub)
    town.store = SqliteStore(town.connection, now_ms=lambda: town.now_ms)
    town.hub.store = town.store
    town.replicas["li"] = Replica(storage.open_plain(laptop), wall_ms=lambda: town.now_ms)
    erase(town, town.record)
    _leave_no_bytes(town.store)
    town.sync("li")
    for path in (hub, laptop):
        for file in tmp_path.glob(path.name + "*"):
            assert SECRET.encode() not in file.read_bytes(), file.name
    assert OTHER.encode() in laptop.read_bytes()
    town.connection.close()
    town.replicas["li"].connection.close()


# ------------------------------------------------------------ the real server


def _made(county):
    dong = county.login("dong")
    assert dong.sync(dong.create("child", "c1", name=SECRET, village="510101")) == []
    assert dong.sync(dong.create("contact", "k1", child="c1", on="2026-11-01", kind="talk")) == []
    return dong


def test_the_command_erases_and_a_restored_backup_does_not_bring_it_back(running, tmp_path):
    dong = _made(running)
    running.done("backup", str(tmp_path / "b.db"))
    ran = running.done("erase", "c1", "--reason", "家长要求", "--by", "boss", "--json")
    assert set(ran.json["erased"]) == {"c1", "k1"}
    assert running.cli("check", "--json").json["faults"] == []
    assert running.cli("erase", "nobody", "--reason", "x").code == 2
    assert running.cli("erase", "c1", "--reason", " ").code == 2
    assert running.cli("erase", "510101", "--reason", "x").code == 2
    running.done("restore", str(tmp_path / "b.db"))
    _holds_no_word(running)
    dong.sync()  # hears of the new log
    late = dong.create("contact", "k2", child="c1", on="2026-11-02", kind="talk", summary=SECRET)
    assert [v[2] for v in dong.sync(late)] == ["erased"]


def test_the_command_names_a_file_that_was_once_one_with_the_erased(running):
    dong, boss = _made(running), running.login("boss")
    assert dong.sync(dong.create("child", "c2", name=OTHER, village="510101")) == []
    away = boss.put("child", "c1", {}, merged_into="c2")
    assert boss.sync(away) == []
    apart = boss.put("child", "c1", {"merged_into": away.version}, merged_into=None)
    assert boss.sync(apart) == []
    ran = running.cli("erase", "c1", "--reason", "家长要求", "--json")
    assert (ran.code, ran.json["once_merged"]) == (1, ["c2"])
    assert "c2" in ran.err and SECRET not in ran.err
    ran = running.done("erase", "c2", "--reason", "家长要求", "--json")
    assert ("c2" in ran.json["erased"], ran.json["once_merged"]) == (True, [])


def test_a_store_copied_back_by_hand_forgets_again_when_the_server_starts(county, tmp_path):
    import shutil

    county.start()
    _made(county)
    county.stop()
    old = shutil.copy(county.home / "hub.db", tmp_path / "old.db")
    county.done("erase", "c1", "--reason", "家长要求")
    for file in county.home.glob("hub.db*"):
        file.unlink()
    shutil.copy(old, county.home / "hub.db")
    county.start()
    _holds_no_word(county)
    county.stop()
    assert SECRET.encode() not in b"".join(f.read_bytes() for f in county.home.iterdir())


def _holds_no_word(county):
    store = open_store(Home(county.home), environment={})
    for (body,) in store.connection.execute("SELECT body FROM body"):
        assert SECRET not in msgspec.json.encode(msgspec.json.decode(body, type=Entry)).decode()
    assert SECRET not in str(list(store.states_where("TRUE")))
    assert check(store).faults == []
    store.connection.close()
