"""What the keys mean in the field in focus: its answers, whole, in as many lines as they take."""

from __future__ import annotations

from rich.cells import cell_len
from textual.widget import Widget

from tui.canvas import Line, Row
from tui.editors import FieldEditor
from tui.place import LEFT

GAP = 2


def lines(focused: Widget | None, width: int) -> list[Line]:
    """The answers side by side, none of them broken."""
    found: list[Line] = []
    end = width - LEFT
    x = end
    for text, spec in focused.offers() if isinstance(focused, FieldEditor) else ():
        if not found or x + cell_len(text) > end:
            found.append([])
            x = LEFT
        found[-1].append((x, text, spec))
        x += cell_len(text) + GAP
    return found


def paint(focused: Widget | None, y: int, row: Row) -> bool:
    """Paint line `y` of the answers; False where there is none."""
    shown = lines(focused, row.width)
    if not 0 <= y < len(shown):
        return False
    for x, text, spec in shown[y]:
        row.put(x, text, spec)
    return True
