"""A county admin's first sync: `python -m bench.first_sync [CHILDREN] [CONTACTS]` (20,000 and 300,000).

Prints when the children can be listed, when all is there, bytes, the store's size, the same with the
line cut half way, and a floor: the same records as gzip NDJSON over loopback, bulk-inserted into
plain SQLite, without cipher, versions, search or merge.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.exchange import _login
from bench.machine import describe
from bench.people import children
from bench.server import running
from schema.kinds import KINDS
from server import window
from server.home import Home
from server.store import open_store
from server.workers import Desk
from sync import client
from sync.change import Change, Grant
from sync.hub import Session
from sync.transport import Offline

COUNTY = "510811"
DEVICE = "benchfirstsync"
TOLD = ("与奶奶谈了，家里都好。", "孩子放学回来一个人做饭，要留意。", "父亲来电，年底回家。")


def _changes(count: int, contacts: int, now_ms: int) -> Iterator[Change]:
    """Children and, over three years, their contacts; two thirds of those are in the window."""
    dice = random.Random(7)
    today = time.time()
    for n in range(count + contacts):
        if n < count:
            kind, id_ = "child", f"c{n:07}"
            fields: dict[str, Any] = next(_people)
        else:
            kind, id_ = "contact", f"k{n:07}"
            day = time.strftime("%Y-%m-%d", time.gmtime(today - dice.randrange(36 * 30) * 86400))
            fields = {
                "child": f"c{dice.randrange(count):07}",
                "on": day,
                "kind": dice.choice(("home_visit", "guardian_call", "talk")),
                "done_by": "何秀英",
                "summary": dice.choice(TOLD),
                "mood": dice.choice(("fine", "look")),
            }
        declared = KINDS[kind]
        slots = dict.fromkeys(declared.by_name[name].slot for name in fields)
        fields = {slot: declared.slot_value(slot, fields) for slot in slots}
        seq = n + 1
        yield Change(
            DEVICE,
            seq,
            f"{DEVICE}.{seq}",
            "create",
            kind,
            id_,
            "admin",
            (now_ms << 16) + seq,
            fields,
        )


_people: Iterator[dict[str, Any]] = iter(())


def _fill_county(folder: Path, count: int, contacts: int) -> None:
    global _people
    _people = children(count)
    desk = Desk(open_store(Home(folder)))
    session = Session("admin", DEVICE, (Grant("admin", COUNTY),))
    batch: list[Change] = []
    for change in _changes(count, contacts, desk.store.now_ms()):
        batch.append(change)
        if len(batch) == 5000:
            _take(desk, session, batch)
            batch = []
    _take(desk, session, batch)
    window.move(desk)
    desk.store.connection.close()


def _take(desk: Desk, session: Session, batch: list[Change]) -> None:
    refused = desk.hub.push(session, batch)
    if refused:
        raise RuntimeError(str(refused[0]))


class _Watch:
    """Stands where pages are applied: notes when the children have come, and may cut the line."""

    def __init__(self, count: int, cut_after: int = 0) -> None:
        self.count, self.cut_after = count, cut_after
        self.began = time.perf_counter()
        self.children_s = 0.0
        self.pages = 0
        self.receive = client.receive

    def __call__(self, replica: Any, *words: Any, **more: Any) -> Any:
        done = self.receive(replica, *words, **more)
        self.pages += 1
        if not self.children_s and replica.count("child") == self.count:
            self.children_s = round(time.perf_counter() - self.began, 2)
        if self.pages == self.cut_after:
            raise Offline("cut by the benchmark")
        return done


def _first(home: Path, address: str, count: int, cut_after: int = 0) -> dict[str, object]:
    session = _login(home, address, "second")
    before = session.transport.bytes_down
    watch = _Watch(count, cut_after)
    client.receive = watch  # type: ignore[assignment]
    try:
        try:
            session.sync()
        except Offline:
            session.sync()
    finally:
        client.receive = watch.receive
    found: dict[str, object] = {
        "children_listed_s": watch.children_s,
        "all_s": round(time.perf_counter() - watch.began, 2),
        "pages": watch.pages,
        "mb_down": round((session.transport.bytes_down - before) / 1e6, 2),
        "in_step": bool(session.replica.get_state("in_step")),
        "records": {k: session.replica.count(k) for k in ("child", "contact")},
    }
    session.replica.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found["store_mb"] = round(session.account.store.stat().st_size / 1e6, 1)
    session.close()
    return found


def _floor(folder: Path, home: Path, address: str) -> dict[str, object]:
    """The records that came, once more, the plainest way."""
    session = _login(home, address, "second")
    rows = [
        (kind, json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False))
        for kind in ("child", "contact")
        for row in session.replica.select(kind)
    ]
    session.close()
    data = gzip.compress("\n".join(f"{kind}\t{body}" for kind, body in rows).encode(), 6)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    began = time.perf_counter()
    got = bytearray()
    with socket.create_connection(listener.getsockname()) as line:
        while piece := line.recv(1 << 20):
            got += piece
    plain = gzip.decompress(bytes(got)).decode().split("\n")
    store = sqlite3.connect(folder / "floor.db")
    store.execute("CREATE TABLE record (kind TEXT, id TEXT PRIMARY KEY, body TEXT)")
    with store:
        store.executemany(
            "INSERT INTO record VALUES (?, ?, ?)",
            ((k, json.loads(b)["id"], b) for k, b in (row.split("\t", 1) for row in plain)),
        )
    store.close()
    return {
        "all_s": round(time.perf_counter() - began, 2),
        "mb_down": round(len(data) / 1e6, 2),
        "store_mb": round((folder / "floor.db").stat().st_size / 1e6, 1),
    }


def measure(count: int = 20_000, contacts: int = 300_000) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with running(folder / "server") as (address, _):
            began = time.perf_counter()
            _fill_county(folder / "server", count, contacts)
            filled = round(time.perf_counter() - began, 1)
            whole = _first(folder / "whole", address, count)
            pages = int(str(whole["pages"]))
            return {
                "machine": describe(),
                "children": count,
                "contacts": contacts,
                "cipher": "both ends",
                "county_filled_s": filled,
                "first_sync": whole,
                "cut_half_way_and_resumed": _first(folder / "cut", address, count, pages // 2),
                "floor": _floor(folder, folder / "whole", address),
            }


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:3]]
    print(json.dumps(measure(*sizes), ensure_ascii=False, indent=1))
