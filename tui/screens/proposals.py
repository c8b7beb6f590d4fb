"""Whose file should open, close or change stage, and why; ctrl+s accepts the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from casework.eligibility import ACTIONS, Proposal, accept, proposals, rule_of
from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row
from tui.moving import Moving
from tui.place import LEFT, Place

ACTION, WHY = 20, 36


class ProposalList(Canvas, can_focus=True):
    DEFAULT_CSS = "ProposalList { height: 1fr; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ProposalsPlace)
        if not place.proposals:
            if y == 1:
                row.put(LEFT, _("没有要建档或结案的孩子。"), "text")
            return
        n = place.top + y - 1
        if y < 1 or n >= len(place.proposals):
            return
        one, is_here = place.proposals[n], n == place.at
        row.put(LEFT, one.name, "text bold" if is_here else "text", ACTION - LEFT - 1)
        row.put(ACTION, _(ACTIONS[one.action]), "amber", WHY - ACTION - 1)
        row.put(WHY, one.why, "dim", row.width - WHY - LEFT)
        if is_here:
            row.tint(0, row.width, "raise")
            row.mark(1, "here", "accent on raise")


class ProposalsPlace(Moving, Place):
    """By name. Nothing is written until accepted."""

    place = "proposals"
    hints = ("accept", "open", "", "", "back")

    def __init__(self) -> None:
        super().__init__()
        self.proposals: list[Proposal] = []
        self.at = self.top = 0

    def body(self) -> Iterator[Widget]:
        self.canvas = ProposalList()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.call_after_refresh(self.data_changed)

    def data_changed(self) -> None:
        self.proposals = proposals(self.replica, self.today)
        self._go_to(self.at)

    def title_path(self) -> str:
        return _("建档和结案")

    def quiet(self) -> str:
        rule = rule_of(self.replica)
        return _("按「{rule}」（{source}）。").format(rule=_(rule.label), source=rule.source)

    def _go_to(self, index: int) -> None:
        self.at = max(min(index, len(self.proposals) - 1), 0)
        room = max(self.canvas.size.height - 1, 1)
        self.top = min(max(self.top, self.at - room + 1), self.at)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return self.canvas.size.height - 1

    def _move(self, step: int) -> None:
        self._go_to(self.at + step)

    def do_open(self) -> None:
        if self.proposals:
            from tui.screens.file import FilePlace

            self.program.go(FilePlace("child", self.proposals[self.at].child))

    def do_accept(self) -> None:
        if not self.proposals:
            return
        try:
            done = accept(self.replica, self.proposals[self.at].id, self.today)
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")
        else:
            self.program.saved()
            self.data_changed()
            self.program.say(_("{name}：照这样改了，历史都在。").format(name=done.name))
