"""Moments as records hold them, `YYYY-MM-DD HH:MM` at UTC+8, and spans of time in words."""

from __future__ import annotations

import datetime

from casework.wording import COUNTY_ZONE
from sync.language import _


def now_text(ms: int) -> str:
    """A moment as records hold it."""
    return datetime.datetime.fromtimestamp(ms / 1000, COUNTY_ZONE).strftime("%Y-%m-%d %H:%M")


def ms_of(moment: str) -> int:
    """Milliseconds of a stored moment; a day without a time begins at midnight."""
    form = "%Y-%m-%d %H:%M" if len(moment) > 10 else "%Y-%m-%d"
    at = datetime.datetime.strptime(moment, form).replace(tzinfo=COUNTY_ZONE)
    return int(at.timestamp() * 1000)


def span_text(ms: int) -> str:
    """How long, in the two greatest units: 15 小时 07 分, 3 天 2 小时."""
    minutes = max(ms, 0) // 60_000
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return _("{d} 天 {h} 小时").format(d=hours // 24, h=hours % 24)
    return _("{h} 小时 {m} 分").format(h=hours, m=f"{minutes:02d}")
