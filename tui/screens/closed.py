"""What is left when the lease has ended: why, whom to call, a contact by the child's name, and the
ways to the county."""

from __future__ import annotations

from collections.abc import Iterator

from textual.containers import Horizontal
from textual.widget import Widget

from casework import visits
from casework.emergency import NUMBERS
from schema.kinds import KINDS
from sync import errors
from sync.language import _
from tui.canvas import Canvas, Row, wrap
from tui.fields import Typed
from tui.place import LEFT, Place

REPORT = KINDS["case"]
"""What must be reported, whatever is closed."""
NUMBER = 10
"""Cells from a number to what it is for."""


class Why(Canvas):
    DEFAULT_CSS = "Why { height: 4; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ClosedPlace)
        lines = wrap(place.why(), row.width - 2 * LEFT - 2)
        if 1 <= y <= len(lines):
            if y == 1:
                row.mark(LEFT, "danger")
            row.put(LEFT + 2, lines[y - 1], "text bold")


class NameLabel(Canvas):
    DEFAULT_CSS = "NameLabel { width: 18; height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        row.put(LEFT, _("孩子的姓名"), "dim")


class Whom(Canvas):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ClosedPlace)
        if y == 1:
            row.put(LEFT, place.trouble, "amber", row.width - 2 * LEFT)
        elif y == 3:
            row.put(LEFT, _("孩子有危险"), "text bold")
        elif 4 <= y < 4 + len(NUMBERS):
            number, purpose = NUMBERS[y - 4]
            row.put(LEFT, number, "text bold")
            row.put(LEFT + NUMBER, _(purpose), "text")


class ClosedPlace(Place):
    """Stands in the place of today until the county has been heard of."""

    place = "closed"
    hints = ("visit_named", "report_named", "sync_now", "bundle_write", "bundle_read")
    is_open_past_lease = True
    CSS = "ClosedPlace #line { height: 1; } ClosedPlace Input { width: 40; }"

    def __init__(self) -> None:
        super().__init__()
        self.trouble = ""

    def body(self) -> Iterator[Widget]:
        self.field = Typed(id="name")
        yield Why()
        yield Horizontal(NameLabel(), self.field, id="line")
        yield Whom()

    def on_mount(self) -> None:
        self.field.focus()

    def title_path(self) -> str:
        return _("旧档案锁着")

    def why(self) -> str:
        return errors.sentence("lease_ended", n=self.program.lease.days)

    def quiet(self) -> str:
        pending = self.replica.pending_count()
        return _("{n} 条没交的都在，收发或写包都交得出去").format(n=pending)

    def is_typing(self) -> bool:
        return bool(self.field.value)

    def data_changed(self) -> None:
        if not self.program.lease.is_ended:
            self.program.show_first()
        else:
            self.repaint()

    # -- doing

    def on_input_submitted(self) -> None:
        self.action_act("visit_named")

    def do_visit_named(self) -> None:
        """A contact of the child whose name was typed."""
        child = self._child_named()
        if child:
            from tui.screens.visit import VisitPlace

            self.program.go(VisitPlace([child]))

    def do_report_named(self) -> None:
        """A danger that must be reported, of the child whose name was typed."""
        child = self._child_named()
        if child:
            from tui.screens.form import FormPlace

            self.program.go(FormPlace(REPORT.name, preset={REPORT.parent: child}))

    def _child_named(self) -> str:
        """The one child whose whole name was typed, with the village where two share it; else says
        what is missing."""
        self.trouble = ""
        words = self.field.value.split()
        found = visits.named(self.replica, words) if words else []
        if len(found) == 1:
            self.field.value = ""
        elif words:
            several = _("有 {n} 个孩子叫这个名字：后面空一格，写上村名。")
            nobody = _("没有找到。姓名要写全；新来的孩子收发以后再建档。")
            self.trouble = several.format(n=len(found)) if found else nobody
        else:
            self.trouble = _("先写孩子的全名。")
        self.repaint()
        return found[0] if len(found) == 1 else ""

    def do_bundle_write(self) -> None:
        from tui.screens.stick import StickPlace

        self.program.go(StickPlace(is_reading=False))

    def do_bundle_read(self) -> None:
        from tui.screens.stick import StickPlace

        self.program.go(StickPlace(is_reading=True))

    def do_back(self) -> None:
        """There is nothing behind it: Esc empties the line."""
        self.field.value = ""
        self.trouble = ""
        self.repaint()
