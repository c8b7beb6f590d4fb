"""What was written while two files were one: 1, 2 or 3 says of which child it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.widget import Widget

from casework import partings, told, wording
from casework.partings import Written
from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row
from tui.moving import Moving
from tui.place import LEFT, Place

WHAT, VALUE, WHO = 22, 34, 18
"""Columns of what it is and what it says; cells for who wrote it and when, at the right."""
FOOT = 4


class WrittenList(Canvas, can_focus=True):
    DEFAULT_CSS = "WrittenList { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, PartingsPlace)
        if not place.queue:
            if y == 1:
                row.put(LEFT, _("没有要分的：合并时写的都有归处。"), "text")
            return
        below = y - (self.size.height - FOOT)
        if below >= 0:
            place.paint_choices(below, row)
            return
        n = place.top + y - 1
        if y < 1 or n >= len(place.queue):
            return
        one, is_here = place.queue[n], n == place.at
        row.put(LEFT, place.name_of(one.file), "text bold" if is_here else "text", WHAT - LEFT - 1)
        what, says = place.words_of(one)
        row.put(WHAT, what, "dim", VALUE - WHAT - 1)
        row.put(VALUE, says, "text", row.width - VALUE - LEFT - WHO - 1)
        row.put(0, place.written_by(one), "dim", row.width - LEFT, "right")
        if is_here:
            row.tint(0, row.width, "raise")
            row.mark(1, "here", "accent on raise")


class PartingsPlace(Moving, Place):
    """The oldest first. Nothing is copied or taken away until a key says so."""

    place = "partings"
    hints = ("place_here", "place_there", "place_both", "undo_placing", "back")

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[Written] = []
        self.at = self.top = 0
        self.done: list[Callable[[], object]] = []
        """What takes back what was said here, the last one last."""

    def body(self) -> Iterator[Widget]:
        self.canvas = WrittenList()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.data_changed()

    def data_changed(self) -> None:
        self.queue = partings.unplaced(self.replica)
        self._go_to(self.at)

    # -- words

    def title_path(self) -> str:
        return _("拆回以后")

    def title_right(self) -> list[tuple[str, str]]:
        if not self.queue:
            return super().title_right()
        return [(_("第 {n} 条，共 {all}").format(n=self.at + 1, all=len(self.queue)), "dim")]

    def quiet(self) -> str:
        return _("两份合着的时候写的；不分就留在原处，谁写的都不丢   Enter 档案")

    def name_of(self, file: str) -> str:
        return partings.file_text(self.replica, file, self.today)

    def words_of(self, one: Written) -> tuple[str, str]:
        return partings.words(self.replica, one, self.today)

    def written_by(self, one: Written) -> str:
        who = told.person(self.replica, one.author)
        return f"{who} {wording.moment_text(one.at_ms, self.today)}"

    def paint_choices(self, n: int, row: Row) -> None:
        one = self.queue[self.at]
        if n == 1:
            row.put(LEFT, _("这是哪个孩子的？"), "dim")
        elif n == 2:
            x = LEFT
            for key, words in (
                ("1", _("留在 {who}").format(who=self.name_of(one.file))),
                ("2", _("归 {who}").format(who=self.name_of(one.other))),
                ("3", _("两份都有")),
            ):
                x = row.put(x, key, "accent bold")
                x = row.put(x + 1, words, "text") + 3

    # -- moving

    def _go_to(self, index: int) -> None:
        self.at = max(min(index, len(self.queue) - 1), 0)
        room = max(self.canvas.size.height - 1 - FOOT, 1)
        self.top = min(max(self.top, self.at - room + 1), self.at)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return max(self.canvas.size.height - 1 - FOOT, 1)

    def _move(self, step: int) -> None:
        self._go_to(self.at + step)

    def do_open(self) -> None:
        if self.queue:
            from tui.screens.file import FilePlace

            self.program.go(FilePlace("child", self.queue[self.at].file))

    # -- saying

    def do_place_here(self) -> None:
        self._place(partings.HERE)

    def do_place_there(self) -> None:
        self._place(partings.THERE)

    def do_place_both(self) -> None:
        self._place(partings.BOTH)

    def _place(self, goes: str) -> None:
        if not self.queue:
            return
        one = self.queue[self.at]
        back = partings.way_back(self.replica, one)
        try:
            partings.place(self.replica, one, goes)
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
            return
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")
            return
        self.done.append(back)
        self.program.saved()
        self.data_changed()
        where = {
            partings.HERE: _("留在 {who}").format(who=self.name_of(one.file)),
            partings.THERE: _("归 {who}").format(who=self.name_of(one.other)),
        }
        words = where.get(goes, _("两份都有"))
        self.program.say(_("{what}：{where}。^Z 收回").format(what=self.words_of(one)[0], where=words))

    def do_undo_placing(self) -> None:
        if not self.done:
            self.program.say(_("这里还没分过。"))
            return
        self.done.pop()()
        self.program.saved()
        self.data_changed()
        self.program.say(_("收回了。"))
