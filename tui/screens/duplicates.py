"""Two files that seem to be of one child, side by side: merge them field by field, say that they
are not, or later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.cells import cell_len
from textual.widget import Widget

from casework import duplicates, likenesses, summary, told, wording
from casework.duplicates import FILE, LATER, NOT_SAME, Pair
from sync import errors, merges
from sync.language import _
from sync.replica import Refused
from sync.views import View
from tui.canvas import Canvas, Row, fit
from tui.moving import Moving
from tui.place import LEFT, Place

LABEL, MARK, ONE = LEFT, 15, 17
"""Columns: what a field is called, whether it differs, and the left of the two values."""
HEAD = 6
"""Rows above the fields: why, whose files, where and by whom, and the blank ones between."""
FOOT = 4
FEW = 3000
"""Children among whom pairs are looked for at once; of more, the county's findings are shown."""

Side = str
"""`kept` (the left file) or `away`."""


def _sides(row: Row) -> tuple[int, int, int]:
    """Where either value begins, and the cells that one may take; 17, 48 and 28 of 80."""
    half = (row.width - ONE) // 2
    return ONE, ONE + half, half - 3


class PairTable(Canvas):
    """Everything between title and quiet line."""

    @property
    def place(self) -> DuplicatesPlace:
        return self.screen  # type: ignore[return-value]

    def paint(self, y: int, row: Row) -> None:
        place = self.place
        if place.files is None:
            if y == 1:
                row.put(LEFT, _("没有像是同一个孩子的两份档案。"), "text")
            elif y == 2:
                row.put(LEFT, _("县里每收一份档案就查一遍。Esc 返回"), "dim")
            return
        below = y - (self.size.height - FOOT)
        if y == 1:
            self._paint_why(row)
        elif y in (3, 4):
            *sides, width = _sides(row)
            for n, x in enumerate(sides):
                style = "text bold" if y == 3 else "dim"
                row.put(x + 2, place.heads[n][y - 3], style, width)
        elif below >= 0:
            self._paint_foot(below, row)
        elif y >= HEAD:
            self._paint_slot(place.top + y - HEAD, row)

    def _paint_why(self, row: Row) -> None:
        pair = self.place.pair
        assert pair is not None
        x = row.put(LEFT, _("{n} 分").format(n=pair.score), "text bold") + 2
        row.put(x, likenesses.words(pair.why.split()), "text", row.width - x - LEFT)

    def _paint_slot(self, n: int, row: Row) -> None:
        place = self.place
        slot = place.slots[n] if n < len(place.slots) else ""
        if slot:
            one, other = place.texts[slot]
            differs = slot in place.differing
            label = wording.slot_label(FILE, slot).partition(_("、"))[0]
        elif n - len(place.slots) < len(place.people):
            label, one, other = place.people[n - len(place.slots)]
            differs = one != other
        else:
            return
        is_here = n == place.at
        back = " on raise" if is_here else ""
        if is_here:
            row.put(0, " " * row.width, "text on raise")
            row.put(1, row.look.mark("here"), "accent" + back)
        row.put(LABEL, label, "dim" + back, MARK - LABEL - 1)
        name = "differs" if differs else "same"
        row.put(MARK, row.look.mark(name), row.look.mark_style(name) + back)
        unlike = told.differing(one, other) if differs and one and other else (set(), set())
        side = place.side(slot) if slot else ""
        left, right, width = _sides(row)
        for x, text, at, which in (
            (left, one, unlike[0], "kept"), (right, other, unlike[1], "away"),
        ):  # fmt: skip
            if differs and side == which:
                row.put(x, row.look.mark("keep"), "accent" + back)
            style = ("text" if differs else "dim") if text else "faint"
            nothing = _("没有填") if slot else _("没有记")
            shown = fit(row.look.text(text or nothing), width, "…")
            column = x + 2
            for place_, character in enumerate(shown):
                marked = "amber underline" if place_ in at else style
                column = row.put(column, character, marked + back)

    def _paint_foot(self, n: int, row: Row) -> None:
        place = self.place
        if place.is_asking:
            words = [
                _("身份证和姓名都相同的有 {n} 对。").format(n=len(duplicates.certain(place.replica))),
                _("^S 全部合成一份，能整批拆回；Esc 什么都不做。"),
            ]
            if 0 < n <= len(words):
                row.put(LEFT, words[n - 1], "amber" if n == 1 else "dim")
        elif n == 1:
            row.put(LEFT, place.follows_within(row.width - 2 * LEFT), "text")
        elif n == 2:
            row.put(LEFT, _("以后发现弄错了，能拆回两份，两边的旧值都留在历史里。"), "dim")


