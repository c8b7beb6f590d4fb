"""The papers of one child: what is on file, taken in from a path, saved as a file again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from textual.containers import Horizontal
from textual.widget import Widget

from casework import papers, wording
from sync import errors, scans
from sync.language import _
from sync.replica import InvalidRecord, Refused
from tui.canvas import Canvas, Row, wrap
from tui.fields import Typed
from tui.moving import Moving
from tui.place import LEFT, Place
from tui.records import RecordList


class PapersHead(Canvas):
    DEFAULT_CSS = "PapersHead { height: 3; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, PapersPlace)
        if y == 1:
            x = row.put(LEFT, _(papers.KIND.label), "text bold")
            row.put(x + 2, str(place.list.total), "text")


class Whereabouts(Canvas):
    """The file's name and where its bytes are."""

    DEFAULT_CSS = "Whereabouts { height: 4; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, PapersPlace)
        record = place.list.current()
        if y == 0:
            row.rule(LEFT, row.width - LEFT)
        elif record is None:
            row.put(LEFT, _("还没有材料。F9 从文件添一份。") if y == 1 else "", "dim")
        elif y == 1:
            row.put(LEFT, papers.file_name(record), "text bold", row.width - 2 * LEFT)
        elif y == 2:
            row.put(LEFT, place.whereabouts(record["id"]), "dim")


class PapersPlace(Moving, Place):
    """The papers of `child`; the cursor begins on `paper`."""

    place = "papers"
    hints = ("save_out", "add_paper", "edit", "", "back")

    def __init__(self, child: str, paper: str = "") -> None:
        super().__init__()
        self.child = child
        self.first = paper
        self.list = RecordList(papers.KIND.name)
        self.list.columns = [c for c in self.list.columns if c.name != papers.KIND.parent]

    def body(self) -> Iterator[Widget]:
        yield PapersHead()
        yield self.list
        yield Whereabouts()

    def on_mount(self) -> None:
        self.list.where = f"_root = '{self.child}'"
        self.list.focus()
        self.call_after_refresh(self.data_changed)

    def data_changed(self) -> None:
        self.list.read()
        if self.first:
            for at in range(self.list.total):
                self.list.go_to(at)
                if (self.list.current() or {}).get("id") == self.first:
                    break
            self.first = ""
        self.repaint()

    def title_path(self) -> str:
        name = wording.record_text(papers.CHILD, self.child, self.replica, self.today)
        return f"{name} › {_(papers.KIND.label)}"

    def quiet(self) -> str:
        return _("和档案一样加密；存成的文件不加密，用完删掉")

    def whereabouts(self, paper: str) -> str:
        """Where the bytes of a paper are."""
        try:
            content = scans.held(self.replica, paper)
        except Refused:
            return _("只记了有这份材料，没有文件")
        return _("文件在这台电脑上") if content is not None else _("文件不在这台电脑上，Enter 从县里取")

    # -- doing

    def _move(self, step: int) -> None:
        self.list.move(step)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return self.list.rows_shown

    def do_add_paper(self) -> None:
        self.program.go(PaperFilePlace(self.child))

    def do_edit(self) -> None:
        record = self.list.current()
        if record is not None:
            from tui.screens.form import FormPlace

            self.program.go(FormPlace(papers.KIND.name, record["id"]))

    def do_save_out(self) -> None:
        """Ask where to; what is not here is fetched from the county first."""
        record = self.list.current()
        if record is None:
            return
        try:
            content = scans.held(self.replica, record["id"])
        except Refused:
            self.program.say(_("只记了有这份材料，没有文件"), "amber")
            return
        if content is None:
            scans.wish(self.replica, record["id"])
            self.program.say(_("要了这份：下次收发时取来，取来再按 Enter。"))
            self.program.do_sync_now()
        else:
            self.program.go(PaperFilePlace(self.child, record["id"], papers.file_name(record)))


class PathLabel(Canvas):
    DEFAULT_CSS = "PathLabel { width: 9; height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        row.put(LEFT, _("文件"), "dim")


class FileWords(Canvas):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, PaperFilePlace)
        lines = wrap(place.words(), row.width - 2 * LEFT)
        if 0 < y <= len(lines):
            row.put(LEFT, lines[y - 1], "dim")


class PaperFilePlace(Place):
    """One line for a path: a file becomes a paper of the child, or `paper` becomes a file."""

    place = "paper_file"
    hints = ("take_file", "", "", "", "back")
    CSS = "PaperFilePlace #line { height: 1; margin-top: 1; } PaperFilePlace Input { width: 64; }"

    def __init__(self, child: str, paper: str = "", name: str = "") -> None:
        super().__init__()
        self.child, self.paper = child, paper
        self.field = Typed(value=str(Path.home() / name) if paper else "")

    def body(self) -> Iterator[Widget]:
        yield Horizontal(PathLabel(), self.field, id="line")
        yield FileWords()

    def on_mount(self) -> None:
        self.field.focus()

    def title_path(self) -> str:
        name = wording.record_text(papers.CHILD, self.child, self.replica, self.today)
        return f"{name} › {_('存成文件') if self.paper else _('添文件')}"

    def words(self) -> str:
        if self.paper:
            return _("存出来的文件谁都打得开：用完删掉，别放在U盘上带走。")
        return _("扫描件或照片，最大 2 MB。也可以把文件拖到这里，或把路径粘进来。添好以后写明是什么。")

    def data_changed(self) -> None:
        """What is being typed stays as it is."""

    def on_input_submitted(self) -> None:
        self.action_act("take_file")

    def do_take_file(self) -> None:
        text = self.field.value.strip().strip("'\"")
        if not text:
            return
        file = Path(text).expanduser()
        try:
            if self.paper:
                papers.save(scans.held(self.replica, self.paper) or b"", file)
                self._done(_("存好了：{name}。").format(name=file.name))
            else:
                made = papers.add(self.replica, self.child, file, {})
                self._done(_("存好了，还没到服务器上。"))
                from tui.screens.form import FormPlace

                self.program.go(FormPlace(papers.KIND.name, made))
        except scans.Unfit as error:
            self.program.say(errors.sentence(error.code, detail=file.name), "red")
        except Refused as error:
            self.program.say(errors.sentence(error.code, detail=error.detail), "red")
        except InvalidRecord as error:
            self.program.say(error.problems[0][1].text(_), "red")

    def _done(self, words: str) -> None:
        self.program.leave_place()
        self.program.saved()
        self.program.say(words)
