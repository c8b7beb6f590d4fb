"""A child who moves to another county keeps its id and the history it carries."""

from __future__ import annotations

import pytest
from server_process import CountyServer


@pytest.fixture
def other(tmp_path):
    server = CountyServer(tmp_path / "other")
    server.init(tmp_path / "divisions.csv")
    server.add_user("xi", "director", "5102")
    yield server
    server.close()


def _moved(running, other, tmp_path):
    """A child of one county with a contested field, sent to the other; the reading command's JSON."""
    dong, boss = running.login("dong"), running.login("boss")
    made = dong.create("child", "c1", name="陈小溪", village="510101", address="村口")
    dong.sync(made)
    boss.sync()
    dong.sync(dong.create("contact", "v1", child="c1", on="2026-11-02", kind="talk"))
    for who, where in ((dong, "河边"), (boss, "镇上")):
        who.sync(who.put("child", "c1", {"address": made.version}, address=where))
    key = other.done("transfer", "key").out.strip()
    file = tmp_path / "c1.transfer"
    running.done("transfer", "write", "c1", str(file), "--for", key)
    return file, other.done("transfer", "read", str(file), "--village", "510201", "--json").json


def test_the_file_arrives_with_id_history_and_what_hangs_on_it(running, other, tmp_path):
    file, told = _moved(running, other, tmp_path)
    assert told["child"] == "c1" and told["changes"] == 5
    assert "陈小溪".encode() not in file.read_bytes()
    other.start()
    xi = other.login("xi")
    xi.sync()
    kind, values = xi.records["c1"]
    assert kind == "child" and values["name"] == "陈小溪" and values["village"] == "510201"
    assert values["status"] == "open" and "close_reason" not in values
    assert xi.records["v1"][1]["on"] == "2026-11-02"
    assert other.done("check", "--json").json["ok"]
    boss = running.login("boss")
    boss.sync()
    assert boss.records["c1"][1]["close_reason"] == "moved"
    assert running.done("check", "--json").json["ok"]


def test_it_is_taken_once_and_by_nobody_else(running, other, tmp_path):
    file, _told = _moved(running, other, tmp_path)
    again = other.cli("transfer", "read", str(file), "--village", "510201")
    assert again.code == 2 and "已经在这里" in again.err
    wrong = running.cli("transfer", "read", str(file), "--village", "510101")
    assert wrong.code == 2 and "不是给本县的" in wrong.err
    broken = tmp_path / "broken"
    broken.write_bytes(file.read_bytes()[:-9])
    assert other.cli("transfer", "read", str(broken), "--village", "510201").code == 2


def test_nothing_is_written_for_a_wrong_key_or_child(running, other, tmp_path):
    key = other.done("transfer", "key").out.strip()
    file = tmp_path / "x"
    for words in (("nobody", str(file), "--for", key), ("c1", str(file), "--for", "no key")):
        assert running.cli("transfer", "write", *words).code == 2
    assert not file.exists()
