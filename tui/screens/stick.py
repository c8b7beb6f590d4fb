"""Exchange by USB stick: one line for the file, then a bundle is written, or the county's answer
read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.widget import Widget

from sync import errors
from sync.language import _
from tui.canvas import Canvas, Row, wrap
from tui.fields import Typed
from tui.place import LEFT, Place

if TYPE_CHECKING:
    from sync.session import Session


class PathLabel(Canvas):
    DEFAULT_CSS = "PathLabel { width: 9; height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        row.put(LEFT, _("文件"), "dim")


class StickBody(Canvas):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, StickPlace)
        lines = [line for text in place.words() for line in wrap(text, row.width - 2 * LEFT)]
        if 0 < y <= len(lines):
            row.put(LEFT, lines[y - 1], "dim")


class StickPlace(Place):
    """Enter does it; Esc leaves everything as it is."""

    place = "stick"
    is_open_past_lease = True
    hints = ("carry", "", "", "", "back")
    CSS = "StickPlace #line { height: 1; margin-top: 1; } StickPlace Input { width: 64; }"

    def __init__(self, *, is_reading: bool) -> None:
        super().__init__()
        self.is_reading = is_reading

    def body(self) -> Iterator[Widget]:
        device = self.replica.identity.device
        name = f"cuncao-{device}-{'back' if self.is_reading else 'out'}.bundle"
        self.field = Typed(value=str(Path.home() / name))
        self.canvas = StickBody()
        yield Horizontal(PathLabel(), self.field, id="line")
        yield self.canvas

    def on_mount(self) -> None:
        self.field.focus()

    def title_path(self) -> str:
        return _("收发 › 读回包") if self.is_reading else _("收发 › 写包")

    def words(self) -> list[str]:
        if self.is_reading:
            return [_("县里的回包：交上的记下，新的收下来。读几次都行。")]
        return [
            _("把没交的 {n} 条写成一个加密的包，拷到U盘，谁带到县里都行。").format(
                n=self.replica.pending_count()
            ),
            _("读了县里的回包才算交上；在那之前这里一条也不少。"),
        ]

    def quiet(self) -> str:
        return _("写出U盘上的路径，Enter 就做")

    def on_input_submitted(self) -> None:
        self.action_act("carry")

    def do_carry(self) -> None:
        from sync import courier
        from sync.bundle import BadBundle

        file = Path(self.field.value.strip()).expanduser()
        if not self.field.value.strip():
            return
        try:
            words = self._read(file) if self.is_reading else self._write(file)
        except BadBundle as error:
            self.program.say(errors.sentence(error.code, detail=file.name), "red")
        except courier.DeviceRevoked as told:
            self._revoked(told.taken)
        else:
            self.program.leave_place()
            self.program.saved()
            self.program.say(words)

    def _write(self, file: Path) -> str:
        from sync import courier, files

        written = courier.write_for_all(self._session)
        files.write(file, written.data)
        words = _("{n} 条没交的写进包里了；县里的回包读了才算交上。").format(n=written.changes)
        if written.papers_left:
            left = _("{n} 份材料装不下，下一个包再带；都还在这台电脑上。")
            words += left.format(n=written.papers_left)
        return words

    def _read(self, file: Path) -> str:
        from sync import courier, files

        news = courier.read_for_all(self._session, files.read(file))
        if not news.is_joined:
            return _("这个回包收过了，或已有更新的。什么都没变；还没交的再写一个包。")
        report = news.report
        return _("交上 {sent} 条，收下 {received} 条。").format(
            sent=report.sent, received=report.received
        )

    @property
    def _session(self) -> Session:
        assert self.program.session is not None
        return self.program.session

    def _revoked(self, taken: list[int]) -> None:
        from sync import courier

        session, self.program.session = self._session, None
        is_gone = courier.hand_in(session, taken)
        if not is_gone:
            session.close()  # what is still here is not looked at any more
        self.program.exit(4, message=errors.sentence("revoked" if is_gone else "revoked_kept"))
