"""A roster in: choose the file, see in a rehearsal what would happen, write it, take the whole
batch back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.widget import Widget

from sync import errors
from sync.language import _
from sync.replica import Refused
from tui.canvas import Canvas, Row, wrap
from tui.fields import SearchField
from tui.moving import Moving
from tui.place import LEFT, Place

if TYPE_CHECKING:
    from casework.batches import Past
    from casework.rosters import Rehearsal
    from casework.rosters import Row as RosterRow

ENDINGS = (".xlsx", ".xls", ".csv")
FOLDERS = ("Desktop", "Downloads", "Documents", "桌面", "下载", "文档")
"""Where a roster that came by mail or stick usually lies."""
NUMBER, NAME, WHY = LEFT + 1, LEFT + 7, LEFT + 24
BAR = 72


class PathLabel(Canvas):
    DEFAULT_CSS = "PathLabel { width: 9; height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        row.put(LEFT, _("文件"), "dim")


class RosterBody(Canvas, can_focus=True):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, RosterPlace)
        if place.batch_id:
            place.paint_done(y, row)
        elif place.rehearsal is None:
            place.paint_file(y, row)
        else:
            place.paint_rehearsal(y, row)


def spreadsheets(typed: str) -> list[Path]:
    """Spreadsheets in the folder typed, or in those where rosters usually lie, the newest first."""
    given = Path(typed.strip()).expanduser() if typed.strip() else None
    if given is not None and given.is_dir():
        folders, begins = [given], ""
    elif given is not None and given.parent != Path():
        folders, begins = [given.parent], given.name
    else:
        home = Path.home()
        folders, begins = [Path.cwd(), *(home / name for name in FOLDERS)], typed.strip()
    found: list[tuple[float, Path]] = []
    for folder in folders:
        try:
            for path in folder.iterdir():
                if path.suffix.lower() in ENDINGS and begins.lower() in path.name.lower():
                    found.append((path.stat().st_mtime, path))
        except OSError:
            continue
    found.sort(key=lambda f: (-f[0], f[1].name))
    return [path for _time, path in found]


class RosterPlace(Moving, Place):
    """First the file, then the rehearsal; nothing is written before ctrl+s."""

    place = "import"
    hints = ("write", "decide", "doubtful_only", "take_back", "back")
    CSS = "RosterPlace #line { height: 1; margin-top: 1; } RosterPlace SearchField { width: 60; }"

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self.given = path
        self.files: list[Path] = []
        self.rehearsal: Rehearsal | None = None
        self.decisions: dict[tuple[str, int], str] = {}
        self.is_doubtful_only = True
        self.batch_id = ""
        self.counts: dict[str, int] = {}
        self.kept: list[str] = []
        self.is_taken_back = False
        self.is_proposed = False
        """True while ctrl+s would take the batch back."""
        self.last: Past | None = None
        """The batch written last on this computer, if it still stands."""
        self.at = 0
        self.top = 0

    def body(self) -> Iterator[Widget]:
        self.field = SearchField(self.look_for)
        self.canvas = RosterBody()
        yield Horizontal(PathLabel(), self.field, id="line")
        yield self.canvas

    def on_mount(self) -> None:
        from casework import batches

        self.files = spreadsheets("")
        self.field.focus()
        self.last = next((b for b in batches.past(self.replica) if not b.is_undone), None)
        if self.given:
            self.field.value = self.given
            self._rehearse(Path(self.given))

    # -- words

    def title_path(self) -> str:
        if self.batch_id:
            return _("导入名册 › 写好了")
        return _("导入名册") if self.rehearsal is None else _("导入名册 › 试算")

    def title_right(self) -> list[tuple[str, str]]:
        if self.batch_id:
            return self.program.status_words()
        return [(_("还没有写入任何东西"), "accent")]

    def quiet(self) -> str:
        if self.rehearsal is None and not self.batch_id:
            return _("认得 .xlsx、.xls、.csv；先试算，您看过才写")
        if self.batch_id:
            return _("写入的每一条都照常收发；别人改过的收回时会留下")
        return _("写入后整批能收回；有人改过的会留下并列出来")

    # -- the file

    def look_for(self, text: str) -> None:
        self.files = spreadsheets(text)
        self.at = self.top = 0
        self.canvas.refresh()

    def paint_file(self, y: int, row: Row) -> None:
        if y == 1:
            words = _("打开的文件夹里和桌面、下载里的表格，新的在前；也可以把路径粘进来")
            row.put(LEFT, words, "faint", row.width - 2 * LEFT)
        if self.last is not None and y == self.canvas.size.height - 2:
            self._paint_last(self.last, row)
            return
        n = self.top + y - 3
        if y < 3 or y >= 3 + self._file_room or (n >= len(self.files) and y > 3):
            return
        if not self.files:
            row.put(LEFT, _("这里没有表格文件。把名册拷到桌面，或写出它的路径。"), "dim")
            return
        path = self.files[n]
        if n == self.at:
            row.back = "raise"
            row.tint(0, row.width, "raise")
            row.mark(1, "here")
        x = row.put(LEFT, path.name, "text bold" if n == self.at else "text", 44)
        row.put(
            max(x + 2, LEFT + 34), str(path.parent), "dim", row.width - LEFT - max(x + 2, LEFT + 34)
        )

    @property
    def _file_room(self) -> int:
        """Rows of files; the last batch stands below them."""
        return max(self.canvas.size.height - (6 if self.last is not None else 3), 1)

    def _paint_last(self, last: Past, row: Row) -> None:
        from casework import wording

        when = wording.moment_text(last.at_ms, self.today)
        x = row.put(LEFT, _("上次导入"), "dim") + 2
        x = row.put(x, f"{last.file}  {when}", "text", row.width - x - 20) + 3
        row.put(row.put(x, "F4", "accent bold") + 1, _("整批收回"), "text")

    def _rehearse(self, path: Path) -> None:
        """Read the file and show what would happen. Reading imports the spreadsheet library
        late."""
        from casework import rosters
        from casework.sheets import Unreadable

        try:
            self.rehearsal = rosters.rehearse(self.replica, path, None, self.decisions)
        except Refused as refusal:
            self.program.say(errors.sentence(refusal.code, detail=refusal.detail), "red")
        except Unreadable as trouble:
            self.program.say(trouble.problem.text(_), "red")
        except OSError:
            self.program.say(_("打不开这个文件。是不是还开在表格软件里，或者U盘拔了？"), "red")
        else:
            self.query_one("#line").display = False
            self.canvas.focus()
            self.at = max(0, min(self.at, len(self.rows) - 1))
            self.repaint()

    # -- the rehearsal

    @property
    def rows(self) -> list[RosterRow]:
        """What is listed: rows that need eyes, or all of them."""
        if self.rehearsal is None:
            return []
        every = self.rehearsal.rows
        return [r for r in every if r.problems] if self.is_doubtful_only else every

    def asks(self, row: RosterRow) -> bool:
        """True where only a person knows: a child who may be one already here."""
        return row.status == "created" and any(
            p.code.startswith("duplicate") for _f, p in row.problems
        )

    def paint_rehearsal(self, y: int, row: Row) -> None:
        rehearsal = self.rehearsal
        assert rehearsal is not None
        lines = self._room
        if y == 1:
            self._paint_source(row)
        elif y == 3:
            self._paint_counts(row)
        elif y == 4:
            self._paint_bar(row)
        elif y == 6:
            row.put(NUMBER, _("行"), "faint", 4, "right")
            row.put(NAME, _("姓名"), "faint")
            row.put(WHY, _("为什么要看") if self.is_doubtful_only else _("要看的"), "faint")
            row.put(row.width - 13, _("打算这样办"), "faint")
        elif 7 <= y < 7 + lines:
            self._paint_row(self.top + y - 7, row)
        elif y >= 8 + lines:
            self._paint_detail(y - 8 - lines, row)

    @property
    def _room(self) -> int:
        """Rows of the list; three below tell of the one under the cursor."""
        return max(self.canvas.size.height - 12, 3)

    def _paint_source(self, row: Row) -> None:
        rehearsal = self.rehearsal
        assert rehearsal is not None
        x = row.put(LEFT, Path(rehearsal.path).name, "text bold", 40) + 3
        first = rehearsal.sheets[0][1] if rehearsal.sheets else 1
        words = _("{n} 张表，表头在第 {row} 行，认出 {known} 列，没认出 {unknown} 列").format(
            n=len(rehearsal.sheets), row=first,
            known=len(rehearsal.recognised), unknown=len(rehearsal.unrecognised),
        )  # fmt: skip
        row.put(x, words, "dim", row.width - LEFT - x)

    def _paint_counts(self, row: Row) -> None:
        assert self.rehearsal is not None
        counts = self.rehearsal.counts
        x = LEFT
        for label, name, spec in (
            (_("读到"), "rows", "text bold"), (_("新建"), "created", "accent"),
            (_("更新"), "updated", "text bold"), (_("一样"), "same", "text"),
            (_("跳过"), "skipped", "text"),
        ):  # fmt: skip
            x = row.put(row.put(x, label, "dim") + 1, str(counts[name]), spec) + 5
        doubtful = sum(bool(r.problems) for r in self.rehearsal.rows)
        words = f"{row.look.mark('look')} {_('要看')} {doubtful}"
        row.put(row.width - LEFT - cell_len(words), words, "amber" if doubtful else "dim")

    def _paint_bar(self, row: Row) -> None:
        """Shares of the rows; the numbers above carry the precision."""
        assert self.rehearsal is not None
        counts = self.rehearsal.counts
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
        if n >= len(self.rows):
            if n == 0:
                row.put(LEFT, _("没有要看的行。ctrl+s 写入。"), "dim")
            return
        entry = self.rows[n]
        if n == self.at:
            row.back = "raise"
            row.tint(0, row.width, "raise")
            row.mark(1, "here")
        row.put(NUMBER, str(entry.row), "dim", 4, "right")
        row.put(NAME, entry.name or _("（空）"), "text bold" if n == self.at else "text", 16)
        plan, spec = self._plan_words(entry)
        room = row.width - 15 - WHY
        more = f" +{len(entry.problems) - 1}" if len(entry.problems) > 1 else ""
        why = entry.problems[0][1].text(_).rstrip("。") if entry.problems else ""
        x = row.put(WHY, why, "text", room - cell_len(more))
        row.put(x, more, "dim")
        row.put(row.width - 13, plan, spec, 12)

    def _plan_words(self, entry: RosterRow) -> tuple[str, str]:
        if (entry.sheet, entry.row) in self.decisions:
            words = {
                "created": _("新建"),
                "updated": _("同一人"),
                "same": _("同一人"),
                "skipped": _("跳过"),
            }
            return f"{self.program.look.mark('marked')} {words[entry.status]}", "accent"
        if self.asks(entry):
            return f"{self.program.look.mark('told_two_ways')} {_('请您定')}", "amber"
        words = {
            "created": _("新建"),
            "updated": _("更新"),
            "same": _("一样"),
            "skipped": _("跳过"),
        }
        return words[entry.status], "dim" if entry.status in ("same", "skipped") else "text"

    def _paint_detail(self, n: int, row: Row) -> None:
        """The row under the cursor in full: where it stands and everything that is odd in it."""
        if self.at >= len(self.rows):
            return
        entry = self.rows[self.at]
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
                choices if self.asks(entry) or self._is_decided(entry) else choices[2:]
            ):
                x = row.put(row.put(x, key, "accent") + 1, words, "text") + 3

    def _is_decided(self, entry: RosterRow) -> bool:
        return (entry.sheet, entry.row) in self.decisions

    # -- after writing

    def paint_done(self, y: int, row: Row) -> None:
        lines: list[tuple[str, str]] = [("", "text")]
        if self.is_taken_back:
            lines.append((_("整批收回了。"), "text bold"))
            if self.kept:
                lines += [
                    ("", "text"),
                    (_("有人改过，留下了：{n} 处").format(n=len(self.kept)), "amber"),
                ]
                lines += [(text, "text") for text in self.kept[:12]]
        else:
            done = self.program.look.mark("done")
            words = _(
                "写入了：新建 {created}，更新 {updated}；一样 {same}，跳过 {skipped}。"
            ).format(**self.counts)
            lines.append((f"{done} {words}", "text bold"))
            lines += [("", "text"), (_("只在这台电脑上，F5 收发后县里才有。"), "dim")]
            lines.append((_("弄错了就按 F4，整批收回。"), "dim"))
            if self.is_proposed:
                lines += [
                    ("", "text"),
                    (_("ctrl+s 整批收回；Esc 不收。有人改过的会留下。"), "amber"),
                ]
        if y < len(lines):
            row.put(LEFT, lines[y][0], lines[y][1], row.width - 2 * LEFT)

    # -- doing

    def on_input_submitted(self) -> None:
        typed = Path(self.field.value.strip()).expanduser()
        if self.field.value.strip() and typed.is_file():
            self._rehearse(typed)
        elif self.files:
            self._rehearse(self.files[min(self.at, len(self.files) - 1)])
        else:
            self.program.say(_("这里没有表格文件。把名册拷到桌面，或写出它的路径。"), "amber")

    def on_key(self, event: Any) -> None:
        if self.rehearsal is None and event.key in ("down", "up"):
            self._move(1 if event.key == "down" else -1)
            event.stop()
        elif self.rehearsal is not None and not self.batch_id and event.key in ("1", "2", "3"):
            self._decide(event.key)

    def _decide(self, key: str) -> None:
        """1 the same child, 2 another one, 3 leave the row out. The rehearsal runs anew: rows lean
        on rows."""
        from casework import rosters

        if self.at >= len(self.rows) or self.rehearsal is None:
            return
        entry = self.rows[self.at]
        if key != "3" and not (self.asks(entry) or self._is_decided(entry)):
            self.program.say(_("这一行没有像的孩子，只能跳过。"), "amber")
            return
        place = (entry.sheet, entry.row)
        self.decisions[place] = {"1": rosters.SAME, "2": rosters.NEW, "3": rosters.SKIP}[key]
        self._rehearse(Path(self.rehearsal.path))

    def do_decide(self) -> None:
        self.program.say(_("按 1 同一人，2 不是，3 跳过。"))

    def do_doubtful_only(self) -> None:
        self.is_doubtful_only = not self.is_doubtful_only
        self.at = self.top = 0
        self.repaint()

    def do_write(self) -> None:
        if self.is_proposed:
            self._take_back()
        if self.rehearsal is None or self.batch_id:
            return
        self.program.say(_("正在写入 {n} 个孩子，不要关。").format(n=len(self.rehearsal.plans)))
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        from casework import rosters

        assert self.rehearsal is not None
        batch = rosters.write(self.replica, self.rehearsal)
        self.batch_id = batch.id
        self.counts = {n: getattr(batch, n) for n in ("created", "updated", "same", "skipped")}
        self.program.say("")
        self.program.saved()
        self.repaint()

    def do_complete(self) -> None:
        """The file under the cursor, written out in the field."""
        if self.rehearsal is None and self.at < len(self.files):
            self.field.value = str(self.files[self.at])
            self.field.cursor_position = len(self.field.value)

    def do_take_back(self) -> None:
        """Propose to take back what was written here, or the batch before; ctrl+s does it."""
        if not self.batch_id and self.rehearsal is None and self.last is not None:
            self.batch_id, self.counts = self.last.id, self.last.counts
            self.query_one("#line").display = False
            self.canvas.focus()
        if not self.batch_id or self.is_taken_back:
            self.program.say(_("还没有写入，没有要收回的。"))
            return
        self.is_proposed = True
        self.repaint()

    def _take_back(self) -> None:
        """The whole batch, as new changes; what someone edited since stays and is listed."""
        from casework import rosters, wording
        from schema.kinds import KINDS

        undone = rosters.undo(self.replica, self.batch_id)
        self.is_taken_back, self.is_proposed = True, False
        self.kept = []
        for kept in undone.kept:
            kind = KINDS[self.replica.records.kind_of([kept.id]).get(kept.id, "child")]
            title = wording.record_text(kind, kept.id, self.replica, self.today)
            self.kept.append(
                f"{title}  {wording.slot_label(kind, kept.field) if kept.field else ''}"
            )
        self.program.saved()
        self.repaint()

    # -- moving

    def _move(self, step: int) -> None:
        count = len(self.files) if self.rehearsal is None else len(self.rows)
        self.at = max(0, min(self.at + step, count - 1))
        room = self._file_room if self.rehearsal is None else self._room
        self.top = min(max(self.top, self.at - room + 1), self.at)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return self._room

    def data_changed(self) -> None:
        self.repaint()

    def do_back(self) -> None:
        """Drop a proposal, else go back to the choice of the file; nothing is written or taken
        back."""
        if self.is_proposed:
            self.is_proposed = False
            self.repaint()
        elif self.rehearsal is not None and not self.batch_id:
            self.rehearsal = None
            self.decisions = {}
            self.query_one("#line").display = True
            self.field.focus()
            self.at = self.top = 0
            self.repaint()
        else:
            self.program.leave_place()
