"""What was written while two files were one: 1, 2 or 3 says of which child it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from casework import partings, told, wording
from casework.partings import Written
from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Row
from tui.lines import LinesPlace
from tui.place import LEFT

WHAT, VALUE, WHO = 22, 34, 18
"""Columns of what it is and what it says; cells for who wrote it and when, at the right."""


class PartingsPlace(LinesPlace[Written]):
    """The oldest first. Nothing is copied or taken away until a key says so."""

    place = "partings"
    hints = ("place_here", "place_there", "place_both", "undo_placing", "back")
    FOOT = 4

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Callable[[], object]] = []
        """What takes back what was said here, the last one last."""

    def read(self) -> Sequence[Written]:
        return partings.unplaced(self.replica)

    def nothing(self) -> str:
        return _("没有要分的：合并时写的都有归处。")

    # -- words

    def title_path(self) -> str:
        return _("拆回以后")

    def quiet(self) -> str:
        return _("两份合着的时候写的；不分就留在原处，谁写的都不丢   Enter 档案")

    def name_of(self, file: str) -> str:
        return partings.file_text(self.replica, file, self.today)

    def words_of(self, one: Written) -> tuple[str, str]:
        return partings.words(self.replica, one, self.today)

    def written_by(self, one: Written) -> str:
        who = told.person(self.replica, one.author)
        return f"{who} {wording.moment_text(one.at_ms, self.today)}"

    def paint_line(self, one: Written, row: Row, is_here: bool) -> None:
        row.put(LEFT, self.name_of(one.file), "text bold" if is_here else "text", WHAT - LEFT - 1)
        what, says = self.words_of(one)
        row.put(WHAT, what, "dim", VALUE - WHAT - 1)
        row.put(VALUE, says, "text", row.width - VALUE - LEFT - WHO - 1)
        row.put(0, self.written_by(one), "dim", row.width - LEFT, "right")

    def paint_foot(self, n: int, one: Written, row: Row) -> None:
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

    def child_of(self, one: Written) -> str:
        return one.file

    # -- saying

    def do_place_here(self) -> None:
        self._place(partings.HERE)

    def do_place_there(self) -> None:
        self._place(partings.THERE)

    def do_place_both(self) -> None:
        self._place(partings.BOTH)

    def _place(self, goes: str) -> None:
        one = self.here
        if one is None:
            return
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
