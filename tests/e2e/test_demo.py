"""The rehearsal county from start to end, with the real server process, leaving nothing behind."""

from __future__ import annotations

from pathlib import Path

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
