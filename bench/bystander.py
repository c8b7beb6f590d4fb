"""Another device that synchronises nothing again and again, in its own process, until its input
ends.

`python -m bench.bystander ADDRESS DEVICE` with the token on the first line of its input; prints the
time of every exchange in milliseconds. It speaks the protocol with plain sockets: what it measures
is the server.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from urllib.parse import urlsplit

import msgspec

from sync.protocol import PROTOCOL, unpack

PAUSE_S = 0.02


def main(address: str, device: str) -> None:
    token = sys.stdin.readline().strip()
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    line = http.client.HTTPConnection(urlsplit(address).netloc)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    cursor, is_level = "", False
    while not over.is_set():
        body = msgspec.json.encode({"protocol": PROTOCOL, "device": device, "cursor": cursor})
        began = time.perf_counter()
        line.request("POST", "/v1/sync", body, headers)
        answer = line.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1000
        found = msgspec.json.decode(unpack(content, answer.headers["content-type"]))
        if is_level:  # the first ones fetch what there is
            sys.stdout.write(f"{took:.2f}\n")
            sys.stdout.flush()
        elif not found.get("more"):
            is_level = True
            sys.stdout.write("level\n")
            sys.stdout.flush()
        cursor = found.get("cursor") or cursor
        if is_level:
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
