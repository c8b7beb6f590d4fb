"""The lease of local data: so many days of use without word from the county, then files are closed
to reading.

Days are counted, not waited for, so that a jump of the clock is one step and no more:

- a date not seen since the county was last heard of counts one day, whichever way the clock went;
- a date seen before, met again after another one or after the clock went back, counts a third: it
  comes back only when somebody sets the clock, or where a laptop's clock starts anew at every boot
  (opened three times a day, it counts its days rightly).

So neither does a jump of years end a lease, nor does a clock that is set back every morning keep
one open.
"""

from __future__ import annotations

import datetime

import msgspec
from msgspec import Struct

from sync import settings
from sync.reading import Reading

WARN_DAYS = 7
"""The end is announced a week before."""
_THIRDS = 3
_ZONE = datetime.timezone(datetime.timedelta(hours=8))
_SLACK_MS = 60_000
"""A clock put right by a minute has not been set back."""
_NOTE_EVERY_MS = 600_000
"""How far the clock goes on before that alone is written down."""


class _Count(Struct):
    """What a store remembers of its use since the county was last heard of."""

    seen: list[int]
    """Dates as ordinals; the last one met stands last. At most as many as the lease has days."""
    latest_ms: int
    """The clock's greatest reading since it was last set back."""
    thirds: int = 0


class Lease(Struct, frozen=True):
    """How a store's lease stands."""

    days: int
    """The county's setting."""
    used: int
    """Days of use since the county was last heard of; that day itself is none."""

    @property
    def left(self) -> int:
        return max(self.days - self.used, 0)

    @property
    def is_ended(self) -> bool:
        return self.used > self.days

    @property
    def is_ending(self) -> bool:
        return self.left <= WARN_DAYS and not self.is_ended


def lease_of(replica: Reading) -> Lease:
    """How it stands, as last counted."""
    count = _read(replica)
    days = settings.value_of(replica, "lease_days")
    return Lease(days, count.thirds // _THIRDS if count else 0)


def note_use(replica: Reading, now_ms: int) -> None:
    """The laptop is in use at this moment by its clock: count the day if it is another one."""
    held = _read(replica)
    if held is None:  # a store of before leases: they begin today
        renew(replica, now_ms)
        return
    day, last = _day(now_ms), held.seen[-1]
    is_set_back = now_ms < held.latest_ms - _SLACK_MS
    thirds = held.thirds
    if day not in held.seen:
        thirds += _THIRDS
    elif day != last or is_set_back:
        thirds += 1
    latest = now_ms if is_set_back else max(now_ms, held.latest_ms)
    if thirds != held.thirds or latest - held.latest_ms >= _NOTE_EVERY_MS:
        days = settings.value_of(replica, "lease_days")
        seen = [d for d in held.seen if d != day][-days:]
        _write(replica, _Count([*seen, day], latest, thirds))


def renew(replica: Reading, now_ms: int) -> None:
    """The county has been heard of."""
    _write(replica, _Count([_day(now_ms)], now_ms))


def _day(ms: int) -> int:
    try:
        return datetime.datetime.fromtimestamp(ms / 1000, _ZONE).toordinal()
    except (OverflowError, ValueError, OSError):  # a clock beyond all calendars
        return 0


def _read(replica: Reading) -> _Count | None:
    body = replica.get_state("lease")
    return msgspec.json.decode(body, type=_Count) if body else None


def _write(replica: Reading, count: _Count) -> None:
    replica.set_state(lease=msgspec.json.encode(count))
