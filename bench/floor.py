"""The floor under an exchange: the same rows as gzipped NDJSON over loopback, bulk-inserted into
plain SQLite files at both ends. No merge, no log, no digest, no encryption, no search.

What a synchronisation costs beyond this is the price of its promises.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

LEVEL = 6


def _pack(rows: Iterable[dict[str, Any]]) -> bytes:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return gzip.compress(lines.encode(), LEVEL)


def _insert(path: Path, body: bytes) -> int:
    """Bulk-insert what came; returns how many."""
    rows = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE child ({columns})")
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO child VALUES ({marks})", [[row[name] for name in names] for row in rows]
    )
    connection.commit()
    connection.close()
    return len(rows)


def _read(path: Path) -> bytes:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT * FROM child")
    names = [column[0] for column in found.description]
    body = _pack(dict(zip(names, row, strict=True)) for row in found)
    connection.close()
    return body


def _serve(path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            _insert(path, self.rfile.read(int(self.headers["content-length"])))
            self._answer(b"{}")

        def do_GET(self) -> None:
            self._answer(_read(path))

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return round(time.perf_counter() - began, 3), result


def measure(rows: list[dict[str, Any]]) -> dict[str, object]:
    """Push from a device's file to a server in a process of its own, and pull into another's."""
    import httpx

    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        _insert(folder / "first.db", _pack(rows))
        command = [sys.executable, "-m", "bench.floor", str(folder / "server.db")]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        assert server.stdout is not None
        try:
            address = f"http://127.0.0.1:{server.stdout.readline().strip()}/"
            with httpx.Client(timeout=60, trust_env=False) as client:
                push, up = _timed(lambda: _push(client, address, folder / "first.db"))
                pull, down = _timed(lambda: _pull(client, address, folder / "second.db"))
        finally:
            server.terminate()
            server.wait(20)
    return {"push_s": push, "pull_s": pull, "push_kb": round(up / 1024, 1),
            "pull_kb": round(down / 1024, 1)}  # fmt: skip


def _push(client: Any, address: str, store: Path) -> int:
    body = _read(store)
    client.post(address, content=body).raise_for_status()
    return len(body)


def _pull(client: Any, address: str, store: Path) -> int:
    body = client.get(address).raise_for_status().content
    _insert(store, body)
    return len(body)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
