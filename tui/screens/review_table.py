"""How the place of two tellings looks: the child, three columns, the ways to decide, the queue
below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from casework import summary, told, wording
from schema.kinds import KINDS
from schema.record import DELETED
from sync import errors
from sync.change import Conflict
from sync.language import _
from tui.asking import WhomField
from tui.canvas import Canvas, Row, fit, wrap
from tui.editors import FieldEditor
from tui.place import LEFT

if TYPE_CHECKING:
    from tui.screens.review import ReviewPlace

BAND, ASKED, HEADS = 1, 2, 3
"""Rows of the child, of what is being typed, of the three headings."""
VALUE_LINES, NOTE_LINES = 3, 3
LABEL = 13
"""Where the first column begins."""
ASK_AT = 18
MOST_SAID = 3
"""Lines of explanation, of what a value may be, or of what is wrong with it."""
FACTS = 3
"""Facts about the child in the band."""


class Table(Canvas):
    """Everything between title and quiet line."""

    @property
    def place(self) -> ReviewPlace:
        return self.screen  # type: ignore[return-value]

    def _facts(self, conflict: Conflict) -> str:
        kind = KINDS[conflict.kind]
        view = self.place.replica.get(conflict.record, conflict.kind)
        root = next((k for k in KINDS.values() if k.scope == "root"), kind)
        rows = self.place.replica.rows(root.name, [view.root]) if view else []
        if not rows:
            return ""
        pieces = summary.head(self.place.replica, root, rows[0], self.place.today)[1:]
        return " ".join([t for t, _s in pieces if t != "—"][:FACTS])

    def _explained(self, conflict: Conflict) -> list[str]:
        if conflict.slot == DELETED:
            return [_("一人删了它，另一人同时改了它。没删的先算数，等您定。")]
        if conflict.slot == KINDS[conflict.kind].pointer:
            return [_("一人把两份档案合成一份，另一人同时拆开了。您定合不合；定了还能改。")]
        if conflict.meeting == "critical":
            return [
                _("两人写的时候都没看到对方的。更让人担心的先算数，等您定；"),
                _("改成不那么让人担心的，要写一句为什么。"),
            ]
        if conflict.meeting == "late":
            return [_("一人写的时候不知道这份档案已经合并。后写的先算数，等您定。")]
        return [_("两人写的时候都没看到对方的。后写的先算数，等您定。")]

    def _choices(self, conflict: Conflict) -> list[tuple[str, str]]:
        if self.place.asked:
            enter, escape = self.place.asked_keys
            return [("Enter", enter or _("定下")), ("Esc", escape or _("什么都不定"))]
        found = [("1", _("原来")), ("2", _("就按现在")), ("3", _("另一说法"))]
        if conflict.slot not in (DELETED, KINDS[conflict.kind].pointer):
            found.append(("4", _("另写")))
        if self.place.may_be_asked():
            found.append(("5", _("按答的") if self.place.is_answered else _("问人")))
        found.append(("6", _("以后再说")))
        if told.both(conflict, self.place.other) is not None:
            found.append(("7", _("都要")))
        return found

    def paint(self, y: int, row: Row) -> None:
        conflict = self.place.conflict
        if self.place.besides and y == (BAND + 2 if conflict is None else self.size.height - 1):
            row.put(LEFT, self.place.besides, "dim", row.width - 2 * LEFT)
        elif conflict is None:
            if y == BAND:
                x = row.put(LEFT, self.place.when_empty(), "text")
                row.put(x + 3, _("Esc 返回"), "dim")
        elif y == BAND:
            self._paint_band(row, conflict)
        elif y == ASKED and self.place.asked:
            row.put(LEFT, self.place.asked[0], "accent", ASK_AT - LEFT - 1)
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
        if conflict.id in self.place.marked:
            x = row.put(x, row.look.mark("done"), "accent") + 1
        x = row.put(x, self.place.title_of(conflict), "text bold")
        where = _("第 {n} 处，共 {m}").format(n=self.place.at + 1, m=len(self.place.queue))
        end = row.width - LEFT - 20
        subject = self.place.subject_of(conflict)
        x = row.put(x + 2, self._facts(conflict), "dim", max(end - x - 5 - cell_len(subject), 0))
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
        conflict = self.place.conflict
        if conflict is not None and len(conflict.heads) > 2:
            head[2] += f"  {self.place.other}/{len(conflict.heads) - 1} ← →"
        rows: list[tuple[str, list[str], str]] = [("", head, "head")]
        columns = self._columns(width)

        def add(label: str, texts: list[str], style: str, most: int = 1) -> None:
            lines = [wrap(t, w - 1)[:most] for t, (_x, w) in zip(texts, columns, strict=True)]
            for n in range(max(len(line) for line in lines)):
                texts = [line[n] if n < len(line) else "" for line in lines]
                rows.append((label if n == 0 else "", texts, style))

        empty = _("没有填")
        before, *told_now = self.place.tellings
        add(_("说的是"), [t.text or empty for t in self.place.tellings], "value", VALUE_LINES)
        add(_("谁写的"), [before.author, *(f"{t.author} {t.post}".rstrip() for t in told_now)], "text")
        add(_("哪台电脑"), [t.device for t in self.place.tellings], "dim")
        when = [
            wording.moment_text(t.at_ms, self.place.today) if t.at_ms else ""
            for t in self.place.tellings
        ]
        add(_("什么时候"), when, "text")
        seen = [
            " ".join((wording.date_text(t.seen, self.place.today), t.met))
            if t.seen
            else _("没见")
            if n
            else ""
            for n, t in enumerate(self.place.tellings)
        ]
        add(_("最近见到"), seen, "text bold")
        if any(t.note for t in self.place.tellings):
            add(_("当时记的"), [t.note for t in self.place.tellings], "text", NOTE_LINES)
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
        conflict = self.place.conflict
        unlike = told.differing(texts[1], texts[2])[column - 1] if column else set()
        telling = self.place.tellings[column]
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
        may = self.place.may
        room = row.width - 2 * LEFT
        editor = self.place.asked[1] if self.place.asked else None
        if not may and told.why_not(self.place.replica, conflict) == "own_words":
            sentences = [errors.sentence("own_words")]
        elif not may:
            sentences = [_("这一处由督导员或县里定。您能看，不用管。")]
        elif self.place.trouble:
            sentences = [self.place.trouble]
        elif self.place.reason:
            sentences = [_("为什么：{reason}").format(reason=self.place.reason)]
        elif told_more := self.place.sentences(conflict):
            sentences = [*told_more, *self._explained(conflict)[:1]]
        else:
            sentences = self._explained(conflict)
        said = [line for sentence in sentences for line in wrap(sentence, room)][:MOST_SAID]
        if isinstance(editor, WhomField) and not self.place.trouble:
            said = _in_lines(editor.options(), room)[:MOST_SAID]
        elif isinstance(editor, FieldEditor) and not self.place.trouble:
            said = _in_lines(editor.options(), room)[:MOST_SAID] or [editor.reading()]
        if 1 <= y <= len(said):
            row.put(LEFT, said[y - 1], "amber" if self.place.trouble else "dim", room)
        elif y == len(said) + 2 and may:
            x = LEFT
            for key, words in self._choices(conflict):
                x = row.put(x, key, "accent bold")
                x = row.put(x + 1, words, "text") + 3
        elif y >= len(said) + 4:
            self._paint_next(y - len(said) - 4, row)

    def _paint_next(self, n: int, row: Row) -> None:
        """The queue below, with the differing characters underlined."""
        if self.place.at + 1 + n >= len(self.place.queue):
            return
        conflict = self.place.queue[self.place.at + 1 + n]
        kind = KINDS[conflict.kind]
        if n == 0:
            row.put(LEFT, _("接下来"), "dim")
        texts = [
            wording.slot_text(kind, conflict.slot, h.value, self.place.replica, self.place.today)
            or _("没有填")
            for h in conflict.heads[:2]
        ]
        unlike = told.differing(*texts)
        names = [told.person(self.place.replica, h.mark.author) for h in conflict.heads[:2]]
        room = row.width - LEFT
        name, what = (8, 12) if row.width < 100 else (16, 16)
        x = LABEL + name + what + 2
        wide = (room - 14 - x) // 2 - 1
        if conflict.id in self.place.marked:
            row.put(LABEL - 2, row.look.mark("done"), "accent")
        row.put(LABEL, self.place.title_of(conflict), "text", name)
        row.put(LABEL + name + 1, self.place.subject_of(conflict), "dim", what)
        for side in (0, 1):
            x += side * (wide + 1)
            _put_unlike(row, x, texts[side], unlike[side], "text", "", wide)
        row.put(room - 14, _("、").join(names), "dim", 14, "right")


def _put_unlike(
    row: Row, x: int, text: str, unlike: set[int], style: str, back: str, width: int
) -> None:
    """Text whose characters at `unlike` are underlined; where they would be cut off, what comes
    before them is."""
    first = min(unlike, default=0)
    if cell_len(text[: first + 1]) > width - 1:
        skipped, dots = max(first - 3, 0), row.look.mark("ellipsis")
        text = dots + text[skipped:]
        unlike = {n - skipped + len(dots) for n in unlike}
    shown = fit(row.look.text(text), width, row.look.mark("ellipsis"))
    marked = f"amber underline{' bold' if 'bold' in style else ''}"
    for n, character in enumerate(shown):
        x = row.put(x, character, f"{marked if n in unlike else style}{back}")


def _in_lines(words: list[str], width: int) -> list[str]:
    """Words side by side, none of them broken."""
    lines: list[str] = []
    for word in words:
        if lines and cell_len(lines[-1]) + 2 + cell_len(word) <= width:
            lines[-1] += f"  {word}"
        else:
            lines.append(word)
    return lines
