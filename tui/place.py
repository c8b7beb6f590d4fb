"""The base of every screen: title bar, content, quiet line, six hints; keys from the action
list."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from casework import wording
from sync import errors
from sync.language import _
from sync.trouble import storage_code
from tui import actions
from tui.canvas import Canvas, Row, fit_words, wrap

if TYPE_CHECKING:
    from sync.replica import Replica
    from tui.app import CuncaoApp

LEFT = 3
"""Content begins here; the cursor bar stands at column 1."""


class TitleBar(Canvas):
    """Row 0: name, path; at the right what is not on the server and the last contact."""

    DEFAULT_CSS = "TitleBar { height: 1; }"
    back = "bar"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, Place)
        right = place.title_right()
        end = row.width - LEFT
        start = end - sum(cell_len(row.look.text(t)) for t, _s in right) - 4 * (len(right) - 1)
        x = row.put(LEFT, _("寸草"), "accent bold") + 2
        parts = place.title_path().split(" › ")
        room = max(start - x - 2, 10) - 3 * (len(parts) - 1)
        # What it is and what is done with it stay whole; the name between them may give way.
        name = min(len(parts) - 1, 1)
        room -= sum(cell_len(p) for n, p in enumerate(parts) if n != name)
        parts[name] = fit_words(parts[name], max(room, 1), row.look.mark("ellipsis"))
        for part in parts[:-1]:
            x = row.put(row.put(x, wording.headed(part), "dim"), " › ", "dim")
        row.put(x, wording.headed(parts[-1]), "text bold", max(start - x - 2, 0))
        x = max(start, 0)
        for text, spec in right:
            x = row.put(x, text, spec) + 4


class QuietLine(Canvas):
    """One quiet line above the hints: age of data, legend, what was just done. A sentence that is
    longer takes the lines it needs until it goes."""

    DEFAULT_CSS = "QuietLine { height: 1; }"

    def on_mount(self) -> None:
        self.tell()

    def tell(self) -> None:
        """Take the room of what is said now."""
        lines = len(self._said(self.app.size.width))
        self.styles.height = max(lines, 1)
        if self.parent is not None:
            self.parent.styles.height = max(lines, 1) + 1  # type: ignore[attr-defined]
        self.refresh()

    def _said(self, width: int) -> list[str]:
        said = self.app.said  # type: ignore[attr-defined]
        return wrap(said[0], width - 2 * LEFT) if said else []

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, Place)
        lines = self._said(row.width)
        if y < len(lines):
            row.put(LEFT, lines[y], self.app.said[1])  # type: ignore[attr-defined]
        elif not lines and y == 0:
            row.put(LEFT, place.quiet(), "faint", row.width - 2 * LEFT)


class HintBar(Canvas):
    """Six hints at fixed columns, so that a hint never moves; F1 is always the sixth."""

    DEFAULT_CSS = "HintBar { height: 1; }"
    back = "bar"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, Place)
        step = (row.width - 1) // 6
        ids = [*place.hints[:5], *[""] * (5 - len(place.hints[:5])), "help"]
        for n, id_ in enumerate(ids):
            action = actions.BY_ID.get(id_)
            if action is not None:
                x = row.put(LEFT + n * step, actions.key_name(action.keys[0]), "accent bold")
                row.put(x + 1, wording.headed(_(action.hint)), "dim", LEFT + (n + 1) * step - x - 2)


class Place(Screen[Any]):
    """A place in the program. `place` names it in the action list."""

    place: ClassVar[str] = ""
    hints: ClassVar[tuple[str, ...]] = ()
    is_open_past_lease: ClassVar[bool] = False
    """True for a place that shows nothing of a file: it may be gone to when the lease has ended."""
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    Place { background: $bg; layout: vertical; layers: base above; overflow: hidden hidden; }
    Place Input { border: none; height: 1; padding: 0 1; background: $bg; color: $text; }
    Place Input:focus { background: $field; }
    Place TextArea { border: none; padding: 0 1; background: $field; color: $text; }
    Place TextArea .text-area--cursor-line { background: $field; }
    Place.-plain Input { text-style: underline; }
    Place.-plain Input .input--cursor { text-style: reverse; }
    Place.-plain TextArea .text-area--cursor { text-style: reverse; }
    Place #foot { dock: bottom; height: 2; }
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if cls.place:
            cls.BINDINGS = [
                Binding(",".join(a.keys), f"act('{a.id}')", show=False)
                for a in actions.at(cls.place)
                if a.keys
            ]
        super().__init_subclass__(**kwargs)

    @property
    def program(self) -> CuncaoApp:
        return self.app  # type: ignore[return-value]

    @property
    def replica(self) -> Replica:
        return self.program.replica

    @property
    def today(self) -> datetime.date:
        """The county's day by the corrected clock."""
        return wording.day_of(self.replica.clock.now_ms())

    def compose(self) -> ComposeResult:
        # Without colours a field shows by its underline.
        self.set_class(not self.program.look.has_colour, "-plain")
        yield TitleBar()
        yield from self.body()
        # Docked: however tall a form grows, the hints stay.
        yield Vertical(QuietLine(), HintBar(), id="foot")

    def body(self) -> Iterator[Widget]:
        yield Canvas()

    def title_path(self) -> str:
        return ""

    def title_right(self) -> list[tuple[str, str]]:
        return self.program.status_words()

    def quiet(self) -> str:
        return ""

    def repaint(self) -> None:
        """Paint anew everything drawn by hand; fields keep what is being typed."""
        for canvas in self.query(Canvas):
            canvas.refresh()

    def is_typing(self) -> bool:
        return isinstance(self.focused, Input) or type(self.focused).__name__ == "TextArea"

    def data_changed(self) -> None:
        """The store changed (a save, a synchronisation): read again what is shown."""
        self.repaint()

    def action_act(self, id: str) -> None:
        """Carry out an action of the list: the place's own way, else the program's."""
        work = getattr(self, f"do_{id}", None) or getattr(self.program, f"do_{id}", None)
        if work is not None:
            self.program.say("")
            try:
                work()
            except Exception as error:
                # A full disk or a second window must not throw away what is on the screen.
                code = storage_code(error)
                if not code:
                    raise
                self.program.say(errors.sentence(code), "red")

    def why_not(self, id: str) -> str:
        """Why an action cannot be done now; empty when it can."""
        if getattr(self, f"do_{id}", None) or getattr(self.program, f"do_{id}", None):
            return self.program.why_not(id)
        return _("这里没有")

    def do_back(self) -> None:
        self.program.leave_place()
