"""A server put back to a backup, with laptops that had synchronised since."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import restored
from tests.faults.scene import Scene

SEED = 7


@pytest.mark.parametrize("is_announced", [True, False])
def test_what_came_after_last_nights_backup_is_there_again(
    tmp_path: Path, is_announced: bool
) -> None:
    scene = Scene(tmp_path / "scene", is_quick=True)
    try:
        restored.restore_last_night(
            scene, is_announced=is_announced, seed=SEED, say=lambda _line: None
        )
    finally:
        scene.close()
