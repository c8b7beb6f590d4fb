"""A year of entries about one child as twelve bars, with the longest gap in words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from schema.record import Kind
from sync.language import _
from tui.canvas import Line
from tui.look import Look
from tui.place import LEFT

MONTHS = 12
STEP = 6
"""Cells a month takes."""
EIGHTHS = " ▁▂▃▄▅▆▇█"


def lines(
    kind: Kind, rows: Sequence[dict[str, Any]], today: datetime.date, look: Look
) -> list[Line]:
    """Twelve months as bars two rows high, as plain numbers in the plain theme."""
    date = kind.order_by[0].lstrip("-") if kind.order_by else ""
    days = sorted(d for r in rows if (d := r.get(date)) and len(d) == 10)
    counts: list[int] = []
    labels: list[str] = []
    for back in range(MONTHS - 1, -1, -1):
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        counts.append(sum(d.startswith(f"{year:04d}-{month + 1:02d}") for d in days))
        labels.append(str(month + 1))
    words = f"{_(kind.label)} {len(rows)}"
    gap = longest_gap(days, today)
    if gap:
        words += "   " + _("最长空档 {n} 天").format(n=gap)
    heading = _("一年来的{what}").format(what=_(kind.label))
    found: list[Line] = [[(LEFT, heading, "text bold"), (LEFT + 20, words, "dim")]]
    if look.is_plain:
        found.append([(LEFT + n * STEP, str(c), "text") for n, c in enumerate(counts)])
    else:
        found += _bars(counts)
    found.append([(LEFT + n * STEP, m, "faint") for n, m in enumerate(labels)])
    return found


def _bars(counts: Sequence[int]) -> list[Line]:
    top = max([*counts, 1])
    sixteenths = [round(c * 16 / top) if top > 2 else c * 8 for c in counts]
    found: list[Line] = []
    for is_upper in (True, False):
        line: Line = []
        for n, size in enumerate(sixteenths):
            part = max(size - 8, 0) if is_upper else min(size, 8)
            bar = EIGHTHS[part] if part or is_upper else EIGHTHS[1]
            line.append((LEFT + n * STEP, bar * 4, "accent" if part else "line"))
        found.append(line)
    return found


def longest_gap(days: Sequence[str], today: datetime.date) -> int:
    """The most days without an entry within the last year; 0 when there are fewer than two."""
    year_ago = today - datetime.timedelta(days=365)
    dates = [
        d for d in (datetime.date.fromisoformat(day) for day in days) if year_ago <= d <= today
    ]
    if len(dates) < 2:
        return 0
    return max((b - a).days for a, b in zip(dates, [*dates[1:], today], strict=True))
