"""What was told two ways, side by side: one key decides and the next one slides up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from textual.widget import Widget

from casework import summary, told, wording
from casework.told import Telling
from schema.kinds import KINDS
from schema.problems import InvalidValue, Problem
from schema.record import DELETED, Field
from schema.types import Choice
from sync import errors
from sync.change import Conflict
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row, fit, wrap
from tui.fields import Typed
from tui.place import LEFT, Place

BAND, ASKED, HEADS = 1, 2, 3
"""Rows of the child, of what is being typed, of the three headings."""
VALUE_LINES, NOTE_LINES = 3, 3
LABEL = 13
"""Where the first column begins."""
ASK_AT = 18
FACTS = 3
"""Facts about the child in the band."""


class Table(Canvas):
    """Everything between title and quiet line."""

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, ReviewPlace)
        place.paint_row(y, row)


class ReviewPlace(Place):
    """The queue of open conflicts; the one at hand is laid open above, the next ones stand below."""

    place = "review"
    hints = ("take_standing", "take_other", "later", "open", "back")

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[Conflict] = []
        self.at = 0
        self.other = 1
        """Which head stands in the third column."""
        self.trouble = ""
        """Why the last answer could not be taken."""
        self.reason = ""
        """A sentence for the decision to come."""
        self._asked: tuple[str, Callable[[str], None]] | None = None
        """What is being typed: its label, and what takes the text."""
        self._tellings: tuple[Telling, ...] = ()
        self._titles: dict[str, str] = {}
        self._may = False
        """True when the person may decide the one at hand."""

    def body(self) -> Iterator[Widget]:
        typed = Typed(width=1)
        typed.display = False
        yield Table()
        yield typed

    def on_mount(self) -> None:
        self.data_changed()

    def data_changed(self) -> None:
        here = self.conflict.id if self.conflict else ""
        self.queue = told.queue(self.replica)
        self._titles = {}
        ids = [c.id for c in self.queue]
        self.at = ids.index(here) if here in ids else min(self.at, max(len(ids) - 1, 0))
        self._look()

    def _look(self) -> None:
        """Read what stands in the columns."""
        conflict = self.conflict
        self._tellings = ()
        self._may = conflict is not None and self._may_decide(conflict)
        if conflict is not None:
            self.other = min(max(self.other, 1), len(conflict.heads) - 1)
            self._tellings = (
                told.base(self.replica, conflict, self.today),
                told.head(self.replica, conflict, 0, self.today),
                told.head(self.replica, conflict, self.other, self.today),
            )
        self.repaint()

    @property
    def conflict(self) -> Conflict | None:
        """The one at hand."""
        return self.queue[self.at] if self.at < len(self.queue) else None

    def title_path(self) -> str:
        return _("核对")

    def title_right(self) -> list[tuple[str, str]]:
        counts = [0, 0, 0]
        for conflict in self.queue:
            counts[told.rank(conflict)] += 1
        words = (_("{n} 紧急"), _("{n} 电话住址"), _("{n} 其他"))
        right = [(w.format(n=n), "dim") for n, w in zip(counts, words, strict=True) if n]
        if counts[told.CRITICAL]:
            right[0] = (f"{self.program.look.mark('danger')} {right[0][0]}", "red bold")
        return right

    def quiet(self) -> str:
        return _("定了以后，谁定的、原来怎么说的，都留在历史里。") if self.queue else ""

    # -- words

    def _title(self, conflict: Conflict) -> str:
        """The child a conflict is about."""
        if conflict.id not in self._titles:
            view = self.replica.get(conflict.record, conflict.kind)
            root = view.root if view else conflict.record
            kind = next((k for k in KINDS.values() if k.scope == "root"), KINDS[conflict.kind])
            self._titles[conflict.id] = wording.record_text(kind, root, self.replica, self.today)
        return self._titles[conflict.id]

    def _subject(self, conflict: Conflict) -> str:
        """What is in question: a slot of the child, or of someone around it."""
        kind = KINDS[conflict.kind]
        label = wording.slot_label(kind, conflict.slot)
        if kind.scope == "root":
            return label
        first = wording.record_text(kind, conflict.record, self.replica, self.today).split(" ")[0]
        return _("{who}{what}").format(who=first, what=label)

    def _facts(self, conflict: Conflict) -> str:
        kind = KINDS[conflict.kind]
        view = self.replica.get(conflict.record, conflict.kind)
        root = next((k for k in KINDS.values() if k.scope == "root"), kind)
        rows = self.replica.rows(root.name, [view.root]) if view else []
        if not rows:
            return ""
        pieces = summary.head(self.replica, root, rows[0], self.today)[1:]
        return " ".join([t for t, _s in pieces if t != "—"][:FACTS])

    def _explained(self, conflict: Conflict) -> list[str]:
        if conflict.slot == DELETED:
            return [_("一人删了它，另一人同时改了它。没删的先算数，等您定。")]
        if conflict.meeting == "critical":
            return [
                _("两人写的时候都没看到对方的。更让人担心的先算数，等您定；"),
                _("改成不那么让人担心的，要写一句为什么。"),
            ]
        return [_("两人写的时候都没看到对方的。后写的先算数，等您定。")]

    def _choices(self, conflict: Conflict) -> list[tuple[str, str]]:
        found = [("1", _("原来")), ("2", _("就按现在")), ("3", _("另一说法"))]
        if conflict.slot != DELETED:
            found.append(("4", _("另写")))
        found.append(("6", _("以后再说")))
        if told.both(conflict, self.other) is not None:
            found.append(("7", _("都要")))
        return found

    def _may_decide(self, conflict: Conflict) -> bool:
        view = self.replica.get(conflict.record, conflict.kind)
        if view is None:
            return False
        return self.replica.scope.may_resolve(view.root, self.replica.units_of_root(view.root))

    # -- painting

    def paint_row(self, y: int, row: Row) -> None:
        conflict = self.conflict
        if conflict is None:
            if y == BAND:
                row.put(LEFT, _("没有两种说法，都一致。"), "text")
                row.put(LEFT + 30, _("Esc 返回"), "dim")
            return
        if y == BAND:
            self._paint_band(row, conflict)
        elif y == ASKED and self._asked:
            row.put(LEFT, self._asked[0], "accent", ASK_AT - LEFT - 1)
        elif y >= HEADS:
            table = self._table(row.width)
            if y - HEADS < len(table):
                self._paint_columns(row, table[y - HEADS], y - HEADS)
            else:
                self._paint_below(y - HEADS - len(table), row, conflict)

    def _paint_band(self, row: Row, conflict: Conflict) -> None:
        is_critical = conflict.meeting == "critical"
        if is_critical:
            row.back = "tint"
            row.tint(1, row.width - 2, "tint")
        row.put(1, row.look.mark("here"), "red" if is_critical else "accent")
        x = LEFT
        if is_critical:
            x = row.mark(x, "danger", "red bold")
            x = row.put(x + 1, _("紧急"), "red bold") + 2
        x = row.put(x, self._title(conflict), "text bold")
        where = _("第 {n} 处，共 {m}").format(n=self.at + 1, m=len(self.queue))
        end = row.width - LEFT - 20
        subject = self._subject(conflict)
        x = row.put(x + 2, self._facts(conflict), "dim", max(end - x - 6 - 2 * len(subject), 0))
        row.put(x + 3, subject, "text bold", max(end - x - 3, 8))
        row.put(end, where, "dim", 20, "right")

    def _columns(self, width: int) -> list[tuple[int, int]]:
        """Where the three columns begin and how wide they are."""
        room = width - LEFT - LABEL
        first = max(room // 4 - 1, 13)
        second = (room - first - 4) // 2
        x = LABEL + first + 2
        return [(LABEL, first), (x, second), (x + second + 2, room - first - second - 4)]

    def _table(self, width: int) -> list[tuple[str, list[str], str]]:
        """Rows of label, three texts and style."""
        head = [_("原来"), _("现在算数"), _("另一说法")]
        conflict = self.conflict
        if conflict is not None and len(conflict.heads) > 2:
            head[2] += f"  {self.other}/{len(conflict.heads) - 1} ← →"
        rows: list[tuple[str, list[str], str]] = [("", head, "head")]
        columns = self._columns(width)

        def add(label: str, texts: list[str], style: str, most: int = 1) -> None:
            lines = [wrap(t, w - 1)[:most] for t, (_x, w) in zip(texts, columns, strict=True)]
            for n in range(max(len(line) for line in lines)):
                texts = [line[n] if n < len(line) else "" for line in lines]
                rows.append((label if n == 0 else "", texts, style))

        empty = _("没有填")
        add(_("说的是"), [t.text or empty for t in self._tellings], "value", VALUE_LINES)
        add(_("谁写的"), [t.author for t in self._tellings], "text")
        add(_("哪台电脑"), [t.device for t in self._tellings], "dim")
        when = [wording.moment_text(t.at_ms, self.today) if t.at_ms else "" for t in self._tellings]
        add(_("什么时候"), when, "text")
        seen = [
            " ".join((wording.date_text(t.seen, self.today), t.met))
            if t.seen
            else _("没见")
            if n
            else ""
            for n, t in enumerate(self._tellings)
        ]
        add(_("最近见到"), seen, "text bold")
        if any(t.note for t in self._tellings):
            add(_("当时记的"), [t.note for t in self._tellings], "text", NOTE_LINES)
        return rows

    def _paint_columns(self, row: Row, line: tuple[str, list[str], str], n: int) -> None:
        label, texts, style = line
        columns = self._columns(row.width)
        row.put(LEFT, label, "dim", LABEL - LEFT - 1)
        row.tint(columns[1][0] - 1, columns[1][0] + columns[1][1], "raise")
        for column, ((x, width), text) in enumerate(zip(columns, texts, strict=True)):
            back = " on raise" if column == 1 else ""
            if style == "head":
                x = row.put(x, str(column + 1), f"accent{back}")
                row.put(x + 1, text, f"{'text bold' if column == 1 else 'dim'}{back}", width - 2)
            elif style == "value":
                self._put_value(row, x, width, texts, column, back, is_first=bool(label))
            else:
                row.put(x, text, f"{style}{back}", width)

    def _put_value(
        self,
        row: Row,
        x: int,
        width: int,
        texts: list[str],
        column: int,
        back: str,
        *,
        is_first: bool,
    ) -> None:
        """A value with its differing characters underlined; the worrying one carries the mark."""
        conflict = self.conflict
        unlike = told.differing(texts[1], texts[2])[column - 1] if column else set()
        telling = self._tellings[column]
        style = "text bold" if telling.text else "faint"
        if conflict is not None and conflict.meeting == "critical":
            unlike = set()
            if column == 1:
                style = "red bold"
                if is_first:
                    row.put(x, row.look.mark("danger"), style + back)
                x, width = x + 2, width - 2
        _put_unlike(row, x, texts[column], unlike, style, back, width)

    def _paint_below(self, y: int, row: Row, conflict: Conflict) -> None:
        may = self._may
        room = row.width - 2 * LEFT
        said = wrap(self.trouble, room)[:2] if self.trouble else self._explained(conflict)
        if not may:
            said = [_("这一处由督导员或县里定。您能看，不用管。")]
        if self.reason and not self.trouble:
            said = [_("为什么：{reason}").format(reason=self.reason)]
        if 1 <= y <= len(said):
            row.put(LEFT, said[y - 1], "amber" if self.trouble else "dim", room)
        elif y == len(said) + 2 and may:
            x = LEFT
            for key, words in self._choices(conflict):
                x = row.put(x, key, "accent bold")
                x = row.put(x + 1, words, "text") + 3
        elif y >= len(said) + 4:
            self._paint_next(y - len(said) - 4, row)

    def _paint_next(self, n: int, row: Row) -> None:
        """The queue below, with the differing characters underlined."""
        if self.at + 1 + n >= len(self.queue):
            return
        conflict = self.queue[self.at + 1 + n]
        kind = KINDS[conflict.kind]
        if n == 0:
            row.put(LEFT, _("接下来"), "dim")
        texts = [
            wording.slot_text(kind, conflict.slot, h.value, self.replica, self.today) or _("没有填")
            for h in conflict.heads[:2]
        ]
        unlike = told.differing(*texts)
        names = [told.person(self.replica, h.mark.author) for h in conflict.heads[:2]]
        room = row.width - LEFT
        name, what = (9, 10) if row.width < 100 else (16, 16)
        x = LABEL + name + what + 2
        wide = (room - 14 - x) // 2 - 1
        row.put(LABEL, self._title(conflict), "text", name)
        row.put(LABEL + name + 1, self._subject(conflict), "dim", what)
        for side in (0, 1):
            x += side * (wide + 1)
            _put_unlike(row, x, texts[side], unlike[side], "text", "", wide)
        row.put(room - 14, "、".join(names), "dim", 14, "right")

    # -- typing

    def ask(self, label: str, take: Callable[[str], None], value: str = "", hint: str = "") -> None:
        """Open the field above the columns; Enter hands its text to `take`, Esc only closes it."""
        self._asked = (label, take)
        field = self.query_one(Typed)
        field.styles.layer = "above"
        field.styles.position = "absolute"
        field.styles.offset = (ASK_AT, ASKED + 1)
        field.styles.width = self.size.width - ASK_AT - LEFT
        field.value, field.placeholder = value, hint
        field.cursor_position = len(value)
        field.display = True
        field.focus()
        self.repaint()

    def _stop_asking(self) -> None:
        self._asked = None
        field = self.query_one(Typed)
        field.display = False
        self.set_focus(None)
        self.repaint()

    def on_input_submitted(self) -> None:
        if self._asked is None:
            return
        text = self.query_one(Typed).value
        _label, take = self._asked
        self.trouble = ""
        take(text)
        self.repaint()

    # -- deciding

    def do_take_base(self) -> None:
        if self.conflict:
            self._decide("base", self.conflict.base_value)

    def do_take_standing(self) -> None:
        if self.conflict:
            self._decide("winner", self.conflict.heads[0].value)

    def do_take_other(self) -> None:
        if self.conflict:
            self._decide("loser", self.conflict.heads[self.other].value)

    def do_take_both(self) -> None:
        value = told.both(self.conflict, self.other) if self.conflict else None
        if value is None:
            self.program.say(_("这一项只能留一个。"), "amber")
        else:
            self._decide("value", value)

    def do_take_own(self) -> None:
        """Type another value; the members of a group are asked for one after another."""
        conflict = self.conflict
        if conflict is None or conflict.slot == DELETED or not self._is_mine():
            return
        kind = KINDS[conflict.kind]
        fields = list(kind.slots[conflict.slot])
        standing = kind.spread(conflict.slot, conflict.heads[0].value)
        self._ask_value(conflict, fields, standing, {})

    def _ask_value(
        self, conflict: Conflict, left: list[Field], standing: dict[str, Any], given: dict[str, Any]
    ) -> None:
        field = left[0]
        codes = field.type.codes.live if isinstance(field.type, Choice) else ()
        hint = "、".join(_(c.label) for c in codes)

        doubted: list[str] = []

        def take(text: str) -> None:
            try:
                given[field.name] = field.type.parse(text)
            except InvalidValue as error:
                self.trouble = _worded(error.problem, hint)
                return
            doubt = None if given[field.name] is None else field.type.check(given[field.name])
            if doubt is not None and doubt.is_doubt and text not in doubted:
                doubted.append(text)
                self.trouble = _("{problem} 再按一次 Enter 就这样定。").format(
                    problem=_worded(doubt, hint)
                )
                return
            if left[1:]:
                self._ask_value(conflict, left[1:], standing, given)
            else:
                value = KINDS[conflict.kind].slot_value(conflict.slot, given)
                self._decide("value", value)

        value = standing.get(field.name)
        text = "" if codes else field.type.show(value)
        self.ask(_(field.label), take, text, hint)

    def _is_mine(self) -> bool:
        """Says so when the person may not decide."""
        if self._may:
            return True
        if self.conflict is not None:
            self.program.say(errors.sentence("not_permitted"), "amber")
        return False

    def _decide(self, take: str, value: Any) -> None:
        conflict = self.conflict
        if conflict is None or not self._is_mine():
            return
        if told.is_calmer(conflict, value) and not self.reason:

            def because(text: str) -> None:
                if not text.strip():
                    self.trouble = _("写一句为什么，才能改成不那么让人担心的。")
                    return
                self.reason = text.strip()
                self._decide(take, value)

            self.ask(_("为什么"), because, hint=_("写一句，Enter 就定；Esc 什么都不定"))
            return
        try:
            self.replica.resolve(conflict.id, take, value, self.reason, self.other)
        except Refused as refusal:
            self._stop_asking()
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "amber")
            return
        except InvalidRecord as invalid:
            self.trouble = " ".join(p.text(_) for _f, p in invalid.problems)
            self.repaint()
            return
        words = wording.slot_text(
            KINDS[conflict.kind], conflict.slot, value, self.replica, self.today
        )
        done = _("定了：{who} {what}，{value}。").format(
            who=self._title(conflict), what=self._subject(conflict), value=words or _("空着")
        )
        self._forget()
        self.program.saved()
        self.program.say(fit(done, self.size.width - 2 * LEFT))

    def _forget(self) -> None:
        """Leave nothing of this conflict for the next."""
        self.trouble = self.reason = ""
        self.other = 1
        self._stop_asking()

    def do_ask_why(self) -> None:
        """Write a sentence that goes with the decision to come."""
        if not self._is_mine():
            return

        def take(text: str) -> None:
            self.reason = text.strip()
            self._stop_asking()

        self.ask(_("为什么"), take, self.reason)

    # -- moving

    def _move(self, step: int) -> None:
        if not self.queue:
            return
        self._forget()
        self.at = max(0, min(self.at + step, len(self.queue) - 1))
        self._look()

    def do_later(self) -> None:
        """On to the next one without deciding; after the last comes the first."""
        if self.queue:
            self._forget()
            self.at = (self.at + 1) % len(self.queue)
            self._look()

    def do_down(self) -> None:
        self._move(1)

    def do_up(self) -> None:
        self._move(-1)

    def do_page_down(self) -> None:
        self._move(5)

    def do_page_up(self) -> None:
        self._move(-5)

    def do_home_end(self) -> None:
        self._move(-len(self.queue))

    def do_to_end(self) -> None:
        self._move(len(self.queue))

    def do_next_telling(self) -> None:
        self.other += 1
        self._look()

    def do_previous_telling(self) -> None:
        self.other -= 1
        self._look()

    def do_open(self) -> None:
        """The file of the child this is about."""
        view = self.replica.get(self.conflict.record, self.conflict.kind) if self.conflict else None
        kind = next((k for k in KINDS.values() if k.scope == "root"), None)
        if view is not None and kind is not None:
            from tui.screens.file import FilePlace

            self.program.go(FilePlace(kind.name, view.root))

    def do_back(self) -> None:
        """Close what is being typed, else leave; nothing is decided."""
        if self._asked is not None:
            self.trouble = ""
            self._stop_asking()
        else:
            super().do_back()


def _put_unlike(
    row: Row, x: int, text: str, unlike: set[int], style: str, back: str, width: int
) -> None:
    """Text whose characters at `unlike` are underlined."""
    shown = fit(row.look.text(text), width, row.look.mark("ellipsis"))
    marked = f"amber underline{' bold' if 'bold' in style else ''}"
    for n, character in enumerate(shown):
        x = row.put(x, character, f"{marked if n in unlike else style}{back}")


def _worded(problem: Problem, allowed: str) -> str:
    """What is wrong with a typed value; the choices by their labels, not by their codes."""
    args = {**dict(problem.args), **({"allowed": allowed} if allowed else {})}
    return _(problem.message).format(**args)
