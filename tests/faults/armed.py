"""The real commands with a fuse: `python -m tests.faults.armed cuncao|cuncao-server|hand WORDS`.

Production code knows nothing of this. Before the command starts, the functions that make up a phase
(save, push, pull, snapshot, migration, backup,
restore) are wrapped, so that the process writes to the file
CUNCAO_FAULT_LOG when it enters and leaves one, and every statement, page of a backup, replaced file
and request inside is a point at which it may kill itself (SIGKILL, by its own number). Which one is
read from the file CUNCAO_FAULT_ARM when a phase begins: `KIND N SLOW ORDER WORD`, the N-th point (0:
none) that has the word in its name, if one is given; how many seconds each point takes, so that
somebody outside finds the phase open; and what tells one order from the next.

CUNCAO_FAULT_ROOM: pages that every store may grow by, a disk that is nearly full.
CUNCAO_FAULT_TIMEOUT: seconds after which a client gives up a silent line.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

SIGKILL = 9
LOG, ARM = "CUNCAO_FAULT_LOG", "CUNCAO_FAULT_ARM"
ROOM, TIMEOUT = "CUNCAO_FAULT_ROOM", "CUNCAO_FAULT_TIMEOUT"


class Fuse:
    """What is open in this process, thread by thread, and when it is to die."""

    def __init__(self) -> None:
        self._log = os.open(os.environ[LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._here = threading.local()
        self._order, self.kind, self.left, self.slow = "", "", 0, 0.0
        self.word = ""

    def say(self, *words: object) -> None:
        os.write(self._log, (" ".join(map(str, words)) + "\n").encode())

    @contextlib.contextmanager
    def inside(self, *kinds: str) -> Iterator[None]:
        """A phase, of more than one kind when one page brings both."""
        fresh = [k for k in kinds if k not in self._open]
        self._arm()
        for kind in fresh:
            self._open[kind] = 0
            self.say("enter", kind)
        try:
            yield
        finally:
            for kind in fresh:
                self.say("leave", kind, self._open.pop(kind))

    @property
    def _open(self) -> dict[str, int]:
        """Kind to the points passed in it, of this thread."""
        if not hasattr(self._here, "open"):
            self._here.open = {}
        found: dict[str, int] = self._here.open
        return found

    def _arm(self) -> None:
        """Take up an order that is new, drop one that was withdrawn."""
        order = ""
        with contextlib.suppress(OSError), open(os.environ[ARM], encoding="utf-8") as file:
            order = file.read()
        if order != self._order:
            kind, left, slow, *more = order.split() or ("", "0", "0")
            self._order, self.kind, self.left, self.slow = order, kind, int(left), float(slow)
            self.word = " ".join(more[1:])

    def point(self, what: str) -> None:
        """A moment at which a process may die."""
        for kind in self._open:
            self._open[kind] += 1
        if self.kind not in self._open:
            return
        if self.slow:
            time.sleep(self.slow)
        if self.left and self.word in what:
            self.left -= 1
            if not self.left:
                self.say("kill", self.kind, self._open[self.kind], what)
                os.kill(os.getpid(), SIGKILL)

    def around(self, what: str, run: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(run)
        def both(*given: Any, **named: Any) -> Any:
            self.point(f"before {what}")
            done = run(*given, **named)
            self.point(f"after {what}")
            return done

        return both


def _verb(sql: str) -> str:
    """The first word: values and keys stand behind it."""
    return sql.split(None, 1)[0].upper()


def arm_storage(fuse: Fuse) -> None:
    """Each statement of every encrypted store, each page of a backup, each file put in place."""
    from sqlcipher3 import dbapi2

    class Connection(dbapi2.Connection):  # type: ignore[misc]
        def execute(self, sql: str, *given: Any) -> Any:
            return fuse.around(_verb(sql), super().execute)(sql, *given)

        def executemany(self, sql: str, *given: Any) -> Any:
            return fuse.around("many " + _verb(sql), super().executemany)(sql, *given)

        def backup(self, target: Any, **named: Any) -> None:
            def page(*_progress: int) -> None:
                fuse.point("in BACKUP")

            super().backup(target, pages=8, progress=page, **named)

    dbapi2.connect = functools.partial(dbapi2.connect, factory=Connection)
    os.replace = fuse.around("replacing a file", os.replace)
    os.fsync = fuse.around("flushing a file", os.fsync)


def bound_storage(room: int) -> None:
    """No store grows by more than `room` pages: SQLite then says that the disk is full."""
    from sync import storage

    prepare = storage.prepared

    def prepared(connection: Any) -> Any:
        prepare(connection)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + room}")
        return connection

    storage.prepared = prepared


def arm_client(fuse: Fuse) -> None:
    import msgspec

    from sync import client, flights, replica, sheaf, tables
    from sync.protocol import Cursor, SyncRequest, unpack

    together, fly, receive = replica.Replica.together, flights.Line._fly, client.receive
    keep = sheaf.Sheaf.keep
    last: list[str] = []

    @contextlib.contextmanager
    def saving(self: Any) -> Iterator[None]:
        with fuse.inside("save"), together(self):
            yield

    def flying(self: Any, body: bytes, media: str, flight: Any) -> None:
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        cursor = Cursor.decode(request.cursor) if request.cursor else None
        kinds = ["push"] if request.changes else []
        kinds.append("snapshot" if cursor is None or cursor.fill else "pull")
        with fuse.inside(*kinds):
            fuse.around("the request", fly)(self, body, media, flight)

    def receiving(store: Any, response: Any, *given: Any, **named: Any) -> Any:
        kinds = {"snapshot": response.rows, "pull": response.entries}
        kinds["push"] = response.own or response.runs
        last[:] = [kind for kind, is_so in kinds.items() if is_so]
        with fuse.inside(*last):
            return receive(store, response, *given, **named)

    def keeping(self: Any) -> None:
        with fuse.inside(*last):
            keep(self)

    def migrating(connection: Any, *given: Any) -> None:
        is_old = connection.execute("PRAGMA user_version").fetchone()[0] != tables.fingerprint()
        with fuse.inside(*(["migration"] if is_old else [])):
            tables.migrate(connection, *given)

    replica.Replica.together = saving  # type: ignore[method-assign]
    flights.Line._fly = flying  # type: ignore[method-assign]
    client.receive = receiving
    sheaf.Sheaf.keep = keeping  # type: ignore[method-assign]
    replica.migrate = migrating


def arm_server(fuse: Fuse) -> None:
    from server import syncing, upkeep
    from server.store import migrations
    from sync.protocol import Cursor

    take_in, answer = syncing.take_in, syncing.answer

    def taking(ask: Any) -> Any:
        def work(desk: Any) -> Any:
            with fuse.inside("push"):
                return take_in(ask)(desk)

        return work

    def answering(desk: Any, ask: Any, verdicts: Any) -> Any:
        text = ask.request.cursor
        cursor = Cursor.decode(text) if text else None
        kinds = ["snapshot"] if cursor is None or cursor.fill else []
        if cursor is not None and cursor.seq < desk.store.head():
            kinds.append("pull")
        with fuse.inside(*kinds):
            response = answer(desk, ask, verdicts)
            fuse.point("before the answer")
            return response

    def phase(kind: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def inside(*given: Any, **named: Any) -> Any:
            with fuse.inside(kind):
                return run(*given, **named)

        return inside

    syncing.take_in, syncing.answer = taking, answering
    upkeep.back_up = phase("backup", upkeep.back_up)
    upkeep.restore = phase("restore", upkeep.restore)
    migrations.migrate = phase("migration", migrations.migrate)


def main(program: str, words: list[str]) -> None:
    if os.environ.get(LOG):
        fuse = Fuse()
        arm_storage(fuse)
        (arm_server if program == "cuncao-server" else arm_client)(fuse)
    if os.environ.get(ROOM):
        bound_storage(int(os.environ[ROOM]))
    if os.environ.get(TIMEOUT):
        from sync import transport

        transport.TIMEOUT_S = float(os.environ[TIMEOUT])
    sys.argv = [program, *words]
    if program == "cuncao-server":
        from server.cli import main as serve

        serve()
    elif program == "cuncao":
        from tui.cli import main as open_cuncao

        open_cuncao()
    else:
        from tests.faults.hand import main as work

        work(words)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
