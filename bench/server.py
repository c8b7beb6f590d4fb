"""The real server in its own process, for a benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.people import DIVISIONS, villages

PASSWORD = "bench password"


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """(address, process id) of a county with the users `admin`, `second` and, in one village,
    `third`."""
    env = {**os.environ, "CUNCAO_SERVER_HOME": str(folder)}

    def call(*words: str) -> None:
        command = [sys.executable, "-m", "server", *words, "--password-stdin"]
        subprocess.run(
            command, input=PASSWORD + "\n", text=True, encoding="utf-8", env=env, check=True
        )

    call("init", "--divisions", str(DIVISIONS), "--admin", "admin")
    call("user", "add", "second", "--role", "admin", "--unit", "510811")
    call("user", "add", "third", "--role", "director", "--unit", villages()[0])
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "run", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=env,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1], process.pid
    finally:
        process.terminate()
        process.wait(20)
