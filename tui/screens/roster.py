"""A roster in: choose the file, rehearse, decide rows, write, take the whole batch back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal
from textual.widget import Widget

from sync import errors
from sync.language import _
from sync.replica import Refused
from tui.fields import SearchField
from tui.moving import Moving
from tui.place import Place
from tui.screens.roster_table import PathLabel, RosterTable
from tui.spreadsheets import spreadsheets

if TYPE_CHECKING:
    from casework.batches import Past
    from casework.rosters import Rehearsal
    from casework.rosters import Row as RosterRow


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
        self.canvas = RosterTable()
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

    @property
    def file_room(self) -> int:
        """Rows of files; the last batch stands below them."""
        return max(self.canvas.size.height - (6 if self.last is not None else 3), 1)

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

    @property
    def room(self) -> int:
        """Rows of the list; three below tell of the one under the cursor."""
        return max(self.canvas.size.height - 12, 3)

    def is_decided(self, entry: RosterRow) -> bool:
        return (entry.sheet, entry.row) in self.decisions

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
        if key != "3" and not (self.asks(entry) or self.is_decided(entry)):
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
        room = self.file_room if self.rehearsal is None else self.room
        self.top = min(max(self.top, self.at - room + 1), self.at)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return self.room

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
