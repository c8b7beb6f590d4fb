"""What a stranger's scripts do to the two commands: odd consoles, files, addresses, words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from county import PASSPHRASE, PASSWORD, TOWNSHIP, County, Laptop, run


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return str(
        next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    )


@pytest.fixture(scope="module")
def director(county: County) -> Laptop:
    return county.laptop("何秀英", "outside").login()


def ended_clearly(laptop: Laptop, *words: str, code: int, stdin: str = "") -> str:
    """Its sentence: the command ended with `code`, stdout empty, no traceback."""
    done = laptop(*words, expect=code, stdin=stdin)
    assert done.out == "" and done.err.strip() and "Traceback" not in done.err
    return done.err


def other(laptop: Laptop, **env: str) -> Laptop:
    """The same home under another environment."""
    same = Laptop(laptop.folder, laptop.user, laptop.county)
    same.env = {**laptop.env, **env}
    return same


def raw(
    laptop: Laptop, *words: str, stdin: bytes = b"", **env: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *words],
        input=stdin,
        capture_output=True,
        env={**os.environ, "CUNCAO_LANG": "zh", **laptop.env, **env},
        timeout=60,
        check=False,
    )


def test_one_of_several_users_is_named_before_or_after_the_command(county: County) -> None:
    first = county.laptop("何秀英", "shared").login()
    second = Laptop(first.folder, "周晓燕", county)
    second.env["CUNCAO_PASSPHRASE"] = "another passphrase"
    second.login()
    assert "207" in ended_clearly(first, "status", "--json", code=2)
    assert first("--user", "何秀英", "status", "--json").json["user"] == "何秀英"
    assert first("status", "--json", "--user", "何秀英").json["user"] == "何秀英"
    by_environment = other(second, CUNCAO_USER="周晓燕")
    assert by_environment("status", "--json").json["user"] == "周晓燕"
    by_environment("login", county.address, "--password-stdin", stdin=PASSWORD + "\n")
    assert "203" in ended_clearly(first, "--user", "周晓燕", "status", code=4)
    ended_clearly(first, "login", county.address, "--password-stdin", code=2)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_passphrase_file_is_one_line_however_it_ends(
    director: Laptop, tmp_path: Path, end: str
) -> None:
    file = tmp_path / "passphrase.txt"
    file.write_bytes((b"\xef\xbb\xbf" if end == "\r\n" else b"") + (PASSPHRASE + end).encode())
    other(director, CUNCAO_PASSPHRASE="", CUNCAO_PASSPHRASE_FILE=str(file))("status")


def test_a_passphrase_file_that_is_not_there_is_said(director: Laptop, tmp_path: Path) -> None:
    lost = other(director, CUNCAO_PASSPHRASE="", CUNCAO_PASSPHRASE_FILE=str(tmp_path / "lost"))
    assert "211" in ended_clearly(lost, "status", code=2)


def test_a_chinese_console_may_pipe_its_own_encoding(
    county: County, director: Laptop, village: str
) -> None:
    words = ("login", county.address, "--user", "何秀英", "--password-stdin")
    assert raw(director, *words, stdin=PASSWORD.encode("gbk") + b"\r\n").returncode == 0
    child = director.add("child", "name=管道", f"village={village}")
    assert (
        raw(director, "set", child, "note=@-", stdin="奶奶说都好。".encode("gbk")).returncode == 0
    )
    assert director.show(child)["note"] == "奶奶说都好。"
    unreadable = raw(director, "set", child, "note=@-", stdin=b"\xff\xff")
    assert unreadable.returncode == 2 and b"Traceback" not in unreadable.stderr


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "utf-8"])
def test_json_is_read_by_anyone_whatever_the_console(
    county: County, director: Laptop, village: str, encoding: str
) -> None:
    child = director.add("child", "name=赵㐂", f"village={village}")
    done = raw(director, "show", child, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout.decode("utf-8"))["fields"]["name"]["value"] == "赵㐂"
    assert json.loads(done.stdout.decode(encoding))["fields"]["name"]["value"] == "赵㐂"
    assert raw(director, "list", "child", PYTHONIOENCODING=encoding).returncode == 0


@pytest.mark.parametrize(
    "address",
    ["localhost:1", "ftp://127.0.0.1", "http://[::1", "http://127.0.0.1:999999", "http://"],
)
def test_an_address_that_is_none_is_said(county: County, tmp_path: Path, address: str) -> None:
    laptop = Laptop(tmp_path / "home", "何秀英", county)
    words = ("login", address, "--user", "何秀英", "--password-stdin")
    assert "102" in ended_clearly(laptop, *words, code=2, stdin="12345678\n")
    assert not laptop.folder.exists()


def test_a_lost_certificate_file_stops_the_line_and_nothing_else(
    director: Laptop, tmp_path: Path
) -> None:
    lost = other(director, CUNCAO_CA=str(tmp_path / "lost.pem"))
    lost("status")
    assert "107" in ended_clearly(lost, "sync", code=2)


def test_a_certificate_nobody_vouches_for_is_named(county: County, tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    pem = str(tmp_path / "server.pem")
    server = subprocess.Popen(
        [sys.executable, "-m", "server", "run", "--port", "0", "--tls-cert", pem, "--tls-key", pem],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **county.env},
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().decode().split()[-1]
        assert address.startswith("https://")
        laptop = Laptop(tmp_path / "home", "何秀英", county)
        words = ("login", address, "--user", "何秀英", "--password-stdin")
        assert "108" in ended_clearly(laptop, *words, code=3, stdin=PASSWORD + "\n")
        trusting = other(laptop, CUNCAO_CA=str(tmp_path / "ca.pem"))
        trusting(*words, stdin=PASSWORD + "\n")
        assert trusting.sync()["in_step"] is True
    finally:
        server.kill()
        server.wait(10)
        assert server.stdout is not None
        server.stdout.close()


def test_a_list_by_one_of_a_set_finds_those_who_have_it(director: Laptop, village: str) -> None:
    both = director.add("child", "name=两样", f"village={village}", "categories=study,poverty")
    one = director.add("child", "name=一样", f"village={village}", "categories=study")

    def listed(value: str) -> set[str]:
        return {r["id"] for r in director("list", "child", f"categories={value}", "--json").json}

    assert listed("study") >= {both, one}
    assert both in listed("poverty") and one not in listed("poverty")
    assert listed("poverty,study") & {both, one} == {both}
    assert both not in listed("")


def test_children_are_found_by_their_village_long_or_short(
    county: County, director: Laptop, village: str
) -> None:
    child = director.add("child", "name=村里的", f"village={village}")
    name = next(u["name"] for u in county("unit", "list", "--json").json if u["code"] == village)
    assert name.endswith("委员会")
    for words in (name, name[:3], f"村里 {name}"):
        found = director("find", words, "--json", "--limit", "1000").json
        assert child in {f["id"] for f in found}, words
    director("find", name, "--limit", "-1", expect=2)


def test_words_that_are_no_text_are_refused(director: Laptop) -> None:
    if os.name == "nt":
        pytest.skip("words are always text there")
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"tui.cli", b"find", b"\xff\xfe", b"--json"],
        capture_output=True,
        env={**os.environ, **director.env},
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 2 or json.loads(done.stdout) == []


def test_a_server_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x", encoding="utf-8")
    env = {"CUNCAO_SERVER_HOME": str(tmp_path / "home")}
    divisions = tmp_path / "units.csv"
    divisions.write_text("code,name,level,parent_code\n510811,昭化区,county,\n", encoding="utf-8")
    words = ("init", "--divisions", str(divisions), "--admin", "管理", "--password-stdin")
    done = run("server", *words, env=env, stdin=PASSWORD, expect=2)
    assert "Traceback" not in done.err and done.err.strip()


@pytest.mark.parametrize(
    ("password", "code"),
    [("七个字七个字七", 2), ("八个字八个字八个", 0), ("x" * 128, 0), ("x" * 129, 2)],
)
def test_a_password_has_8_to_128_characters(county: County, password: str, code: int) -> None:
    name = f"user{len(password)}"
    words = ("user", "add", name, "--role", "teacher", "--unit", TOWNSHIP, "--password-stdin")
    county(*words, stdin=password + "\r\nnot this line", expect=code)
    if code == 0:
        laptop = Laptop(county.folder / name, name, county)
        laptop("login", county.address, "--user", name, "--password-stdin", stdin=password)
