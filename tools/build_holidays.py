"""Builds casework/data/holidays.json: China's public holidays and the weekend days worked for them.

Run by hand when a new year's arrangement is out (each November), with a package that nothing else here
needs (`pip install -U holidays`): `python -m tools.build_holidays`. Years not yet arranged have the
festivals themselves, computed, and say so.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

TARGET = Path(__file__).parent.parent / "casework" / "data" / "holidays.json"
YEARS = range(2020, 2041)


def year(number: int) -> dict[str, object]:
    """`off`: days off, MMDD; `work`: weekend days worked; `is_arranged`: the State Council has said."""
    import holidays

    found = holidays.country_holidays("CN", years=[number])
    off = sorted(day.strftime("%m%d") for day in found if day.year == number)
    first = datetime.date(number, 1, 1)
    days = (first + datetime.timedelta(n) for n in range(366))
    work = [
        d.strftime("%m%d")
        for d in days
        if d.year == number and d.weekday() >= 5 and found.is_working_day(d)
    ]
    is_arranged = any("substituted" in name for name in found.values())
    return {"is_arranged": is_arranged, "off": off, "work": work}


if __name__ == "__main__":
    lines = ",\n".join(f'"{n}": {json.dumps(year(n))}' for n in YEARS)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
