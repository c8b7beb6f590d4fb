"""Text fields: Textual's own, with the cursor where it belongs and a search in the same turn as the
key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

UNDERLINE = Style(underline=True)


class Typed(Input):
    """An input of one row, without border, blinking or selection on focus."""

    def __init__(self, value: str = "", *, width: int | None = None, **kwargs: Any) -> None:
        super().__init__(value, compact=True, select_on_focus=False, **kwargs)
        self.cursor_blink = False
        if width is not None:
            self.styles.width = width

    @property
    def _cursor_offset(self) -> int:
        """Textual adds a cell at the end of the text, which would move the pinyin preview."""
        return self._position_to_cell(self.cursor_position)

    def render_line(self, y: int) -> Strip:
        """Without colours the whole field is underlined, not only what stands in it."""
        strip = super().render_line(y)
        return strip if self.app.look.has_colour else strip.apply_style(UNDERLINE)  # type: ignore[attr-defined]


class SearchField(Typed):
    """Searches inside the watcher of its own value: one frame carries the key and the rows.

    Textual's own watcher lays the whole screen out anew for every key; a field of fixed width need
    not.
    """

    def __init__(
        self,
        search: Callable[[str], None],
        paints: Callable[[], list[Widget]] = list,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._search = search
        self._paints = paints
        """The widgets that a search paints anew."""

    def _watch_value(self, value: str) -> None:
        self.set_reactive(SearchField.virtual_size, Size(self.content_width, 1))
        if self._initial_value:
            self.cursor_position = len(value)
            self._initial_value = False
        else:
            self.selection = self.selection  # at most as far as the new text goes
        if self.is_mounted:
            self._search(value)

    def replace(self, text: str, start: int, end: int) -> None:
        """Every key and paste comes here: painted once all that it changes has changed."""
        super().replace(text, start, end)
        self._paint_now()

    def _paint_now(self) -> None:
        """Not at the next tick of sixty a second, which is up to 17 ms away."""
        if not self.is_attached or not self.screen.is_current:
            return
        screen = self.screen
        for widget in (self, *self._paints()):
            if widget._repaint_required:  # else the next tick would paint it a second time
                widget._repaint_required = False
                screen._dirty_widgets.add(widget)
        screen._on_timer_update()
