"""Painting by cells: a row of fixed columns, and the widget that shows such rows.

Widths are terminal cells, never `len`. A wide character that would be cut in half is blanked
instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.look import Look

Line = list[tuple[int, str, str]]
"""A line to be painted: (column, text, style) pieces."""
_WORD = re.compile(r"[A-Za-z']+|.", re.DOTALL)
_TAIL = ""
"""Second cell of a wide character."""


def fit(text: str, width: int, end: str = "…") -> str:
    """Cut to `width` cells, ending in `end` where something was cut off."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(end)
    if room <= 0:
        return end[:width]
    kept, used = [], 0
    for character in text:
        size = get_character_cell_size(character)
        if used + size > room:
            break
        kept.append(character)
        used += size
    return "".join(kept) + end


def fit_words(text: str, width: int, end: str = "…") -> str:
    """Like `fit`, but a word of Latin letters goes whole."""
    if cell_len(text) <= width:
        return text
    kept, used = "", cell_len(end)
    for word in _WORD.findall(text):
        used += cell_len(word)
        if used > width:
            break
        kept += word
    return kept.rstrip(" ,、") + end


def fit_all(texts: Sequence[str], width: int) -> list[str]:
    """The same texts, the longest of them cut until together they take `width` cells at most."""
    found = list(texts)
    most = max((cell_len(t) for t in found), default=0)
    while most > 2 and sum(cell_len(t) for t in found) > width:
        most -= 1
        found = [fit(t, most) for t in texts]
    return found


def fit_whole(texts: Sequence[str], width: int, gap: str = "  ") -> str:
    """As many of the texts as stand whole beside each other in `width` cells, from the first."""
    line = ""
    for text in texts:
        longer = f"{line}{gap}{text}" if line else text
        if cell_len(longer) > width:
            break
        line = longer
    return line


NOT_FIRST = frozenset("。，、；：！？）》」』】〉”’…,.;:!?)]}%")
"""Marks with which no line begins (GB/T 15834-2011, 5.1)."""
NOT_LAST = frozenset("（《「『【〈“‘([{")
"""Marks with which no line ends."""
MOST_TAKEN_ALONG = 3
"""Characters that go to the next line with a mark: of a row of marks a part."""
LEAST_WIDTH = 12
"""Cells; where there are fewer, a line is filled whatever it begins with."""


def _break(line: str, cut: int, character: str) -> int:
    """Where to break a line instead of at `cut`, behind which comes `character`."""
    for place in range(cut, max(cut - MOST_TAKEN_ALONG, 1) - 1, -1):
        first = line[place] if place < len(line) else character
        if first not in NOT_FIRST and line[place - 1] not in NOT_LAST:
            return place
    return cut


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells; breaks anywhere, as Chinese does, but keeps words of Latin
    letters, and marks with what they belong to."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used, break_at = "", 0, 0
        for character in paragraph:
            size = get_character_cell_size(character)
            if used + size > width:
                is_word = character.isascii() and character.isalnum() and break_at > 0
                cut = break_at if is_word and break_at > len(line) // 2 else len(line)
                cut = _break(line, cut, character) if width >= LEAST_WIDTH else cut
                lines.append(line[:cut].rstrip())
                line = line[cut:].lstrip()
                used, break_at = cell_len(line), 0
            line += character
            used += size
            if not (character.isascii() and character.isalnum()):
                break_at = len(line)
        lines.append(line)
    return lines


class Row:
    """One painted row: text put at columns, in styles named by tokens."""

    def __init__(self, look: Look, width: int, back: str = "bg") -> None:
        self.look = look
        self.width = width
        self.back = back
        blank = f"text on {back}"
        self.cells: list[tuple[str, str]] = [(" ", blank)] * width

    def put(
        self, x: int, text: str, spec: str = "text", width: int | None = None, align: str = "left"
    ) -> int:
        """Write `text` at column `x`, cut to `width` cells; returns the column after it."""
        room = self.width - x if width is None else min(width, self.width - x)
        if room <= 0 or not text:
            return x
        text = fit(self.look.text(text).replace("\n", " "), room, self.look.mark("ellipsis"))
        if align == "right" and width is not None:
            x += width - cell_len(text)
        style = spec if " on " in f" {spec} " else f"{spec} on {self.back}"
        for character in text:
            size = get_character_cell_size(character)
            if size == 0:
                if x > 0:
                    before, of = self.cells[x - 1]
                    self.cells[x - 1] = (before + character, of)
                continue
            if x + size > self.width:
                break
            self._clear(x, size)
            self.cells[x] = (character, style)
            if size == 2:
                self.cells[x + 1] = (_TAIL, style)
            x += size
        return x

    def mark(self, x: int, name: str, spec: str | None = None) -> int:
        """Draw a mark by name."""
        return self.put(x, self.look.mark(name), spec or self.look.mark_style(name))

    def _clear(self, x: int, size: int) -> None:
        """Blank the other half of whatever wide character is about to be cut."""
        if self.cells[x][0] == _TAIL and x > 0:
            self.cells[x - 1] = (" ", self.cells[x - 1][1])
        end = x + size
        if end < self.width and self.cells[end][0] == _TAIL:
            self.cells[end] = (" ", self.cells[end][1])

    def rule(self, x: int, end: int) -> None:
        self.put(x, self.look.mark("rule") * (end - x), "line")

    def tint(self, x: int, end: int, back: str) -> None:
        """Give a stretch another background."""
        for n in range(x, min(end, self.width)):
            text, spec = self.cells[n]
            self.cells[n] = (text, f"{spec.partition(' on ')[0]} on {back}")

    def strip(self) -> Strip:
        segments: list[Segment] = []
        run, run_spec = "", None
        for text, spec in self.cells:
            if spec != run_spec:
                if run:
                    segments.append(Segment(run, self.look.style(run_spec or "text")))
                run, run_spec = "", spec
            run += text
        if run:
            segments.append(Segment(run, self.look.style(run_spec or "text")))
        return Strip(segments, self.width)


class Canvas(Widget):
    """A widget that paints rows. Subclasses give `paint(y, row)`."""

    DEFAULT_CSS = "Canvas { width: 1fr; height: 1fr; }"
    back = "bg"

    @property
    def look(self) -> Look:
        return self.app.look  # type: ignore[attr-defined, no-any-return]

    def paint(self, y: int, row: Row) -> None:
        """Fill row `y`."""

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._strips: dict[int, Strip] = {}
        """Rows painted since the last `refresh`: a frame asks every widget for all its rows, not
        only for those that changed."""
        super().__init__(*args, **kwargs)

    def _set_dirty(self, *regions: Region) -> None:
        """Whatever lets Textual forget what it painted lets us forget it too."""
        self._strips.clear()
        super()._set_dirty(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Our rows are whole: no border, padding or filter to lay over them, which is half of a
        frame."""
        width = self.size.width
        return [self._strip(y, width).crop(crop.x, crop.right) for y in crop.line_range]

    def render_line(self, y: int) -> Strip:
        return self._strip(y, self.size.width)

    def _strip(self, y: int, width: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != width:
            row = Row(self.look, width, self.back)
            self.paint(y, row)
            strip = self._strips[y] = row.strip()
        return strip
