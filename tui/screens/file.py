"""A record's file, of any kind: which page is open, where the cursor is, what the keys do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.widget import Widget

from casework import summary, wording
from schema.kinds import KINDS
from schema.record import Kind
from sync import errors
from sync.language import _
from tui.canvas import Canvas, Line, Row, fit_all, fit_whole, fit_words
from tui.moving import Moving
from tui.place import LEFT, Place
from tui.screens.file_pages import FilePages

if TYPE_CHECKING:
    from tui.records import RecordList


class FileHead(Canvas):
    DEFAULT_CSS = "FileHead { height: 4; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FilePlace)
        if y == 1:
            place.paint_head(row)
        elif y == 3:
            place.paint_tabs(row)


class FileBody(Canvas, can_focus=True):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, FilePlace)
        place.paint_body(y, row)


class FilePlace(Moving, Place):
    """One record. `among`: the list it was opened from, for next and previous."""

    place = "file"
    hints = ("visit", "call", "edit", "review", "back")

    def __init__(self, kind: str, id: str, among: RecordList | None = None) -> None:
        super().__init__()
        self.kind: Kind = KINDS[kind]
        self.record_id = id
        self.among = among
        self.tab = 0
        self.at = 0
        self.top = 0
        self.is_revealed = False
        self.row: dict[str, Any] = {}
        self.whereabouts = ""
        """Where what this person wrote here is, in words."""
        self.lines: list[Line] = []
        self.targets: dict[int, tuple[str, str]] = {}
        """Line to the hanging record it shows: (kind, id); without an id, where one can be
        added."""
        self.hanging: dict[str, list[Kind]] = {}
        """Page to the kinds that stand on it."""

    def body(self) -> Iterator[Widget]:
        yield FileHead()
        self.canvas = FileBody()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.read()

    # -- reading

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """(name, label) of the pages: overview, data, what hangs on the record (with the count
        where a kind has a page of its own), history."""
        pages = [("overview", _("概况")), ("data", _("资料"))]
        self.hanging = {}
        for name, label, kinds in summary.pages(self.replica, self.kind):
            where = [(k.name, {k.parent: self.record_id}) for k in kinds]
            own = self.replica.count(*where[0]) if len(where) == 1 else 0
            pages.append((name, f"{_(label)} {own}" if own else _(label)))
            self.hanging[name] = kinds
        pages.append(("history", _("历史")))
        return pages

    def read(self) -> None:
        """Read the record and the lines of the open page."""
        kept = self.replica.kept(self.record_id)
        if kept != self.record_id:
            self.record_id = kept
            self.program.say(_("这份档案已合到这一份里，下面是合并后的。"), "amber")
        rows = self.replica.rows(self.kind.name, [self.record_id], with_deleted=True)
        self.row = rows[0] if rows else {}
        self.targets = {}
        if not self.row:
            self.lines = [[(LEFT, _("这份档案不在这台电脑上了。"), "dim")]]
            self.repaint()
            return
        self.whereabouts = self._whereabouts()
        self.pages = self.tabs
        self.tab = min(self.tab, len(self.pages) - 1)
        made = FilePages(
            self.replica, self.program.look, self.kind, self.row, self.today,
            self.size.width, self.size.height, self.is_revealed,
        )  # fmt: skip
        name = self.pages[self.tab][0]
        if name in self.hanging:
            self.lines = made.hanging(self.hanging[name])
        else:
            self.lines = {
                "overview": made.overview, "data": made.data, "history": made.history,
            }[name]()  # fmt: skip
        self.targets = made.targets
        self.at = self._nearest(self.at)
        self.repaint()

    def data_changed(self) -> None:
        self.read()

    # -- painting

    def paint_head(self, row: Row) -> None:
        if not self.row:
            return
        marks = summary.marks(self.row, self.kind)
        width = sum(cell_len(w) + 2 for _m, w in marks) + 3 * (len(marks) - 1)
        start = row.width - LEFT - width
        title, *facts = summary.head(self.replica, self.kind, self.row, self.today)[:5]
        x = row.put(LEFT, *title, start - LEFT - 2) + 3
        row.put(x, fit_whole([text for text, _spec in facts], start - x - 2))
        x = start
        for mark, words in marks:
            after = row.mark(x, mark)
            x = row.put(after + 1, words, row.look.mark_style(mark)) + 3

    def paint_tabs(self, row: Row) -> None:
        x = LEFT
        labels = [label for _name, label in getattr(self, "pages", [])]
        room = row.width - 2 * LEFT - 3 * len(labels) + 1
        if sum(map(cell_len, labels)) > room:  # the counts go before any letter does
            labels = [label.rstrip(" 0123456789") for label in labels]
        labels = fit_all(labels, room)
        taken = sum(cell_len(label) + 2 for label in labels)
        gap = max(1, min(3, (row.width - 2 * LEFT - taken) // max(len(labels) - 1, 1)))
        for n, label in enumerate(labels):
            text = f"{n + 1} {label}"
            if n == self.tab:
                row.put(x - 1, f" {text} ", "ink bold on accent")
            else:
                after = row.put(x, str(n + 1), "accent")
                row.put(after + 1, label, "dim")
            x += cell_len(text) + gap

    def paint_body(self, y: int, row: Row) -> None:
        index = self.top + y - 1
        if y == 0 or index >= len(self.lines):
            return
        pieces = [(x if x >= 0 else row.width + x, text, spec) for x, text, spec in self.lines[index]]
        for x, text, spec in pieces:  # none runs into the next
            after = (c - 1 for c, words, _s in pieces if words and c > x)
            room = min(after, default=row.width - LEFT) - x
            shown = text if x > row.width - LEFT - 2 else fit_words(text, room, row.look.mark("ellipsis"))
            row.put(x, shown, spec)
        if index == self.at and (index in self.targets or len(self.lines) > self._room):
            row.mark(1, "here")

    @property
    def _room(self) -> int:
        return max(self.canvas.size.height - 1, 1)

    # -- moving

    def _nearest(self, index: int) -> int:
        if not self.targets:
            return 0
        return min(self.targets, key=lambda n: abs(n - index))

    def _move(self, step: int) -> None:
        if self.targets:
            order = sorted(self.targets)
            place = order.index(self.at) if self.at in order else 0
            self.at = order[max(0, min(place + step, len(order) - 1))]
        else:
            self.at = max(0, min(self.at + step, len(self.lines) - 1))
        if self.at < self.top:
            self.top = self.at
        elif self.at >= self.top + self._room:
            self.top = self.at - self._room + 1
        if self.at == min(self.targets, default=0):
            self.top = 0
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return self._room

    def on_key(self, event: Any) -> None:
        if event.key.isdigit() and 0 < int(event.key) <= len(self.pages):
            self.tab = int(event.key) - 1
            self.at = self.top = 0
            self.read()

    # -- doing

    def title_path(self) -> str:
        title = (
            wording.title_text(self.kind, self.row, self.replica, self.today) if self.row else ""
        )
        return f"{_(self.kind.label)} › {title}"

    def quiet(self) -> str:
        keys = _("s 全号   n p 换人   1-9 换页")
        return f"{self.whereabouts}   {keys}" if self.whereabouts else keys

    def _whereabouts(self) -> str:
        """Where what this person wrote in the file is: only here, or on the server since when."""
        rows = [self.row] + [
            row
            for other in summary.hanging_kinds(self.kind)
            for row in self.replica.children_of(other.name, self.record_id)
        ]
        if any(row["_pending"] for row in rows):
            return _("存在这台电脑上，还没到服务器上")
        receipts = self.replica.receipts(*(row["id"] for row in rows))
        if not receipts:
            return ""
        newest = next(reversed(receipts.values()))
        when = wording.moment_text(newest.at_ms, self.today)
        return _("您写的 {when} 到了服务器上").format(when=when)

    def do_open(self) -> None:
        target = self.targets.get(self.at)
        if target is not None and not target[1]:
            self.do_add_here()
        elif target is not None:
            self._open(*target)

    def _open(self, kind: str, id: str) -> None:
        """The form of a record; what is never changed is only looked at."""
        if kind == "case":
            from tui.screens.case import CasePlace

            self.program.go(CasePlace(id))
            return
        if kind == "paper":
            from tui.screens.papers import PapersPlace

            self.program.go(PapersPlace(self.child_here(), id))
            return
        if KINDS[kind].is_append_only:
            self.program.go(FilePlace(kind, id))
            return
        from tui.screens.form import FormPlace

        self.program.go(FormPlace(kind, id))

    def do_edit(self) -> None:
        target = self.targets.get(self.at) if self.pages[self.tab][0] in self.hanging else None
        if target is not None and not target[1]:
            self.do_add_here()
        else:
            kind, id_ = target or (self.kind.name, self.record_id)
            if KINDS[kind].is_append_only:
                self.program.say(errors.sentence("append_only"), "amber")
            else:
                self._open(kind, id_)

    def do_add_here(self) -> None:
        """A new record of the kind under the cursor, else of the first that this page holds; on
        other pages a person around the child."""
        kinds = self.hanging.get(self.pages[self.tab][0]) or summary.hanging_kinds(self.kind)
        target = self.targets.get(self.at)
        kind = next((k for k in kinds if target and k.name == target[0]), next(iter(kinds), None))
        if kind is not None and kind.name == "paper":
            from tui.screens.papers import PaperFilePlace

            self.program.go(PaperFilePlace(self.child_here()))
        elif kind is not None:
            from tui.screens.form import FormPlace

            self.program.go(FormPlace(kind.name, preset={kind.parent: self.record_id}))

    def child_here(self) -> str:
        """The child whose file this is, for F8."""
        return str(self.row.get("_root") or "")

    def do_papers(self) -> None:
        from tui.screens.papers import PapersPlace

        if self.kind.scope == "hangs" or self.kind.name == "child":
            self.program.go(PapersPlace(self.child_here()))

    def do_visit(self) -> None:
        self._record(is_call=False)

    def do_call(self) -> None:
        self._record(is_call=True)

    def _record(self, *, is_call: bool) -> None:
        from tui.screens.visit import VisitPlace

        self.program.go(VisitPlace([str(self.row.get("_root"))], is_call=is_call))

    def do_review(self) -> None:
        from tui.screens.review import ReviewPlace

        self.program.go(ReviewPlace(str(self.row.get("_root"))))

    def do_reveal(self) -> None:
        self.is_revealed = not self.is_revealed
        self.read()

    def do_older(self) -> None:
        if self.pages[self.tab][0] == "history":
            self.program.background.fetch_history(self.record_id)
        else:
            self.program.background.fetch_older(self.record_id)

    def do_next_record(self) -> None:
        self._neighbour(1)

    def do_previous_record(self) -> None:
        self._neighbour(-1)

    def _neighbour(self, step: int) -> None:
        if self.among is not None:
            self.among.move(step)
            record = self.among.current()
            if record is not None:
                self.record_id = record["id"]
                self.at = self.top = 0
                self.read()
