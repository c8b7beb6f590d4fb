"""The server takes no more than it can hold, says so politely, and answers who knows only gzip."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import sqlite3
import subprocess
import sys

import httpx
import msgspec
import pytest
from server_process import PASSWORD

from server import pressure
from server.app import make_app
from server.home import Home
from server.requests import MAX_PACKED, refuse_all
from sync.protocol import MAX_BODY, MAX_CHANGES, MEDIA_ZSTD, PROTOCOL, compress, unpack


def message(device: str, *changes: object) -> bytes:
    return msgspec.json.encode({"protocol": PROTOCOL, "device": device, "changes": changes})


def memory_kb(process: subprocess.Popen[str]) -> int:
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


@pytest.mark.parametrize("packed", ["zstd", "gzip"])
def test_a_bomb_is_refused_before_it_goes_off(running, packed):
    """A thousandth of what it unpacks to; the server's peak hardly rises."""
    dong = running.login("dong")
    dong.sync()
    before = memory_kb(running.process) if sys.platform == "linux" else 0
    plain = b" " * (8 * MAX_BODY)
    headers = {"authorization": f"Bearer {dong.token}"}
    if packed == "zstd":
        body, headers["content-type"] = compress(plain), MEDIA_ZSTD
    else:
        body, headers["content-type"] = gzip.compress(plain), "application/json"
        headers["content-encoding"] = "gzip"
    for _ in range(3):
        answer = running.http().post("/v1/sync", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    if before:
        assert memory_kb(running.process) - before < 3 * MAX_BODY / 1024
    assert dong.ask().status_code == 200


def test_who_sends_too_much_reads_why_and_not_a_broken_line(running):
    dong = running.login("dong")
    words = {"authorization": f"Bearer {dong.token}", "content-type": "application/json"}
    line = http.client.HTTPConnection(running.url.partition("//")[2])
    line.request("POST", "/v1/sync", b" " * (MAX_PACKED + 4 * 1024 * 1024), words)
    answer = line.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (413, "too_large")
    line.close()


def test_too_many_changes_are_refused_before_they_are_read(running):
    dong = running.login("dong")
    change = [dong.id, 1, "", "", "", "", "", 0, {}]
    body = compress(message(dong.id, *[change] * (MAX_CHANGES + 1)))
    answer = dong.post("/v1/sync", body, MEDIA_ZSTD)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    body = compress(message(dong.id, *[change] * MAX_CHANGES))
    assert dong.post("/v1/sync", body, MEDIA_ZSTD).status_code == 200


def test_a_value_nested_too_deep_is_invalid_and_stops_nobody(running):
    dong = running.login("dong")
    deep: list = []
    for _ in range(400):
        deep = [deep]
    for seq, kind in ((1, "child"), (2, "kind_of_tomorrow")):
        change = [dong.id, seq, f"t{seq}", "create", kind, f"c{seq}", "dong", 1, {"name": deep}]
        answer = dong.post("/v1/sync", message(dong.id, change))
        assert dong.told(answer)["verdicts"][0][:3] == [seq, "invalid", "wrong_type"]
    assert running.done("quarantine", "list", "--json").json == []


def test_a_body_in_gzip_is_read_and_answered_so_for_who_asks(running):
    dong = running.login("dong")
    headers = {
        "authorization": f"Bearer {dong.token}", "content-type": "application/json",
        "content-encoding": "gzip", "accept": "application/json", "accept-encoding": "gzip",
    }  # fmt: skip
    body = gzip.compress(message(dong.id))
    answer = running.http().post("/v1/sync", content=body, headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "application/json"
    assert {row[0] for row in answer.json()["rows"]} >= {"unit", "user"}  # httpx unpacks it
    del headers["accept-encoding"], headers["accept"]
    packed = running.http().post("/v1/sync", content=body, headers=headers)
    told = unpack(packed.content, packed.headers["content-type"])
    assert json.loads(told)["rows"] == answer.json()["rows"]
    cut = running.http().post("/v1/sync", content=body[:-9], headers=headers)
    assert (cut.status_code, cut.json()["error"]) == (400, "malformed")
    headers["content-encoding"] = "br"
    assert running.http().post("/v1/sync", content=body, headers=headers).status_code == 415


def test_who_comes_while_too_much_is_inside_is_told_when_to_come_again(county, monkeypatch):
    """The one that waits for the writer is served; the next one is asked to wait outside."""
    monkeypatch.setattr(pressure, "MOST_BYTES", 1000)
    for name, text in county.environment.items():
        if name.startswith("CUNCAO"):
            monkeypatch.setenv(name, text)

    async def story() -> list[httpx.Response]:
        app = make_app(Home(county.home))
        line = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=line, base_url="http://county") as client,
        ):
            login = {"user": "dong", "password": PASSWORD}
            told = (await client.post("/v1/login", json=login)).json()
            headers = {"authorization": f"Bearer {told['token']}"}
            change = [told["device"], 1, "t", "create", "child", "c1", "dong", 1, {"name": "程"}]
            body = message(told["device"], change) + b" " * 900
            hold = asyncio.Event()

            async def slowly():
                yield body[:10]
                await hold.wait()
                yield body[10:]

            first = asyncio.create_task(
                client.post("/v1/sync", content=slowly(), headers=headers)
            )
            while not first.done():
                await asyncio.sleep(0.01)
                second = await client.post("/v1/sync", content=body, headers=headers)
                if second.status_code == 503:
                    hold.set()
                    break
            return [await first, second, await client.post("/v1/sync", content=body, headers=headers)]

    first, second, third = asyncio.run(story())
    assert (first.status_code, third.status_code) == (200, 200)
    assert second.json()["error"] == "busy" and int(second.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [("database or disk is full", 507, "disk_full"), ("no such table: log", None, None)],
)
def test_a_full_disk_is_told_from_a_fault_of_the_program(words, status, code):
    async def handler(_request):
        raise sqlite3.OperationalError(words)

    handle = refuse_all(handler, pressure.of_store)
    if status is None:
        with pytest.raises(sqlite3.OperationalError):
            asyncio.run(handle(None))
        return
    answer = asyncio.run(handle(None))
    assert answer.status_code == status and json.loads(answer.body)["error"] == code
    assert int(answer.headers["retry-after"]) >= 60


def test_a_store_that_another_process_holds_is_busy_for_a_moment(running, monkeypatch):
    """A command that holds the writer's lock longer than anybody waits for it."""
    dong = running.login("dong")
    from server.store import open_store

    store = open_store(Home(running.home))
    store.connection.execute("BEGIN IMMEDIATE")
    change = [dong.id, 1, "t", "create", "child", "c1", "dong", 1, {"name": "程"}]
    answer = dong.post("/v1/sync", message(dong.id, change))
    store.connection.execute("ROLLBACK")
    store.connection.close()
    assert (answer.status_code, answer.json()["error"]) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert dong.post("/v1/sync", message(dong.id, change)).status_code == 200
