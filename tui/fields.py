"""Text fields: Textual's own, with the cursor where it belongs and a search in the same turn as the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.widgets import Input


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


class SearchField(Typed):
    """Searches inside the watcher of its own value: one frame carries the key and the rows."""

    def __init__(self, search: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._search = search

    def _watch_value(self, value: str) -> None:
        super()._watch_value(value)
        if self.is_mounted:
            self._search(value)
