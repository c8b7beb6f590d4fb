"""`cuncao-server`: its words, its JSON, its exit codes, and that all of it works while it runs."""

from __future__ import annotations

import gzip
import shutil
import sqlite3

import pytest
from server_process import DIVISIONS, PASSWORD, CountyServer

from server.home import Home
from server.store import open_store
from sync.storage import open_encrypted


def test_init_builds_the_tree_and_refuses_a_second_time(tmp_path):
    server = CountyServer(tmp_path / "a folder" / "县")
    packed = tmp_path / "d.csv.gz"
    packed.write_bytes(gzip.compress(("\ufeff" + DIVISIONS).encode()))
    words = ["init", "--divisions", str(packed), "--admin", "管理员", "--password-stdin"]
    first = server.cli(*words, stdin=PASSWORD + "\n")
    assert (first.code, first.out) == (0, "")
    units = server.done("unit", "list", "--json").json
    assert units[0] == {"code": "51", "name": "试验县", "level": "county", "parent": None}
    assert {"code": "510102", "name": "溪口村", "level": "village", "parent": "5101"} in units
    assert server.done("user", "list", "--json").json == [
        {"name": "管理员", "roles": [{"role": "admin", "unit": "51"}], "disabled": False}
    ]
    again = server.cli(*words, stdin=PASSWORD + "\n")
    assert again.code == 2
    assert len(server.done("unit", "list", "--json").json) == len(units) == 6


def test_an_init_that_fails_leaves_the_way_free(tmp_path):
    server = CountyServer(tmp_path / "home")
    divisions = tmp_path / "d.csv"
    divisions.write_text(DIVISIONS, encoding="utf-8")
    words = ["init", "--divisions", str(divisions), "--admin", "boss", "--password-stdin"]
    assert server.cli(*words, stdin="short\n").code == 2
    server.home.mkdir(exist_ok=True)
    (server.home / "hub.db").touch()  # as a power cut leaves it
    assert server.cli(*words, stdin=PASSWORD + "\n").code == 0


@pytest.mark.parametrize(
    "text",
    [
        "name,level\n",
        "code,name,level,parent_code\n1,甲,county,\n2,乙,county,\n",
        "code,name,level,parent_code\n1,甲,province,\n",
        "code,name,level,parent_code\n1,甲,county,\n3,丙,village,2\n",
        "code,name,level,parent_code\n1,甲,county,\n2,乙,township,1\n2,丙,township,1\n",
        "code,name,level,parent_code\n1,甲,county,\n2,,township,1\n",
    ],
)
def test_a_list_that_is_not_one_county_builds_nothing(tmp_path, text):
    server = CountyServer(tmp_path / "home")
    divisions = tmp_path / "d.csv"
    divisions.write_text(text, encoding="utf-8")
    ran = server.cli(
        "init", "--divisions", str(divisions), "--admin", "boss", "--password-stdin",
        stdin=PASSWORD + "\n",
    )  # fmt: skip
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert not server.home.exists()


def test_one_county_is_cut_out_of_a_province(tmp_path):
    server = CountyServer(tmp_path / "home")
    divisions = tmp_path / "d.csv"
    rows = "5,某省,province,\n59,某市,city,5\n52,邻县,county,59\n5201,南镇,township,52\n"
    divisions.write_text(DIVISIONS.replace("county,\n", "county,59\n") + rows, encoding="gb18030")
    words = ["init", "--divisions", str(divisions), "--admin", "boss", "--password-stdin"]
    assert server.cli(*words, stdin=PASSWORD + "\n").code == 2
    assert server.cli(*words, "--county", "51", stdin=PASSWORD + "\n").code == 0
    assert len(server.done("unit", "list", "--json").json) == 6


def test_without_a_county_every_command_says_what_to_do(tmp_path):
    server = CountyServer(tmp_path / "home")
    for words in (["run"], ["user", "list"], ["check"], ["backup", str(tmp_path / "b")]):
        ran = server.cli(*words)
        assert (ran.code, ran.out) == (2, "")
        assert "cuncao-server init" in ran.err
    assert not server.home.exists()


