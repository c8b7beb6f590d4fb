"""The line between a device and the hub, and what goes wrong on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from server.store.queries import MANY, Queries
from server.store.sqlite import SqliteStore
from sync import sheaf, turns
from sync.transport import Offline
from tests.sync.fragile import Crash, Full

FAULTS = (
    "drop_request", "drop_answer", "delay", "cut_answer", "cut_request", "twice", "hub_crash",
    "hub_full",
)  # fmt: skip


@contextmanager
def pages_together(number: int) -> Iterator[None]:
    """As many pages in one transaction of the device as where answers come slowly, or faster: here
    each is there at once. Of three synchronisations two send a page before they have the answer to
    the one before, however little is in it. And of two the county puts what one brings apart until
    later, as it does with much (server/store/fresh.py)."""
    pages, least = (1, 2, sheaf.MOST_PAGES)[number % 3], (1, 1, turns.FROM)[number // 3 % 3]
    apart = (1, MANY)[number % 2]
    with (
        patch.object(sheaf, "MOST_PAGES", pages),
        patch.object(turns, "FROM", least),
        patch.object(Queries, "much", apart),
    ):
        yield


def settle(store: SqliteStore, number: int) -> int:
    """Put some of what stands apart in its place, all of it or nothing; how many roots stood apart."""
    waiting: int = store.connection.real.execute(
        "SELECT count(DISTINCT root) FROM place_unit_fresh"
    ).fetchone()[0]
    most = (0, 1, 100)[number % 3]
    if most and waiting:
        with store.write():
            store.settle(most)
    return waiting if most else 0


class Line:
    """The line between a device and the hub, with one fault."""

    def __init__(self, county: Any, device: str, fault: str, at: int, crash: Any) -> None:
        self.county, self.device, self.fault, self.at, self.crash = county, device, fault, at, crash
        self.trips = 0
        self.broken: AssertionError | None = None

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        try:
            return self._post(path, body, media)
        except AssertionError as error:
            self.broken = self.broken or error  # of an answer that is let go nobody would hear
            raise

    def look(self) -> None:
        """Raise what was found broken at the county."""
        if self.broken:
            raise self.broken

    def _post(self, path: str, body: bytes, media: str) -> tuple[bytes, str]:
        assert path == "/v1/sync"
        county = self.county
        fault = self.fault if self.trips == self.at else ""
        self.trips += 1
        county.recorded.append((self.device, body, media))
        del county.recorded[:-30]
        if fault:
            county.counts[f"line {fault}"] += 1
        if fault == "drop_request":
            raise Offline("dropped")
        if fault == "cut_request":
            county.receive_cut(self.device, body[: county.point(len(body))], media)
            raise Offline("cut")
        if fault in ("hub_crash", "hub_full"):
            at, is_after, how = (*(self.crash or (0, False)), "crash")[:3]
            how = "full" if fault == "hub_full" else "crash" if how == "full" else how
            county.hub_connection.light(at, is_after, how)
        try:
            answer = county.serve(self.device, body, media)
        except Crash:
            raise Offline("the server stopped") from None
        except Full:
            raise Offline("HTTP 500") from None
        finally:
            county.hub_connection.tell(county.counts, "hub")
        if fault in ("drop_answer", "delay"):
            raise Offline("dropped")
        if fault == "cut_answer":
            return answer[0][: county.point(len(answer[0]))], answer[1]
        if fault == "twice":
            return county.serve(self.device, body, media)
        return answer
