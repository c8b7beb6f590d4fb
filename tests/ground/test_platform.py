"""Where systems differ: locks, replacing, private files, children."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sync import platform


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    lock, inside, most = tmp_path / "lock", [0], [0]

    def work() -> None:
        for _ in range(20):
            with platform.locked(lock):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0005)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_a_lock_holds_against_another_process_and_ends_with_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from sync import platform\n"
        "with platform.locked(Path(sys.argv[1])):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], **platform.spawn_kwargs(),
    )  # fmt: skip
    entered = threading.Event()

    def enter() -> None:
        with platform.locked(lock):
            entered.set()

    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.3)
        platform.terminate(holder)
        assert entered.wait(10)
        waiting.join()
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout:
            holder.stdout.close()


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), platform.locked(tmp_path / "lock"):
        raise KeyError
    with platform.locked(tmp_path / "lock"):
        pass


def test_replacing_leaves_the_new_content_alone(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old", encoding="utf-8")
    new.write_text("new", encoding="utf-8")
    platform.replace(new, old)
    assert old.read_text(encoding="utf-8") == "new"
    assert not new.exists()


def test_replacing_waits_for_a_virus_scanner_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def busy_twice(_src: Path, _dst: Path) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise PermissionError

    monkeypatch.setattr(platform, "IS_WINDOWS", True)
    monkeypatch.setattr(os, "replace", busy_twice)
    monkeypatch.setattr(time, "sleep", lambda _s: None)
    platform.replace(tmp_path / "a", tmp_path / "b")
    assert len(tries) == 3


def test_replacing_gives_up_in_the_end_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_src: Path, _dst: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(platform, "IS_WINDOWS", True)
    monkeypatch.setattr(os, "replace", busy)
    monkeypatch.setattr(time, "sleep", lambda _s: None)
    with pytest.raises(PermissionError):
        platform.replace(tmp_path / "a", tmp_path / "b")


@pytest.mark.skipif(sys.platform == "win32", reason="the profile folder is private already")
def test_a_private_file_is_its_owners_only(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.touch()
    folder.mkdir()
    platform.make_private(file)
    platform.make_private(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_child_that_does_not_listen_is_ended_all_the_same() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print(1, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, **platform.spawn_kwargs()
    )
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        platform.terminate(child, wait_s=0.3)
    assert child.returncode is not None
