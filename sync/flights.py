"""A device's requests under way, and their answers in order."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future

import msgspec
from msgspec import Struct

from sync import turns
from sync.protocol import SyncRequest, SyncResponse, TooLarge, pack, unpack
from sync.transport import Cut, Rejected, Transport

QUICK_S = 1.0
"""Of a round trip: on such a line a second page is sent before the answer to the first."""
AT_ONCE_S = 0.01
"""So long an answer that is due is waited for with the store held: less than keeping a page by itself
costs."""


class Flight(Struct):
    """A request and the answer that is to come."""

    request: SyncRequest
    sent_up_to: int
    """See `make_request`."""
    answer: Future[tuple[bytes, str]]
    size: int
    """Bytes of the request as it travels."""
    began: float
    """`time.monotonic` when it was sent."""
    thread: threading.Thread | None = None


class Line:
    """Requests and their answers, in order; the next request may be on its way while the answer
    before it is applied, and one more where the county takes it so (sync/turns.py)."""

    def __init__(self, transport: Transport, token: str) -> None:
        self.transport, self.token = transport, token
        self.trips = self.up = self.down = 0
        self.flights: deque[Flight] = deque()
        """What is under way, the oldest first."""
        self.is_in_order = True
        """False once a request came before the one that it follows."""
        self.seconds = 0.0
        """How long the last one that was answered took."""

    def send(self, request: SyncRequest, sent_up_to: int = 0, *, is_ahead: bool = False) -> None:
        """Send; beside the caller when it has other things to do and the transport allows it."""
        # Packed here: what another thread allocates, this one cannot use again (7 MB).
        body, media = pack(request)
        flight = Flight(request, sent_up_to, Future(), len(body), time.monotonic())
        self.flights.append(flight)
        if is_ahead and getattr(self.transport, "may_run_beside", False):
            flight.thread = threading.Thread(target=self._fly, args=(body, media, flight))
            flight.thread.start()
        else:
            self._fly(body, media, flight)

    def _fly(self, body: bytes, media: str, flight: Flight) -> None:
        try:
            answer = self.transport.post("/v1/sync", body, media, self.token)
            self.seconds = time.monotonic() - flight.began
            flight.answer.set_result(answer)
        except BaseException as error:  # noqa: BLE001 - raised where the answer is asked for
            flight.answer.set_exception(error)

    def has_answered(self) -> bool:
        """True when an answer is there to be applied; it is waited for where, by the one before, it is
        just about to come."""
        flight = self.flights[0]
        is_due = time.monotonic() - flight.began > self.seconds - AT_ONCE_S
        try:
            return flight.answer.exception(AT_ONCE_S if is_due else 0) is None
        except TimeoutError:
            return False

    def answer(self) -> tuple[Flight, SyncResponse | None]:
        """The oldest request under way, and its answer; None: it came too early, and is to be sent
        again. Raises what its transport raised."""
        flight = self._land()
        try:
            body, media = flight.answer.result()
            return flight, msgspec.json.decode(unpack(body, media), type=SyncResponse)
        except TooLarge:
            raise Rejected("answer_large") from None
        except Rejected as refusal:
            if refusal.code != turns.EARLY or not flight.request.follows:
                raise
            self.is_in_order = False
            return flight, None
        except (ValueError, msgspec.DecodeError, RecursionError) as error:
            raise Cut("answer damaged", is_broken=True) from error

    def let_go(self) -> None:
        """Wait for what is on its way, whatever becomes of it: as if the answers were lost."""
        while self.flights:
            self._land()

    def _land(self) -> Flight:
        """Wait for the oldest request's end; counted when it was answered."""
        flight = self.flights.popleft()
        if flight.thread is not None:
            flight.thread.join()
        if not flight.answer.exception():
            self.trips += 1
            self.up += flight.size
            self.down += len(flight.answer.result()[0])
        return flight

    def may_follow(self, response: SyncResponse) -> bool:
        """True when a request may be sent behind the one that is under way: the county takes it so,
        there is enough in that one to be worth it, and the line is quick: a slow one carries
        one page after the other, and when it breaks it breaks for one."""
        return (
            response.may_follow
            and self.is_in_order
            and len(self.flights) == 1
            and len(self.flights[0].request.changes) >= turns.FROM
            and not self.flights[0].request.strays
            and self.seconds < QUICK_S
        )
