"""A process killed inside each phase on either side: short; `python tasks.py faults` is long."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults import kills
from tests.faults.scene import Scene

SEED = 7


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX signal")
def test_a_kill_inside_any_phase_loses_and_doubles_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene", is_quick=True)
    try:
        story = kills.run_kills(scene, len(kills.ARMS), SEED, lambda _line: None)
    finally:
        scene.close()
    assert story.done == dict.fromkeys(kills.ARMS, 1)