class DuplicatesPlace(Moving, Place):
    """The queue of pairs; ← → chooses the value that is kept, one key gives the verdict."""

    place = "duplicates"
    hints = ("merge_pair", "not_same", "pair_later", "merge_certain", "back")

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[Pair] = []
        self.nth = 0
        self.at = 0
        self.top = 0
        self.files: tuple[View, View] | None = None
        self.slots: list[str] = []
        self.texts: dict[str, tuple[str, str]] = {}
        self.differing: set[str] = set()
        self.heads = [["", ""], ["", ""]]
        self.chosen: dict[str, Side] = {}
        self.people: list[tuple[str, str, str]] = []
        """Who is around the child by either file, to compare: all of them stay."""
        self.follows: list[tuple[str, int, int]] = []
        """What hangs on either file: its label, how many on one and on the other."""
        self.is_asking = False
        self.done: list[Callable[[], object]] = []
        """What takes back the verdicts given here, the last one last."""

    def body(self) -> Iterator[Widget]:
        self.canvas = PairTable()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.data_changed()

    def data_changed(self) -> None:
        here = self.pair.id if self.pair else ""
        few = self.replica.count(FILE.name) <= FEW
        find = duplicates.pairs if few else duplicates.on_record
        self.queue = find(self.replica)
        ids = [p.id for p in self.queue]
        self.nth = ids.index(here) if here in ids else min(self.nth, max(len(ids) - 1, 0))
        self._look(is_new=here not in ids)

    @property
    def pair(self) -> Pair | None:
        return self.queue[self.nth] if self.nth < len(self.queue) else None

    def _look(self, *, is_new: bool) -> None:
        """Read the two files at hand."""
        if is_new:
            self.at = self.top = 0
            self.chosen = {}
        pair = self.pair
        views = [self.replica.get(i, FILE.name) for i in (pair.a, pair.b)] if pair else []
        self.files = (views[0], views[1]) if len(views) == 2 and views[0] and views[1] else None
        self.slots, self.texts, self.differing, self.people = [], {}, set(), []
        if self.files is not None:
            hidden = {f.slot for f in FILE.fields if f.is_hidden}
            found = duplicates.slots_of(FILE, *self.files)
            values = {s: [FILE.slot_value(s, v.values) for v in self.files] for s in found}
            self.differing = {s for s in found if values[s][0] != values[s][1]}
            self.slots = [s for s in found if s not in hidden]
            self.texts = {s: (self._text(s, v[0]), self._text(s, v[1])) for s, v in values.items()}
            self.heads = [self._head(v) for v in self.files]
            self.people = duplicates.people(self.replica, *self.files, self.today)
            self.follows = self._follows()
        self.repaint()

    def _text(self, slot: str, value: Any) -> str:
        text = wording.slot_text(FILE, slot, value, self.replica, self.today, is_masked=True)
        return text.replace("\n", " ")

    def _head(self, view: View) -> list[str]:
        """The file's name; where it is, who made it and when."""
        made = next(iter(self.replica.history(view.id)), None)
        title = wording.title_text(FILE, view.values, self.replica, self.today)
        units = [view.values[f] for f in FILE.unit_fields if view.values.get(f)]
        pieces = [wording.unit_text(u, self.replica, self.today) for u in units[:1]]
        if made is not None:
            pieces.append(told.person(self.replica, made.author))
            pieces.append(wording.date_text(wording.day_of(made.at_ms).isoformat(), self.today))
        return [title, " ".join(pieces)]

    def _follows(self) -> list[tuple[str, int, int]]:
        assert self.files is not None
        found = []
        for other in summary.hanging_kinds(FILE):
            one, two = (self.replica.count(other.name, {other.parent: v.id}) for v in self.files)
            if one or two:
                found.append((_(other.label), one, two))
        return found

    def follows_within(self, width: int) -> str:
        """What hangs on either file and comes together (记录 14 + 6), in a line; what finds no room in
        it is counted together."""
        if not self.follows:
            return _("两份档案上都还没有别的记录。")
        for shown in range(len(self.follows), -1, -1):
            rest = self.follows[shown:]
            more = [(_("其他"), sum(r[1] for r in rest), sum(r[2] for r in rest))] if rest else []
            pieces = (f"{label} {one} + {two}" for label, one, two in self.follows[:shown] + more)
            line = _("合成一份后  {what}  都跟到一份档案上").format(what="  ".join(pieces))
            if cell_len(line) <= width:
                break
        return line

    def side(self, slot: str) -> Side:
        """Whose value is kept: what was chosen, else the left file's unless it has none."""
        assert self.files is not None
        is_empty = FILE.slot_value(slot, self.files[0].values) is None
        return self.chosen.get(slot, "away" if is_empty else "kept")

    # -- words

    def title_path(self) -> str:
        return _("像是同一个孩子")

    def title_right(self) -> list[tuple[str, str]]:
        if not self.queue:
            return super().title_right()
        words = _("第 {n} 对，共 {all}").format(n=self.nth + 1, all=len(self.queue))
        return [(words, "dim")]

    def quiet(self) -> str:
        if self.files is None:
            return ""
        return _("{mark} 合并后留这个；← → 换一边   PgDn 下一对   ^Z 收回刚才的").format(
            mark=self.program.look.mark("keep")
        )

    # -- moving

    def _move(self, step: int) -> None:
        self.at = min(max(self.at + step, 0), max(len(self.slots) + len(self.people) - 1, 0))
        room = max(self.canvas.size.height - HEAD - FOOT, 1)
        self.top = min(max(self.top, self.at - room + 1), self.at)
        self.repaint()

    def do_next_pair(self) -> None:
        self._turn(1)

    def do_previous_pair(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        self.nth = min(max(self.nth + step, 0), max(len(self.queue) - 1, 0))
        self.is_asking = False
        self._look(is_new=True)

    def do_take_left(self) -> None:
        self._take("kept")

    def do_take_right(self) -> None:
        self._take("away")

    def _take(self, side: Side) -> None:
        if self.at < len(self.slots) and self.slots[self.at] in self.differing:
            self.chosen[self.slots[self.at]] = side
            self.repaint()

    def do_back(self) -> None:
        if self.is_asking:
            self.is_asking = False
            self.repaint()
        else:
            super().do_back()

    # -- verdicts

    def do_merge_pair(self) -> None:
        if self.is_asking:
            self._carry_out(self._merge_all)
        elif self.files is not None:
            self._carry_out(self._merge)

    def do_not_same(self) -> None:
        self._carry_out(lambda: self._say(NOT_SAME, _("记下了：不是同一个孩子。")))

    def do_pair_later(self) -> None:
        self._carry_out(lambda: self._say(LATER, _("以后再看。")))

    def do_merge_certain(self) -> None:
        if duplicates.certain(self.replica):
            self.is_asking = True
            self.repaint()
        else:
            self.program.say(_("没有身份证和姓名都相同的两份档案。"), "amber")

    def do_undo_verdict(self) -> None:
        if self.done:
            self.is_asking = False
            self._carry_out(self._undo)
        else:
            self.program.do_settled()

    def _carry_out(self, work: Callable[[], str]) -> None:
        if self.pair is None and not self.done:
            return
        try:
            words = work()
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
            return
        self.program.saved()
        self.data_changed()
        self.program.say(words)

    def _merge(self) -> str:
        assert self.files is not None
        one, other = self.files
        take = {s: self.side(s) for s in self.differing}
        merge = merges.merge(self.replica, one.id, other.id, take)
        self.done.append(lambda: duplicates.unmerge(self.replica, merge))
        return _("合成一份了：{who}。^Z 拆回").format(who=self.heads[0][0])

    def _merge_all(self) -> str:
        self.is_asking = False
        batch, made = duplicates.merge_certain(self.replica)
        if batch:
            self.done.append(lambda: duplicates.unmerge(self.replica, batch))
        return _("{n} 对合成一份了，成一批。^Z 整批拆回").format(n=len(made))

    def _say(self, verdict: str, words: str) -> str:
        pair = self.pair
        assert pair is not None
        duplicates.say(self.replica, pair.id, verdict)
        self.done.append(lambda: duplicates.say(self.replica, pair.id, pair.verdict))
        return words

    def _undo(self) -> str:
        self.done.pop()()
        return _("收回了。")
