"""The releases whose files, words and program are kept in tests/fixtures/releases."""

from __future__ import annotations

import json
import lzma
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from server_process import CountyServer

from sync.home import Home
from sync.protocol import unpack
from sync.session import Session
from tools.release_fixture import bytes_of, export, unpack_files
from tui.paths import home_at

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "releases"


class Exchange:
    """One recorded request with its answer."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.method, self.path = line["method"], line["path"]
        self.token, self.media = line["token"], line["media"]
        self.body = bytes_of(line["request"])
        self.status, self.answer_media = line["status"], line["answer_media"]
        self.answer = bytes_of(line["answer"])

    @property
    def asked(self) -> dict[str, Any]:
        return _told(self.body, self.media)

    @property
    def told(self) -> dict[str, Any]:
        return _told(self.answer, self.answer_media)


def _told(body: bytes, media: str) -> dict[str, Any]:
    return dict(msgspec.json.decode(unpack(body, media))) if body else {}


class Release:
    """One release as it was on its day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    @cached_property
    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "about.json").read_text("utf-8"))
        return found

    @cached_property
    def _lines(self) -> list[dict[str, Any]]:
        text = lzma.decompress((self.folder / "conversation.jsonl.xz").read_bytes()).decode()
        return [json.loads(line) for line in text.splitlines()]

    @property
    def conversation(self) -> list[Exchange]:
        return [Exchange(line) for line in self._lines[1:]]

    @property
    def seen(self) -> dict[str, Any]:
        """What the conversation's first device held after its first fill and at the end."""
        return self._lines[0]

    def bundle(self, name: str) -> bytes:
        return (self.folder / f"{name}.cuncao").read_bytes()

    def home(self, folder: Path) -> Home:
        """A copy of a laptop's home."""
        return home_at(unpack_files(self.folder / "home.tar.xz", folder / "laptop"))

    def unlock(self, home: Home) -> Session:
        return home.unlock(home.account(), self.about["passphrase"])

    def server(self, folder: Path) -> CountyServer:
        """A copy of the county's folder, encrypted again with its key."""
        home = unpack_files(self.folder / "server.tar.xz", folder / "county")
        plain = (home / "hub.db").rename(home / "plain.db")
        export(plain, b"", home / "hub.db", (home / "server.key").read_bytes())
        plain.unlink()
        return CountyServer(home)

    def program(self, folder: Path) -> Path:
        """Where the release's own program stands, to be run."""
        return unpack_files(self.folder / "program.tar.xz", folder / "program")


RELEASES = [Release(path) for path in sorted(FOLDER.iterdir(), key=lambda p: int(p.name))]
