"""What happens to a store from outside: damaged bytes, a full disk, a folder nobody may write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from county import PASSWORD, TOWNSHIP, County, Laptop


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return str(
        next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    )


@pytest.fixture
def laptop(county: County, tmp_path: Path, village: str) -> Laptop:
    made = Laptop(tmp_path / "我的 电脑", "何秀英", county).login()
    made.add("child", "name=张梓涵", f"village={village}")
    return made


def store_of(laptop: Laptop) -> Path:
    (store,) = laptop.folder.rglob("store.db")
    return store


@pytest.mark.parametrize("where", [0.02, 0.5, 0.98])
def test_one_damaged_byte_is_found_and_said_as_json(laptop: Laptop, where: float) -> None:
    store = store_of(laptop)
    whole = laptop("check", "--json").json
    assert (whole["ok"], whole["problems"], whole["healed"]) == (True, [], [])
    damaged = bytearray(store.read_bytes())
    damaged[int(len(damaged) * where)] ^= 1
    store.write_bytes(damaged)
    done = laptop("check", "--json", expect=5)
    assert done.json["ok"] is False and done.json["problems"]
    assert "hmac" not in done.err.lower() and "sqlcipher" not in done.err.lower()
    found = laptop("find", "张", "--json", expect=None)
    assert (found.code, bool(found.out)) in {(0, True), (5, False)}


def test_an_emptied_store_is_damaged_not_new(laptop: Laptop) -> None:
    store = store_of(laptop)
    store.write_bytes(b"")
    for words in (("status", "--json"), ("check",), ("sync", "--json")):
        assert laptop(*words, expect=5).out == ""
    assert store.stat().st_size == 0


@pytest.mark.parametrize("memory", [0, 2_000_000_000])
def test_a_damaged_key_file_is_damage(laptop: Laptop, memory: int) -> None:
    key = store_of(laptop).with_name("key.json")
    told = json.loads(key.read_text(encoding="utf-8"))
    key.write_text(json.dumps({**told, "memory_kib": memory}), encoding="utf-8")
    done = laptop("status", expect=5)
    assert "501" in done.err and "Traceback" not in done.err


def limited(laptop: Laptop, blocks: int, *words: str, stdin: str = "") -> tuple[int, str, str]:
    """Run with no file allowed to grow beyond `blocks` KiB."""
    shell = f'ulimit -f {blocks}; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", shell, "bash", sys.executable, "-m", "tui.cli", *words],
        input=stdin.encode(),
        capture_output=True,
        env={**os.environ, "CUNCAO_LANG": "zh", **laptop.env},
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.skipif(os.name == "nt", reason="files are limited by the shell of POSIX systems")
@pytest.mark.parametrize("blocks", [0, 16, 100])
def test_a_full_disk_is_said_and_nothing_is_lost(laptop: Laptop, village: str, blocks: int) -> None:
    before = laptop("status", "--json").json["pending"]
    written = 0
    for words in (
        ("add", "child", "name=满了", f"village={village}", "--json"),
        ("sync", "--json"),
    ):
        code, out, err = limited(laptop, blocks, *words)
        assert "Traceback" not in err
        assert (code == 0 and out) or (code == 5 and "502" in err and not out)
        written += code == 0 and words[0] == "add"
    if blocks == 0:
        assert written == 0
        assert laptop("status", "--json").json["pending"] == before
    assert laptop("check", "--json").json["ok"] is True
    laptop.sync()
    assert laptop("status", "--json").json["records"]["child"] >= 1 + written


@pytest.mark.skipif(os.name == "nt", reason="files are limited by the shell of POSIX systems")
@pytest.mark.parametrize("blocks", [0, 4, 64])
def test_a_first_login_on_a_full_disk_can_be_repeated(
    county: County, tmp_path: Path, blocks: int
) -> None:
    laptop = Laptop(tmp_path / "home", "何秀英", county)
    words = ("login", county.address, "--user", "何秀英", "--password-stdin")
    code, out, err = limited(laptop, blocks, *words, stdin=PASSWORD + "\n")
    assert code == 5 and "502" in err and not out and "Traceback" not in err
    assert "206" in laptop("status", "--json", expect=4).err
    laptop.login()
    assert laptop("check", "--json").json["ok"] is True
    assert laptop("status", "--json").json["user"] == "何秀英"


def test_a_home_that_is_a_file_is_said(county: County, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x", encoding="utf-8")
    laptop = Laptop(tmp_path / "home", "何秀英", county)
    words = ("login", county.address, "--user", "何秀英", "--password-stdin")
    done = laptop(*words, stdin=PASSWORD + "\n", expect=2)
    assert "504" in done.err and "Traceback" not in done.err
