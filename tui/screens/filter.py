"""Filtering a list: a few fields with closed answers, chosen by digits; Esc leaves everything as it
was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from casework import filters, search
from schema.problems import InvalidValue
from schema.record import Field, replace_field
from schema.types import UnitRef
from sync.language import _
from tui import offers
from tui.canvas import Canvas, Row
from tui.editors import FieldEditor
from tui.place import LEFT, Place

if TYPE_CHECKING:
    from tui.screens.records import RecordsPlace

SHOWN = 13
"""Fields that fit above the line of answers; the worrying and the listed ones come first."""
LABEL = 20


class FilterLabel(Canvas):
    DEFAULT_CSS = f"FilterLabel {{ height: 1; width: {LEFT + LABEL}; }}"

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FilterPlace)
        if place.editors[self.field.name].has_focus:
            row.mark(1, "here")
        row.put(LEFT, _(self.field.label), "dim", LABEL - 2)


class Answers(Canvas):
    """What the digits mean in the field in focus, and how many remain."""

    DEFAULT_CSS = "Answers { height: 7; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FilterPlace)
        if y == 0:
            row.rule(LEFT, row.width - LEFT)
        elif y == 1:
            row.put(LEFT, _("剩 {n}").format(n=place.left_over()), "text bold")
        else:
            offers.paint(place.focused, y - 2, row)


class FilterPlace(Place):
    """The filter of one list."""

    place = "filter"
    hints = ("apply_filter", "clear_filter", "", "", "back")
    CSS = """
    FilterPlace .line { height: 1; }
    FilterPlace #fields { height: auto; margin-top: 1; }
    """

    def __init__(self, of: RecordsPlace) -> None:
        super().__init__()
        self.of = of
        self.editors: dict[str, FieldEditor] = {}

    def body(self) -> Iterator[Widget]:
        lines: list[Widget] = []
        for field in filters.filterable(self.of.kind)[:SHOWN]:
            if isinstance(field.type, UnitRef):  # a township filters its villages too
                field = replace_field(field, UnitRef())
            editor = FieldEditor(
                field, self.of.chosen.get(field.name), self.replica, self.today, width=54
            )
            self.editors[field.name] = editor
            lines.append(Horizontal(FilterLabel(field), editor, classes="line"))
        yield Vertical(*lines, id="fields")
        yield Answers()
        yield Canvas()

    def on_mount(self) -> None:
        next(iter(self.editors.values())).focus()

    def on_input_changed(self) -> None:
        self.repaint()

    def on_descendant_focus(self) -> None:
        self.repaint()

    def on_input_submitted(self) -> None:
        self.do_apply_filter()

    def key_down(self) -> None:
        self.focus_next()

    def key_up(self) -> None:
        self.focus_previous()

    def title_path(self) -> str:
        return f"{_(self.of.kind.label)} › {_('筛选')}"

    def quiet(self) -> str:
        return _("数字选，退格清掉；几格都填就要都合")

    def chosen(self) -> dict[str, Any]:
        """Field to value, of every field answered."""
        found: dict[str, Any] = {}
        for name, editor in self.editors.items():
            try:
                value = editor.value_now()
            except InvalidValue:
                continue
            if value is not None and not (
                isinstance(editor.field.type, UnitRef) and self.replica.unit(value) is None
            ):
                found[name] = value
        return found

    def left_over(self) -> int:
        kind = self.of.kind
        where = filters.condition(self.replica, kind, self.chosen())
        return search.count(self.replica, kind.name, "", where)

    def do_apply_filter(self) -> None:
        chosen = self.chosen()
        self.program.leave_place()
        self.of.filter_by(chosen)

    def do_clear_filter(self) -> None:
        for editor in self.editors.values():
            editor.chosen = []
            editor.value = ""

    def data_changed(self) -> None:
        """What is being chosen stays as it is."""
