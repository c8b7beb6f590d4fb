"""A county under faults: a real server and laptops in processes of their own, what was promised to
people (the ledger), and the proof that it was kept.

The driver opens the same stores from outside, between the faults, to look at them; what it expects
comes from the ledger and from where each laptop's user works, never from the code under test.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from schema.kinds import KINDS
from server.check import check
from server.home import Home as ServerHome
from server.store import open_store
from server.store.sqlite import SqliteStore
from sync import digest
from sync.change import Entry, State
from sync.platform import spawn_kwargs
from sync.session import Session
from sync.storage import Connection, open_encrypted
from sync.verify import problems_of
from tests.faults.hand import PARTS, PASSPHRASE, open_laptop, save, tokens_of
from tui.paths import home_at

PASSWORD = "a long enough password"
DIVISIONS = """code,name,level,parent_code
51,试验县,county,
5101,东镇,township,51
5102,西镇,township,51
510101,东村,village,5101
510102,溪口村,village,5101
510201,西村,village,5102
"""
EAST, WEST = "510101", "510201"
USERS = {
    "陈德福": ("admin", "51"),
    "李国华": ("director", "5101"),
    "周晓燕": ("director", "5101"),
    "何秀英": ("director", "5102"),
}
SEES = {"陈德福": {EAST, WEST}, "李国华": {EAST}, "周晓燕": {EAST}, "何秀英": {WEST}}
"""Villages whose children a user's laptops hold; said here once more, by hand."""
PATIENCE_S = 90
"""A command that takes longer hangs: something is stuck."""
SHARED = frozenset(name for name, kind in KINDS.items() if kind.scope == "public")
"""Kinds that every laptop holds."""


class Broken(AssertionError):
    """A promise was not kept."""


@dataclass
class Ran:
    """What a process printed and how it ended."""

    code: int
    out: str
    err: str

    def expect(self, *codes: int) -> Ran:
        if self.code not in codes:
            raise Broken(f"exit {self.code}, not {codes}: {self.out[-500:]}{self.err[-1500:]}")
        return self

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.out)


def environment(**more: str) -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith("CUNCAO_")}
    # A collector of test coverage or a profiler in every process would only slow them down.
    return mine | {"CUNCAO_LANG": "zh", "PYTHONIOENCODING": "utf-8"} | more


def command(program: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "tests.faults.armed", program, *words]


