"""What this person has to do, the most pressing first, each with its reason."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from casework import wording
from casework.duties import Duty
from sync.language import _
from tui.canvas import Canvas, Row

LEFT = 3
STATE = 20
WHY = 35
MARKS = {"overdue": "danger", "due": "look", "soon": "calm"}


def when_text(duty: Duty, today: datetime.date) -> str:
    """逾期 6 天, 今天, 11月21日."""
    day = datetime.date.fromisoformat(duty.due)
    if day < today:
        return _("逾期 {n} 天").format(n=(today - day).days)
    return wording.date_text(duty.due, today)


class DutyList(Canvas, can_focus=True):
    """Rows of duties. The place moves the cursor; nothing is read here."""

    DEFAULT_CSS = "DutyList { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.duties: list[Duty] = []
        self.top = 0
        self.at = 0

    @property
    def total(self) -> int:
        return len(self.duties)

    @property
    def rows_shown(self) -> int:
        return max(self.size.height, 1)

    def show(self, duties: list[Duty]) -> None:
        """Show these; the cursor stays on the duty it was on, as far as that is still there."""
        here = self.here()
        self.duties = duties
        again = [n for n, d in enumerate(duties) if here and d.duty == here.duty]
        self.go_to(again[0] if again else self.at)

    def here(self) -> Duty | None:
        """The duty under the cursor."""
        return self.duties[self.at] if 0 <= self.at < self.total else None

    def current(self) -> Mapping[str, Any] | None:
        """The child of the duty under the cursor."""
        here = self.here()
        return {"id": here.subject} if here else None

    def move(self, steps: int) -> None:
        self.go_to(self.at + steps)

    def go_to(self, index: int) -> None:
        self.at = max(0, min(index, self.total - 1))
        self.top = min(self.top, self.at)
        self.top = max(self.top, self.at - self.rows_shown + 1)
        self.refresh()

    def paint(self, y: int, row: Row) -> None:
        index = self.top + y
        if index >= self.total:
            return
        duty, is_here = self.duties[index], index == self.at
        row.put(LEFT, duty.name, "text bold" if is_here else "text", STATE - LEFT - 1)
        mark = MARKS[duty.state]
        x = row.mark(STATE, mark)
        said = when_text(duty, self.screen.today)  # type: ignore[attr-defined]
        row.put(x + 1, said, row.look.mark_style(mark), WHY - x - 2)
        row.put(WHY, duty.why, "dim", row.width - WHY - LEFT)
        if is_here:
            row.tint(0, row.width, "raise")
            row.mark(1, "here", "accent on raise")
