"""Which days are worked and which are school days in China: the published holidays, the county's own
calendar, and a fallback for years that nobody has arranged yet.

The table (casework/data/holidays.json) is made by tools/build_holidays.py. School terms are set by
each province; unless the county says otherwise they run from 1 September to 20 January and from
20 February to 5 July.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from schema.kinds import KINDS
from sync.reading import Reading

_TABLE = Path(__file__).with_name("data") / "holidays.json"
Day = datetime.date
ONE = datetime.timedelta(days=1)


class Span(Struct, frozen=True):
    """Days from `first` to `last`, both counted."""

    first: Day
    last: Day

    def days(self) -> Iterator[Day]:
        return (self.first + ONE * n for n in range((self.last - self.first).days + 1))

    def __contains__(self, day: Day) -> bool:
        return self.first <= day <= self.last


@lru_cache(maxsize=1)
def _years() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return found


def is_arranged(year: int) -> bool:
    """True when the State Council has arranged the holidays of a year; else they are reckoned."""
    return bool(_years().get(str(year), {}).get("is_arranged"))


class Calendar:
    """Days off, days worked and school terms as this county has them."""

    def __init__(
        self, terms: Iterable[Span] = (), off: Iterable[Span] = (), work: Iterable[Span] = ()
    ) -> None:
        self._terms = sorted(terms, key=lambda s: s.first)
        self._off, self._work = tuple(off), tuple(work)
        self._moved: dict[tuple[Day, bool], Day] = {}

    @classmethod
    def of(cls, replica: Reading) -> Calendar:
        spans: dict[str, list[Span]] = {"term": [], "off": [], "work": []}
        for row in replica.select(KINDS["calendar"].name):
            first, last = map(Day.fromisoformat, (row["from_on"], row["until"]))
            spans[row["what"]].append(Span(first, last))
        return cls(spans["term"], spans["off"], spans["work"])

    def is_off(self, day: Day) -> bool:
        """A public holiday, or one of the county's."""
        if any(day in span for span in self._work):
            return False
        year = _years().get(str(day.year), {})
        return any(day in span for span in self._off) or day.strftime("%m%d") in year.get("off", ())

    def is_worked(self, day: Day) -> bool:
        """Offices are open."""
        if self.is_off(day):
            return False
        year = _years().get(str(day.year), {})
        is_made_up = day.strftime("%m%d") in year.get("work", ())
        return day.weekday() < 5 or is_made_up or any(day in span for span in self._work)

    def terms(self, year: int) -> list[Span]:
        """School terms that begin in `year`; the usual ones where the county has said nothing."""
        told = [s for s in self._terms if s.first.year == year]
        return told or [
            Span(Day(year, 2, 20), Day(year, 7, 5)), Span(Day(year, 9, 1), Day(year + 1, 1, 20))
        ]  # fmt: skip

    def term_at(self, day: Day) -> Span:
        """The term of a day, in the holidays the one before them."""
        begun = [s for year in (day.year - 1, day.year) for s in self.terms(year) if s.first <= day]
        return max(begun, key=lambda s: s.first)

    def is_school_day(self, day: Day) -> bool:
        return day in self.term_at(day) and self.is_worked(day)

    def moved(self, day: Day, *, school: bool = False) -> Day:
        """`day`, or the next one on which it can be done: no duty falls due on a public holiday,
        a school's none outside the term."""
        known = self._moved.get((day, school))
        if known is None:
            known = day
            for _ in range(120):  # longer than any holidays
                if self.is_school_day(known) if school else not self.is_off(known):
                    break
                known += ONE
            self._moved[day, school] = known
        return known
