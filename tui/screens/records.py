"""A list of records of any kind: search, views on digits, and a peek at the one under the
cursor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.widget import Widget

from casework import filters, search, summary, wording
from casework.views import views_of
from schema.kinds import KINDS
from schema.types import Choice
from sync import errors
from sync.language import _
from tui.canvas import Canvas, Row, wrap
from tui.fields import SearchField
from tui.moving import Moving
from tui.place import LEFT, Place
from tui.records import RecordList

PANE_FROM = 110
"""Width from which the peek stands at the right instead of below."""
PANE = 37


class FindLabel(Canvas):
    DEFAULT_CSS = "FindLabel { height: 1; }"

    def on_mount(self) -> None:
        self.styles.width = LEFT + cell_len(_("找")) + 2

    def paint(self, y: int, row: Row) -> None:
        row.put(LEFT, _("找"), "dim")


class FindCount(Canvas):
    DEFAULT_CSS = "FindCount { height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, RecordsPlace)
        found, every = place.list.total, place.every
        words = _("{n}，共 {m}").format(n=found, m=every) if place.list.text else str(found)
        field = place.kind.by_name.get(place.list.worry or place.kind.title[0])
        if field is not None and len(place.orders) > 1:
            words += "   " + _("按 {what}").format(what=wording.within(_(field.label)))
        if place.chosen:
            names = _("、").join(_(place.kind.by_name[n].label) for n in place.chosen)
            words = f"F6 {_('筛选')} {names}   " + words
        row.put(0, words, "text", row.width - LEFT, "right")


class ViewTabs(Canvas):
    """Saved views on digits with live counts, read after the first paint."""

    DEFAULT_CSS = "ViewTabs { height: 3; }"

    def paint(self, y: int, row: Row) -> None:
        if y != 1:
            return
        place = self.screen
        assert isinstance(place, RecordsPlace)
        texts = []
        for n, view in enumerate(place.views):
            count = place.counts.get(view.name)
            texts.append(f"{n + 1} {_(view.label)}" + ("" if count is None else f" {count}"))
        room = row.width - 2 * LEFT - sum(cell_len(t) for t in texts)
        gap = max(2, min(4, room // max(len(texts) - 1, 1)))
        x = LEFT
        for n, text in enumerate(texts):
            if n == place.view_at:
                row.put(x - 1, f" {text} ", "ink bold on accent")
            else:
                digit, _space, words = text.partition(" ")
                row.put(row.put(x, digit, "accent") + 1, words, "dim")
            x += cell_len(text) + gap


class Peek(Canvas):
    """The record under the cursor in three lines: in most cases the file need not be opened."""

    DEFAULT_CSS = "Peek { height: 5; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, RecordsPlace)
        if y == 0:
            row.rule(LEFT, row.width - LEFT)
            return
        record = place.list.current()
        if record is None:
            if y == 1:
                row.put(LEFT, place.empty_words(), "dim")
            return
        lines = place.peek_lines(record)
        if y - 1 < len(lines):
            label, pieces = lines[y - 1]
            x = LEFT
            if label:
                row.put(x, label, "dim", 8)
                x += 9
            for text, spec in pieces:
                if text:
                    x = row.put(x, text, spec or "text", row.width - LEFT - x) + 2


class PeekPane(Canvas):
    """The same at the right of a wide terminal, with room for every line."""

    DEFAULT_CSS = f"PeekPane {{ width: {PANE}; }}"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, RecordsPlace)
        lines = place.pane_lines(row.width - LEFT)
        if y < len(lines):
            text, spec = lines[y]
            row.put(0, text, spec, row.width - LEFT)


class RecordsPlace(Moving, Place):
    """The list of one kind."""

    place = "records"
    hints = ("open", "visit", "call", "mark", "palette")
    CSS = """
    #find { height: 1; margin-top: 1; }
    #middle { height: 1fr; }
    SearchField { width: 26; }
    """

    def __init__(self, kind: str, *, is_searching: bool = False, view: str = "all") -> None:
        super().__init__()
        self.kind = KINDS[kind]
        self.views = views_of(self.kind)
        self.view_at = next((n for n, v in enumerate(self.views) if v.name == view), 0)
        self.counts: dict[str, int] = {}
        self.chosen: dict[str, Any] = {}
        """Field to value: the filter."""
        self.every = 0
        self.list = RecordList(kind)
        self.field = SearchField(self.search, self._painted_by_search)
        self._peeked: tuple[str, list] | None = None  # type: ignore[type-arg]
        self._pane: tuple[list, int, list[tuple[str, str]]] | None = None  # type: ignore[type-arg]
        self._is_searching = is_searching

    def body(self) -> Iterator[Widget]:
        yield Horizontal(FindLabel(), self.field, FindCount(), id="find")
        yield ViewTabs()
        yield Horizontal(self.list, PeekPane(), id="middle")
        yield Peek()

    def on_mount(self) -> None:
        self.list.where = self.views[self.view_at].where
        (self.field if self._is_searching else self.list).focus()
        self.call_after_refresh(self._first_read)

    def _first_read(self) -> None:
        self.list.read()
        self.every = self.list.total
        if self.kind.scope == "root":
            search.keep_in_memory(self.replica, self.every)
        self.repaint()
        self.call_after_refresh(self._count_views)

    def _count_views(self) -> None:
        # The whole list last: what was read last is still in memory at the first key.
        self.counts = {
            v.name: search.count(self.replica, self.kind.name, "", v.where)
            for v in reversed(self.views)
        }
        self.every = self.counts["all"]
        self.repaint()

    def on_resize(self) -> None:
        """At 120 columns the list keeps its columns and the peek becomes a right pane."""
        is_wide = self.app.size.width >= PANE_FROM
        self.query_one(PeekPane).display = is_wide
        self.query_one(Peek).display = not is_wide

    def pane_lines(self, width: int) -> list[tuple[str, str]]:
        """The record under the cursor as lines of the right pane."""
        record = self.list.current()
        if record is None:
            return []
        peeked = self.peek_lines(record)
        if self._pane is None or self._pane[0] is not peeked or self._pane[1] != width:
            self._pane = (peeked, width, self._wrapped(peeked, width))
        return self._pane[2]

    @staticmethod
    def _wrapped(peeked: list, width: int) -> list[tuple[str, str]]:  # type: ignore[type-arg]
        lines: list[tuple[str, str]] = []
        for label, pieces in peeked:
            if lines:
                lines.append(("", "text"))
            if label:
                lines.append((label, "dim"))
            line, spec = "", "text bold" if not lines else "text"
            for text, _spec in (*pieces, ("", "")):
                if (not text or cell_len(line) + cell_len(text) + 2 > width) and line:
                    lines += [(part, spec) for part in wrap(line, width)]
                    line, spec = "", "text"
                line += ("  " if line and text else "") + text
            if line:
                lines += [(part, spec) for part in wrap(line, width)]
        return lines

    def title_path(self) -> str:
        return _(self.kind.label)

    def quiet(self) -> str:
        look = self.program.look
        return "   ".join(
            f"{look.mark(m)} {w}"
            for m, w in (
                ("told_two_ways", _("有两种说法")),
                ("unsent", _("只在本机")),
                ("came_back", _("被退回")),
            )
        )

    def empty_words(self) -> str:
        if self.list.text:
            return _("没有找到「{text}」。Esc 回到全部；F9 建新档案。").format(text=self.list.text)
        return _("这里还没有。F9 添一条。")

    def peek_lines(self, record: dict) -> list:  # type: ignore[type-arg]
        """Read once per record, not once per painted row."""
        if self._peeked is None or self._peeked[0] != record["id"]:
            found = summary.peek(self.replica, self.kind, record, self.today)
            self._peeked = (record["id"], found)
        return self._peeked[1]

    def data_changed(self) -> None:
        self._peeked = None
        self.list.read()
        self._count_views()

    # -- doing

    def search(self, text: str) -> None:
        self.list.ask(text.strip())
        for canvas in self.query(FindCount):
            canvas.refresh()
        self._moved()

    def on_input_submitted(self) -> None:
        self.do_open()

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if key.isdigit() and key != "0" and not self.is_typing():
            self.choose_view(int(key) - 1)

    def choose_view(self, number: int) -> None:
        if 0 <= number < len(self.views):
            self.view_at = number
            self.list.ask(where=self._where())
            self.repaint()

    def do_find(self) -> None:
        self.field.focus()

    @property
    def orders(self) -> list[str]:
        """By name, and by each ranked code list that the list shows."""
        if self.kind.scope != "root":
            return [""]
        shown = (self.kind.by_name.get(n) for n in self.kind.list_columns)
        return ["", *(f.name for f in shown if f and f.is_critical and isinstance(f.type, Choice))]

    def do_sort(self) -> None:
        """The next order; by urgency the most worrying come first."""
        orders = self.orders
        self.list.worry = orders[(orders.index(self.list.worry) + 1) % len(orders)]
        self.list.ask()
        self.repaint()

    def do_filter(self) -> None:
        from tui.screens.filter import FilterPlace

        self.program.go(FilterPlace(self))

    def filter_by(self, chosen: dict[str, Any]) -> None:
        """Show only records with these values, in every view and search."""
        self.chosen = chosen
        self.choose_view(self.view_at)
        self.list.focus()

    def _where(self) -> str:
        parts = (
            self.views[self.view_at].where,
            filters.condition(self.replica, self.kind, self.chosen),
        )
        return " AND ".join(f"({p})" for p in parts if p)

    def do_back(self) -> None:
        """First out of the search, then out of the view, then out of the list."""
        if self.field.value:
            self.field.value = ""
            self.list.focus()
        elif self.chosen:
            self.filter_by({})
        elif self.view_at:
            self.choose_view(0)
        elif self.is_typing():
            self.list.focus()
        else:
            self.program.leave_place()

    def _painted_by_search(self) -> list[Widget]:
        """What a key in the search changes."""
        shown: type[Widget] = PeekPane if self.query_one(PeekPane).display else Peek
        return [self.query_one(FindCount), self.list, self.query_one(shown)]

    def _moved(self) -> None:
        """Paint the peek anew, the one that is shown."""
        shown = PeekPane if self.query_one(PeekPane).display else Peek
        self.query_one(shown).refresh()

    @property
    def _page_rows(self) -> int:
        return self.list.rows_shown

    def _move(self, step: int) -> None:
        self.list.move(step)
        self._moved()

    def do_mark(self) -> None:
        self.list.toggle_mark()
        self._moved()

    def do_open(self) -> None:
        record = self.list.current()
        if record is not None and self.kind.name == "case":
            from tui.screens.case import CasePlace

            self.program.go(CasePlace(record["id"]))
        elif record is not None:
            from tui.screens.file import FilePlace

            self.program.go(FilePlace(self.kind.name, record["id"], self.list))

    def do_edit(self) -> None:
        record = self.list.current()
        if record is not None and self.kind.is_append_only:
            self.program.say(errors.sentence("append_only"), "amber")
        elif record is not None:
            from tui.screens.form import FormPlace

            self.program.go(FormPlace(self.kind.name, record["id"]))

    def do_add(self) -> None:
        if self.kind.scope == "hangs":
            self.program.say(_("先打开孩子的档案，再在里面添。"))
        elif self.kind.can_add_by_hand:
            from tui.screens.form import FormPlace

            self.program.go(FormPlace(self.kind.name))

    def do_visit(self) -> None:
        self._on_child("visit")

    def do_call(self) -> None:
        self._on_child("call")

    def child_here(self) -> str:
        """The child under the cursor, for F8."""
        record = self.list.current()
        is_child = self.kind.scope == "hangs" or self.kind.name == "child"
        return str(record["_root"]) if record is not None and is_child else ""

    def _on_child(self, way: str) -> None:
        record = self.list.current()
        if record is None:
            return
        from tui.screens.visit import MOST_CHILDREN, VisitPlace

        marked = sorted(self.list.marked) if self.kind.scope == "root" and way == "visit" else []
        if len(marked) > MOST_CHILDREN:
            words = _("一次最多记 {n} 个孩子，标了 {m} 个。")
            self.program.say(words.format(n=MOST_CHILDREN, m=len(marked)), "amber")
            return
        self.list.marked.clear()
        self.program.go(VisitPlace(marked or [record["_root"]], is_call=way == "call"))
