"""What was settled, by whom, when and why: F4 takes the one under the cursor back.

Not ctrl+z, with which one comes here: whoever presses it once too often undoes nothing of others.
"""

from __future__ import annotations

from collections.abc import Sequence

from casework import told, wording
from casework.settled import Settled, settled, take_back, words
from sync import errors
from sync.language import _
from sync.replica import Refused
from tui.canvas import Row
from tui.lines import LinesPlace
from tui.place import LEFT

SAID, WHO = 20, 22
"""Column of what was said; cells for who and when, at the right."""


class SettledPlace(LinesPlace[Settled]):
    """The newest first."""

    place = "settled"
    hints = ("take_back_settled", "open", "", "", "back")
    FOOT = 3

    def __init__(self) -> None:
        super().__init__()
        self._words: dict[str, tuple[str, str]] = {}

    def read(self) -> Sequence[Settled]:
        self._words = {}
        return settled(self.replica)

    def nothing(self) -> str:
        return _("还没有定过什么。")

    def title_path(self) -> str:
        return _("定过的")

    def quiet(self) -> str:
        return _("撤销了的又摆出来等人定，合的拆回两份；都留在历史里")

    def words_of(self, one: Settled) -> tuple[str, str]:
        """Whom it is about and what was said; read once a row."""
        if one.id not in self._words:
            self._words[one.id] = words(self.replica, one, self.today)
        return self._words[one.id]

    def paint_line(self, one: Settled, row: Row, is_here: bool) -> None:
        whom, said = self.words_of(one)
        style = "dim" if one.is_taken_back else "text"
        row.put(LEFT, whom, f"{style} bold" if is_here else style, SAID - LEFT - 1)
        row.put(SAID, said, style, row.width - SAID - LEFT - WHO - 1)
        who = told.person(self.replica, one.by)
        when = wording.moment_text(one.at_ms, self.today)
        row.put(0, f"{who} {when}", "dim", row.width - LEFT, "right")

    def paint_foot(self, n: int, one: Settled, row: Row) -> None:
        if n == 1 and one.is_taken_back:
            row.put(LEFT, _("已经撤销了。"), "amber")
        elif n == 1 and one.note:
            row.put(LEFT, _("为什么：{reason}").format(reason=one.note), "dim", row.width - 2 * LEFT)

    def child_of(self, one: Settled) -> str:
        view = self.replica.get(one.record, one.kind)
        return view.root if view else one.record

    def do_take_back_settled(self) -> None:
        one = self.here
        if one is None:
            return
        try:
            take_back(self.replica, one)
        except Refused as refusal:
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "amber")
            return
        whom, said = self.words_of(one)
        self.program.saved()
        self.data_changed()
        self.program.say(_("撤销了：{who} {what}").format(who=whom, what=said))
