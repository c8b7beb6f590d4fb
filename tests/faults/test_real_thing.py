"""The promises with real processes, short: `python tasks.py faults` runs the same at length."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.faults import full_disk, kills, poor_line, restored
from tests.faults.relay import Weather
from tests.faults.scene import Scene

SEED = 7
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX signal")


def silent(_line: str) -> None:
    pass


def test_a_kill_inside_any_phase_loses_and_doubles_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene")
    try:
        story = kills.run_kills(scene, len(kills.ARMS), SEED, silent)
    finally:
        scene.close()
    assert story.done == dict.fromkeys(kills.ARMS, 1)


def test_a_line_that_keeps_breaking_still_brings_everything_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene")
    weather = Weather(100_000, 0.02, 300, 6_000, random.Random(SEED))
    try:
        good, poor = poor_line.carry_over(scene, 60, 240, weather, 60, silent)
    finally:
        scene.close()
    assert good.tries == 1 < poor.tries


@pytest.mark.parametrize("is_mounted", [True, False])
def test_a_full_disk_loses_nothing_and_stops_nobody_for_good(
    tmp_path: Path, is_mounted: bool
) -> None:
    if is_mounted and not full_disk.may_mount(tmp_path):
        pytest.skip("no mounts are allowed here: max_page_count alone")
    full_disk.fill_disks(tmp_path / "disks", is_mounted=is_mounted, say=silent)


@pytest.mark.parametrize("is_announced", [True, False])
def test_what_came_after_last_nights_backup_is_there_again(
    tmp_path: Path, is_announced: bool
) -> None:
    scene = Scene(tmp_path / "scene")
    try:
        restored.restore_last_night(scene, is_announced=is_announced, seed=SEED, say=silent)
    finally:
        scene.close()
