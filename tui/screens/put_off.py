"""Put a duty off, with a reason: ctrl+s does it, Esc decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from casework.duties import Duty
from casework.putting_off import LATER, put_off
from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row
from tui.duty_list import when_text
from tui.fields import Typed
from tui.place import LEFT, Place

AT = 16


class About(Canvas):
    DEFAULT_CSS = "About { height: 6; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, PutOffPlace)
        duty = place.duty
        if y == 1:
            row.put(LEFT, duty.name, "text bold")
            row.put(AT, when_text(duty, place.today), "text")
        elif y == 2:
            row.put(AT, duty.why, "dim", row.width - AT - LEFT)
        elif y == 4:
            row.put(LEFT, _("为什么"), "dim")


class Until(Canvas):
    DEFAULT_CSS = "Until { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, PutOffPlace)
        if y == 1:
            row.put(AT, _("{n} 天后再提醒；见到了，记上走访就不再提。").format(n=LATER.days), "dim")


class PutOffPlace(Place):
    """One field: why."""

    place = "put_off"
    hints = ("save", "", "", "", "back")
    CSS = f"""
    PutOffPlace Typed {{ offset: {AT} 0; width: 50; }}
    """

    def __init__(self, duty: Duty) -> None:
        super().__init__()
        self.duty = duty
        self.reason = Typed()

    def body(self) -> Iterator[Widget]:
        yield About()
        yield self.reason
        yield Until()

    def on_mount(self) -> None:
        self.reason.focus()

    def title_path(self) -> str:
        return _("推后 › {name}").format(name=self.duty.name)

    def on_input_submitted(self) -> None:
        self.do_save()

    def data_changed(self) -> None:
        """A synchronisation never repaints a field someone is typing in."""

    def do_save(self) -> None:
        try:
            put_off(self.replica, self.duty.duty, self.reason.value, self.today)
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        else:
            self.program.leave_place()
            self.program.saved()
            self.program.say(_("推后了。"))
