"""Every program says which it is; who is too old, or meets a county that is, is told what to do."""

from __future__ import annotations

import re

import msgspec
import pytest

from server.store.sqlite import SCHEMA
from sync import errors, language, protocol, tables
from sync.transport import HttpTransport, Rejected
from tests.e2e.county import run

VERSION = re.compile(r"(cuncao\S*) (\d+\.\d+\.\d+) \(protocol (\d+), schema (\w+)\)\n")


def test_the_biography_has_no_gap():
    assert sorted(protocol.BIOGRAPHY) == list(range(1, protocol.PROTOCOL + 1))
    assert protocol.OLDEST in (protocol.PROTOCOL - 1, 1)


def test_both_commands_say_their_version(tmp_path):
    words = run("tui.cli", "--version", env={"CUNCAO_HOME": str(tmp_path)}).out
    found = VERSION.fullmatch(words)
    assert found and found[1] == "cuncao"
    assert (found[3], found[4]) == (str(protocol.PROTOCOL), tables.schema())
    words = run("server", "--version", env={"CUNCAO_SERVER_HOME": str(tmp_path)}).out
    found = VERSION.fullmatch(words)
    assert found and found[1] == "cuncao-server"
    assert (found[3], found[4]) == (str(protocol.PROTOCOL), str(SCHEMA))
    assert list(tmp_path.iterdir()) == []


def test_status_tells_version_protocol_schema_and_what_is_unread(release, tmp_path):
    release.home(tmp_path)
    env = {
        "CUNCAO_HOME": str(tmp_path / "laptop"),
        "CUNCAO_PASSPHRASE": release.about["passphrase"],
    }
    told = run("tui.cli", "status", "--json", env=env).json
    assert told["protocol"] == protocol.PROTOCOL and told["schema"] == tables.schema()
    assert told["version"] and told["unread"] == 0


@pytest.mark.parametrize(("version", "code"), [(99, "protocol_server"), (0, "protocol")])
def test_another_protocol_is_refused_with_what_to_do(county, monkeypatch, version, code):
    county.start()
    device = county.login("lan", password="a password of the fixture")
    monkeypatch.setattr("sync.transport.PROTOCOL", version)
    line = HttpTransport(county.url)
    body = msgspec.json.encode({"protocol": version, "unheard": {"of": 1}})
    with pytest.raises(Rejected) as caught:
        line.post("/v1/sync", body, protocol.MEDIA_PLAIN, device.token)
    line.close()
    assert caught.value.code == code
    assert caught.value.body["speaks"] == [protocol.OLDEST, protocol.PROTOCOL]
    assert "safe" in caught.value.detail
    language.use("zh")
    assert "记录都在" in errors.sentence(code)
    language.use(None)
