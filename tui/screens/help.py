"""Help for the place one came from: what can be done there, by which keys, and what the marks
mean."""

from __future__ import annotations

from rich.cells import cell_len
from textual.geometry import Region

from casework.wording import headed
from sync.language import N_, _
from tui import actions
from tui.canvas import Row, fit, fit_words, wrap
from tui.moving import Moving
from tui.overlay import Overlay
from tui.place import Place

Pieces = list[tuple[int, str, str]]
"""One row of the panel: column, text, style."""

GROUPS = {"find": N_("找"), "move": N_("走动"), "do": N_("办"), "everywhere": N_("到处都能用")}
COLUMNS = (("find", "move"), ("do", "everywhere"))
MARKS = {
    "danger": N_("险情、逾期"),
    "high": N_("高风险"),
    "unsent": N_("只在本机"),
    "came_back": N_("被退回"),
    "look": N_("今天、要留意"),
    "calm": N_("不急"),
    "told_two_ways": N_("两种说法"),
    "done": N_("办好了"),
}
"""The legend, four to a row."""
WIDEST = 100
INDENT = 3
HEAD = 2
"""Rows of the title."""
LETTER, WORDS = 7, 12
"""Columns of the second key and of the words, inside a column of actions."""


class HelpPlace(Moving, Overlay):
    """Help over the place `under`; Esc or F1 closes it."""

    place = "help"
    is_open_past_lease = True
    hints = ("back", "down", "palette")

    def __init__(self, under: Place) -> None:
        super().__init__(under)
        self.top = 0

    def box(self, width: int, height: int) -> Region:
        wide = min(width - 8, WIDEST)
        tall = 2 + HEAD + len(self._columns(wide)) + len(self._below(wide))
        return Region((width - wide) // 2 + 1, 1, wide, min(height - 2, tall))

    # -- rows

    def _columns(self, width: int) -> list[Pieces]:
        """The two columns of actions; these rows scroll."""
        column = (width - 2 * INDENT) // 2
        left, right = (self._column(groups, column - 2) for groups in COLUMNS)
        rows = []
        for n in range(max(len(left), len(right))):
            one = left[n] if n < len(left) else []
            two = right[n] if n < len(right) else []
            rows.append(
                [(INDENT + x, t, s) for x, t, s in one]
                + [(INDENT + column + x, t, s) for x, t, s in two]
            )
        return rows

    def _below(self, width: int) -> list[Pieces]:
        """What always stands at the foot of the panel."""
        return [[], *self._legend(width), [], *self._foot(width)]

    def _column(self, groups: tuple[str, ...], width: int) -> list[Pieces]:
        rows: list[Pieces] = []
        for group in groups:
            found = [a for a in actions.at(self.under.place) if a.group == group and a.keys]
            if not found:
                continue
            rows += [*([[]] if rows else []), [(0, _(GROUPS[group]), "accent bold")]]
            for action in found:
                first, *others = (actions.key_name(k) for k in action.keys)
                words = _(action.help)
                if cell_len(words) > width - WORDS:
                    words = _(action.hint)
                head: Pieces = [(0, first, "text bold"), (WORDS, headed(words), "text")]
                if others:
                    head.append((LETTER, others[0], "dim"))
                rows.append(head)
        return rows

    def _legend(self, width: int) -> list[Pieces]:
        look, step = self.program.look, (width - 2 * INDENT) // 4
        rows: list[Pieces] = [[(INDENT, _("记号"), "accent bold")]]
        for n, (name, words) in enumerate(MARKS.items()):
            if n % 4 == 0:
                rows.append([])
            x = INDENT + n % 4 * step
            rows[-1] += [
                (x, look.mark(name), look.mark_style(name)),
                (x + 2, fit(headed(_(words)), step - 3), "text"),
            ]
        return rows

    def _foot(self, width: int) -> list[Pieces]:
        words = _("输入法开着时字母会变成字：按 F 键和数字键，总管用。")
        return [[(INDENT, line, "dim")] for line in wrap(words, width - 2 * INDENT)]

    # -- painting and moving

    def paint_panel(self, y: int, row: Row) -> None:
        columns, below = self._columns(row.width), self._below(row.width)
        height = self._height(row.width)
        hidden = len(columns) - self.top - height
        pieces: Pieces = []
        if y == 1:
            more = _("↓ 下面还有 {n} 行").format(n=hidden) if hidden > 0 else ""
            end = row.width - INDENT - cell_len(more) - 2
            said = _("在这里能做的事")
            path = fit_words(self.under.title_path(), end - INDENT, row.look.mark("ellipsis"))
            x = row.put(INDENT, path, "text bold")
            start = x + 3 if x > INDENT else x
            if start + cell_len(said) <= end:
                row.put(start, said, "dim")
            row.put(end + 2, more, "accent")
        elif 0 <= y - 1 - HEAD < height and self.top + y - 1 - HEAD < len(columns):
            pieces = columns[self.top + y - 1 - HEAD]
        elif 0 <= y - 1 - HEAD - height < len(below):
            pieces = below[y - 1 - HEAD - height]
        for x, text, style in pieces:
            row.put(x, text, style, row.width - x - 1)

    def _height(self, width: int) -> int:
        """Rows of actions shown at once."""
        box = self.box(self.size.width, self.size.height - 1)
        return box.height - 2 - HEAD - len(self._below(width))

    def _move(self, step: int) -> None:
        width = self.box(self.size.width, self.size.height - 1).width
        most = len(self._columns(width)) - self._height(width)
        self.top = max(0, min(self.top + step, most))
        self.repaint()

    def do_help(self) -> None:
        self.do_back()
