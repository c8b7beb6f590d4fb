"""The list of records: a virtual table that reads only the rows it shows, whatever the size of the
county."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip

from casework import search
from casework.columns import Cell, Column, columns_of
from schema.kinds import KINDS
from sync import language, pinyin
from sync.language import _
from tui.canvas import Canvas, Row, fit, fit_words

if TYPE_CHECKING:
    from sync.replica import Replica

GAP = 1
LEFT = 3
MARKS = 6
"""Cells at the right edge that the marks have."""
SHORTEST = 6
"""Cells below which free text says nothing."""


def _least(column: Column) -> int:
    """Cells below which nothing may go, in the language in use: the head, and the longest answer."""
    answers = max((cell_len(_(label)) for label in column.answers), default=0)
    if answers:
        answers += 2 * column.has_marks
    else:
        answers = SHORTEST if column.is_long else column.width
    return max(cell_len(_(column.label)), answers)


def _wanted(column: Column) -> int:
    return max(column.width, _least(column))


class RecordList(Canvas, can_focus=True):
    """Rows of one kind. The place moves the cursor; this widget reads and paints a page."""

    DEFAULT_CSS = "RecordList { height: 1fr; }"

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = KINDS[kind]
        self.columns: list[Column] = columns_of(self.kind)
        self.text = ""
        self.where = ""
        self.worry = ""
        """The ranked field by which the list runs; empty: by name."""
        self.top = 0
        self.at = 0
        """Index of the row under the cursor."""
        self.total = 0
        self.marked: set[str] = set()
        self._page: list[tuple[dict[str, Any], list[Cell]]] = []
        self._page_top = -1
        self._is_loose = False
        self._laid_for = (0, "")
        """Width and language in which the columns were laid out."""
        self._laid: list[tuple[int, int]] = []

    @property
    def replica(self) -> Replica:
        return self.app.replica  # type: ignore[attr-defined, no-any-return]

    @property
    def today(self) -> datetime.date:
        return self.screen.today  # type: ignore[attr-defined, no-any-return]

    @property
    def rows_shown(self) -> int:
        return max(self.size.height - 1, 1)

    # -- reading

    def ask(self, text: str | None = None, where: str | None = None) -> None:
        """Search anew; the cursor goes to the first row."""
        if text is not None:
            self.text = text
        if where is not None:
            self.where = where
        self.top = self.at = 0
        self.read()

    def read(self) -> None:
        """Read the first page and count; a page that is not full has counted itself."""
        self._is_loose = False
        self._first_page()
        if not self.total and self.text:  # no name begins so: look inside names too
            self._is_loose = True
            self._first_page()
        self.at = max(0, min(self.at, self.total - 1))
        self._scroll()
        self.refresh()

    def _first_page(self) -> None:
        name, shown = self.kind.name, self.rows_shown
        found: list[str] = []
        if self.size:
            found = search.ids(
                self.replica, name, self.text, shown, 0, self.where,
                is_loose=self._is_loose, worry=self.worry,
            )  # fmt: skip
            self._take(found, 0)
        else:  # not laid out: how many rows there is room for is known when they are painted
            self._page_top = -1
        self.total = len(found)
        if len(found) == shown or not self.size:
            is_walked = self.text and not self.worry and self.kind.scope != "hangs"
            after = found[-1] if found and is_walked else ""
            self.total = (len(found) if after else 0) + search.count(
                self.replica, name, self.text, self.where, is_loose=self._is_loose, after=after
            )

    def _scroll(self) -> None:
        shown = self.rows_shown
        if self.at < self.top:
            self.top = self.at
        elif self.at >= self.top + shown:
            self.top = self.at - shown + 1

    def _load(self) -> None:
        if self._page_top == self.top and len(self._page) >= min(
            self.rows_shown, self.total - self.top
        ):
            return
        ids = search.ids(
            self.replica,
            self.kind.name,
            self.text,
            self.rows_shown,
            self.top,
            self.where,
            is_loose=self._is_loose,
            worry=self.worry,
        )
        self._take(ids, self.top)

    def _take(self, ids: list[str], top: int) -> None:
        """Read the rows of a page and word its cells."""
        rows = self.replica.rows(self.kind.name, ids)
        cells = [c.load(self.replica, rows, self.today) for c in self.columns]
        self._page = [(r, [column[n] for column in cells]) for n, r in enumerate(rows)]
        self._page_top = top

    def current(self) -> dict[str, Any] | None:
        """The record under the cursor."""
        index = self.at - self.top
        if self._page_top != self.top or index >= len(self._page):
            self._load()
        return self._page[index][0] if 0 <= index < len(self._page) else None

    # -- moving

    def move(self, steps: int) -> None:
        self.go_to(self.at + steps)

    def go_to(self, index: int) -> None:
        self.at = max(0, min(index, self.total - 1))
        self._scroll()
        self.refresh()

    def toggle_mark(self) -> None:
        row = self.current()
        if row:
            self.marked ^= {row["id"]}
            self.move(1)

    def on_resize(self) -> None:
        self._scroll()

    # -- painting

    def render_lines(self, crop: Region) -> list[Strip]:
        self._load()
        return super().render_lines(crop)

    def paint(self, y: int, row: Row) -> None:
        if y == 0:
            self._paint_head(row)
            return
        index = y - 1
        if index >= len(self._page) or index >= self.total - self.top:
            return
        record, cells = self._page[index]
        is_here = self.top + index == self.at
        places = self._places(row.width)
        for n, (column, cell, (x, width)) in enumerate(zip(self.columns, cells, places, strict=False)):
            self._paint_cell(row, x, column, cell, width, is_title=n == 0, is_here=is_here)
        self._paint_marks(row, record)
        if is_here:
            row.tint(0, row.width, "raise")
            row.mark(1, "here", "accent on raise")

    def _paint_head(self, row: Row) -> None:
        for column, (x, width) in zip(self.columns, self._places(row.width), strict=False):
            align = "right" if column.is_right else "left"
            row.put(x, _(column.label), "faint", width, align)

    def _places(self, width: int) -> list[tuple[int, int]]:
        """Column and width of each column, reckoned once for all rows."""
        laid_for = (width, language.current())
        if self._laid_for != laid_for:
            self._laid_for, self._laid = laid_for, self._lay(width)
        return self._laid

    def _lay(self, width: int) -> list[tuple[int, int]]:
        """In the language in use; what has no room even where free text gives way is left out,
        from the right."""
        room = width - MARKS - LEFT + GAP
        columns = list(self.columns)
        while len(columns) > 1 and sum(_least(c) + GAP for c in columns) > room:
            columns.pop()
        room -= GAP * len(columns)
        widths = [_wanted(column) for column in columns]
        for n in sorted(range(len(columns)), key=lambda n: (not columns[n].is_long, -n)):
            widths[n] -= max(0, min(sum(widths) - room, widths[n] - _least(columns[n])))
        widths[-1] += max(room - sum(widths), 0)
        return [(LEFT + sum(widths[:n]) + GAP * n, wide) for n, wide in enumerate(widths)]

    def _paint_cell(
        self,
        row: Row,
        x: int,
        column: Column,
        cell: Cell,
        width: int,
        *,
        is_title: bool,
        is_here: bool,
    ) -> None:
        if cell.mark:
            after = row.mark(x, cell.mark)
            row.put(after + 1, cell.text, row.look.mark_style(cell.mark), width - 2)
            return
        spec = "text bold" if is_title and is_here else "dim" if column.is_quiet else "text"
        shown = fit_words(cell.text, width, row.look.mark("ellipsis")) if column.is_long else cell.text
        row.put(x, shown, spec, width, "right" if column.is_right else "left")
        if is_title and self.text:
            self._paint_match(row, x, cell.text, width)

    def _paint_match(self, row: Row, x: int, name: str, width: int) -> None:
        """The typed characters or initials light up inside the name: a match explains itself."""
        shown = fit(name, width)
        found = name.lower().find(self.text.lower())
        length = len(self.text)
        if found < 0 and self.text.isascii():
            for variant in pinyin.initials(name).split():
                if len(variant) == len(name) and self.text.lower() in variant:
                    found = variant.index(self.text.lower())
                    break
        if found >= 0:
            start = x + cell_len(shown[:found])
            row.put(start, shown[found : found + length], "accent bold")

    def _paint_marks(self, row: Row, record: dict[str, Any]) -> None:
        end = row.width - LEFT
        if record["id"] in self.marked:
            row.mark(LEFT - 1, "marked")
        if record["_pending"]:
            row.mark(end - 1, "unsent")
        if record["_open"]:
            row.mark(end - 2, "told_two_ways")
