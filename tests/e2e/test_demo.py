"""The rehearsal county from start to end, with the real server process, leaving nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from county import run


def test_the_rehearsal_holds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run(
        "tui.cli", "demo", "--headless", "--json",
        env={"TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "TMP": str(tmp_path)},
    )  # fmt: skip
    story = done.json
    assert set(story) == {"imported", "devices", "meetings", "resolved", "digests_equal", "seconds"}
    assert story["devices"] == 3 and story["imported"] > 400 and story["digests_equal"] is True
    met = {(m["kind"], m["field"]): m for m in story["meetings"]}
    assert set(met["contested", "phone"]["authors"]) == {"周晓燕", "何秀英"}
    assert met["critical", "lives_with"]["values"][0] == "alone"
    assert story["resolved"] == 2
    assert story["seconds"] < 60
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_rehearsal_ended_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "demo", "--headless"],
        env=env, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            if "导入" in line:  # the server runs and two laptops have stores
                break
        process.terminate()
        process.stderr.read()
    assert process.wait(30) != 0
    assert list(tmp_path.iterdir()) == []
