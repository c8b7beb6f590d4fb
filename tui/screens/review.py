"""What was told two ways, side by side: before, what stands, the other. One key settles, the next slides up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.containers import Horizontal
from textual.widget import Widget

from casework import disagreements, wording
from schema.kinds import KINDS
from schema.problems import InvalidValue
from sync import errors
from sync.change import Conflict
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row, wrap
from tui.editors import FieldEditor
from tui.fields import Typed
from tui.place import LEFT, Place

LABEL = 11
"""Cells of the labels at the left."""
FACTS = 5
"""Rows above the note of the visit."""
NAMES = 14
"""Cells for two authors of three characters."""


class Sides(Canvas):
    """The one under judgement: band, three columns, why it stands so."""

    DEFAULT_CSS = "Sides { height: 13; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ReviewPlace)
        conflict = place.current
        if conflict is None:
            if y == 1:
                row.put(LEFT, _("没有两种说法，都一致。"), "text")
            return
        if y == 1:
            place.paint_band(row, conflict)
        elif 3 <= y <= 10:
            place.paint_side_row(row, y - 3)
        elif y == 12:
            row.put(LEFT, place.reason_words(conflict), "dim", row.width - 2 * LEFT)


class Ask(Canvas):
    """The label before the one field of this place."""

    DEFAULT_CSS = f"Ask {{ height: 1; width: {LEFT + LABEL}; }}"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ReviewPlace)
        row.mark(1, "here")
        row.put(LEFT, place.question, "dim", LABEL - 1)


class Queue(Canvas):
    """The ways to settle, and what comes next with the differing characters underlined."""

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ReviewPlace)
        if place.current is None:
            return
        if y == 0:
            place.paint_choices(row)
        elif y >= 2:
            place.paint_next(row, y - 2)


class ReviewPlace(Place):
    """The queue of open conflicts of the records held here."""

    place = "review"
    hints = ("settle", "open", "ask_why", "later", "back")
    CSS = """
    ReviewPlace #ask { height: 2; }
    ReviewPlace #ask Input { width: 56; }
    """

    def __init__(self, record: str | None = None) -> None:
        super().__init__()
        self.record = record
        """Only what concerns this root record; None: everything."""
        self.queue: list[Conflict] = []
        self.loser = 1
        """Which of the other ways of telling stands in column 3."""
        self.question = ""
        self.waiting: tuple[str, Any] | None = None
        """A choice that waits for a sentence: (take, value)."""
        self.why = ""
        self.settled = 0

    def body(self) -> Iterator[Widget]:
        yield Sides()
        yield Horizontal(id="ask")
        yield Queue(id="queue")

    def on_mount(self) -> None:
        self.query_one("#ask").display = False
        self._read()

    def _read(self) -> None:
        replica = self.replica
        later = {c.id: n for n, c in enumerate(self.queue)}
        found = [c for c in replica.conflicts() if len(c.heads) > 1]
        if self.record:
            found = [c for c in found if self._root(c) == self.record or c.record == self.record]
        # What one put off stays behind what one has not seen, through every reading.
        self.queue = sorted(found, key=lambda c: (later.get(c.id, -1), found.index(c)))
        self.sides = self._columns()
        self.repaint()

    def data_changed(self) -> None:
        if not self.is_typing():
            self._read()

    @property
    def current(self) -> Conflict | None:
        return self.queue[0] if self.queue else None

    def _root(self, conflict: Conflict) -> str:
        view = self.replica.get(conflict.record, conflict.kind)
        return (view.root or view.id) if view else conflict.record

    def _columns(self) -> list[disagreements.Side]:
        conflict = self.current
        self.loser = min(self.loser, len(conflict.heads) - 1) if conflict else 1
        if conflict is None:
            return []
        return [
            disagreements.base_side(self.replica, conflict, self.today),
            disagreements.head_side(self.replica, conflict, 0, self.today),
            disagreements.head_side(self.replica, conflict, self.loser, self.today),
        ]

    # -- words

    def title_path(self) -> str:
        return _("核对")

    def title_right(self) -> list[tuple[str, str]]:
        urgent = sum(c.meeting == "critical" for c in self.queue)
        words = []
        if urgent:
            mark = self.program.look.mark("danger")
            words.append((f"{mark} {_('{n} 紧急').format(n=urgent)}", "red bold"))
        words.append((_("{n} 其他").format(n=len(self.queue) - urgent), "dim"))
        return words

    def quiet(self) -> str:
        if self.current and not self._may_settle():
            return _("镇里或县里来定。您知道实情，就再记一次走访，他们看得到。")
        if self.settled:
            return _("定了 {n} 处，收发后别的电脑也一样。").format(n=self.settled)
        return _("Esc 什么都不定；定了的值和没取的值都留在历史里")

    def reason_words(self, conflict: Conflict) -> str:
        """Why this one stands for now."""
        if conflict.meeting == "edit_delete":
            return _("一边删了，一边还在写：先留着，等您定。")
        if conflict.meeting == "critical":
            return _("都没看到对方写的。更让人担心的先算数；改轻了要写一句为什么。")
        return _("都没看到对方写的。后写的先算数，等您定。")

    def _may_settle(self) -> bool:
        conflict = self.current
        if conflict is None:
            return False
        root = self._root(conflict)
        return self.replica.scope.may_resolve(root, self.replica.units_of_root(root))

    # -- painting

    def paint_band(self, row: Row, conflict: Conflict) -> None:
        is_urgent = conflict.meeting == "critical"
        row.back = "tint" if is_urgent else "bg"
        row.tint(0, row.width, row.back)
        row.mark(1, "here", "red" if is_urgent else "accent")
        x = row.mark(LEFT, "danger" if is_urgent else "told_two_ways") + 1
        where = _("第 {n} 处，共 {m}").format(n=1, m=len(self.queue))
        row.put(x, where, "dim", row.width - LEFT - x, "right")
        if is_urgent:
            x = row.put(x, _("紧急"), "red bold") + 2
        facts = disagreements.about(self.replica, conflict, self.today)
        x = row.put(x, facts[0], "text bold", 24) + 2
        for fact in facts[1:-1]:
            x = row.put(x, fact, "dim", max(row.width - 34 - x, 0)) + 2
        row.put(x + 2, facts[-1], "text bold", max(row.width - 18 - x, 0))

    def paint_side_row(self, row: Row, n: int) -> None:
        labels = ("", _("说的是"), _("谁写的"), _("什么时候"), _("最近见到"), _("当时记的"))
        heads = (_("原来"), _("现在算数"), _("另一说法"))
        if n < len(labels):
            row.put(LEFT, labels[n], "dim", LABEL - 1)
        wide = (row.width - LEFT - LABEL - LEFT) // 3
        for at, side in enumerate(self.sides):
            x = LEFT + LABEL + at * wide
            if at == 1:
                row.tint(x - 1, x + wide - 1, "raise")
            back = "raise" if at == 1 else "bg"
            room = wide - 2
            if n == 0:
                after = row.put(x, str(at + 1), f"accent bold on {back}")
                name = heads[at]
                if at == 2 and len(self.queue[0].heads) > 2:
                    name += f" {self.loser}/{len(self.queue[0].heads) - 1} ← →"
                row.put(after + 1, name, f"{'text bold' if at == 1 else 'dim'} on {back}", room - 2)
            elif n == 1:
                spec = "red bold" if at == 1 and side.is_worse else "text bold"
                if at == 1 and side.is_worse:
                    after = row.mark(x, "danger", f"red on {back}") + 1
                    row.put(after, side.value or _("空着"), f"{spec} on {back}", room - 2)
                else:
                    row.put(x, side.value or _("空着"), f"{spec} on {back}", room)
            elif n in (2, 3):
                text = side.author if n == 2 else side.when
                row.put(x, text, f"text on {back}", room)
            elif n == 4:
                spec = "text bold" if side.seen else "dim"
                row.put(x, side.seen or _("没见"), f"{spec} on {back}", room)
            else:
                lines = wrap(side.note, room) if side.note else []
                if n - FACTS < len(lines):
                    is_cut = n == FACTS + 2 and len(lines) > 3
                    line = lines[n - FACTS] + ("…" if is_cut else "")
                    row.put(x, line, f"text on {back}", room)

    def paint_choices(self, row: Row) -> None:
        if not self._may_settle():
            return
        words = [("1", _("原来")), ("2", _("就按现在")), ("3", _("另一说法")), ("4", _("另写")),
                 ("6", _("以后再说"))]  # fmt: skip
        if self.current and disagreements.union(self.current) is not None:
            words.append(("7", _("都要")))
        x = LEFT
        for key, text in words:
            x = row.put(x, key, "accent")
            x = row.put(x + 1, text, "text") + 3

    def paint_next(self, row: Row, n: int) -> None:
        if n == 0 and len(self.queue) > 1:
            row.put(LEFT, _("接下来"), "dim")
        if n + 1 >= len(self.queue):
            return
        conflict = self.queue[n + 1]
        facts = disagreements.about(self.replica, conflict, self.today)
        x = LEFT + 8
        wide = 10 if row.width < 100 else 16
        row.put(x, facts[0], "text", wide)
        row.put(x + wide + 1, facts[-1], "dim", 10)
        x += wide + 12
        kind = KINDS[conflict.kind]
        room = max((row.width - x - LEFT - NAMES) // 2, 10)
        texts = [
            wording.slot_text(kind, conflict.slot, h.value, self.replica, self.today).replace("\n", " ")
            for h in conflict.heads[:2]
        ]
        start, end_a, end_b = disagreements.differing(*texts)
        for text, end, at in ((texts[0], end_a, x), (texts[1], end_b, x + room)):
            stop = at + room - 1
            after = row.put(at, text[:start], "text", stop - at)
            after = row.put(after, text[start:end], "amber underline", max(stop - after, 0))
            row.put(after, text[end:], "text", max(stop - after, 0))
        names = "、".join(dict.fromkeys(h.mark.author for h in conflict.heads))
        row.put(x + 2 * room, names, "dim", row.width - LEFT - x - 2 * room)

    # -- deciding

    def on_key(self, event: Any) -> None:
        if self.is_typing():
            if event.key == "enter":
                self._answered()
                event.stop()
            return
        ways = {"1": "base", "2": "winner", "3": "loser", "4": "value", "7": "both"}
        if event.key == "6":
            self.do_later()
        elif event.key in ("left", "right") and self.current and len(self.current.heads) > 2:
            step = 1 if event.key == "right" else -1
            others = len(self.current.heads) - 1
            self.loser = (self.loser - 1 + step) % others + 1
            self.sides = self._columns()
            self.repaint()
        elif event.key in ways:
            self._choose(ways[event.key])

    def on_input_submitted(self) -> None:
        self._answered()

    def _choose(self, way: str) -> None:
        conflict = self.current
        if conflict is None:
            return
        if not self._may_settle():
            self.program.say(errors.sentence("not_permitted"), "red")
            return
        if way == "value":
            self._ask_for_value(conflict)
            return
        value: Any = None
        if way == "both":
            value = disagreements.union(conflict)
            if value is None:
                self.program.say(_("这一项只能留一个。"), "amber")
                return
            way = "value"
        self._settle(way, value)

    def _settle(self, way: str, value: Any = None) -> None:
        """Write the decision; a less worrying value needs a sentence first."""
        conflict = self.current
        assert conflict is not None
        chosen = {
            "base": conflict.base_value,
            "winner": conflict.heads[0].value,
            "loser": conflict.heads[self.loser].value,
            "value": value,
        }[way]
        if disagreements.is_milder(conflict, chosen) and not self.why:
            self.waiting = (way, value)
            self._ask(_("为什么"), Typed())
            self.program.say(_("改轻了，要写一句为什么，回车定下；Esc 不定。"))
            return
        try:
            self.replica.resolve(conflict.id, way, value, self.why, head=self.loser)
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
            return
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")
            return
        self.settled += 1
        self._close()
        self.loser = 1
        self._read()
        self.program.refresh_title()

    # -- the one field

    def _ask(self, question: str, field: Typed) -> None:
        self.question = question
        line = self.query_one("#ask")
        line.remove_children()
        line.mount(Ask(), field)
        line.display = True
        field.focus()

    def _ask_for_value(self, conflict: Conflict) -> None:
        kind = KINDS[conflict.kind]
        field = kind.by_name.get(conflict.slot)
        if field is None:
            self.program.say(_("这几项是一组，只能整组选一边；要改就到档案里改。"), "amber")
            return
        self.waiting = None
        value = conflict.heads[0].value
        editor = FieldEditor(field, value, self.replica, self.today)
        self._ask(_("另写"), editor)
        offered = "  ".join(editor.options())
        self.program.say(offered or _("写好回车定下；Esc 不定。"))

    def _answered(self) -> None:
        """Enter in the field: a value to keep, or the sentence a choice waits for."""
        field = self.query_one("#ask Input", Typed)
        if isinstance(field, FieldEditor):
            try:
                value = field.value_now()
            except InvalidValue as error:
                self.program.say(error.problem.text(_), "red")
                return
            self._close()
            self._settle("value", value)
            return
        self.why = field.value.strip()
        if not self.why:
            self.program.say(_("写一句为什么，才能改轻。Esc 不定。"), "amber")
            return
        waiting = self.waiting
        self._hide_field()
        if waiting is not None:
            self._settle(*waiting)
        else:
            self.program.say(_("记下了：{why}。现在按数字定。").format(why=self.why))

    def _hide_field(self) -> None:
        line = self.query_one("#ask")
        line.display = False
        line.remove_children()
        self.set_focus(None)

    def _close(self) -> None:
        """Forget what was half asked."""
        self.waiting = None
        self.why = ""
        if self.query_one("#ask").display:
            self._hide_field()

    def do_ask_why(self) -> None:
        if self.current is not None and self._may_settle():
            self.waiting = None
            self._ask(_("为什么"), Typed(self.why))

    # -- going about

    def do_later(self) -> None:
        """Behind all others; nothing is decided."""
        if self.queue:
            self.queue = [*self.queue[1:], self.queue[0]]
            self.sides = self._columns()
            self.repaint()

    def do_down(self) -> None:
        self.do_later()

    def do_up(self) -> None:
        if self.queue:
            self.queue = [self.queue[-1], *self.queue[:-1]]
            self.sides = self._columns()
            self.repaint()

    def do_settle(self) -> None:
        """The digits do it; this entry tells so in help and palette."""
        self.program.say(_("按 1、2、3 定：原来、现在、另一说法。"))

    def do_open(self) -> None:
        conflict = self.current
        if conflict is not None:
            from tui.screens.file import FilePlace

            root = self._root(conflict)
            kind = self.replica.records.kind_of([root]).get(root, conflict.kind)
            self.program.go(FilePlace(kind, root))

    def do_back(self) -> None:
        if self.query_one("#ask").display:
            self._close()
            self.repaint()
        else:
            self.program.leave_place()
