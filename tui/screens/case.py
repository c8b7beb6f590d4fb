"""A safeguarding case: two clocks, the chain, whom to call first, what was done. Only ever added to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from textual.widget import Widget

from casework import calls, cases, moments, summary, wording
from schema.kinds import KINDS
from schema.kinds.case_step import STEP
from schema.types import Phone
from sync.language import _
from tui.canvas import Canvas, Row, fit_whole
from tui.moving import Moving
from tui.place import LEFT, Place

CASE, STEPS, CHILD = KINDS["case"], KINDS["case_step"], KINDS["child"]
PHONE = Phone()
FIRST = 6
"""Row at which the numbers to call begin, below the rows of the chain; above stands the band."""
MOST_CALLS = 5
NUMBER, TOOK = LEFT + 27, LEFT + 42
"""Columns of a number to call, and of what came of calling it."""


def next_words(standing: cases.Standing, place: Place) -> tuple[str, str]:
    """What a case waits for, and how long there is: (words, style)."""
    waits = standing.next
    if waits is None:
        return (_("可以结案了") if standing.is_open else _("已经结案"), "text")
    now_ms = place.replica.clock.now_ms()
    what = _("下一步  {step}").format(step=_(STEP.by_code[waits.step].label))
    left = waits.by_ms - now_ms
    if waits.by_ms == moments.ms_of(standing.case["seen_at"]):
        return f"{what}  {_('马上')}", "red"
    when = wording.moment_text(waits.by_ms, place.today)
    if left < 0:
        late = _("已过 {span}").format(span=moments.span_text(-left))
        return f"{what}  {_('最迟 {when}').format(when=when)}{_('，')}{late}", "red"
    rest = _("还剩 {span}").format(span=moments.span_text(left))
    return f"{what}  {_('最迟 {when}').format(when=when)}{_('，')}{rest}", "text"


class CaseBody(Canvas, can_focus=True):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, CasePlace)
        place.paint_body(y, row)


class CasePlace(Moving, Place):
    """One case. The cursor runs over the numbers to call, then over the steps."""

    place = "case"
    hints = ("add_step", "log_call", "close_case", "child_file", "back")

    def __init__(self, id: str) -> None:
        super().__init__()
        self.case_id = id
        self.at = 0
        self.top = 0
        self.standing: cases.Standing | None = None
        self.calls: list[calls.Call] = []
        self.child: dict[str, Any] = {}

    def body(self) -> Iterator[Widget]:
        self.canvas = CaseBody()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.data_changed()

    def data_changed(self) -> None:
        rows = self.replica.rows(CASE.name, [self.case_id])
        self.standing = None
        if rows:
            now_ms = self.replica.clock.now_ms()
            [self.standing] = cases.standings(self.replica, rows, now_ms)
            root = rows[0]["_root"]
            found = self.replica.rows(CHILD.name, [root], with_deleted=True)
            self.child = found[0] if found else {"id": root}
            self.calls = calls.first(self.replica, root, rows[0]["cause"])[:MOST_CALLS]
        self.repaint()

    def title_path(self) -> str:
        return f"{_(CASE.label)} › {self.child.get('name', '')}"

    def quiet(self) -> str:
        return _("只能添，不能改，不能删。写错了，添一步「更正」。")

    # -- painting

    def paint_body(self, y: int, row: Row) -> None:
        standing = self.standing
        if standing is None:
            if y == 1:
                row.put(LEFT, _("这起险情不在这台电脑上了。"), "dim")
            return
        stages = self._stages(row.width)
        first = FIRST + len(stages)
        steps_at = first + len(self.calls) + 1
        if y == 1:
            self._paint_what(row, standing)
        elif y == 2:
            words, spec = next_words(standing, self)
            row.put(LEFT, words, spec, row.width - 2 * LEFT)
            self._band(row, standing)
        elif 4 <= y < 4 + len(stages):
            self._paint_stages(stages[y - 4], row, standing)
        elif y == first - 1:
            row.put(LEFT, _("先打这些电话"), "text bold")
        elif first <= y < first + len(self.calls):
            self._paint_call(row, y - first)
        elif y == steps_at:
            row.put(LEFT, _("做过的 {n}").format(n=len(standing.steps)), "text bold")
            if not standing.steps:
                row.put(LEFT + 12, _("F2 添第一步"), "dim")
        elif y > steps_at:
            self._paint_step(row, y - steps_at - 1 + self.top, standing)

    def _band(self, row: Row, standing: cases.Standing) -> None:
        if standing.is_open:
            row.tint(LEFT - 1, row.width - LEFT + 1, "tint")
            row.mark(1, "here", "red")

    def _paint_what(self, row: Row, standing: cases.Standing) -> None:
        since = moments.span_text(standing.since_ms) if standing.is_open else _("已经结案")
        end = row.width - LEFT - cell_len(since)
        x = row.mark(LEFT, "danger" if standing.is_open else "done") + 1
        pieces = [
            text for text, _style in summary.head(self.replica, CHILD, self.child, self.today)
        ]
        cause = wording.value_text(
            CASE.by_name["cause"], standing.case["cause"], self.replica, self.today
        )
        x = row.put(x, fit_whole(pieces[:4], end - x - cell_len(cause) - 4), "text bold") + 2
        row.put(x, cause, "red" if standing.is_open else "text", end - x - 2)
        row.put(end, since, "text bold")
        self._band(row, standing)

    @staticmethod
    def _stages(width: int) -> list[list[tuple[int, str]]]:
        """The stages (number, label) in one row, or in two where their words are long."""
        labels = [(n, wording.headed(_(label))) for n, (_name, label) in enumerate(cases.STAGES)]
        taken = sum(cell_len(label) + 4 for _n, label in labels) - 2
        half = (len(labels) + 1) // 2
        return [labels] if taken <= width - 2 * LEFT else [labels[:half], labels[half:]]

    def _paint_stages(
        self, stages: list[tuple[int, str]], row: Row, standing: cases.Standing
    ) -> None:
        """Behind, here, ahead."""
        here = cases.ORDER.index(standing.stage)
        room = row.width - 2 * LEFT - sum(cell_len(label) + 2 for _n, label in stages)
        gap = min(room // max(len(stages) - 1, 1), 5)
        x = LEFT
        for n, label in stages:
            if x > LEFT:
                row.put(x, f" {row.look.mark('rule') * max(gap - 2, 0)} ", "line", gap)
                x += gap
            x = row.mark(x, self._stage_mark(standing, n, here)) + 1
            x = row.put(x, label, "text bold" if n == here else "dim")

    @staticmethod
    def _stage_mark(standing: cases.Standing, n: int, here: int) -> str:
        """Done, the stage one is in, ahead, or passed over and still to be done."""
        if not standing.is_open or (n != here and cases.ORDER[n] in standing.reached):
            return "done"
        return "look" if n == here else "calm" if n > here else "danger"

    def _paint_call(self, row: Row, n: int) -> None:
        call = self.calls[n]
        row.put(LEFT + 2, call.who, "text", NUMBER - LEFT - 4)
        number = PHONE.grouped(call.number)
        row.put(NUMBER, number, "text bold")
        took = self._took(call)
        row.put(TOOK, took or _("还没打"), "dim" if took else "text", row.width - LEFT - TOOK)
        self._cursor(row, n)

    def _took(self, call: calls.Call) -> str:
        """When this number was called, and whether anyone answered."""
        if self.standing is None:
            return ""
        made = [s for s in self.standing.steps if call.number in str(s.get("told") or "")]
        if not made and call.number == calls.ALWAYS.number:
            made = [s for s in self.standing.steps if s["step"] == call.step]
        if not made:
            return ""
        when = wording.value_text(STEPS.by_name["at"], made[-1]["at"], self.replica, self.today)
        if made[-1].get("was_reached") is False:
            return f"{self.program.look.mark('look')} {when} {_('没接')}"
        return f"{self.program.look.mark('done')} {when}"

    def _paint_step(self, row: Row, n: int, standing: cases.Standing) -> None:
        if n >= len(standing.steps):
            return
        step = standing.steps[n]
        texts = {
            name: wording.value_text(STEPS.by_name[name], step.get(name), self.replica, self.today)
            for name in ("at", "done_by", "step", "told", "outcome", "placed_with")
        }
        row.put(LEFT, texts["at"], "dim", 15)
        row.put(LEFT + 16, texts["done_by"], "text", 8)
        x = row.put(LEFT + 25, texts["step"], "text")
        rest = "  ".join(texts[k] for k in ("told", "placed_with", "outcome") if texts[k])
        row.put(x + 2, rest, "text", row.width - LEFT - 4 - x)
        if step["_pending"]:
            row.mark(row.width - LEFT - 1, "unsent")
        self._cursor(row, len(self.calls) + n)

    def _cursor(self, row: Row, n: int) -> None:
        if n == self.at:
            row.tint(0, row.width, "raise")
            row.mark(1, "here", "accent on raise")

    # -- moving

    def _move(self, step: int) -> None:
        count = len(self.calls) + (len(self.standing.steps) if self.standing else 0)
        self.at = max(0, min(self.at + step, count - 1))
        first = FIRST + len(self._stages(self.canvas.size.width))
        shown = self.canvas.size.height - first - len(self.calls) - 2
        n = self.at - len(self.calls)
        self.top = max(0, min(self.top, n), n - max(shown, 1) + 1)
        self.repaint()

    # -- doing

    def _form(self, **given: Any) -> None:
        if self.standing is None:
            return
        from tui.screens.form import FormPlace

        me = self.replica.identity
        preset = {
            STEPS.parent: self.standing.case[CASE.parent],
            CASE.name: self.case_id,
            "at": moments.now_text(self.replica.clock.now_ms()),
            "done_by": me.name or me.user,
            **given,
        }
        self.program.go(FormPlace(STEPS.name, preset=preset))

    def do_add_step(self) -> None:
        waits = self.standing.next if self.standing else None
        self._form(**({"step": waits.step} if waits else {}))

    def do_log_call(self) -> None:
        if self.at < len(self.calls):
            call = self.calls[self.at]
            self._form(step=call.step, told=f"{call.who} {call.number}", how="phone")
        else:
            self.do_add_step()

    def do_close_case(self) -> None:
        self._form(step="closed")

    def do_child_file(self) -> None:
        from tui.screens.file import FilePlace

        self.program.go(FilePlace(CHILD.name, self.child["id"]))

    def do_open(self) -> None:
        n = self.at - len(self.calls)
        if n < 0:
            self.do_log_call()
        elif self.standing and n < len(self.standing.steps):
            from tui.screens.file import FilePlace

            self.program.go(FilePlace(STEPS.name, self.standing.steps[n]["id"]))
