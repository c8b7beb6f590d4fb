"""The pages of a record's file as painted lines: overview, data, what hangs on it, history."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from casework import columns, duplicates, summary, visits, wording
from casework.wording import headed, within
from schema.record import Field, Kind
from schema.types import LongText, Name, Phone, YesNo
from sync.language import _
from sync.replica import Replica
from tui import year
from tui.canvas import Line, fit_words, wrap
from tui.look import Look
from tui.place import LEFT

LABEL = 9
RIGHT = 51
SHORTEST = 16
"""Cells that the widest column keeps: a telephone number, a name."""
VALUE = 42
"""Where the value of a line of the history begins."""


@dataclasses.dataclass(frozen=True)
class FilePages:
    """What the pages of one record are made from. Each page is read anew when it is opened."""

    replica: Replica
    look: Look
    kind: Kind
    row: dict[str, Any]
    today: datetime.date
    width: int
    height: int
    is_revealed: bool
    """True while numbers stand in full."""
    targets: dict[int, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """Line to the hanging record it shows: (kind, id); without an id, where one can be added."""

    def overview(self) -> list[Line]:
        left: list[Line] = []
        if duplicates.has_another(self.replica, self.row["id"]):
            left += [[(LEFT, duplicates.another_words(), "amber")], []]
        for other in summary.hanging_kinds(self.kind):
            if summary.is_people(other) and not other.page:
                left.append([(LEFT, _("{what}和电话").format(what=_(other.label)), "text bold")])
                people = self._people(other)[:6]
                for person, line in zip(people, self._aligned(other, people, self._right), strict=True):
                    self.targets[len(left)] = (other.name, person["id"])
                    left.append(line)
                if not people:
                    left.append([(LEFT, _("还没有{what}").format(what=within(_(other.label))), "faint")])
        right = self._worries()
        lines: list[Line] = []
        for n in range(max(len(left), len(right))):
            line = list(left[n]) if n < len(left) else []
            line += [(self._right + x, t, s) for x, t, s in (right[n] if n < len(right) else [])]
            lines.append(line)
        for other in summary.hanging_kinds(self.kind):
            if not summary.is_people(other) and not other.page:
                lines.append([])
                entries = self.replica.children_of(other.name, self.row["id"])
                lines += year.lines(other, entries, self.today, self.look)
                newest = self.replica.select(
                    other.name,
                    {other.parent: self.row["id"]},
                    limit=3 if self.height < 30 else 8,
                )
                for entry, line in zip(newest, self._aligned(other, newest), strict=True):
                    self.targets[len(lines)] = (other.name, entry["id"])
                    lines.append(line)
                if not newest:
                    what = _("还没有{what}。F2 记第一条。").format(what=within(_(other.label)))
                    lines.append([(LEFT, what, "dim")])
        return lines

    @property
    def _right(self) -> int:
        """Where the right half of the overview begins."""
        return RIGHT if self.width < 110 else 78

    def _people(self, kind: Kind) -> list[dict[str, Any]]:
        """People around the child, those with a mark of their own (who looks after the child)
        first."""
        people = self.replica.children_of(kind.name, self.row["id"])
        flags = [n for n in kind.list_columns if isinstance(kind.by_name[n].type, YesNo)]
        return sorted(people, key=lambda p: not any(p.get(n) for n in flags))

    def _aligned(self, kind: Kind, rows: Sequence[dict[str, Any]], end: int = 0) -> list[Line]:
        """Rows of one kind, each column as wide as its widest text, the widest giving way where
        they would reach `end` (else the edge); what nobody has takes no room."""
        same = visits.same_visits(self.replica, self.row["id"]) if kind is visits.CONTACT else {}
        told_twice = _("同一次？")
        room = (end or self.width - LEFT) - LEFT
        if any(row["id"] in same for row in rows):
            room -= cell_len(told_twice) + 3
        table = [self._cells(kind, row) for row in rows]
        widths = [max(cell_len(text) for text, _s in column) for column in zip(*table, strict=True)]
        gaps = 2 * sum(w > 0 for w in widths) + 2
        while widths and max(widths) > SHORTEST and sum(widths) + gaps > room:
            widths[widths.index(max(widths))] -= 1
        lines: list[Line] = []
        for row, cells in zip(rows, table, strict=True):
            line: Line = []
            x = LEFT
            for (text, spec), width in zip(cells, widths, strict=True):
                line.append((x, fit_words(text, width, self.look.mark("ellipsis")), spec))
                x += width + 2 if width else 0
            if row["_open"]:
                line.append((x, self.look.mark("told_two_ways"), "amber"))
                x += 3
            if row["id"] in same:
                line.append((x, told_twice, "dim"))
            if row["_pending"]:
                line.append((-4, self.look.mark("unsent"), "text bold"))
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
                mark = f"{self.look.mark(cell.mark)} " if cell.mark else ""
                spec = self.look.mark_style(cell.mark) if cell.mark else "dim"
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
        lines: list[Line] = [[(0, headed(_("要留意")), "text bold")]]
        for field in self.kind.fields:
            value = self.row.get(field.name)
            if not field.is_critical or value is None:
                continue
            text = wording.value_text(field, value, self.replica, self.today)
            code = getattr(getattr(field.type, "codes", None), "by_code", {}).get(value)
            mark = code.mark if code else ("danger" if field.rank(value) > 0 else "")
            spec = "text"
            if mark:
                text = f"{self.look.mark(mark)} {text}"
                spec = self.look.mark_style(mark)
            lines.append([(0, _(field.label), "dim"), (LABEL, text, spec)])
        if len(lines) == 1:
            return [*lines, [(0, _("还没评估"), "faint")]]
        start = max(LABEL, *(cell_len(line[0][1]) + 2 for line in lines[1:]))
        return [lines[0], *([label, (start, *value[1:])] for label, value in lines[1:])]

    def data(self) -> list[Line]:
        lines: list[Line] = []
        view = self.replica.get(self.row["id"], self.kind.name)
        conflicts = view.conflicts if view else ()
        for section, label in (*self.kind.section_labels.items(), ("", _("其他"))):
            filled = [
                f for f in self.kind.fields
                if f.section == section and not f.is_hidden and self.row.get(f.name) is not None
            ]  # fmt: skip
            if not filled:
                continue
            if lines:
                lines.append([])
            lines.append([(LEFT, _(label), "text bold")])
            for field in filled:
                lines += self._value(field, field.slot in conflicts)
        return lines or [[(LEFT, _("还没有填。F4 来填。"), "dim")]]

    def _value(self, field: Field, is_open: bool) -> list[Line]:
        text = wording.value_text(
            field, self.row[field.name], self.replica, self.today, is_masked=not self.is_revealed
        )
        label = _(field.label)
        start = LEFT + max(LABEL, cell_len(label) + 2)
        lines: list[Line] = []
        for n, part in enumerate(wrap(text, max(self.width - start - LEFT, 20))):
            line: Line = [(LEFT, label, "dim")] if n == 0 else []
            line.append((start, part, "text"))
            if is_open and n == 0:
                mark = self.look.mark("told_two_ways")
                line.append((start + cell_len(part) + 2, f"{mark} {_('有两种说法')}", "amber"))
            lines.append(line)
        return lines

    def hanging(self, kinds: Sequence[Kind]) -> list[Line]:
        """A page: its kinds one below the other, each under its name where there are several."""
        lines: list[Line] = []
        for kind in kinds:
            rows = (
                self._people(kind)
                if summary.is_people(kind)
                else self.replica.children_of(kind.name, self.row["id"])
            )
            if len(kinds) > 1:
                lines += [[]] if lines else []
                lines.append([(LEFT, f"{_(kind.label)} {len(rows)}", "text bold")])
            for row, line in zip(rows, self._aligned(kind, rows), strict=True):
                self.targets[len(lines)] = (kind.name, row["id"])
                lines.append(line)
            if not rows:
                self.targets[len(lines)] = (kind.name, "")
                words = _("还没有{what}。F9 添一条。").format(what=within(_(kind.label)))
                lines.append([(LEFT, words, "dim")])
            since = self.replica.window_since() if kind.window_field else ""
            if since:
                words = _("{month} 以前的在县里，o 取回。").format(month=since)
                lines.append([(LEFT, words, "dim")])
        return lines

    def history(self) -> list[Line]:
        """The newest first; who and when stand once for what was written together."""
        from sync.history import reach

        lines: list[Line] = []
        above = ("", "")
        for past in reversed(self.replica.history(self.row["id"])):
            when = wording.moment_text(past.at_ms, self.today)
            same = (when, past.author) == above
            above = (when, past.author)
            text = wording.slot_text(
                self.kind, past.field, past.value, self.replica, self.today,
                is_masked=not self.is_revealed,
            )  # fmt: skip
            label = wording.slot_label(self.kind, past.field)
            sent = "" if past.is_sent else self.look.mark("unsent")
            if past.receipt:
                sent = self.look.mark("done")
            lines.append([
                (LEFT, "" if same else when, "dim"),
                (LEFT + 14, "" if same else past.author, "text"),
                (LEFT + 24, label, "dim"),
                (LEFT + VALUE, (text or _("（清掉）")).replace("\n", " "), "text"),
                (-4, sent, "text bold"),
            ])
        known = reach(self.replica, self.row["id"])
        if not known.is_whole:
            when = wording.moment_text(known.since_ms, self.today)
            words = _("{when} 起是全的；更早的在县里，o 取回。").format(when=when)
            lines.append([(LEFT, words, "dim")])
        return lines
