"""When to synchronise next: after an edit, every few minutes, and ever more rarely while the county
cannot be reached."""

from __future__ import annotations

from collections.abc import Callable

EVERY_S = 180.0
AFTER_EDIT_S = 5.0
"""Long enough that the saves of one visit travel together."""
FIRST_S = 2.0
MOST_S = 900.0
"""A laptop that comes into a mobile network is noticed within a quarter of an hour."""
PATIENCE_S = 60.0
"""The longest that a command waits because the server asked it to."""
TRIES = 3


def wait_s(failures: int, retry_after: float, random: Callable[[], float]) -> float:
    """Seconds until the next try after so many failures in a row (1 or more).

    Doubles from `FIRST_S` to `MOST_S`; a random half of it spreads a county's laptops after an
    outage. Never less than `retry_after`, what the server itself asked for. `random`: 0 to 1.
    """
    longest = min(MOST_S, FIRST_S * 2.0 ** min(failures - 1, 30))
    backed_off = longest * (0.5 + 0.5 * random())
    return max(backed_off, retry_after * (1.0 + 0.1 * random()))


class Pacing:
    """The schedule of one open program. `now`: seconds on a clock that only rises."""

    def __init__(self, now: Callable[[], float], random: Callable[[], float]) -> None:
        self._now, self._random = now, random
        self.failures = 0
        self.due = now() + AFTER_EDIT_S
        """When the next synchronisation is to begin by itself."""
        self.closed_until = now()
        """Until then the server asked to be left alone, whoever asks."""
        self._not_before = now()

    def is_due(self) -> bool:
        return self._now() >= self.due

    @property
    def closed_s(self) -> float:
        """Seconds for which the server still wants to be left alone; 0 when it may be asked."""
        return max(0.0, self.closed_until - self._now())

    def edited(self) -> None:
        """Something was saved: soon, but never before a failure's wait is over."""
        soon = max(self._now() + AFTER_EDIT_S, self._not_before)
        self.due = min(self.due, soon)

    def succeeded(self) -> None:
        """All was exchanged; a tenth more or less keeps laptops from coming all at once."""
        self.failures = 0
        self._not_before = self.closed_until = self._now()
        self.due = self._now() + EVERY_S * (0.9 + 0.2 * self._random())

    def failed(self, retry_after: float = 0.0) -> None:
        """The county was not reached or would not listen. `retry_after`: seconds it asked for."""
        self.failures += 1
        now = self._now()
        self.closed_until = max(self.closed_until, now + retry_after)
        self._not_before = max(
            self.closed_until, now + wait_s(self.failures, retry_after, self._random)
        )
        self.due = self._not_before
