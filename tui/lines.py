"""The base of a place that is one list with a row for each thing: cursor, moving, the sentence of an
empty one, and at the bottom what can be said of the row under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.widget import Widget

from sync.language import _
from tui.canvas import Canvas, Row
from tui.moving import Moving
from tui.place import LEFT, Place

One = TypeVar("One")


class LineList(Canvas, can_focus=True):
    DEFAULT_CSS = "LineList { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, LinesPlace)
        below = y - (self.size.height - place.FOOT)
        n = place.top + y - 1
        if not place.lines:
            if y == 1:
                row.put(LEFT, place.nothing(), "text")
        elif below >= 0:
            place.paint_foot(below, place.lines[place.at], row)
        elif y and n < len(place.lines):
            is_here = n == place.at
            place.paint_line(place.lines[n], row, is_here)
            if is_here:
                row.tint(0, row.width, "raise")
                row.mark(1, "here", "accent on raise")


class LinesPlace(Moving, Place, Generic[One]):
    """`lines`: what `read` gave when the data last changed."""

    FOOT: ClassVar[int] = 0
    """Rows at the bottom that are not of the list."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[One] = []
        self.at = self.top = 0

    # -- what each place says of itself

    def read(self) -> Sequence[One]:
        raise NotImplementedError

    def nothing(self) -> str:
        """What stands there when there is none."""
        raise NotImplementedError

    def paint_line(self, one: One, row: Row, is_here: bool) -> None:
        raise NotImplementedError

    def paint_foot(self, n: int, one: One, row: Row) -> None:
        """Row `n` of the foot, which is about `one`, the row under the cursor."""

    def child_of(self, one: One) -> str:
        """The file that Enter opens."""
        raise NotImplementedError

    # -- the list

    def body(self) -> Iterator[Widget]:
        self.canvas = LineList()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.call_after_refresh(self.data_changed)

    def data_changed(self) -> None:
        self.lines = self.read()
        self._go_to(self.at)

    def title_right(self) -> list[tuple[str, str]]:
        if not self.lines:
            return super().title_right()
        words = _("第 {n} 条，共 {all}").format(n=self.at + 1, all=len(self.lines))
        return [(words, "dim")]

    @property
    def here(self) -> One | None:
        """The row under the cursor."""
        return self.lines[self.at] if self.lines else None

    def _go_to(self, index: int) -> None:
        self.at = max(min(index, len(self.lines) - 1), 0)
        self.top = min(max(self.top, self.at - self._page_rows + 1), self.at)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return max(self.canvas.size.height - 1 - self.FOOT, 1)

    def _move(self, step: int) -> None:
        self._go_to(self.at + step)

    def do_open(self) -> None:
        if self.here is not None:
            from tui.screens.file import FilePlace

            self.program.go(FilePlace("child", self.child_of(self.here)))
