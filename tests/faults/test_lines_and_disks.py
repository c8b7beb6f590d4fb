"""A line that keeps breaking, disks that are full: short; `python tasks.py faults` is long."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.relay import Weather
from tests.faults import full_disk, poor_line
from tests.faults.scene import Scene

SEED = 7


def silent(_line: str) -> None:
    pass


def test_a_line_that_keeps_breaking_still_brings_everything_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene", is_quick=True)
    weather = Weather(100_000, 0.02, 1_000, 8_000, random.Random(SEED))
    try:
        good, poor = poor_line.carry_over(scene, 60, 240, weather, 60, silent, patience_s=0.5)
    finally:
        scene.close()
    assert good.tries == 1 < poor.tries


@pytest.mark.parametrize("is_mounted", [True, False])
def test_a_full_disk_loses_nothing_and_stops_nobody_for_good(
    tmp_path: Path, is_mounted: bool
) -> None:
    if is_mounted and not full_disk.may_mount(tmp_path):
        pytest.skip("no mounts are allowed here: max_page_count alone")
    full_disk.fill_disks(tmp_path / "disks", is_mounted=is_mounted, say=silent, is_quick=True)
