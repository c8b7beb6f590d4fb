"""The one module in which systems differ: locks, replacing files, private files, child
processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

IS_WINDOWS = sys.platform == "win32"
REPLACE_TRIES = 20
"""Windows refuses to replace a file that a virus scanner holds open for a moment: 20 tries, 50 ms
apart."""


def replace(src: Path, dst: Path) -> None:
    """Put `src` in the place of `dst` in one step."""
    for left in range(REPLACE_TRIES, 0, -1):
        try:
            os.replace(src, dst)
        except PermissionError:
            if not IS_WINDOWS or left == 1:
                raise
            time.sleep(0.05)
        else:
            return


def make_private(path: Path) -> None:
    """For the owner's eyes only. On Windows the user's profile folder already is."""
    if not IS_WINDOWS:
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` exclusively; waits for whoever has it."""
    with open(path, "a+b") as file:
        if IS_WINDOWS:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if IS_WINDOWS:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            else:
                fcntl.flock(file, fcntl.LOCK_UN)


def spawn_kwargs() -> dict[str, Any]:
    """For `subprocess.Popen`: a child that the console's Ctrl-C does not reach."""
    if IS_WINDOWS:
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}


def terminate(process: subprocess.Popen[Any], wait_s: float = 10.0) -> None:
    """End a child, politely first."""
    process.terminate()
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(wait_s)


def leave_on_signals() -> None:
    """A closed window or a polite end (SIGHUP, SIGTERM) unwinds the program, so that what it made
    goes.

    Windows ends a console program without either; its temporary folder is then emptied by the
    system.
    """
    import signal

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGHUP", "SIGTERM"):
        number = getattr(signal, name, None)
        if number is not None and not IS_WINDOWS:
            signal.signal(number, leave)


def take_every_character() -> None:
    """Begin again in Python's UTF-8 mode where names are read as ASCII (`LC_ALL=C PYTHONUTF8=0`):
    a Chinese folder or login name would be no text. Elsewhere, Windows included, nothing is done."""
    if sys.getfilesystemencoding() == "ascii" and sys.executable and "utf8" not in sys._xoptions:
        os.execv(  # noqa: S606
            sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        )


def machine_name() -> str:
    """What this machine is called, without its domain; empty when it is called like all others."""
    import socket

    name = socket.gethostname().partition(".")[0]
    return "" if name.lower() == "localhost" else name


def give_back_memory() -> None:
    """Have pieces of a megabyte and more go back to the system once they are free, and what one thread
    has freed serve the others too. glibc, having freed the 19 MB of one password, keeps pieces up to that
    size for itself, and for each thread a heap of its own (5 MB of a server); other systems' need
    nothing."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # 8 ms: not before the first synchronisation

    with suppress(OSError, AttributeError):  # a C library that is not glibc
        # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX
        for option, value in ((-1, 1 << 20), (-3, 1 << 20), (-8, 1)):
            ctypes.CDLL(None).mallopt(option, value)
