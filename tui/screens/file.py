"""A record's file: overview, everything declared, what hangs on it, and its history. Any kind."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.widget import Widget

from casework import columns, duplicates, summary, wording
from schema.kinds import KINDS
from schema.record import Field, Kind
from schema.types import LongText, Name, Phone, YesNo
from sync import errors
from sync.language import _
from tui.canvas import Canvas, Row, fit, fit_all, wrap
from tui.moving import Moving
from tui.place import LEFT, Place

if TYPE_CHECKING:
    from tui.records import RecordList

Line = list[tuple[int, str, str]]
"""A painted line: (column, text, style) pieces."""
LABEL = 9
RIGHT = 51
MONTHS = 12
EIGHTHS = " ▁▂▃▄▅▆▇█"


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
        name = self.pages[self.tab][0]
        if name == "overview":
            self.lines = self._overview()
        elif name == "data":
            self.lines = self._data()
        elif name == "history":
            self.lines = self._history()
        else:
            self.lines = self._hanging(self.hanging[name])
        self.at = self._nearest(self.at)
        self.repaint()

    def data_changed(self) -> None:
        self.read()

    def _overview(self) -> list[Line]:
        left: list[Line] = []
        if duplicates.has_another(self.replica, self.record_id):
            told = _("县里可能另有这个孩子的一份档案；县里知道，会来核对。")
            left += [[(LEFT, told, "amber")], []]
        for other in summary.hanging_kinds(self.kind):
            if summary.is_people(other) and not other.page:
                left.append([(LEFT, _("{what}和电话").format(what=_(other.label)), "text bold")])
                people = self._people(other)[:6]
                for person, line in zip(people, self._aligned(other, people), strict=True):
                    self.targets[len(left)] = (other.name, person["id"])
                    left.append(line)
                if not people:
                    left.append([(LEFT, _("还没有{what}").format(what=_(other.label)), "faint")])
        right = self._worries()
        lines: list[Line] = []
        for n in range(max(len(left), len(right))):
            line = list(left[n]) if n < len(left) else []
            line += [(self._right + x, t, s) for x, t, s in (right[n] if n < len(right) else [])]
            lines.append(line)
        for other in summary.hanging_kinds(self.kind):
            if not summary.is_people(other) and not other.page:
                lines.append([])
                lines += self._year(other)
                newest = self.replica.select(
                    other.name,
                    {other.parent: self.record_id},
                    limit=3 if self.size.height < 30 else 8,
                )
                for entry, line in zip(newest, self._aligned(other, newest), strict=True):
                    self.targets[len(lines)] = (other.name, entry["id"])
                    lines.append(line)
                if not newest:
                    what = _("还没有{what}。F2 记第一条。").format(what=_(other.label))
                    lines.append([(LEFT, what, "dim")])
        return lines

    @property
    def _right(self) -> int:
        """Where the right half of the overview begins."""
        return RIGHT if self.size.width < 110 else 78

    def _people(self, kind: Kind) -> list[dict[str, Any]]:
        """People around the child, those with a mark of their own (who looks after the child)
        first."""
        people = self.replica.children_of(kind.name, self.record_id)
        flags = [n for n in kind.list_columns if isinstance(kind.by_name[n].type, YesNo)]
        return sorted(people, key=lambda p: not any(p.get(n) for n in flags))

    def _aligned(self, kind: Kind, rows: Sequence[dict[str, Any]]) -> list[Line]:
        """Rows of one kind, each column as wide as its widest text; what nobody has takes no
        room."""
        table = [self._cells(kind, row) for row in rows]
        widths = [max(cell_len(text) for text, _s in column) for column in zip(*table, strict=True)]
        lines: list[Line] = []
        for row, cells in zip(rows, table, strict=True):
            line: Line = []
            x = LEFT
            for (text, spec), width in zip(cells, widths, strict=True):
                line.append((x, text, spec))
                x += width + 2 if width else 0
            if row["_open"]:
                line.append((x, self.program.look.mark("told_two_ways"), "amber"))
            if row["_pending"]:
                line.append((-4, self.program.look.mark("unsent"), "text bold"))
            lines.append(line)
        return lines

    def _cells(self, kind: Kind, row: dict[str, Any]) -> list[tuple[str, str]]:
        """A row's title, its facts in one cell, then phones, the only bold numbers."""
        titles: list[tuple[str, str]] = []
        facts: list[str] = []
        phones: list[tuple[str, str]] = []
        is_people = summary.is_people(kind)
        for name in kind.list_columns:
            if name == kind.parent:  # whose it is, the head says
                continue
            if name not in kind.by_name:
                cell = columns.COMPUTED[name].load(self.replica, [row], self.today)[0]
                mark = f"{self.program.look.mark(cell.mark)} " if cell.mark else ""
                spec = self.program.look.mark_style(cell.mark) if cell.mark else "dim"
                label = _(columns.COMPUTED[name].label)
                titles.append((f"{label} {mark}{cell.text}" if cell.text else "", spec))
                continue
            field = kind.by_name[name]
            text = wording.value_text(field, row.get(name), self.replica, self.today)
            text = text.replace("\n", " ")
            if isinstance(field.type, Phone):
                phones.append((text, "text bold"))
            elif isinstance(field.type, YesNo):
                facts.append(_(field.label) if row.get(name) else "")
            elif name in kind.title or not is_people:
                titles.append((text, "text" if isinstance(field.type, (LongText, Name)) else "dim"))
            else:
                facts.append(text)
        joined = [(" ".join(f for f in facts if f), "text")] if is_people else []
        return [*titles, *joined, *phones]

    def _worries(self) -> list[Line]:
        """The fields of the safety list, with their marks."""
        lines: list[Line] = [[(0, _("要留意"), "text bold")]]
        for field in self.kind.fields:
            value = self.row.get(field.name)
            if not field.is_critical or value is None:
                continue
            text = wording.value_text(field, value, self.replica, self.today)
            code = getattr(getattr(field.type, "codes", None), "by_code", {}).get(value)
            mark = code.mark if code else ("danger" if field.rank(value) > 0 else "")
            spec = "text"
            if mark:
                text = f"{self.program.look.mark(mark)} {text}"
                spec = self.program.look.mark_style(mark)
            lines.append([(0, _(field.label), "dim"), (LABEL, text, spec)])
        if len(lines) == 1:
            return [*lines, [(0, _("还没评估"), "faint")]]
        start = max(LABEL, *(cell_len(line[0][1]) + 2 for line in lines[1:]))
        return [lines[0], *([label, (start, *value[1:])] for label, value in lines[1:])]

    def _year(self, kind: Kind) -> list[Line]:
        """Twelve months as bars two rows high, their numbers in plain, with the longest gap in
        words."""
        date = kind.order_by[0].lstrip("-") if kind.order_by else ""
        rows = self.replica.children_of(kind.name, self.record_id)
        days = sorted(d for r in rows if (d := r.get(date)) and len(d) == 10)
        counts: list[int] = []
        labels: list[str] = []
        year, month = self.today.year, self.today.month
        for back in range(MONTHS - 1, -1, -1):
            y, m = divmod(year * 12 + month - 1 - back, 12)
            counts.append(sum(d.startswith(f"{y:04d}-{m + 1:02d}") for d in days))
            labels.append(str(m + 1))
        words = f"{_(kind.label)} {len(rows)}"
        gap = _longest_gap(days, self.today)
        if gap:
            words += "   " + _("最长空档 {n} 天").format(n=gap)
        lines: list[Line] = [
            [
                (LEFT, _("一年来的{what}").format(what=_(kind.label)), "text bold"),
                (LEFT + 20, words, "dim"),
            ]
        ]
        top = max([*counts, 1])
        step = 6
        if self.program.look.is_plain:
            lines.append([(LEFT + n * step, str(c), "text") for n, c in enumerate(counts)])
        else:
            sixteenths = [round(c * 16 / top) if top > 2 else c * 8 for c in counts]
            for is_upper in (True, False):
                line: Line = []
                for n, size in enumerate(sixteenths):
                    part = max(size - 8, 0) if is_upper else min(size, 8)
                    bar = EIGHTHS[part] if part or is_upper else EIGHTHS[1]
                    spec = "accent" if part else "line"
                    line.append((LEFT + n * step, bar * 4, spec))
                lines.append(line)
        lines.append([(LEFT + n * step, m, "faint") for n, m in enumerate(labels)])
        return lines

    def _data(self) -> list[Line]:
        lines: list[Line] = []
        conflicts = {
            f.name for f in self.kind.fields
            if f.slot in (self.replica.get(self.record_id, self.kind.name).conflicts)  # type: ignore[union-attr]
        }  # fmt: skip
        for section, label in (*self.kind.section_labels.items(), ("", _("其他"))):
            fields = [
                f for f in self.kind.fields
                if f.section == section and not f.is_hidden and self.row.get(f.name) is not None
            ]  # fmt: skip
            if not fields:
                continue
            if lines:
                lines.append([])
            lines.append([(LEFT, _(label), "text bold")])
            for field in fields:
                lines += self._value(field, field.name in conflicts)
        return lines or [[(LEFT, _("还没有填。F4 来填。"), "dim")]]

    def _value(self, field: Field, is_open: bool) -> list[Line]:
        text = wording.value_text(
            field, self.row[field.name], self.replica, self.today, is_masked=not self.is_revealed
        )
        label = _(field.label)
        start = LEFT + max(LABEL, cell_len(label) + 2)
        lines: list[Line] = []
        for n, part in enumerate(wrap(text, max(self.size.width - start - LEFT, 20))):
            line: Line = [(LEFT, label, "dim")] if n == 0 else []
            line.append((start, part, "text"))
            if is_open and n == 0:
                mark = self.program.look.mark("told_two_ways")
                line.append((start + cell_len(part) + 2, f"{mark} {_('有两种说法')}", "amber"))
            lines.append(line)
        return lines

    def _hanging(self, kinds: Sequence[Kind]) -> list[Line]:
        """A page: its kinds one below the other, each under its name where there are several."""
        lines: list[Line] = []
        for kind in kinds:
            rows = (
                self._people(kind)
                if summary.is_people(kind)
                else self.replica.children_of(kind.name, self.record_id)
            )
            if len(kinds) > 1:
                lines += [[]] if lines else []
                lines.append([(LEFT, f"{_(kind.label)} {len(rows)}", "text bold")])
            for row, line in zip(rows, self._aligned(kind, rows), strict=True):
                self.targets[len(lines)] = (kind.name, row["id"])
                lines.append(line)
            if not rows:
                self.targets[len(lines)] = (kind.name, "")
                words = _("还没有{what}。F9 添一条。").format(what=_(kind.label))
                lines.append([(LEFT, words, "dim")])
            since = self.replica.window_since() if kind.window_field else ""
            if since:
                words = _("{month} 以前的在县里，o 取回。").format(month=since)
                lines.append([(LEFT, words, "dim")])
        return lines

    def _history(self) -> list[Line]:
        """The newest first; who and when stand once for what was written together."""
        lines: list[Line] = []
        above = ("", "")
        for past in reversed(self.replica.history(self.record_id)):
            when = wording.moment_text(past.at_ms, self.today)
            same = (when, past.author) == above
            above = (when, past.author)
            text = wording.slot_text(
                self.kind, past.field, past.value, self.replica, self.today,
                is_masked=not self.is_revealed,
            )  # fmt: skip
            label = fit(wording.slot_label(self.kind, past.field), 12)
            sent = "" if past.is_sent else self.program.look.mark("unsent")
            if past.receipt:
                sent = self.program.look.mark("done")
            lines.append([
                (LEFT, "" if same else when, "dim"),
                (LEFT + 14, "" if same else past.author, "text"),
                (LEFT + 24, label, "dim"),
                (LEFT + 38, (text or _("（清掉）")).replace("\n", " "), "text"),
                (-4, sent, "text bold"),
            ])
        return lines

    # -- painting

    def paint_head(self, row: Row) -> None:
        if not self.row:
            return
        x = LEFT
        for n, (text, spec) in enumerate(
            summary.head(self.replica, self.kind, self.row, self.today)[:5]
        ):
            x = row.put(x, text, spec, row.width - x - 30 if n else 40) + (3 if n == 0 else 2)
        marks = summary.marks(self.row, self.kind)
        width = sum(cell_len(w) + 2 for _m, w in marks) + 3 * (len(marks) - 1)
        x = row.width - LEFT - width
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
        for x, text, spec in self.lines[index]:
            column = x if x >= 0 else row.width + x
            room = row.width - LEFT - column if x >= 0 else None
            row.put(column, text, spec, room)
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
        if kind is not None:
            from tui.screens.form import FormPlace

            self.program.go(FormPlace(kind.name, preset={kind.parent: self.record_id}))

    def child_here(self) -> str:
        """The child whose file this is, for F8."""
        return str(self.row.get("_root") or "")

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


def _longest_gap(days: Sequence[str], today: datetime.date) -> int:
    """The most days without an entry within the last year; 0 when there are fewer than two."""
    year_ago = today - datetime.timedelta(days=365)
    dates = [
        d for d in (datetime.date.fromisoformat(day) for day in days) if year_ago <= d <= today
    ]
    if len(dates) < 2:
        return 0
    return max((b - a).days for a, b in zip(dates, [*dates[1:], today], strict=True))