def test_postgresql_is_refused_in_one_sentence(county):
    ran = county.cli("user", "list", CUNCAO_DATABASE_URL="postgresql://127.0.0.1/county")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_everything_changed_while_it_runs_reaches_devices(running):
    boss = running.login("boss")
    boss.sync()
    school = running.done("school", "add", "东镇小学", "--township", "5101", "--json").json["code"]
    klass = running.done("class", "add", "四年级2班", "--school", school, "--json").json["code"]
    assert (school, klass) == ("5101S001", "5101S001C01")
    running.add_user("li", "class-teacher", klass)
    boss.sync()
    told = {e.change.id: e.change.fields for e in boss.entries}
    assert told[klass]["stage"] == "primary"
    assert told[klass]["class_number"] == "2"
    assert told[klass]["parent"] == school
    assert told[school]["stage"] == "primary"
    assert told["li"] == {"login": "li", "name": "li", "posts": f"class-teacher@{klass}"}
    li = running.login("li")
    assert li.sync(li.create("child", "c1", name="陈小溪", school=school, **{"class": klass})) == []
    boss.sync()
    assert boss.entries[-1].change.id == "c1"
    running.done("user", "disable", "li")
    boss.sync()
    assert boss.entries[-1].change.fields == {"is_disabled": True}


def test_codes_of_schools_and_classes_count_up(county):
    codes = [
        county.done("school", "add", name, "--township", "5101", "--json").json["code"]
        for name in ("甲小学", "乙中学", "丙校")
    ]
    assert codes == ["5101S001", "5101S002", "5101S003"]
    assert (
        county.done("class", "add", "2023级2班", "--school", codes[0]).out.strip().endswith("C01")
    )
    units = {u["code"]: u for u in county.done("unit", "list", "--json").json}
    assert units["5101S001C01"]["level"] == "class"


