"""A panel over the place one came from, which stays visible but dimmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from tui.canvas import Canvas, Row
from tui.place import HintBar, Place


def photograph(place: Any) -> list[list[tuple[int, str]]]:
    """What a place shows, as runs of text at columns; colours are left behind."""
    rows: list[list[tuple[int, str]]] = []
    for strip in place._compositor.render_strips():
        x, runs = 0, []
        for segment in strip:
            if segment.control:
                continue
            if segment.text.strip():
                runs.append((x, segment.text))
            x += cell_len(segment.text)
        rows.append(runs)
    return rows


class Panel(Canvas):
    """The dimmed place behind and the panel's rows; the overlay says what stands in them."""

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, Overlay)
        box = place.box(self.size.width, self.size.height)
        is_beside = box.y <= y < box.bottom
        if y < len(place.behind) and not (row.look.is_plain and is_beside):
            for x, text in place.behind[y]:
                row.put(x, text, "line")
        if is_beside:
            inner = Row(row.look, box.width, "bar")
            if row.look.is_plain and y in (box.y, box.bottom - 1):
                inner.rule(0, box.width)
            else:
                place.paint_panel(y - box.y, inner)
            row.put(box.x, " " * box.width, "text on bar")  # cuts wide characters behind cleanly
            row.cells[box.x : box.right] = inner.cells


class Overlay(Place):
    """A place painted over another; `under` is where Esc leads back to."""

    def __init__(self, under: Place) -> None:
        super().__init__()
        self.under = under
        self.behind = photograph(under)

    def compose(self) -> ComposeResult:
        yield Panel()
        yield from self.body()
        yield HintBar()

    def body(self) -> Iterator[Widget]:
        yield from ()

    def box(self, width: int, height: int) -> Region:
        """Where the panel stands."""
        raise NotImplementedError

    def paint_panel(self, y: int, row: Row) -> None:
        """Fill row `y` of the panel."""
        raise NotImplementedError
