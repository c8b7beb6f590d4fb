"""The editor of a long text: three rows, line ends kept, the same questions as `FieldEditor`
answers."""

from __future__ import annotations

from typing import Any

from textual.widgets import TextArea

from schema.problems import InvalidValue
from schema.record import Field
from sync.language import _


class LongEditor(TextArea):
    """One long-text field. Tab goes on to the next field."""

    def __init__(self, field: Field, value: Any, *, width: int, height: int = 3) -> None:
        super().__init__(str(value or ""), compact=True, soft_wrap=True, tab_behavior="focus")
        self.field = field
        self.chosen: list[str] = []
        self.cursor_blink = False
        self.styles.width = width
        self.styles.height = height

    @property
    def value(self) -> str:
        return self.text

    @value.setter
    def value(self, text: str) -> None:
        self.text = text

    def options(self) -> list[str]:
        return []

    def value_now(self) -> Any:
        """The value to store.

        Raises:
            InvalidValue: it cannot be stored.
        """
        return self.field.type.parse(self.text)

    def trouble(self) -> tuple[str, bool]:
        try:
            value = self.value_now()
        except InvalidValue as error:
            return error.problem.text(_), False
        problem = self.field.type.check(value) if value is not None else None
        return (problem.text(_), problem.is_doubt) if problem else ("", False)

    def reading(self) -> str:
        return ""
