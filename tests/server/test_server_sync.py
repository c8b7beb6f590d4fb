"""Devices against a real server process: what one saves the others get, and nothing is lost."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
import time
import zlib

import httpx
import msgspec
import pytest
from server_process import PASSWORD, CountyServer, RawDevice, wait_for

from sync.paperbytes import digest_of
from sync.protocol import MAX_BODY, MEDIA_ZSTD, PROTOCOL, compress, pack
from sync.scans import GetRequest, PutRequest


def child(device, id, village="510101", name="", **more):
    """Nobody's double: of a test's children only the first is called 陈小溪."""
    mixed = zlib.crc32(id.encode())
    other = f"陈{chr(0x4E00 + mixed % 20_000)}{chr(0x4E00 + mixed // 20_000 % 20_000)}"
    name = name or ("陈小溪" if id.startswith("c1") else other)
    return device.create("child", id, name=name, village=village, **more)


def test_the_first_line_says_where_it_listens(county):
    line = county.start()
    assert line == f"listening on {county.url}\n"
    assert county.url.startswith("http://127.0.0.1:")
    assert httpx.get(county.url + "/healthz", trust_env=False).json() == {"status": "ok"}


def test_a_stopped_server_stops(running):
    client = running.http()
    client.get("/healthz")
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 5
    assert not (running.home / "hub.db-wal").exists()  # every connection was closed


def test_a_login_tells_the_device_all_it_needs(running):
    told = running.login("dong").greeting
    assert told["user"] == told["name"] == "dong"
    assert told["grants"] == [["director", "5101", ""]]
    assert told["county"]["name"] == "试验县"
    assert told["county"]["code"] == "51"
    assert told["protocol"] == PROTOCOL
    assert abs(told["now"] / 1000 - time.time()) < 60
    assert len(told["device"]) == 8


@pytest.mark.parametrize(("user", "password"), [("dong", "wrong password"), ("nobody", PASSWORD)])
def test_a_wrong_login_is_refused_alike(running, user, password):
    answer = running.http().post("/v1/login", json={"user": user, "password": password})
    assert (answer.status_code, answer.json()["error"]) == (401, "login")


def test_what_one_device_saves_another_gets_and_a_third_does_not(running):
    dong, boss, xi = (running.login(u) for u in ("dong", "boss", "xi"))
    for device in (dong, boss, xi):
        device.sync()
    assert boss.records["510101"] == (
        "unit",
        {"code": "510101", "name": "东村", "level": "village", "parent": "5101"},
    )
    assert dong.sync(child(dong, "c1")) == []
    boss.sync()
    xi.sync()
    assert [e.change.id for e in boss.entries] == ["c1"]
    assert xi.entries == []
    late = running.login("boss")
    late.sync()
    assert late.records["c1"][1]["name"] == "陈小溪"


def test_a_page_of_one_brings_the_same_as_a_page_of_all(running):
    dong = running.login("dong")
    dong.sync(*(child(dong, f"c{n}") for n in range(30)))
    small, large = running.login("boss"), running.login("boss")
    small.sync(limit=1)
    large.sync()
    assert small.records == large.records


def test_who_writes_in_a_file_may_come_before_who_made_it(running):
    """After a restore the county hears again of what was lost, in whatever order laptops come."""
    dong, boss = running.login("dong"), running.login("boss")
    made = child(dong, "c1")
    visit = dong.create("contact", "v1", child="c1", on="2026-09-01", kind="talk", place="家里")
    edit = boss.put("contact", "v1", {"place": visit.version}, place="学校")
    other = boss.create("contact", "v2", child="c1", on="2026-09-02", kind="talk")
    codes = {"unknown_record"}
    assert {v[2] for v in boss.sync(edit, other)} == codes
    assert {v[2] for v in dong.sync(visit)} == codes
    assert dong.sync(made) == []  # and with it what waited, whoever wrote it
    assert running.done("quarantine", "list", "--json").json == []
    for device in (dong, boss):
        device.sync()
        own = [e.change.version for e in device.entries]
        assert sorted(own) == sorted([made.version, visit.version, edit.version, other.version])
    assert running.done("check").code == 0


def test_what_waits_for_a_record_that_never_comes_stays_in_quarantine(running):
    dong, boss = running.login("dong"), running.login("boss")
    boss.sync(boss.create("contact", "v1", child="c2", on="2026-09-02", kind="talk"))
    boss.sync(boss.create("contact", "v2", child="v1", on="2026-09-02", kind="talk"))
    assert dong.sync(child(dong, "c1"), child(dong, "v3")) == []
    kept = running.done("quarantine", "list", "--json").json
    assert {(k["record"], k["reason"]) for k in kept} == {
        ("v1", "unknown_record"),
        ("v2", "unknown_record"),
    }


def test_the_same_push_twice_is_one(running):
    dong, boss = running.login("dong"), running.login("boss")
    change = child(dong, "c1")
    dong.sync(change)
    assert [v[:2] for v in dong.sync(change)] == [[1, "duplicate"]]
    boss.sync()
    assert boss.records["c1"][1]["name"] == "陈小溪"
    assert running.done("check").code == 0


def test_a_change_twice_in_one_request_is_one(running):
    dong = running.login("dong")
    change = child(dong, "c1")
    assert dong.sync(change, change) == []
    dong.seq -= 1
    other = child(dong, "c1", name="别人")
    assert [v[1] for v in dong.sync(other)] == ["cloned"]
    first = child(dong, "c2")
    dong.seq -= 1
    second = child(dong, "c3")
    assert [v[:2] for v in dong.sync(first, second)] == [[2, "cloned"]]


@pytest.mark.parametrize("id", ["", "510101", "../x", "C 1", "x" * 41])
def test_a_record_cannot_take_the_id_of_a_unit_or_of_the_public_root(running, id):
    dong = running.login("dong")
    assert [v[1] for v in dong.sync(child(dong, id))] == ["invalid"]


def test_nothing_is_lost_when_the_server_is_killed_between_two_syncs(county):
    county.start()
    dong, boss = county.login("dong"), county.login("boss")
    dong.sync(child(dong, "c1"))
    boss.sync()
    county.kill()
    county.start()
    dong.sync(child(dong, "c2"))
    boss.sync()
    assert "c1" in boss.records
    assert [e.change.id for e in boss.entries] == ["c2"]
    assert county.done("check", "--json").json["ok"]


def test_every_acknowledged_push_survives_kills_in_the_middle(county):
    county.start()
    device = county.login("dong")
    acknowledged: list[str] = []
    sent: list[str] = []

    def push() -> None:
        for n in range(400):
            change = child(device, f"k{n}")
            sent.append(change.id)
            try:
                if device.ask(change).status_code != 200:
                    return
            except httpx.HTTPError:
                return
            acknowledged.append(change.id)

    thread = threading.Thread(target=push)
    thread.start()
    assert wait_for(lambda: len(acknowledged) > 20)
    county.process.kill()
    thread.join()
    county.kill()
    county.start()
    boss = county.login("boss")
    boss.sync()
    kept = {id for id, (kind, _) in boss.records.items() if kind == "child"}
    assert set(acknowledged) <= kept <= set(sent)
    assert county.done("check", "--json").json["ok"]


def test_a_laptop_of_a_copied_disk_gets_an_id_and_a_token_of_its_own(running):
    dong = running.login("dong")
    dong.sync(child(dong, "c1"))
    dong.seq -= 1
    after = [child(dong, "c2"), child(dong, "c3")]
    assert [v[:2] for v in dong.sync(*after)] == [[1, "cloned"], [2, "cloned"]]
    answer = dong.post("/v1/device", '{"name": "村小的电脑"}'.encode()).json()
    assert answer["device"] != dong.id
    assert dong.ask().status_code == 200  # the other laptop goes on with its own
    listed = {d["id"]: d for d in running.done("device", "list", "--json").json}
    assert listed[answer["device"]]["cloned_from"] == dong.id
    assert listed[answer["device"]]["name"] == "村小的电脑"
    assert "村小的电脑" in running.done("device", "list").out


def test_what_a_laptop_wrote_before_it_got_an_id_of_its_own_bears_its_name(running):
    dong, xi = running.login("dong"), running.login("xi")
    answer = dong.post("/v1/device", '{"name": "村小的电脑"}'.encode()).json()
    twin = RawDevice(running, "dong", answer["device"], answer["token"], {})
    earlier = [
        msgspec.structs.replace(child(dong, "c1"), device="before01"),
        msgspec.structs.replace(child(dong, "c2"), device=xi.id),
    ]
    twin.sync(*earlier, child(twin, "c3"))
    fresh = running.login("dong")
    fresh.sync()
    told = [(id_, values) for id_, (kind, values) in fresh.records.items() if kind == "device"]
    names = {id_: values["name"] for id_, values in told}
    assert names == {f"device:{twin.id}": "村小的电脑", "device:before01": "村小的电脑"}


def test_a_revoked_device_gets_no_new_id(running):
    dong = running.login("dong")
    running.done("device", "revoke", dong.id)
    assert dong.post("/v1/device", b"{}").json()["error"] == "revoked"
    assert len(running.done("device", "list", "--json").json) == 1


def test_nobody_speaks_for_another_users_device(running):
    dong, xi = running.login("dong"), running.login("xi")
    xi.sync(child(xi, "c1", village="510102"))
    foreign = msgspec.structs.replace(child(dong, "c2"), device=xi.id)
    assert [v[1:3] for v in dong.sync(foreign)] == [["invalid", "foreign_device"]]


def test_two_revoked_laptops_of_one_disk_both_hand_in(running):
    dong = running.login("dong")
    dong.sync(child(dong, "c1"))
    running.done("device", "revoke", dong.id)
    one = child(dong, "c2")
    dong.seq -= 1
    other = child(dong, "c3")
    for _ in range(2):
        assert [dong.ask(c).json()["taken"] for c in (one, other)] == [[2], [2]]
    kept = running.done("quarantine", "list", "--json").json
    assert sorted(k["record"] for k in kept) == ["c2", "c3"]


def test_a_revoked_device_may_only_hand_in(running):
    dong, boss = running.login("dong"), running.login("boss")
    dong.sync(child(dong, "c1"))
    running.done("device", "revoke", dong.id)
    boss.sync(boss.create("child", "c9", name="新来的", village="510101"))
    unsent = [child(dong, "c2"), child(dong, "c3", village="no such village")]
    for _ in range(2):
        answer = dong.ask(*unsent)
        assert answer.status_code == 403
        assert answer.json()["error"] == "revoked"
        assert answer.json()["taken"] == [2, 3]
        assert "新来的" not in answer.text
    kept = running.done("quarantine", "list", "--json").json
    assert [(k["record"], k["author"], k["reason"]) for k in kept] == [
        ("c2", "dong", "device_revoked"),
        ("c3", "dong", "device_revoked"),
    ]
    boss.sync()
    assert "c2" not in boss.records
    assert dong.ask().status_code == 403
    again = running.http().post(
        "/v1/login", json={"user": "dong", "password": PASSWORD, "device": dong.id}
    )
    assert (again.status_code, again.json()["error"]) == (403, "revoked")


def test_a_disabled_user_is_asked_to_log_in_and_cannot(running):
    dong = running.login("dong")
    running.done("user", "disable", "dong")
    assert dong.ask().status_code == 401
    answer = running.http().post("/v1/login", json={"user": "dong", "password": PASSWORD})
    assert answer.status_code == 401


def test_a_new_password_ends_old_tokens_and_the_device_keeps_its_id(running):
    dong = running.login("dong")
    dong.sync()
    running.done("user", "password", "dong", "--password-stdin", stdin="another password\n")
    assert dong.ask().json()["error"] == "login"
    again = running.login("dong", dong.id, "another password")
    assert again.id == dong.id
    assert again.ask().status_code == 200


def test_a_device_of_somebody_else_cannot_be_taken_over(running):
    dong = running.login("dong")
    dong.sync(child(dong, "c1"))
    assert running.login("xi", dong.id).id != dong.id
    assert running.login("xi", "../../..").id != "../../.."
    assert running.login("xi", "abcdefgh").id == "abcdefgh"  # known before a restore, perhaps


def test_logging_out_ends_the_token(running):
    dong = running.login("dong")
    assert dong.post("/v1/logout", b"").status_code == 200
    assert dong.ask().status_code == 401


def test_an_inspector_holds_units_and_nothing_else(running):
    dong, inspector = running.login("dong"), running.login("du")
    dong.sync(child(dong, "c1"))
    inspector.sync()
    dong.sync(child(dong, "c2"))
    inspector.sync()
    assert {kind for kind, _ in inspector.records.values()} == {"unit", "user"}
    assert {e.change.kind for e in inspector.entries} <= {"unit", "user"}
    history = inspector.client.get(
        "/v1/history?record=c1", headers={"authorization": f"Bearer {inspector.token}"}
    )
    assert (history.status_code, history.json()["error"]) == (403, "inspector")
    verdicts = inspector.sync(child(inspector, "c7"))
    assert [v[:2] for v in verdicts] == [[1, "quarantined"]]


def test_grants_take_effect_at_the_next_sync(running):
    dong, xi = running.login("dong"), running.login("xi")
    dong.sync(child(dong, "c1"))
    xi.sync()
    assert "c1" not in xi.records
    running.done("user", "grant", "xi", "--role", "director", "--unit", "5101")
    xi.sync()
    assert xi.records["c1"][0] == "child"
    running.done("user", "ungrant", "xi", "--role", "director", "--unit", "5101")
    xi.sync()
    assert xi.dropped == ["c1"]
    running.done("user", "grant", "xi", "--role", "counsellor", "--child", "c1")
    xi.records.clear()
    xi.sync()
    assert "c1" in xi.records


def test_history_is_given_to_whoever_may_read_the_record(running):
    dong, xi = running.login("dong"), running.login("xi")
    made = child(dong, "c1")
    dong.sync(made, dong.put("child", "c1", {"name": made.version}, name="陈小河"))
    xi.sync()

    def history(device, record):
        return device.client.get(
            f"/v1/history?record={record}", headers={"authorization": f"Bearer {device.token}"}
        )

    names = [entry[1][8]["name"] for entry in history(dong, "c1").json()["entries"]]
    assert names == ["陈小溪", "陈小河"]
    for foreign in (history(xi, "c1"), history(xi, "nothing")):
        assert (foreign.status_code, foreign.json()["error"]) == (404, "not_found")
    assert history(xi, "5101").status_code == 200


def test_a_papers_bytes_are_given_to_whoever_may_read_it_and_to_nobody_who_names_them(running):
    content = b"signed by both" * 1000
    named = {"sort": "agreement", "size": len(content), "digest": digest_of(content)}
    dong, xi = running.login("dong"), running.login("xi")
    dong.sync(child(dong, "c1"), dong.create("paper", "p1", child="c1", **named))
    xi.sync(child(xi, "c2", village="510201"), xi.create("paper", "p2", child="c2", **named))

    def put(device, paper, piece=b""):
        body = msgspec.json.encode(PutRequest(paper, 0, piece))
        return device.post("/v1/scan/put", body).json()

    def get(device, paper):
        answer = device.post("/v1/scan/get", msgspec.json.encode(GetRequest(paper)))
        return answer.json().get("error", answer.status_code)

    assert put(xi, "p1", content)["error"] == "not_found"
    assert put(dong, "p1", content)["have"] == len(content)
    assert put(xi, "p2")["have"] == 0  # does not even learn that the county has such bytes
    assert (get(xi, "p1"), get(xi, "p2")) == ("not_found", "scan_not_here")
    boss = running.login("boss")
    boss.sync()
    assert (get(dong, "p1"), get(boss, "p1"), get(boss, "p2")) == (200, 200, "scan_not_here")
    boss.sync(boss.put("child", "c1", {"village": f"{dong.id}.1"}, village="510201"))
    assert (get(dong, "p1"), get(xi, "p1")) == ("not_found", 200)
    running.done("device", "revoke", xi.id)
    assert get(xi, "p1") == "revoked"


def test_a_long_history_comes_as_plain_json_to_who_asks_so(running):
    dong = running.login("dong")
    texts = [f"第 {n} 次。" * 40 for n in range(30)]
    made = child(dong, "c1")
    dong.sync(made, *(dong.put("child", "c1", {"note": made.version}, note=t) for t in texts))
    asked = {"authorization": f"Bearer {dong.token}", "accept": "application/json"}
    answer = dong.client.get("/v1/history?record=c1", headers=asked)
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json()["entries"]) == 31


def test_ten_wrong_passwords_and_one_has_to_wait(running):
    client = running.http()
    wrong = {"user": "dong", "password": "wrong password"}
    answers = [client.post("/v1/login", json=wrong) for _ in range(11)]
    assert [a.status_code for a in answers] == [401] * 10 + [429]
    assert answers[-1].json()["error"] == "throttled"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    right = {"user": "dong", "password": PASSWORD}
    assert client.post("/v1/login", json=right).status_code == 429
    assert client.post("/v1/login", json=right | {"user": "xi"}).status_code == 200


def test_right_passwords_use_up_no_tries(running):
    client = running.http()
    right = {"user": "dong", "password": PASSWORD}
    assert {client.post("/v1/login", json=right).status_code for _ in range(15)} == {200}


def test_bodies_are_bounded(running):
    dong = running.login("dong")
    bomb = compress(b" " * (MAX_BODY + 1))
    assert len(bomb) < 10_000
    answer = dong.post("/v1/sync", bomb, MEDIA_ZSTD)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert dong.post("/v1/sync", b" " * (17 * 1024 * 1024)).status_code == 413
    assert dong.post("/v1/login", b" " * 70_000).status_code == 413
    assert dong.ask().status_code == 200


def test_a_body_of_unannounced_length_is_bounded_too(running):
    def endless():
        while True:
            yield b" " * 65536

    with pytest.raises((httpx.HTTPError, AssertionError)):  # refused, or the line is cut
        answer = running.http().post(
            "/v1/login", content=endless(), headers={"content-type": "application/json"}
        )
        assert answer.status_code != 413
    assert running.http().get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"[]", "application/json", 400, "malformed"),
        (b"\xff" * 20, MEDIA_ZSTD, 400, "malformed"),
        (compress(b"{}")[:-3], MEDIA_ZSTD, 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b'{"protocol":2,"changes":{}}', "application/json", 426, "protocol"),
        (b'{"protocol":2,"device":"otherdev"}', "application/json", 426, "protocol"),
        (b'{"protocol":1,"device":"otherdev"}', "application/json", 403, "foreign_device"),
        (b"{}", "text/plain", 415, "media_type"),
    ],
)
def test_a_message_that_is_none_is_refused_with_a_code(running, body, media, status, code):
    answer = running.login("dong").post("/v1/sync", body, media)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["message"].isascii()


@pytest.mark.parametrize("seq", [0, -1, 1 << 53, 1 << 63])
def test_a_change_number_out_of_bounds_is_refused(running, seq):
    dong = running.login("dong")
    message, media = pack({"protocol": PROTOCOL, "device": dong.id})
    change = [dong.id, seq, "t", "create", "child", "c1", "dong", 1, {}]
    text = message.decode()[:-1] + f',"changes":[{pack(change)[0].decode()}]' + "}"
    answer = dong.post("/v1/sync", text.encode(), media)
    assert answer.status_code == 400


def test_without_a_token_there_is_nothing(running):
    client = running.http()
    assert client.post("/v1/sync", json={"protocol": 1, "device": "x"}).status_code == 401
    assert client.get("/v1/history?record=51").status_code == 401
    assert client.get("/v1/nothing").json()["error"] == "not_found"
    assert client.get("/v1/sync").json()["error"] == "method"


def test_answers_carry_no_more_headers_than_needed(running):
    answer = running.login("dong").ask()
    assert set(answer.headers) <= {"content-length", "content-type"}


def test_the_log_names_nobody(county, tmp_path):
    county.start(log=tmp_path / "log")
    dong = county.login("dong")
    dong.sync(child(dong, "c1secret", phone="13800001111"))
    dong.client.get(
        "/v1/history?record=c1secret", headers={"authorization": f"Bearer {dong.token}"}
    )
    dong.client.get("/c1secret")
    dong.post("/v1/sync", b"{ c1secret")
    county.stop()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert log.count('"status": 200') == 3
    assert log.count('"path": "-"') == 1
    for word in ("dong", "c1secret", "陈小溪", "13800001111", PASSWORD, dong.token):
        assert word not in log


def test_nothing_readable_lies_in_the_servers_folder(county):
    county.start()
    dong = county.login("dong")
    dong.sync(child(dong, "c1", phone="13800001111"))
    for file in county.home.iterdir():
        raw = file.read_bytes()
        for word in ("陈小溪", "13800001111", "dong", PASSWORD):
            assert word.encode() not in raw, file.name


def test_the_last_contact_of_a_device_is_known(running):
    dong = running.login("dong")
    dong.sync()
    dong.sync(child(dong, "c1"))
    dong.sync()

    def noted():
        mine = [d for d in running.done("device", "list", "--json").json if d["id"] == dong.id]
        return mine[0]["last_sync"] and mine[0]["acked"] == 11

    assert wait_for(noted)


def test_a_forgotten_passphrase_is_recovered_once_and_only_when_allowed(running):
    import base64

    from sync.sealing import seal

    dong = running.login("dong")
    county_key = base64.b64decode(dong.greeting["county"]["public_key"])
    sealed = base64.b64encode(seal(county_key, b"k" * 32)).decode()
    asked = {"user": "dong", "password": PASSWORD, "device": dong.id, "sealed": sealed}
    client = running.http()
    assert client.post("/v1/recover", json=asked).json()["error"] == "no_recovery"
    running.done("device", "allow-recovery", dong.id)
    damaged = asked | {"sealed": base64.b64encode(b"x" * 92).decode()}
    assert client.post("/v1/recover", json=damaged).status_code == 400
    foreign = asked | {"user": "xi"}
    assert client.post("/v1/recover", json=foreign).json()["error"] == "no_recovery"
    given = client.post("/v1/recover", json=asked).json()
    assert base64.b64decode(given["key"]) == b"k" * 32
    assert client.post("/v1/recover", json=asked).status_code == 403


def test_over_tls_it_says_https_and_a_stranger_is_not_trusted(county, tmp_path):
    import trustme

    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "both.pem")
    )
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    county.start("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    assert county.url.startswith("https://127.0.0.1:")
    with pytest.raises(httpx.ConnectError):
        county.http().get("/healthz")
    county.verify = ssl.create_default_context()
    authority.configure_trust(county.verify)
    assert county.login("dong").ask().status_code == 200


def test_a_taken_port_is_one_clear_sentence(running):
    port = running.url.rpartition(":")[2]
    ran = running.cli("run", "--port", port)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert port in ran.err


def test_an_empty_sync_does_not_wait_for_a_great_push(running):
    dong, boss = running.login("dong"), running.login("boss")
    boss.sync()
    changes = [child(dong, f"c{n}") for n in range(4000)]
    thread = threading.Thread(target=lambda: dong.ask(*changes))
    thread.start()
    answered = 0
    while thread.is_alive():
        boss.ask()
        answered += 1
    thread.join()
    assert answered > 3  # one after the other, they would have been one


def test_twenty_devices_at_once_leave_a_whole_log(running):
    devices = [running.login("dong") for _ in range(20)]
    threads = [
        threading.Thread(
            target=lambda d=d, n=n: d.sync(*(child(d, f"d{n}c{i}") for i in range(10)))
        )
        for n, d in enumerate(devices)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = running.done("check", "--json").json
    assert found["ok"]
    assert found["records"] == 10 + 200


def test_the_server_starts_without_the_client_and_its_rules():
    code = "import server.cli, server.app, server.running, sys; print([m for m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8"
    )
    modules = ran.stdout
    assert "'textual'" not in modules
    assert "'casework" not in modules
    assert "'tui" not in modules


def test_two_server_processes_can_share_a_county(county):
    county.start()
    second = CountyServer(county.home)
    second.start()
    try:
        dong, boss = county.login("dong"), second.login("boss")
        dong.sync(child(dong, "c1"))
        boss.sync(boss.create("child", "c2", name="李", village="510101"))
        dong.sync()
        assert "c1" in boss.records
        assert {e.change.id for e in dong.entries} == {"c2"} or "c2" in dong.records
    finally:
        second.close()


def test_an_empty_sync_waits_for_no_delayed_acknowledgement(running):
    dong = running.login("dong")
    dong.sync()
    took = []
    for _ in range(15):
        began = time.monotonic()
        dong.ask()
        took.append(time.monotonic() - began)
    assert (
        sorted(took)[3] < 0.03
    )  # Nagle's algorithm against delayed acknowledgement costs 0.04 always


def test_a_failure_inside_is_answered_and_logged_without_its_words(county, tmp_path):
    from server.home import Home
    from server.store import open_store

    county.start(log=tmp_path / "log")
    dong = county.login("dong")
    store = open_store(Home(county.home), environment={})
    store.connection.execute("DROP TABLE bucket")
    store.connection.close()
    answer = dong.ask(child(dong, "c1secret"))
    assert (answer.status_code, answer.json()["error"]) == (500, "internal")
    assert county.http().get("/healthz").status_code == 200
    county.stop()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert '"failed": "OperationalError"' in log
    assert "陈小溪" not in log
    assert "Traceback" not in log


def test_the_schema_of_every_kind_is_there_for_programs(running):
    told = running.http().get("/v1/schema").json()
    assert {"child", "contact", "unit"} <= set(told)
    assert "name" in told["child"]["properties"]