@pytest.mark.parametrize(
    "words",
    [
        ["school", "add", "甲小学", "--township", "510101"],
        ["school", "add", "甲小学", "--township", "nowhere"],
        ["class", "add", "一年级1班", "--school", "5101"],
        ["user", "add", "li", "--role", "director", "--unit", "nowhere", "--password-stdin"],
        ["user", "add", "li", "--role", "king", "--unit", "51", "--password-stdin"],
        ["user", "add", "li", "--role", "director", "--password-stdin"],
        ["user", "add", "boss", "--role", "director", "--unit", "51", "--password-stdin"],
        ["user", "add", "5101", "--role", "director", "--unit", "51", "--password-stdin"],
        ["user", "add", " li", "--role", "director", "--unit", "51", "--password-stdin"],
        ["user", "password", "nobody", "--password-stdin"],
        ["user", "disable", "nobody"],
        ["user", "grant", "dong", "--role", "director", "--unit", "nowhere"],
        ["user", "grant", "dong", "--role", "counsellor", "--child", "nobody"],
        ["user", "ungrant", "dong", "--role", "admin", "--unit", "51"],
        ["device", "revoke", "nothing"],
        ["device", "allow-recovery", "nothing"],
        ["restore", "no such file"],
        ["run", "--tls-cert", "cert.pem"],
        ["run", "--tls-cert", "no.pem", "--tls-key", "no.pem"],
        ["dance"],
    ],
)
def test_wrong_usage_is_exit_2_and_writes_nothing(county, words):
    before = county.done("check", "--json").json["entries"]
    users = county.done("user", "list", "--json").json
    ran = county.cli(*words, stdin=PASSWORD + "\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err
    assert "Traceback" not in ran.err
    assert county.done("check", "--json").json["entries"] == before
    assert county.done("user", "list", "--json").json == users


@pytest.mark.parametrize(
    ("password", "code"), [("1234567", 2), ("12345678", 0), ("密" * 128, 0), ("密" * 129, 2)]
)
def test_passwords_have_8_to_128_characters(county, password, code):
    words = ["user", "password", "dong", "--password-stdin"]
    assert county.cli(*words, stdin=password + "\r\n").code == code


def test_spaces_in_a_password_count(running):
    running.done("user", "password", "dong", "--password-stdin", stdin="  spaces around  \n")
    running.login("dong", password="  spaces around  ")


def test_a_half_done_grant_is_no_grant(county):
    ran = county.cli("user", "grant", "xi", "--role", "director", "--unit", "5101", "--unit", "no")
    assert ran.code == 2
    roles = {u["name"]: u["roles"] for u in county.done("user", "list", "--json").json}
    assert roles["xi"] == [{"role": "director", "unit": "5102"}]


def test_a_backup_is_made_while_it_runs_and_is_unreadable(running, tmp_path):
    dong = running.login("dong")
    dong.sync(dong.create("child", "c1", name="陈小溪", village="510101"))
    target = tmp_path / "back up.db"
    running.done("backup", str(target))
    assert "陈小溪".encode() not in target.read_bytes()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(target).execute("SELECT * FROM log")
    assert [f.name for f in tmp_path.iterdir() if f.name.startswith("back up")] == ["back up.db"]
    assert running.cli("backup", str(target)).code == 2
    running.done("backup", str(target), "--force")
    assert running.cli("backup", str(tmp_path / "no folder" / "b.db")).code == 2
    assert dong.told(dong.ask(cursor=dong.cursor))["backup"] == 11


def test_a_restore_while_it_runs_brings_back_what_was_and_takes_it_anew(running, tmp_path):
    dong, boss = running.login("dong"), running.login("boss")
    first = dong.create("child", "c1", name="陈小溪", village="510101")
    dong.sync(first)
    running.done("backup", str(tmp_path / "b.db"))
    second = dong.create("child", "c2", name="李小河", village="510101")
    dong.sync(second)
    boss.sync()
    lost = running.login("boss")
    running.done("device", "revoke", lost.id)
    running.done("restore", str(tmp_path / "b.db"))
    assert running.done("check", "--json").json["ok"]
    assert boss.told(boss.ask())["reset"]
    dong.sync(first, second)  # told first that this log is another: nothing is taken
    assert [v[:2] for v in dong.sync(first, second)] == [[1, "duplicate"]]
    boss.sync()
    assert {"c1", "c2"} <= set(boss.records)
    assert lost.ask().status_code in (401, 403)


def test_what_a_restore_that_was_cut_off_left_does_not_spoil_the_next(running, tmp_path):
    """A power cut in the middle: beside the copy stands the log of what was being written to it."""
    dong = running.login("dong")
    dong.sync(*(dong.create("child", f"c{n}", name="陈小溪", village="510101") for n in range(40)))
    running.done("backup", str(tmp_path / "b.db"))
    part, key = running.home / "restore.part", (running.home / "server.key").read_bytes()
    shutil.copyfile(tmp_path / "b.db", part)
    cut_off = open_encrypted(part, key)
    cut_off.execute("UPDATE body SET body = body || ' '")
    cut_off.execute("CREATE TABLE half_done (a)")
    left = {name: part.with_name(name).read_bytes() for name in ("restore.part", "restore.part-wal")}
    cut_off.close()
    for name, content in left.items():
        part.with_name(name).write_bytes(content)
    dong.sync(dong.create("child", "c99", name="李小河", village="510101"))
    running.done("backup", str(tmp_path / "newer.db"))
    running.done("restore", str(tmp_path / "newer.db"))
    assert running.done("check").code == 0
    assert not list(running.home.glob("restore.part*"))


def test_a_restore_revives_no_revoked_device_and_forgets_no_quarantine(running, tmp_path):
    dong = running.login("dong")
    dong.sync()
    running.done("backup", str(tmp_path / "b.db"))
    running.done("device", "revoke", dong.id)
    running.done("user", "disable", "xi")
    dong.ask(dong.create("child", "c1", name="陈小溪", village="510101"))
    running.done("restore", str(tmp_path / "b.db"))
    assert dong.ask().json()["error"] == "revoked"
    assert [k["record"] for k in running.done("quarantine", "list", "--json").json] == ["c1"]
    assert {u["name"]: u["disabled"] for u in running.done("user", "list", "--json").json}["xi"]


def test_what_a_revoked_laptop_wrote_since_the_backup_waits_for_a_person(running, tmp_path):
    dong = running.login("dong")
    before = dong.create("child", "c1", name="陈小溪", village="510101")
    dong.sync(before)
    running.done("backup", str(tmp_path / "b.db"))
    dong.sync(dong.create("child", "c2", name="李小河", village="510101"))
    running.done("device", "revoke", dong.id)  # wiped: it sends nothing again
    running.done("restore", str(tmp_path / "b.db"))
    kept = running.done("quarantine", "list", "--json").json
    assert [(k["record"], k["reason"]) for k in kept] == [("c2", "device_revoked")]


def test_no_room_for_a_backup_is_said_and_leaves_nothing(county, tmp_path, monkeypatch):
    """SQLite's error of a backup comes without the name by which the others are known."""
    from server import upkeep

    def cramped(path, key):
        copy = open_encrypted(path, key)
        copy.execute("PRAGMA max_page_count = 10")
        return copy

    monkeypatch.setattr(upkeep, "open_encrypted", cramped)
    ran = county.cli("backup", str(tmp_path / "full.db"))
    assert ran.code == 2
    assert "full.db" in ran.err
    assert list(tmp_path.glob("full.db*")) == []


def test_a_damaged_or_foreign_backup_changes_nothing(county, tmp_path):
    county.done("backup", str(tmp_path / "b.db"))
    raw = bytearray((tmp_path / "b.db").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "damaged.db").write_bytes(raw)
    (tmp_path / "cut.db").write_bytes((tmp_path / "b.db").read_bytes()[: 4096 * 3])
    (tmp_path / "foreign.db").write_bytes(b"x" * 8192)
    for name in ("damaged.db", "cut.db", "foreign.db"):
        assert county.cli("restore", str(tmp_path / name)).code == 5
    assert county.done("check", "--json").json["ok"]
    assert sorted(f.name for f in county.home.iterdir()) == ["hub.db", "server.key"]


def test_a_store_that_cannot_be_opened_is_replaced_by_its_backup(county, tmp_path):
    county.done("backup", str(tmp_path / "b.db"))
    (county.home / "hub.db").write_bytes(b"x" * 9000)
    for words in (["run"], ["user", "list"], ["check"]):
        assert county.cli(*words).code == 5
    county.done("restore", str(tmp_path / "b.db"))
    assert county.done("check", "--json").json["ok"]
    assert len([f for f in county.home.iterdir() if "damaged" in f.name]) == 1
    (county.home / "hub.db").unlink()
    county.done("restore", str(tmp_path / "b.db"))
    assert county.done("check", "--json").json["ok"]


def test_a_lost_key_is_said_to_be_lost(county):
    (county.home / "server.key").write_bytes(b"short")
    ran = county.cli("check")
    assert ran.code == 2
    assert "server.key" in ran.err


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("DELETE FROM log WHERE seq = 3", "log_gap"),
        ("DELETE FROM body WHERE seq = 3", "log_body"),
        ("UPDATE log SET device_seq = 99 WHERE seq = 3", "log_row"),
        ("UPDATE log SET content = x'00' WHERE seq = 3", "log_content"),
        ("UPDATE record SET state = replace(state, '东村', '西村') WHERE id = '510101'", "record"),
        ("DELETE FROM record WHERE id = '510101'", "record"),
        ("UPDATE bucket SET sum = x'00'", "bucket"),
        ("UPDATE place SET units = '[]'", "place"),
        ("DELETE FROM place_unit", "place"),
        ("DELETE FROM id_number", "id_number"),
    ],
)
def test_check_finds_what_does_not_follow_from_the_log(county, sql, fault):
    county.start()
    dong = county.login("dong")
    number = {"id_type": "resident", "id_number": "510811201503040015"}
    number["id_number"] = _valid(number["id_number"])
    made = dong.create("child", "c1", name="陈小溪", village="510101")
    slot = _slot_of("id_number")
    made.fields[slot] = number if slot != "id_number" else number["id_number"]
    assert dong.sync(made) == []
    county.stop()
    store = open_store(Home(county.home), environment={})
    store.connection.execute(sql)
    store.connection.close()
    ran = county.cli("check", "--json")
    assert ran.code == 5
    assert fault in {f["code"] for f in ran.json["faults"]}
    assert "陈小溪" not in ran.out


