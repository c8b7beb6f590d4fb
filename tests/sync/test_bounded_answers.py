"""An answer larger than any county's is refused with a number, and the store stays as it was."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sync import errors
from sync.client import sync_once
from sync.protocol import MAX_BODY, MEDIA_PLAIN, MEDIA_ZSTD, compress
from sync.transport import Cut, HttpTransport, Offline, Rejected
from tests.sync.town import Town, child

BOMB = compress(b'{"now":1,"entries":[' + b" " * (8 * MAX_BODY))


class Strange(BaseHTTPRequestHandler):
    """A server that answers anything; what, is on its class."""

    protocol_version = "HTTP/1.1"
    status, media, body, extra = 200, MEDIA_PLAIN, b"", {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.status)
        for name, text in {"content-type": self.media, **self.extra}.items():
            self.send_header(name, text)
        if self.body is None:
            self.send_header("connection", "close")
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b" " * 65536)
            return
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_given: Any) -> None:
        pass


@pytest.fixture
def strange() -> Iterator[Any]:
    """(set what it answers, its address)"""

    class Handler(Strange):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def answer(body: bytes | None, media: str = MEDIA_PLAIN, status: int = 200, **extra: str):
        Handler.body, Handler.media, Handler.status = body, media, status
        Handler.extra = {name.replace("_", "-"): text for name, text in extra.items()}
        return HttpTransport(f"http://127.0.0.1:{server.server_port}")

    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


def fingerprint(replica: Any) -> list[Any]:
    return [
        replica.connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
        for name in ("state", "outbox", "returned", "log", "unread", '"r_child"')
    ]


@pytest.mark.parametrize(
    ("body", "media", "error", "code"),
    [
        (BOMB, MEDIA_ZSTD, Rejected, "answer_large"),
        (None, MEDIA_PLAIN, Rejected, "answer_large"),
        (b"[" * 200_000, MEDIA_PLAIN, Cut, ""),
        (b'{"now":1,"entries":[' + b"[" * 100_000, MEDIA_PLAIN, Cut, ""),
        (compress(b"{}" * 1000)[:-5], MEDIA_ZSTD, Cut, ""),
    ],
    ids=["bomb", "endless", "deep", "deep inside", "cut"],
)
def test_an_answer_that_is_none_leaves_the_store_untouched(strange, body, media, error, code):
    town = Town("li")
    li = town.replicas["li"]
    child(li)
    before = fingerprint(li)
    line = strange(body, media)
    with pytest.raises(error) as caught:
        sync_once(li, line)
    line.close()
    if code:
        assert caught.value.code == code and code in errors.LIST
    after = fingerprint(li)
    for was, now in zip(before[1:], after[1:], strict=True):
        assert was == now
    assert {k: v for k, v in after[0] if k != "page"} == dict(before[0])
    assert town.sync("li").sent == 1


def test_a_packing_that_nobody_asked_for_is_not_unpacked(strange):
    """httpx would, and without a limit."""
    body = gzip.compress(b'{"now":1}' + b" " * (4 * MAX_BODY))
    town = Town("li")
    line = strange(body, MEDIA_PLAIN, content_encoding="gzip")
    with pytest.raises(Cut):
        sync_once(town.replicas["li"], line)
    line.close()


@pytest.mark.parametrize(("status", "code"), [(503, "busy"), (507, "disk_full")])
def test_a_server_that_asks_to_wait_is_heard(strange, status, code):
    line = strange(
        b'{"error":"' + code.encode() + b'","message":"later"}', status=status, retry_after="600"
    )
    with pytest.raises(Offline) as caught:
        line.post("/v1/sync", b"{}", MEDIA_PLAIN)
    line.close()
    assert caught.value.retry_after == 600
