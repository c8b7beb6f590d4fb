"""A hybrid logical clock that never refuses: one whole number, milliseconds times 65,536 plus a
counter.

The counter carries into the milliseconds when it overflows (Actual's 65,537th write in a frozen
millisecond was an error). A stamp orders; it never says whether two edits saw each other.
"""

from __future__ import annotations

from collections.abc import Callable

COUNTER_BITS = 16
_LAST_MS = (1 << 46) - 1
"""Year 4199: a clock beyond it counts as this, so that every stamp fits a database's 63 bits."""
MAX_AHEAD_MS = 60_000
"""How far beyond the hub's time a stamp may lie before the hub clamps it."""


def stamp_of(ms: int) -> int:
    """The first stamp of a millisecond."""
    return min(max(ms, 0), _LAST_MS) << COUNTER_BITS


def ms_of(stamp: int) -> int:
    """The millisecond (UTC, since 1970) in which a stamp lies."""
    return stamp >> COUNTER_BITS


class Clock:
    """A device's clock: wall time corrected by the hub, and the greatest stamp given out or
    received."""

    def __init__(self, wall_ms: Callable[[], int], last: int = 0, offset_ms: int = 0) -> None:
        self._wall_ms = wall_ms
        self.last = last
        self.offset_ms = offset_ms
        """Hub time minus this machine's time, as learnt at the last contact."""

    def now_ms(self) -> int:
        """Corrected wall time."""
        return self._wall_ms() + self.offset_ms

    def tick(self) -> int:
        """A new stamp, greater than every stamp known here."""
        self.last = max(self.last + 1, stamp_of(self.now_ms()))
        return self.last

    def learn(self, hub_ms: int) -> None:
        """Take the hub's time from an answer that just arrived."""
        self.offset_ms = hub_ms - self._wall_ms()

    def settle(self, greatest_effective: int) -> None:
        """With nothing unsent: fall back to the greatest effective stamp or corrected wall time.

        A clock that once ran a year ahead must not stay ahead for a year.
        """
        self.last = max(greatest_effective, stamp_of(self.now_ms()) - 1)


def admit(claimed: int, hub_ms: int, floor: int) -> int:
    """The effective stamp of a change: not from the future, and above everything its author saw.

    `floor` is the greatest of the stamps of its bases and of the device's last change.
    """
    return max(min(claimed, stamp_of(hub_ms + MAX_AHEAD_MS)), floor + 1)
