"""The command palette: every action and every child by Chinese, pinyin initials, pinyin or
English."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from textual import events
from textual.geometry import Region
from textual.widget import Widget

from casework import search, summary
from casework.wording import headed
from schema.kinds import KINDS
from schema.record import Kind
from sync import language
from sync.language import _
from tui import actions, match
from tui.canvas import Row, fit
from tui.fields import SearchField
from tui.moving import Moving
from tui.overlay import Overlay
from tui.place import Place

WIDEST = 74
TALLEST = 17
NAME = 3
FACTS = 20
GROUPS = ("do", "find", "everywhere")
RECORDS = 6
"""Records offered for each kind."""


@dataclass(frozen=True)
class Line:
    """One row of the panel: a heading, an action or a record."""

    text: str
    facts: str = ""
    key: str = ""
    action: str = ""
    record: tuple[str, str] | None = None
    kind: str = ""
    """The kind whose list it opens."""
    is_idle: bool = False
    """True for what cannot be done now."""

    @property
    def is_heading(self) -> bool:
        return not self.action and not self.kind and self.record is None


@lru_cache(maxsize=1)
def _english() -> gettext.NullTranslations:
    return gettext.translation(language.DOMAIN, language.FOLDER, ["en"], fallback=True)


def fits(action: actions.Action, wanted: str) -> int | None:
    """How well an action answers: 0 by its short name, 1 by its sentence; None not at all."""
    english = " ".join(_english().gettext(t) for t in (action.hint, action.help)).lower()
    if match.span(action.hint, wanted):
        return 0
    words = wanted.lower().split()
    if match.span(action.help, wanted) or all(f" {w}" in f" {english}" for w in words):
        return 1
    return None


class PalettePlace(Moving, Overlay):
    """Opens over the place `under`; Enter does or opens, Esc only closes."""

    place = "palette"
    hints = ("go_there", "down", "only_records", "clear", "back")

    def __init__(self, under: Place) -> None:
        super().__init__(under)
        self.is_records_only = False
        self.lines: list[Line] = []
        self.at = 0
        self.top = 0

    def body(self) -> Iterator[Widget]:
        yield SearchField(lambda _text: self.read_again(), width=24)

    def box(self, width: int, height: int) -> Region:
        wide = min(WIDEST if width < 100 else WIDEST + 16, width - 6)
        return Region((width - wide) // 2 + 1, 2, wide, min(TALLEST, height - 4))

    def on_mount(self) -> None:
        self.read_again()
        self._place_input()
        self.query_one(SearchField).focus()

    def on_resize(self, _event: events.Resize) -> None:
        self._place_input()

    def _place_input(self) -> None:
        box = self.box(self.size.width, self.size.height - 1)
        typed = self.query_one(SearchField)
        typed.styles.layer = "above"
        typed.styles.position = "absolute"
        typed.styles.offset = (box.x + NAME, box.y + (1 if self.program.look.is_plain else 0))

    @property
    def wanted(self) -> str:
        found = self.query(SearchField)
        return found.first().value if found else ""

    # -- what is offered

    def read_again(self) -> None:
        """Make the rows for what is typed; the cursor goes to the first that can be done."""
        self.lines = []
        for block in (
            self._actions(is_idle=False),
            self._records(),
            self._lists(),
            self._actions(is_idle=True),
        ):
            self.lines += [Line(""), *block] if self.lines and block else block
        self.at = next((n for n, line in enumerate(self.lines) if not line.is_heading), 0)
        self.top = 0
        self.repaint()

    def data_changed(self) -> None:
        self.read_again()

    def _actions(self, *, is_idle: bool) -> list[Line]:
        if self.is_records_only:
            return []
        found = []
        for action in actions.at(self.under.place):
            if action.group == "move" or action.id in ("palette", "back"):
                continue
            why = self.under.why_not(action.id)
            rank = fits(action, self.wanted)
            if rank is None or bool(why) != is_idle:
                continue
            key = actions.key_name(action.keys[0]) if action.keys else ""
            facts = why or _(action.help)
            found.append((
                (rank, GROUPS.index(action.group)),
                Line(headed(_(action.hint)), headed(facts), key, action.id, is_idle=is_idle),
            ))
        found.sort(key=lambda f: f[0])
        head = Line(_("现在不能用") if is_idle else _("办事"))
        return [head, *(line for _rank, line in found)] if found else []

    def _records(self) -> list[Line]:
        if not self.wanted.strip() or self.program.session is None:
            return []
        lines: list[Line] = []
        for kind in KINDS.values():
            if kind.scope != "root" or not self.replica.may("read", kind.name):
                continue
            ids = [h.id for h in search.find(self.replica, kind.name, self.wanted, RECORDS)]
            rows = self.replica.rows(kind.name, ids)
            if rows:
                lines.append(Line(_(kind.label)))
            for row in rows:
                name, *facts = (text for text, _style in self._head(kind, row))
                known = " ".join(f for f in facts if f != "—")
                lines.append(Line(name, known, record=(kind.name, str(row["id"]))))
        return lines

    def _lists(self) -> list[Line]:
        """The list of every kind that this user may read."""
        if self.is_records_only or self.program.session is None:
            return []
        found = []
        for kind in KINDS.values():
            english = _english().gettext(kind.label).lower()
            is_meant = match.span(kind.label, self.wanted) or self.wanted.lower() in english
            is_list = kind.can_add_by_hand and kind.scope != "public"
            if is_list and is_meant and self.replica.may("read", kind.name):
                words = _("看全部{what}").format(what=_(kind.label))
                found.append(Line(_(kind.label), words, kind=kind.name))
        return [Line(_("名单")), *found] if found else []

    def _head(self, kind: Kind, row: dict[str, Any]) -> list[summary.Piece]:
        return summary.head(self.replica, kind, row, self.today)

    # -- painting

    def paint_panel(self, y: int, row: Row) -> None:
        y -= 1 if row.look.is_plain else 0
        height = self._height()
        if y == 0:
            row.tint(0, row.width, "field")
            row.mark(0, "here")
            if not self.wanted:
                row.put(
                    28, _("中文、拼音、English 都行"), "faint on field", row.width - 30, "right"
                )
            return
        n = self.top + y - 2
        if y < 2 or y >= height + 2 or n >= len(self.lines):
            if not self.lines and y == 2:
                row.put(
                    NAME, _("没有这样的事，也没有叫这个的人。^U 清空再试。"), "dim", row.width - 5
                )
            return
        self._paint_line(n, self.lines[n], row)

    def _paint_line(self, n: int, line: Line, row: Row) -> None:
        if line.is_heading:
            row.put(NAME, line.text, "faint" if row.look.has_colour else "text underline")
            return
        if n == self.at:
            row.tint(0, row.width, "raise")
            row.back = "raise"
            row.mark(0, "here")
        room = row.width - FACTS - 3
        if line.key:
            row.put(row.width - 9, line.key, "accent", 7, "right")
            room -= 8
        style = "dim" if line.is_idle else "text"
        self._put_matched(row, NAME, line.text, style, FACTS - NAME - 1)
        self._put_matched(row, FACTS, line.facts, "dim", room)

    def _put_matched(self, row: Row, x: int, text: str, style: str, width: int) -> None:
        """Text with the characters that matched lit up, so that a match explains itself."""
        text = fit(row.look.text(text), width, row.look.mark("ellipsis"))
        found = match.span(text, self.wanted) if self.wanted.strip() else None
        start, end = found or (0, 0)
        x = row.put(x, text[:start], style)
        x = row.put(x, text[start:end], "accent bold")
        row.put(x, text[end:], style)

    def _height(self) -> int:
        """Rows for lines: the panel without the input, a blank row and the edges."""
        return self.box(self.size.width, self.size.height - 1).height - (
            4 if self.program.look.is_plain else 3
        )

    # -- keys

    def on_input_submitted(self) -> None:
        self.do_go_there()

    def _move(self, step: int) -> None:
        n = self.at + step
        while 0 <= n < len(self.lines) and self.lines[n].is_heading:
            n += step
        if 0 <= n < len(self.lines):
            self.at = n
        height = self._height()
        head = 1 if self.at > 0 and self.lines[self.at - 1].is_heading else 0
        self.top = min(max(self.top, self.at - height + 1), self.at - head)
        self.repaint()

    def do_only_records(self) -> None:
        self.is_records_only = not self.is_records_only
        self.read_again()

    def do_clear(self) -> None:
        self.query_one(SearchField).value = ""

    def do_palette(self) -> None:
        self.do_back()

    def do_go_there(self) -> None:
        """Do the action in the place below, or open the record."""
        if not self.lines or self.lines[self.at].is_heading:
            return
        line = self.lines[self.at]
        if line.is_idle:
            return
        program, under = self.program, self.under
        program.leave_place()
        if line.kind:
            from tui.screens.records import RecordsPlace

            program.go(RecordsPlace(line.kind))
        elif line.record is not None:
            from tui.screens.file import FilePlace

            program.go(FilePlace(*line.record))
        else:
            under.action_act(line.action)
