"""Tries a filled stick on this machine, with no network: installs, opens a store of a release,
syncs with the server of the stick, updates over it, refuses a broken one, goes back.

`python tasks.py stick DIR --try`; half a minute, prints what it saw.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.release_fixture import export, unpack_files
from tools.stick import finish

RELEASE = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "releases" / "1"


class Trial:
    """One laptop with one stick."""

    def __init__(self, stick: Path, folder: Path) -> None:
        self.stick, self.folder = stick, folder
        self.about: dict[str, Any] = json.loads((RELEASE / "about.json").read_text("utf-8"))
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))},
            # Nobody listens there: whoever asks an index fails.
            "PIP_INDEX_URL": "http://127.0.0.1:9", "PYTHONIOENCODING": "utf-8",
            "CUNCAO_HOME": str(folder / "laptop"), "CUNCAO_SERVER_HOME": str(folder / "county"),
            "CUNCAO_PASSPHRASE": self.about["passphrase"], "CUNCAO_LANG": "en",
        }  # fmt: skip

    def install(self, *words: str, stick: Path | None = None) -> int:
        places = ("--to", str(self.folder / "program"), "--start", str(self.folder / "start"))
        script = (stick or self.stick) / "install.py"
        done = subprocess.run(
            [sys.executable, str(script), *places, *words], env=self.env, check=False
        )
        return done.returncode

    def ask(self, name: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command of the installed program."""
        return subprocess.run(
            [str(self.command(name)), *words], input=stdin, capture_output=True,
            encoding="utf-8", env=self.env, check=False,
        )  # fmt: skip

    def command(self, name: str) -> Path:
        return self.folder / "start" / (name + (".cmd" if os.name == "nt" else ""))

    def run(self) -> None:
        expect("installed", self.install(), 0)
        unpack_files(RELEASE / "home.tar.xz", self.folder / "laptop")
        county = unpack_files(RELEASE / "server.tar.xz", self.folder / "county")
        plain = (county / "hub.db").rename(county / "plain.db")
        export(plain, b"", county / "hub.db", (county / "server.key").read_bytes())
        plain.unlink()
        expect("the old store is whole", self.ask("cuncao", "check").returncode, 0)
        self.sync()
        before = self.ask("cuncao", "status", "--json").stdout
        expect("updated", self.install(), 0)
        expect("the same records after it", self.ask("cuncao", "status", "--json").stdout, before)
        self.refuse_broken()
        expect("still there", self.ask("cuncao", "status", "--json").stdout, before)
        expect("gone back", self.install("--back"), 0)
        expect("records after that", self.ask("cuncao", "status", "--json").stdout, before)

    def sync(self) -> None:
        """With the installed server, over loopback."""
        server = subprocess.Popen(
            [str(self.command("cuncao-server")), "run", "--port", "0"], env=self.env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        )  # fmt: skip
        assert server.stdout is not None
        try:
            url = server.stdout.readline().split()[-1]
            words = ("login", url, "--user", "lan", "--password-stdin")
            expect("unsent work is there", self.pending(), len(self.about["unsent"]))
            done = self.ask("cuncao", *words, stdin=self.about["password"] + "\n")
            expect("logged in", done.returncode, 0)
            told = json.loads(self.ask("cuncao", "sync", "--json").stdout)
            expect("in step with the county", told["in_step"], True)
            expect("unsent work is there no more", self.pending(), 0)
        finally:
            server.terminate()
            server.wait(20)
            server.stdout.close()

    def pending(self) -> int:
        return int(json.loads(self.ask("cuncao", "status", "--json").stdout)["pending"])

    def refuse_broken(self) -> None:
        """A stick whose program lacks a part: noticed before it is used."""
        broken = self.folder / "broken"
        shutil.copytree(self.stick, broken)
        for path in (broken / "wheels").glob("msgspec-*"):
            path.unlink()
        expect("a cut copy is refused", self.install(stick=broken), 2)
        finish(broken)
        expect("a program that cannot start is not used", self.install(stick=broken), 1)


def expect(what: str, found: object, wanted: object) -> None:
    sys.stdout.write(f"{'ok  ' if found == wanted else 'FAIL'} {what}\n")
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def run(stick: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Trial(stick, Path(folder)).run()