def spawn(
    program: str, *words: str, env: Mapping[str, str], stdin: str = ""
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command(program, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=dict(env),
        cwd=Path(__file__).parents[2],
        **spawn_kwargs(),
    )
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None  # nothing more is to be typed, `communicate` need not ask
    return process


def finish(process: subprocess.Popen[str]) -> Ran:
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise Broken(f"stuck: {process.args} {out[-300:]} {err[-300:]}") from None
    return Ran(process.returncode, out, err)


def within(run: Callable[[], object], env: Mapping[str, str], stdin: str = "") -> Ran:
    """A command in this process: a new one takes half a second more."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    typed = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    with (
        mock.patch.dict(os.environ, env, clear=True),
        mock.patch.object(sys, "stdin", typed),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = run()
        except SystemExit as end:
            code = end.code
    said = []
    for text in (out, err):
        text.seek(0)
        said.append(text.read())
    return Ran(code if isinstance(code, int) else 0, *said)


@dataclass
class Laptop:
    """A user's home folder."""

    folder: Path
    user: str
    is_quick: bool = False
    """Commands that nothing is to befall run in the driver's process."""

    @property
    def sees(self) -> set[str]:
        return SEES[self.user]

    @property
    def village(self) -> str:
        return min(self.sees)

    def env(self, **more: str) -> dict[str, str]:
        mine = {"CUNCAO_HOME": str(self.folder), "CUNCAO_PASSPHRASE": PASSPHRASE}
        return environment(**mine | more)

    def __call__(self, *words: str, program: str = "cuncao", stdin: str = "", **more: str) -> Ran:
        if self.is_quick and program == "cuncao" and not more:
            from tui.commands import group

            def run() -> object:
                return group.main(list(words), "cuncao", standalone_mode=False)

            return within(run, self.env(), stdin)
        return finish(spawn(program, *words, env=self.env(**more), stdin=stdin))

    @contextlib.contextmanager
    def opened(self) -> Any:
        """The store, seen from the driver."""
        session = open_laptop(self.folder)
        try:
            yield session
        finally:
            session.close()


class Scene:
    """The county."""

    def __init__(self, folder: Path, server: Path | None = None, *, is_quick: bool = False) -> None:
        self.folder, self.is_quick = folder, is_quick
        self.home = ServerHome(server or folder / "server")
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.port = 0
        self.laptops: list[Laptop] = []
        self.acknowledged: dict[str, str] = {}
        """Token to the village: saves that a laptop called saved."""
        self.unsure: dict[str, str] = {}
        """Saves that were cut off: there once or not at all, never in part."""
        self.counts: Counter[str] = Counter()
        self._tokens = self._made = 0
        folder.mkdir(parents=True, exist_ok=True)
        divisions = folder / "divisions.csv"
        divisions.write_text(DIVISIONS, encoding="utf-8")
        words = ("--divisions", str(divisions), "--admin", "陈德福", "--password-stdin")
        self.admin("init", *words, stdin=PASSWORD + "\n").expect(0)
        for user, (role, unit) in USERS.items():
            if role != "admin":
                named = ("--role", role, "--unit", unit, "--password-stdin")
                self.admin("user", "add", user, *named, stdin=PASSWORD + "\n").expect(0)

    def log(self, side: str) -> Path:
        """Where processes of a side say which phases they enter and leave."""
        return self.folder / f"fault-log-{side}"

    def order(self, side: str) -> Path:
        """Where they are told at which point to die."""
        return self.folder / f"fault-order-{side}"

    def fault_env(self, side: str) -> dict[str, str]:
        return {"CUNCAO_FAULT_LOG": str(self.log(side)), "CUNCAO_FAULT_ARM": str(self.order(side))}

    # ------------------------------------------------------------ the server

    def server_env(self, **more: str) -> dict[str, str]:
        mine = {"CUNCAO_SERVER_HOME": str(self.home.path), "CUNCAO_TEST_FAST_HASH": "1"}
        return environment(**mine | self.fault_env("server") | more)

    def admin(self, *words: str, stdin: str = "") -> Ran:
        """A command of the server's, in this process."""
        from server.cli import run_command

        return within(lambda: run_command(words), self.server_env(), stdin)

    def command(self, *words: str, **more: str) -> Ran:
        """A command of the server's, as a shell runs it."""
        if self.is_quick and not more:
            return self.admin(*words)
        return finish(spawn("cuncao-server", *words, env=self.server_env(**more)))

    def launch(self, **more: str) -> subprocess.Popen[str]:
        """A server that may not live to say where it listens."""
        # Its journal goes to a file: a pipe that nobody reads would fill up and stop it.
        with open(self.folder / "server.log", "a", encoding="utf-8") as journal:
            return subprocess.Popen(
                command("cuncao-server", "run", "--port", str(self.port)),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=journal, text=True,
                encoding="utf-8", env=self.server_env(**more), cwd=Path(__file__).parents[2],
                **spawn_kwargs(),
            )  # fmt: skip

    def start(self, **more: str) -> None:
        self.process = self.launch(**more)
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        if not first.startswith("listening on "):
            raise Broken(f"the server does not start: {first}")
        self.url = first.split()[-1]
        self.port = int(self.url.rpartition(":")[2])

    def reap(self) -> int:
        """Wait for a server that ends or was killed."""
        process, self.process = self.process, None
        assert process is not None
        try:
            return process.wait(PATIENCE_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.reap()

    # ----------------------------------------------------------- the laptops

    def laptop(
        self, user: str, *, is_filled: bool = True, url: str = "", folder: Path | None = None
    ) -> Laptop:
        """A new laptop, logged in, with its first fill or without."""
        made = self.bare_laptop(user, folder)
        session = home_at(made.folder).login(url or self.url, user, PASSWORD, lambda _n: PASSPHRASE)
        try:
            if is_filled:
                session.sync()
        finally:
            session.close()
        self.laptops.append(made)
        return made

    def bare_laptop(self, user: str, folder: Path | None = None) -> Laptop:
        """One on which nobody has logged in yet."""
        self._made += 1
        return Laptop(folder or self.folder / f"laptop-{self._made}", user, self.is_quick)

    def login(self, laptop: Laptop) -> tuple[str, ...]:
        """Words of the command; it reads the password from its input."""
        return ("login", self.url, "--user", laptop.user, "--password-stdin")

    def discard(self, laptop: Laptop) -> None:
        self.laptops.remove(laptop)
        shutil.rmtree(laptop.folder)

    def token(self) -> str:
        self._tokens += 1
        return f"t{self._tokens}"

    def save(self, laptop: Laptop, times: int) -> None:
        """Saves that are acknowledged, made in this process."""
        with laptop.opened() as session:
            self.save_in(session, times, laptop.village)

    def save_in(self, session: Session, times: int, village: str) -> None:
        """The same in a store that is open."""
        for _ in range(times):
            token = self.token()
            save(session.replica, token, village)
            self.acknowledged[token] = village

    def note(self, token: str, village: str, times: int, ran: Ran) -> None:
        """Put into the ledger what a laptop's process said of its saves."""
        said = {line.split()[1] for line in ran.out.splitlines() if line.startswith("ok ")}
        for i in range(times):
            name = f"{token}.{i}"
            (self.acknowledged if name in said else self.unsure)[name] = village

    # ------------------------------------------------------------- the proof

    def sync(self, laptops: Iterable[Laptop] | None = None) -> None:
        """Everybody twice, so that everybody has what everybody sent."""
        those = list(self.laptops if laptops is None else laptops)
        sessions: list[Session] = [open_laptop(one.folder) for one in those]
        try:
            for session in sessions * 2:
                session.sync()
        finally:
            for session in sessions:
                session.close()

    def prove(self) -> None:
        """Everything promised holds, on every side. Raises `Broken`."""
        self.sync()
        store = open_store(self.home)
        try:
            found = check(store)
            if found.faults:
                raise Broken(f"cuncao-server check: {found.faults[:5]}")
            entries = _entries(store)
            states = _states(store)
        finally:
            store.connection.close()
        self._prove_log(entries)
        roots = {s.id: s.values.get("village") for s in states if s.kind == "child"}
        for laptop in self.laptops:
            theirs = [s for s in states if s.kind in SHARED or roots.get(s.root) in laptop.sees]
            with laptop.opened() as session:
                _prove_replica(session, theirs)

    def _prove_log(self, entries: list[Entry]) -> None:
        """Each acknowledged save once and whole, each cut-off one once or not at all."""
        if [e.seq for e in entries] != list(range(1, len(entries) + 1)):
            raise Broken("the log has a gap")
        seen = Counter(t for e in entries for t in tokens_of(e.change.fields))
        parts: dict[str, list[str]] = {}
        for text, times in seen.items():
            token, _, part = text.partition("/")
            parts.setdefault(token, []).append(part)
            if times != 1:
                raise Broken(f"{text} is in the log {times} times")
        for token in self.acknowledged:
            if len(parts.get(token, ())) != PARTS:
                raise Broken(f"acknowledged {token}: of {PARTS} parts only {parts.get(token)}")
        for token, found in parts.items():
            if len(found) != PARTS or token not in self.acknowledged | self.unsure:
                raise Broken(f"{token}: parts {found}")

    def prove_by_commands(self) -> None:
        """The same by the two commands that anybody has."""
        self.command("check").expect(0)
        for laptop in self.laptops:
            laptop("sync").expect(0)
            laptop("check").expect(0)

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.reap()


def _entries(store: SqliteStore) -> list[Entry]:
    rows = store.connection.execute("SELECT body FROM body ORDER BY seq")
    return [msgspec.json.decode(row[0], type=Entry) for row in rows]


def _states(store: SqliteStore) -> list[State]:
    return list(store.states_where("TRUE"))


def _prove_replica(session: Session, states: list[State]) -> None:
    """A laptop holds just these records with just these values, and is sound in itself."""
    replica = session.replica
    whose = session.account.card.user
    found = problems_of(replica)
    if found:
        raise Broken(f"cuncao check of {whose}: {found[:5]}")
    if replica.pending_count() or replica.returned():
        raise Broken(f"{whose}: {replica.pending_count()} unsent, {replica.returned()[:3]}")
    root = digest.text(sum(map(digest.of, states)))
    if (replica.get_state("digest"), replica.get_state("in_step")) != (root, 1):
        raise Broken(f"{whose}: digest {replica.get_state('digest')}, the hub's {root}")
    for kind in {s.kind for s in states}:
        held = {row["id"]: row for row in replica.select(kind)}
        meant = {s.id: s for s in states if s.kind == kind}
        if held.keys() != meant.keys():
            raise Broken(f"{whose}: {len(held)} {kind} held, {len(meant)} meant")
        for id_, state in meant.items():
            for name, value in state.values.items():
                if held[id_].get(name) != value:
                    raise Broken(f"{whose}: {kind} {id_} differs in {name}")


def open_raw(file: Path, key: bytes) -> Connection:
    """A store's file with its key, without the code that migrates it."""
    return open_encrypted(file, key)


def eventually(claim: Any, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > ends:
            return False
        time.sleep(0.001)
    return True
