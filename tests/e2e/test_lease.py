"""A laptop that hears nothing of its county for too long: files close, work goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from county import TOWNSHIP, County, Laptop, Run

CLOCK = """
import os, time
ahead, real = int(os.environ.get("DAYS_AHEAD", "0")) * 86_400_000_000_000, time.time_ns
time.time_ns = lambda: real() + ahead
"""


@pytest.fixture
def laptop(county: County, tmp_path: Path) -> Laptop:
    """One whose clock can be set; the county's lease is three days."""
    (tmp_path / "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
    county("settings", "set", "lease_days", "3")
    made = county.laptop("何秀英")
    made.env["PYTHONPATH"] = str(tmp_path)
    return made.login()


def on_day(laptop: Laptop, day: int, *words: str, expect: int = 0) -> Run:
    laptop.env["DAYS_AHEAD"] = str(day)
    return laptop(*words, expect=expect)


def test_files_close_after_the_lease_and_a_sync_opens_them_again(
    laptop: Laptop, county: County
) -> None:
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    child = laptop.add("child", "name=罗静", f"village={village}")
    laptop.sync()
    for day in (1, 400, -20_000):  # a jump of the clock is a day at most, whichever way
        told = on_day(laptop, day, "list", "child")
    assert "还能看 0 天" in told.err
    for words in (
        ("list", "child"), ("find", "罗"), ("show", child), ("history", child),
        ("conflicts",),
    ):  # fmt: skip
        shut = on_day(laptop, 4, *words, expect=4)
        assert shut.out == "" and "(213)" in shut.err
        assert "110" in shut.err and "12355" in shut.err and "12345" in shut.err
    visit = ("contact", f"child={child}", "on=2026-11-20", "kind=home_visit", "summary=敲门没人")
    kept = on_day(laptop, 4, "add", *visit, "--json").json["id"]
    danger = ("case", "open", child, "cause=alone", "seen=屋里只有她一人", "--json")
    told = on_day(laptop, 4, *danger)
    assert told.json["call"][0]["number"] == "110" and "罗静" not in told.out + told.err
    state = on_day(laptop, 4, "status", "--json").json
    assert state["pending"] == 2
    assert state["lease"] == {"days": 3, "used": 4, "left": 0, "ended": True}
    on_day(laptop, 4, "bundle", "write", str(laptop.folder / "out.bundle"))
    assert on_day(laptop, 4, "sync", "--json").json["sent"] == 2
    assert on_day(laptop, 4, "show", kept, "--json").json["fields"]["summary"]["value"]
    assert on_day(laptop, 4, "status", "--json").json["lease"]["used"] == 0


def test_a_bundles_answer_opens_them_too(laptop: Laptop, county: County, tmp_path: Path) -> None:
    out, back = str(tmp_path / "out.bundle"), str(tmp_path / "back.bundle")
    for day in (1, 2, 3, 4):
        on_day(laptop, day, "status")
    on_day(laptop, 4, "list", "child", expect=4)
    on_day(laptop, 4, "bundle", "write", out)
    county("bundle", "read", out, "--reply", back)
    on_day(laptop, 4, "bundle", "read", back)
    on_day(laptop, 4, "list", "child")
