"""A real `cuncao-server run` in a process of its own, and a device that speaks the protocol in the
raw."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import msgspec

from sync.change import Change, Entry, State
from sync.protocol import MEDIA_PLAIN, PROTOCOL, pack, unpack

PASSWORD = "a long enough password"
DIVISIONS = """code,name,level,parent_code
51,试验县,county,
5101,东镇,township,51
5102,西镇,township,51
510101,东村,village,5101
510102,溪口村,village,5101
510201,西村,village,5102
"""
CLI = [sys.executable, "-m", "server"]


@dataclass
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class CountyServer:
    """A server's folder, its commands, and perhaps a running process."""

    home: Path
    process: subprocess.Popen[str] | None = None
    url: str = ""
    verify: Any = True
    program: Path | None = None
    """Where another release's program stands that runs in the place of this one's."""
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        mine = {
            "CUNCAO_SERVER_HOME": str(self.home),
            "CUNCAO_TEST_FAST_HASH": "1",
            "CUNCAO_LANG": "zh",
        }
        return {k: v for k, v in os.environ.items() if k != "CUNCAO_DATABASE_URL"} | mine

    def cli(self, *arguments: str, stdin: str = "", **more: str) -> Ran:
        """A command, in this process: a new one each time would take ten times as long."""
        from server.cli import run_command

        out, err = io.StringIO(), io.StringIO()
        typed = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        with (
            mock.patch.dict(os.environ, self.environment | more, clear=True),
            mock.patch.object(sys, "stdin", typed),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run_command(arguments)
        return Ran(code, out.getvalue(), err.getvalue())

    def cli_process(self, *arguments: str, stdin: str = "", **more: str) -> Ran:
        """A command as a shell runs it."""
        ran = subprocess.run(
            [*CLI, *arguments],
            input=stdin.encode(),
            capture_output=True,
            env=self.environment | more,
            check=False,
            timeout=60,
        )
        return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def done(self, *arguments: str, stdin: str = "") -> Ran:
        """A command that must succeed."""
        ran = self.cli(*arguments, stdin=stdin)
        assert ran.code == 0, ran
        return ran

    def init(self, divisions: Path) -> None:
        divisions.write_text(DIVISIONS, encoding="utf-8")
        self.done(
            "init", "--divisions", str(divisions), "--admin", "boss", "--password-stdin",
            stdin=PASSWORD + "\n",
        )  # fmt: skip

    def add_user(self, name: str, role: str, *units: str) -> None:
        named = [word for unit in units for word in ("--unit", unit)]
        self.done(
            "user", "add", name, "--role", role, *named, "--password-stdin", stdin=PASSWORD + "\n"
        )

    def start(self, *arguments: str, log: Path | None = None) -> str:
        """Run; the first line on stdout."""
        with open(log or self.home.parent / "server.log", "a", encoding="utf-8") as err:
            self.process = subprocess.Popen(
                [*CLI, "run", "--port", "0", *arguments],
                stdout=subprocess.PIPE,
                stderr=err,
                env=self.environment,
                cwd=self.program,  # first on the path of `python -m`
                text=True,
                encoding="utf-8",
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("listening on "), first
        self.url = first.split()[-1]
        return first

    def kill(self) -> None:
        """Without a chance to tidy up, as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self._reap()

    def _reap(self) -> int:
        process, self.process = self.process, None
        assert process is not None
        code = process.wait(20)
        assert process.stdout is not None
        process.stdout.close()
        for client in self.clients:
            client.close()
        self.clients.clear()
        return code

    def close(self) -> None:
        if self.process is not None:
            self.kill()

    def http(self) -> httpx.Client:
        client = httpx.Client(base_url=self.url, verify=self.verify, trust_env=False, timeout=30)
        self.clients.append(client)
        return client

    def login(self, user: str, device: str = "", password: str = PASSWORD) -> RawDevice:
        answer = self.http().post(
            "/v1/login", json={"user": user, "password": password, "device": device}
        )
        answer.raise_for_status()
        body = answer.json()
        return RawDevice(self, user, body["device"], body["token"], body)


@dataclass
class RawDevice:
    """Sends and receives messages; keeps what it was given and decides nothing."""

    server: CountyServer
    user: str
    id: str
    token: str
    greeting: dict[str, Any]
    cursor: str = ""
    seq: int = 0
    records: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    client: httpx.Client | None = None

    def create(self, kind: str, id: str, /, **fields: Any) -> Change:
        self.seq += 1
        version = f"{self.id}.{self.seq}"
        stamp = int(time.time() * 1000) << 16
        return Change(self.id, self.seq, version, "create", kind, id, self.user, stamp, fields)

    def put(self, kind: str, id: str, base: dict[str, str], /, **fields: Any) -> Change:
        self.seq += 1
        version = f"{self.id}.{self.seq}"
        stamp = int(time.time() * 1000) << 16
        return Change(self.id, self.seq, version, "put", kind, id, self.user, stamp, fields, base)

    def post(self, path: str, body: bytes, media: str = MEDIA_PLAIN) -> httpx.Response:
        if self.client is None or self.client.is_closed:
            self.client = self.server.http()
        headers = {"content-type": media, "authorization": f"Bearer {self.token}"}
        return self.client.post(path, content=body, headers=headers)

    def told(self, answer: httpx.Response) -> dict[str, Any]:
        """The message in an answer."""
        plain = unpack(answer.content, answer.headers["content-type"])
        message: dict[str, Any] = msgspec.json.decode(plain)
        return message

    def ask(self, *changes: Change, **more: Any) -> httpx.Response:
        message = {"protocol": PROTOCOL, "device": self.id, "cursor": self.cursor, **more}
        body, media = pack(message | {"changes": list(changes)})
        return self.post("/v1/sync", body, media)

    def sync(self, *changes: Change, limit: int = 2000) -> list[list[Any]]:
        """Everything there is; the verdicts of what was sent."""
        verdicts: list[list[Any]] = []
        while True:
            answer = self.ask(*changes, limit=limit)
            assert answer.status_code == 200, answer.text
            body = self.told(answer)
            verdicts += body.get("verdicts", [])
            for row in body.get("rows", []):
                state = msgspec.convert(row, State)
                self.records[state.id] = state.kind, state.values
            self.entries += [msgspec.convert(e, Entry) for e in body.get("entries", [])]
            self.dropped += body.get("drops", [])
            self.cursor = body.get("cursor", self.cursor)
            changes = ()
            if not body.get("more"):
                return verdicts


def wait_for(claim: Any, seconds: float = 5.0) -> bool:
    """True as soon as `claim()` holds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(AssertionError):
            if claim():
                return True
        time.sleep(0.05)
    return bool(claim())
