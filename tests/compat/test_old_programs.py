"""The released program itself goes on working with today's: an old laptop, an old server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.release_fixture import values_of

OLD_DEVICE = Path(__file__).parent / "old_device.py"


def run_old(release: Any, folder: Path, *words: str) -> dict[str, Any]:
    """What an old device says of itself."""
    program = folder / "program"
    if not program.exists():
        release.program(folder)
    ran = subprocess.run(
        [sys.executable, str(OLD_DEVICE), *words],
        capture_output=True, encoding="utf-8", timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(program), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    assert Path(said["program"]) == program
    return said


def test_an_old_laptop_syncs_with_todays_server(release, county, tmp_path):
    county.start()
    child = next(i for i, r in release.about["records"].items() if r["kind"] == "child")
    changes = [
        ["child", {"name": "古月", "village": "720101"}, None],
        ["child", {"talents": "吹笛子"}, child],
    ]
    said = run_old(
        release, tmp_path, county.url, "lan", release.about["password"], json.dumps(changes)
    )
    assert said["sent"] == 2 and said["unsent"] == 0
    assert said["in_step"] and said["problems"] == []
    today = release.unlock(_here(release, county, tmp_path))
    today.sync()
    old = {record["kind"] for record in release.about["records"].values()}
    held = {i: r["values"] for i, r in values_of(today.replica).items() if r["kind"] in old}
    today.close()
    assert held[child]["talents"] == "吹笛子"
    said = run_old(release, tmp_path, county.url, "lan", release.about["password"], "[]")
    assert said["held"] == held


def test_an_old_laptop_works_on_beside_kinds_that_it_has_never_heard_of(
    release, county, tmp_path
):
    """The first release does not keep what it cannot read: its digest differs, and it says so; it
    goes on exchanging the rest and asks for no second fill each time."""
    county.done("settings", "set", "lease_days", "20")
    county.start()
    changes = [["child", {"name": "古月", "village": "720101"}, None]]
    password = release.about["password"]
    said = run_old(release, tmp_path, county.url, "lan", password, json.dumps(changes))
    assert said["unsent"] == 0 and said["trips"][-1] == 1
    held = {i: r for i, r in release.about["records"].items() if r["kind"] == "family"}
    assert held.keys() <= said["held"].keys()
    shi = county.login("shi", password=password)
    shi.sync()
    assert "古月" in [values.get("name") for _, values in shi.records.values()]


def _here(release: Any, county: Any, folder: Path) -> Any:
    """The old laptop's home under today's program, logged in at `county`."""
    home = release.home(folder)
    about = release.about
    home.login(county.url, "lan", about["password"], lambda _new: about["passphrase"]).close()
    return home


@pytest.fixture
def old_county(release, tmp_path):
    """The county of the release under its own program."""
    server = release.server(tmp_path)
    server.program = release.program(tmp_path / "old")
    yield server
    server.close()


def test_todays_laptop_syncs_with_an_old_server(release, old_county, tmp_path):
    """Its own work arrives, others' news come; nothing is doubted twice."""
    old_county.start()
    home = _here(release, old_county, tmp_path)
    session = release.unlock(home)
    report = session.sync()
    assert report.sent == len(release.about["unsent"]) and report.in_step
    held = values_of(session.replica)
    assert {i: held[i] for i in release.about["records"]}.keys() == release.about["records"].keys()
    session.replica.save("child", {"name": "韦白藏", "village": "720101"})
    assert session.sync().sent == 1
    last = session.sync()
    assert last.in_step and last.round_trips == 1
    session.close()
