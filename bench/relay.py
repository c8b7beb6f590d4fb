"""A TCP relay on the own machine that counts what passes: HTTP bytes with their headers, both ways. As a
poor line it is slow, late, and breaks off at any byte."""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

RESET, SILENCE, TRUNCATE = "reset", "silence", "answer cut short"
FAULTS = (RESET, RESET, RESET, SILENCE, TRUNCATE)
"""Resets are the most common; a silence costs the client its whole patience."""


@dataclass
class Weather:
    """How bad the line is."""

    rate: int = 0
    """Bytes a second each way; 0: as fast as the machine."""
    latency_s: float = 0.0
    """From one end to the other and back."""
    least: int = 0
    most: int = 0
    """A connection breaks after that many bytes, both ways together; 0: it holds."""
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    def fate(self) -> tuple[str, int]:
        """What befalls the next connection, and after how many bytes."""
        if not self.most:
            return "", 0
        return self.rng.choice(FAULTS), self.rng.randint(self.least, self.most)


class Relay:
    """Listens, hands on to the server's address in this weather, and counts."""

    def __init__(self, address: str, weather: Weather | None = None) -> None:
        parts = urlsplit(address)
        self._target = (parts.hostname or "", parts.port or 0)
        self.weather = weather or Weather()
        self.up = self.down = 0
        """Bytes that passed."""
        self.faults: Counter[str] = Counter()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            _Wire(self, near, self._target)

    def keep(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open.update(sockets)

    def drop(self, *sockets: socket.socket) -> None:
        for one in sockets:
            with self._lock:
                self._open.discard(one)
            with contextlib.suppress(OSError):
                one.close()

    def close(self) -> None:
        self._listener.close()
        self.drop(*list(self._open))


class _Wire:
    """One connection, with its fate."""

    def __init__(self, relay: Relay, near: socket.socket, target: tuple[str, int]) -> None:
        self.relay, self.near = relay, near
        self.far = socket.create_connection(target)
        for end in (self.near, self.far):  # the slowness is ours, not that of the kernel's buffers
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        relay.keep(self.near, self.far)
        self.fate, self.left = relay.weather.fate()
        self._lock = threading.Lock()
        self.is_broken = False
        for source, sink, way in ((self.near, self.far, "up"), (self.far, self.near, "down")):
            waiting: queue.Queue[tuple[float, bytes]] = queue.Queue(maxsize=64)
            for work in (self._take, self._give):
                threading.Thread(
                    target=work, args=(source, sink, way, waiting), daemon=True
                ).start()

    def _take(
        self, source: socket.socket, _sink: socket.socket, way: str, waiting: queue.Queue
    ) -> None:
        data = b"-"
        while data:
            try:
                data = source.recv(1024)
            except OSError:
                data = b""
            waiting.put((time.monotonic() + self.relay.weather.latency_s / 2, data))

    def _give(
        self, _source: socket.socket, sink: socket.socket, way: str, waiting: queue.Queue
    ) -> None:
        while True:
            due, data = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            passing = self._allowed(data, way)
            setattr(self.relay, way, getattr(self.relay, way) + len(passing))
            try:
                for start in range(0, len(passing), 128):
                    piece = passing[start : start + 128]
                    if self.relay.weather.rate:
                        time.sleep(len(piece) / self.relay.weather.rate)
                    sink.sendall(piece)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
            except OSError:
                data = b""
            if len(passing) < len(data):
                self._break()
            if not data:
                return

    def _allowed(self, data: bytes, way: str) -> bytes:
        """What of it still passes."""
        with self._lock:
            if self.is_broken:
                return b""
            if not self.fate or (self.fate == TRUNCATE and way == "up"):
                return data
            passing = data[: self.left]
            self.left -= len(passing)
            return passing

    def _break(self) -> None:
        with self._lock:
            if self.is_broken:
                return
            self.is_broken = True
        self.relay.faults[self.fate] += 1
        if self.fate == SILENCE:
            return  # both ends stay open and hear nothing any more
        if self.fate == RESET:
            for end in (self.near, self.far):
                with contextlib.suppress(OSError):  # closing then sends RST in place of FIN
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.relay.drop(self.near, self.far)
