"""Whose file should open, close or change stage, and why; ctrl+s accepts the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from casework.eligibility import ACTIONS, Proposal, accept, proposals, rule_of
from sync import errors
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Row
from tui.lines import LinesPlace
from tui.place import LEFT

ACTION, WHY = 20, 36


class ProposalsPlace(LinesPlace[Proposal]):
    """By name. Nothing is written until accepted."""

    place = "proposals"
    hints = ("accept", "open", "", "", "back")

    def read(self) -> Sequence[Proposal]:
        return proposals(self.replica, self.today)

    def nothing(self) -> str:
        return _("没有要建档或结案的孩子。")

    def title_path(self) -> str:
        return _("建档和结案")

    def quiet(self) -> str:
        rule = rule_of(self.replica)
        return _("按「{rule}」（{source}）。").format(rule=_(rule.label), source=rule.source)

    def paint_line(self, one: Proposal, row: Row, is_here: bool) -> None:
        row.put(LEFT, one.name, "text bold" if is_here else "text", ACTION - LEFT - 1)
        row.put(ACTION, _(ACTIONS[one.action]), "amber", WHY - ACTION - 1)
        row.put(WHY, one.why, "dim", row.width - WHY - LEFT)

    def child_of(self, one: Proposal) -> str:
        return one.child

    def do_accept(self) -> None:
        if self.here is None:
            return
        try:
            done = accept(self.replica, self.here.id, self.today)
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")
        else:
            self.program.saved()
            self.data_changed()
            self.program.say(_("{name}：照这样改了，历史都在。").format(name=done.name))
