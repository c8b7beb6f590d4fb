"""What was settled, by whom, when and why: F4 takes the one under the cursor back.

Not ctrl+z, with which one comes here: whoever presses it once too often undoes nothing of others.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from casework import told, wording
from casework.settled import Settled, settled, take_back, words
from sync import errors
from sync.language import _
from sync.replica import Refused
from tui.canvas import Canvas, Row
from tui.moving import Moving
from tui.place import LEFT, Place

SAID, WHO = 20, 22
"""Column of what was said; cells for who and when, at the right."""
FOOT = 3


class SettledList(Canvas, can_focus=True):
    DEFAULT_CSS = "SettledList { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, SettledPlace)
        if not place.done:
            if y == 1:
                row.put(LEFT, _("还没有定过什么。"), "text")
            return
        below = y - (self.size.height - FOOT)
        if below >= 0:
            place.paint_note(below, row)
            return
        n = place.top + y - 1
        if y < 1 or n >= len(place.done):
            return
        one, is_here = place.done[n], n == place.at
        whom, said = place.words_of(one)
        style = "dim" if one.is_taken_back else "text"
        row.put(LEFT, whom, f"{style} bold" if is_here else style, SAID - LEFT - 1)
        row.put(SAID, said, style, row.width - SAID - LEFT - WHO - 1)
        who = told.person(place.replica, one.by)
        when = wording.moment_text(one.at_ms, place.today)
        row.put(0, f"{who} {when}", "dim", row.width - LEFT, "right")
        if is_here:
            row.tint(0, row.width, "raise")
            row.mark(1, "here", "accent on raise")


class SettledPlace(Moving, Place):
    """The newest first."""

    place = "settled"
    hints = ("take_back_settled", "open", "", "", "back")

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Settled] = []
        self.at = self.top = 0
        self._words: dict[str, tuple[str, str]] = {}

    def body(self) -> Iterator[Widget]:
        self.canvas = SettledList()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.call_after_refresh(self.data_changed)

    def data_changed(self) -> None:
        self.done = settled(self.replica)
        self._words = {}
        self._go_to(self.at)

    def title_path(self) -> str:
        return _("定过的")

    def title_right(self) -> list[tuple[str, str]]:
        if not self.done:
            return super().title_right()
        return [(_("第 {n} 条，共 {all}").format(n=self.at + 1, all=len(self.done)), "dim")]

    def quiet(self) -> str:
        return _("撤销了的又摆出来等人定，合的拆回两份；都留在历史里")

    def words_of(self, one: Settled) -> tuple[str, str]:
        """Whom it is about and what was said; read once a row."""
        if one.id not in self._words:
            self._words[one.id] = words(self.replica, one, self.today)
        return self._words[one.id]

    def paint_note(self, n: int, row: Row) -> None:
        one = self.done[self.at]
        if n == 1 and one.is_taken_back:
            row.put(LEFT, _("已经撤销了。"), "amber")
        elif n == 1 and one.note:
            row.put(LEFT, _("为什么：{reason}").format(reason=one.note), "dim", row.width - 2 * LEFT)

    # -- moving

    def _go_to(self, index: int) -> None:
        self.at = max(min(index, len(self.done) - 1), 0)
        room = self._page_rows
        self.top = min(max(self.top, self.at - room + 1), self.at)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return max(self.canvas.size.height - 1 - FOOT, 1)

    def _move(self, step: int) -> None:
        self._go_to(self.at + step)

    def do_open(self) -> None:
        if self.done:
            from tui.screens.file import FilePlace

            one = self.done[self.at]
            view = self.replica.get(one.record, one.kind)
            self.program.go(FilePlace("child", view.root if view else one.record))

    def do_take_back_settled(self) -> None:
        if not self.done:
            return
        one = self.done[self.at]
        try:
            take_back(self.replica, one)
        except Refused as refusal:
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "amber")
            return
        whom, said = self.words_of(one)
        self.program.saved()
        self.data_changed()
        self.program.say(_("撤销了：{who} {what}").format(who=whom, what=said))
