"""How the place of a roster looks: the files to choose from, the rehearsal, what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len

from sync.language import _
from tui.canvas import Canvas, Row, fit_words, wrap
from tui.place import LEFT

if TYPE_CHECKING:
    from casework.batches import Past
    from casework.rosters import Row as RosterRow
    from tui.screens.roster import RosterPlace

NUMBER, NAME, WHY = LEFT + 1, LEFT + 7, LEFT + 24


class PathLabel(Canvas):
    DEFAULT_CSS = "PathLabel { width: 9; height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        row.put(LEFT, _("文件"), "dim")


class RosterTable(Canvas, can_focus=True):
    """Everything between the line of the file and the quiet line."""

    @property
    def place(self) -> RosterPlace:
        return self.screen  # type: ignore[return-value]

    def paint(self, y: int, row: Row) -> None:
        if self.place.batch_id:
            self._paint_done(y, row)
        elif self.place.rehearsal is None:
            self._paint_file(y, row)
        else:
            self._paint_rehearsal(y, row)

    def _paint_file(self, y: int, row: Row) -> None:
        if y == 1:
            words = _("打开的文件夹里和桌面、下载里的表格，新的在前；也可以把路径粘进来")
            row.put(LEFT, words, "faint", row.width - 2 * LEFT)
        if self.place.last is not None and y == self.size.height - 2:
            self._paint_last(self.place.last, row)
            return
        n = self.place.top + y - 3
        if y < 3 or y >= 3 + self.place.file_room or (n >= len(self.place.files) and y > 3):
            return
        if not self.place.files:
            row.put(LEFT, _("这里没有表格文件。把名册拷到桌面，或写出它的路径。"), "dim")
            return
        path = self.place.files[n]
        if n == self.place.at:
            row.back = "raise"
            row.tint(0, row.width, "raise")
            row.mark(1, "here")
        x = row.put(LEFT, path.name, "text bold" if n == self.place.at else "text", 44)
        row.put(
            max(x + 2, LEFT + 34), str(path.parent), "dim", row.width - LEFT - max(x + 2, LEFT + 34)
        )

    def _paint_last(self, last: Past, row: Row) -> None:
        from casework import wording

        when = wording.moment_text(last.at_ms, self.place.today)
        x = row.put(LEFT, _("上次导入"), "dim") + 2
        x = row.put(x, f"{last.file}  {when}", "text", row.width - x - 20) + 3
        row.put(row.put(x, "F4", "accent bold") + 1, _("整批收回"), "text")

    def _paint_rehearsal(self, y: int, row: Row) -> None:
        rehearsal = self.place.rehearsal
        assert rehearsal is not None
        lines = self.place.room
        if y == 1:
            self._paint_source(row)
        elif y == 3:
            self._paint_counts(row)
        elif y == 4:
            self._paint_bar(row)
        elif y == 6:
            row.put(NUMBER, _("行"), "faint", 4, "right")
            row.put(NAME, _("姓名"), "faint")
            row.put(WHY, _("为什么要看") if self.place.is_doubtful_only else _("要看的"), "faint")
            row.put(row.width - 13, _("打算这样办"), "faint")
        elif 7 <= y < 7 + lines:
            self._paint_row(self.place.top + y - 7, row)
        elif y >= 8 + lines:
            self._paint_detail(y - 8 - lines, row)

    def _paint_source(self, row: Row) -> None:
        rehearsal = self.place.rehearsal
        assert rehearsal is not None
        x = row.put(LEFT, Path(rehearsal.path).name, "text bold", 40) + 3
        first = rehearsal.sheets[0][1] if rehearsal.sheets else 1
        words = _("{n} 张表，表头在第 {row} 行，认出 {known} 列，没认出 {unknown} 列").format(
            n=len(rehearsal.sheets), row=first,
            known=len(rehearsal.recognised), unknown=len(rehearsal.unrecognised),
        )  # fmt: skip
        row.put(x, words, "dim", row.width - LEFT - x)

    def _paint_counts(self, row: Row) -> None:
        assert self.place.rehearsal is not None
        counts = self.place.rehearsal.counts
        x = LEFT
        for label, name, spec in (
            (_("读到"), "rows", "text bold"), (_("新建"), "created", "accent"),
            (_("更新"), "updated", "text bold"), (_("一样"), "same", "text"),
            (_("跳过"), "skipped", "text"),
        ):  # fmt: skip
            x = row.put(row.put(x, label, "dim") + 1, str(counts[name]), spec) + 5
        doubtful = sum(bool(r.problems) for r in self.place.rehearsal.rows)
        words = f"{row.look.mark('look')} {_('要看')} {doubtful}"
        row.put(row.width - LEFT - cell_len(words), words, "amber" if doubtful else "dim")

    def _paint_bar(self, row: Row) -> None:
        """Shares of the rows; the numbers above carry the precision."""
        assert self.place.rehearsal is not None
        counts = self.place.rehearsal.counts
        every = max(counts["rows"], 1)
        width = row.width - 2 * LEFT
        x, done = LEFT, 0
        for name, spec in (
            ("created", "accent"),
            ("updated", "text"),
            ("same", "dim"),
            ("skipped", "line"),
        ):
            done += counts[name]
            end = LEFT + round(width * done / every)
            shape = "bar" if name != "skipped" or not row.look.is_plain else "track"
            row.put(x, row.look.mark(shape) * (end - x), spec)
            x = max(x, end)

    def _paint_row(self, n: int, row: Row) -> None:
        if n >= len(self.place.rows):
            if n == 0:
                row.put(LEFT, _("没有要看的行。ctrl+s 写入。"), "dim")
            return
        entry = self.place.rows[n]
        if n == self.place.at:
            row.back = "raise"
            row.tint(0, row.width, "raise")
            row.mark(1, "here")
        row.put(NUMBER, str(entry.row), "dim", 4, "right")
        row.put(NAME, entry.name or _("（空）"), "text bold" if n == self.place.at else "text", 16)
        plan, spec = self._plan_words(entry)
        room = row.width - 15 - WHY
        more = f" +{len(entry.problems) - 1}" if len(entry.problems) > 1 else ""
        why = entry.problems[0][1].text(_).rstrip("。") if entry.problems else ""
        why = fit_words(why, room - cell_len(more), row.look.mark("ellipsis"))
        x = row.put(WHY, why, "text")
        row.put(x, more, "dim")
        row.put(row.width - 13, plan, spec, 12)

    def _plan_words(self, entry: RosterRow) -> tuple[str, str]:
        if (entry.sheet, entry.row) in self.place.decisions:
            words = {
                "created": _("新建"),
                "updated": _("同一人"),
                "same": _("同一人"),
                "skipped": _("跳过"),
            }
            return f"{self.look.mark('marked')} {words[entry.status]}", "accent"
        if self.place.asks(entry):
            return f"{self.look.mark('told_two_ways')} {_('请您定')}", "amber"
        words = {
            "created": _("新建"),
            "updated": _("更新"),
            "same": _("一样"),
            "skipped": _("跳过"),
        }
        return words[entry.status], "dim" if entry.status in ("same", "skipped") else "text"

    def _paint_detail(self, n: int, row: Row) -> None:
        """The row under the cursor in full: where it stands and everything that is odd in it."""
        if self.place.at >= len(self.place.rows):
            return
        entry = self.place.rows[self.place.at]
        sentences = " ".join(p.text(_) for _f, p in entry.problems) or _("没有问题。")
        head = _("第 {n} 行").format(n=entry.row)
        start = LEFT + cell_len(head) + 2
        lines = wrap(f"{entry.sheet}　{entry.name}　{sentences}", row.width - start - LEFT)
        if n == 0:
            row.put(LEFT, head, "text bold")
        if n < min(len(lines), 2):
            row.put(start, lines[n], "text")
        elif n == min(len(lines), 2):
            choices = [("1", _("同一人")), ("2", _("不是，新建")), ("3", _("跳过"))]
            x = start
            for key, words in (
                choices if self.place.asks(entry) or self.place.is_decided(entry) else choices[2:]
            ):
                x = row.put(row.put(x, key, "accent") + 1, words, "text") + 3

    def _paint_done(self, y: int, row: Row) -> None:
        lines: list[tuple[str, str]] = [("", "text")]
        if self.place.is_taken_back:
            lines.append((_("整批收回了。"), "text bold"))
            if self.place.kept:
                lines += [
                    ("", "text"),
                    (_("有人改过，留下了：{n} 处").format(n=len(self.place.kept)), "amber"),
                ]
                lines += [(text, "text") for text in self.place.kept[:12]]
        else:
            done = self.look.mark("done")
            words = _(
                "写入了：新建 {created}，更新 {updated}；一样 {same}，跳过 {skipped}。"
            ).format(**self.place.counts)
            lines.append((f"{done} {words}", "text bold"))
            lines += [("", "text"), (_("只在这台电脑上，F5 收发后县里才有。"), "dim")]
            lines.append((_("弄错了就按 F4，整批收回。"), "dim"))
            if self.place.is_proposed:
                lines += [
                    ("", "text"),
                    (_("ctrl+s 整批收回；Esc 不收。有人改过的会留下。"), "amber"),
                ]
        if y < len(lines):
            row.put(LEFT, lines[y][0], lines[y][1], row.width - 2 * LEFT)
