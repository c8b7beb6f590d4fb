"""One field: why. ctrl+s does what was asked for, Esc decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.widget import Widget

from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row
from tui.fields import Typed
from tui.place import LEFT, Place

AT = 16


class About(Canvas):
    DEFAULT_CSS = "About { height: 6; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ReasonPlace)
        if 1 <= y <= len(place.about):
            head, words = place.about[y - 1]
            row.put(LEFT, head, "text bold", AT - LEFT - 1)
            row.put(AT, words, "text", row.width - AT - LEFT)
        elif y == 4:
            row.put(LEFT, _("为什么"), "dim")


class After(Canvas):
    DEFAULT_CSS = "After { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ReasonPlace)
        if y == 1:
            row.put(AT, place.after, "dim", row.width - AT - LEFT)


class ReasonPlace(Place):
    """Says what it is about (`about`: heads and words) and what happens then (`after`); `take` is
    given the reason, and says `done` when it raised neither `Refused` nor `InvalidRecord`."""

    place = "reason"
    hints = ("save", "", "", "", "back")
    CSS = f"""
    ReasonPlace Typed {{ offset: {AT} -2; width: 50; }}
    """

    def __init__(
        self,
        title: str,
        about: list[tuple[str, str]],
        after: str,
        take: Callable[[str], None],
        done: str,
    ) -> None:
        super().__init__()
        self.shown, self.about, self.after = title, about, after
        self.take, self.done = take, done
        self.reason = Typed()

    def body(self) -> Iterator[Widget]:
        yield About()
        yield self.reason
        yield After()

    def on_mount(self) -> None:
        self.reason.focus()

    def title_path(self) -> str:
        return self.shown

    def on_input_submitted(self) -> None:
        self.do_save()

    def data_changed(self) -> None:
        """A synchronisation never repaints a field someone is typing in."""

    def do_save(self) -> None:
        try:
            self.take(self.reason.value)
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        else:
            self.program.leave_place()
            self.program.saved()
            self.program.say(self.done)
