"""A county for the end-to-end tests: the real server in its own process, laptops as separate
homes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DIVISIONS = Path(__file__).parents[2] / "tui" / "data" / "demo" / "510811.csv"
ROSTERS = DIVISIONS.parent
PASSWORD = "correct horse 县"
PASSPHRASE = "battery staple 村"
TOWNSHIP = "510811101"
"""卫子镇"""


class Failed(AssertionError):
    """A command ended with another exit code than expected."""


class Run:
    """What a command printed and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(
    module: str, *words: str, env: dict[str, str], stdin: str = "", expect: int | None = 0
) -> Run:
    """Run one of our two programs as a process."""
    done = Run(
        subprocess.run(
            [sys.executable, "-m", module, *words],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "CUNCAO_LANG": "zh", "PYTHONIOENCODING": "utf-8", **env},
            timeout=120,
        )
    )
    if expect is not None and done.code != expect:
        raise Failed(
            f"{module} {' '.join(words)}: exit {done.code}, not {expect}\n{done.out}\n{done.err}"
        )
    return done


class Laptop:
    """A home of one user."""

    def __init__(self, folder: Path, user: str, county: County) -> None:
        self.folder = folder
        self.user = user
        self.county = county
        self.env = {"CUNCAO_HOME": str(folder), "CUNCAO_PASSPHRASE": PASSPHRASE}

    def __call__(self, *words: str, expect: int | None = 0, stdin: str = "") -> Run:
        return run("tui.cli", *words, env=self.env, stdin=stdin, expect=expect)

    def login(self) -> Laptop:
        words = ("login", self.county.address, "--user", self.user, "--password-stdin")
        self(*words, stdin=PASSWORD + "\n")
        return self

    def add(self, kind: str, *values: str) -> str:
        return str(self("add", kind, *values, "--json").json["id"])

    def show(self, id: str) -> dict[str, Any]:
        fields = self("show", id, "--json").json["fields"]
        return {name: held["value"] for name, held in fields.items()}

    def sync(self, expect: int | None = 0) -> dict[str, Any]:
        return dict(self("sync", "--json", expect=expect).json)


class County:
    """The server of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"CUNCAO_SERVER_HOME": str(folder / "server")}
        self.process: subprocess.Popen[str] | None = None
        self.address = ""
        self.port = 0
        self(
            "init",
            "--divisions",
            str(DIVISIONS),
            "--admin",
            "陈德福",
            "--password-stdin",
            stdin=PASSWORD + "\n",
        )

    def __call__(self, *words: str, expect: int | None = 0, stdin: str = "") -> Run:
        return run("server", *words, env=self.env, stdin=stdin, expect=expect)

    def user(self, name: str, role: str, *units: str) -> None:
        named = [word for unit in units for word in ("--unit", unit)]
        self("user", "add", name, "--role", role, *named, "--password-stdin", stdin=PASSWORD + "\n")

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "run", "--port", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, **self.env},
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[-1]
        self.port = int(self.address.rpartition(":")[2])

    def kill(self) -> None:
        """As a power cut would: nothing is said, nothing is flushed."""
        assert self.process is not None and self.process.stdout is not None
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            assert self.process.stdout is not None
            self.process.terminate()
            self.process.wait(20)
            self.process.stdout.close()
            self.process = None

    def laptop(self, user: str, name: str = "") -> Laptop:
        return Laptop(
            self.folder / (name or f"laptop-{len(list(self.folder.iterdir()))}"), user, self
        )