def _slot_of(field: str) -> str:
    from schema.kinds import KINDS

    return KINDS["child"].by_name[field].slot


def _valid(number: str) -> str:
    from schema import idnumber

    return next(n for d in "0123456789X" if idnumber.is_valid(n := number[:17] + d))


def test_two_files_with_one_id_number_are_paired_for_the_admin(running):
    slot = _slot_of("id_number")
    number = _valid("510811201503040015")
    value = number if slot == "id_number" else {"id_number": number}
    dong, xi, boss = (running.login(u) for u in ("dong", "xi", "boss"))
    dong.sync(dong.create("child", "c1", name="陈小溪", village="510101", **{slot: value}))
    xi.sync(xi.create("child", "c2", name="陈小溪", village="510201", **{slot: value}))
    boss.sync()
    xi.sync()
    pairs = [v for kind, v in boss.records.values() if kind == "duplicate"]
    assert [(p["a"], p["b"], p["is_certain"]) for p in pairs] == [("c1", "c2", True)]
    assert not [e for e in xi.entries if e.change.kind == "duplicate"]


def test_messages_are_english_for_whoever_asks(county):
    ran = county.cli("user", "disable", "nobody", CUNCAO_LANG="en")
    assert ran.code == 2
    assert "nobody" in ran.err


def test_in_a_shell_without_a_language_it_speaks_chinese_and_json_is_whole(county):
    bare = {"LANG": "C", "LC_ALL": "C", "CUNCAO_LANG": ""}
    told = county.cli_process("unit", "list", "--json", **bare)
    assert told.code == 0
    assert told.json[0]["name"] == "试验县"
    wrong = county.cli_process("user", "disable", "没有这人", **bare)
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.strip() == "没有「没有这人」这个用户。"
    typed = county.cli_process("user", "password", "dong", "--password-stdin", stdin="短\n", **bare)
    assert typed.code == 2
