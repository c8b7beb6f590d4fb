"""What an assessment proposes, points and level: for a person to take over or not."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from casework import wording
from schema.instruments import Result, judge
from sync.reading import Reading


def proposal(replica: Reading, row: Mapping[str, Any]) -> Result:
    """Points and proposed level of one assessment, by the child's age on its day."""
    children = replica.rows("child", [str(row["child"])], with_deleted=True)
    birth = children[0].get("birth_date") if children else None
    years = wording.age(birth, datetime.date.fromisoformat(row["on"]))
    return judge(str(row["instrument"]), row, years)
