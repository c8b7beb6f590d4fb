"""Notices: what one wrote and what counts instead, who says so, since when. One key asks for it
back."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual.widget import Widget

from casework import told, wording
from schema.kinds import KINDS
from sync import notices
from sync.language import _
from sync.notices import Notice
from tui.canvas import Canvas, Row, fit
from tui.fields import Typed
from tui.moving import Moving
from tui.place import LEFT, Place

LINES = 4
"""Rows a notice takes: whose and what, the own value, what counts, a blank one."""
LABEL = 14
"""Where the values begin."""
MARKS = {"critical": "danger", "decided": "done"}


class NoticeList(Canvas, can_focus=True):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, NoticesPlace)
        if not place.notices:
            if y == 1:
                row.put(LEFT, _("您写的都算数，没有人另说。"), "text")
            return
        n, part = divmod(y - 1, LINES)
        n += place.top
        if y < 1 or n >= len(place.notices) or part == LINES - 1:
            return
        notice = place.notices[n]
        if n == place.at:
            row.back = "raise"
            row.tint(0, row.width, "raise")
            if part == 0:
                row.mark(1, "here")
        (self._head, self._mine, self._standing)[part](row, place, notice)

    def _head(self, row: Row, place: NoticesPlace, notice: Notice) -> None:
        x = row.mark(LEFT, MARKS.get(notice.meeting, "told_two_ways"))
        x = row.put(x + 1, place.title_of(notice), "text bold", 24)
        row.put(x + 3, place.subject_of(notice), "text", 24)
        when = wording.moment_text(notice.at_ms, place.today)
        row.put(row.width - LEFT - 16, when, "dim", 16, "right")

    def _mine(self, row: Row, place: NoticesPlace, notice: Notice) -> None:
        row.put(LEFT + 2, _("您写的"), "dim")
        mine, standing = place.texts_of(notice)
        _put_unlike(row, mine, told.differing(mine, standing)[0], row.width - LABEL - LEFT)

    def _standing(self, row: Row, place: NoticesPlace, notice: Notice) -> None:
        label = _("定了") if notice.meeting == "decided" else _("先算数")
        row.put(LEFT + 2, label, "dim")
        mine, standing = place.texts_of(notice)
        by = told.person(place.replica, notice.by)
        room = row.width - LABEL - LEFT - cell_len(by) - 2
        _put_unlike(row, standing, told.differing(mine, standing)[1], room)
        row.put(row.width - LEFT - 20, by, "dim", 20, "right")


def _put_unlike(row: Row, text: str, unlike: set[int], room: int) -> None:
    """A value with its differing characters underlined."""
    x = LABEL
    for n, character in enumerate(fit(row.look.text(text), room, row.look.mark("ellipsis"))):
        x = row.put(x, character, "amber underline" if n in unlike else "text")


class NoticesPlace(Moving, Place):
    """The newest first. Seen ones go; what is asked back waits for a reviewer."""

    place = "notices"
    hints = ("claim", "seen", "open", "sync_now", "back")

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[Notice] = []
        self.at = self.top = 0
        self.asked: Typed | None = None
        """The sentence being typed for the reviewer."""

    def body(self) -> Iterator[Widget]:
        self.canvas = NoticeList()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.data_changed()

    def data_changed(self) -> None:
        self.notices = notices.notices(self.replica)
        self.at = max(min(self.at, len(self.notices) - 1), 0)
        self.repaint()

    @property
    def here(self) -> Notice | None:
        """The one under the cursor."""
        return self.notices[self.at] if self.at < len(self.notices) else None

    # -- words

    def title_path(self) -> str:
        return _("告知您的")

    def quiet(self) -> str:
        if self.asked is not None:
            return _("写给核对的人一句，Enter 要回；Esc 不要了")
        return _("要回的等督导员或县里重新核对；看过的从这里收起，历史里都在")

    def title_of(self, notice: Notice) -> str:
        """Whose record it is about."""
        kind = self.replica.records.kind_of([notice.root]).get(notice.root, notice.kind)
        return wording.record_text(KINDS[kind], notice.root, self.replica, self.today)

    def subject_of(self, notice: Notice) -> str:
        return told.subject(self.replica, notice.kind, notice.record, notice.slot, self.today)

    def texts_of(self, notice: Notice) -> tuple[str, str]:
        """The own value and what counts, in words."""
        kind = KINDS[notice.kind]
        one, other = (
            wording.slot_text(kind, notice.slot, v, self.replica, self.today).replace("\n", " ")
            or _("没有填")
            for v in (notice.mine, notice.standing)
        )
        return one, other

    # -- doing

    def do_claim(self) -> None:
        """A field for a sentence; Enter asks for the value back, with or without one."""
        if self.here is None or self.asked is not None:
            return
        self.asked = field = Typed(placeholder=_("写给核对的人：为什么是您写的对"))
        field.styles.layer = "above"
        field.styles.position = "absolute"
        field.styles.offset = (LEFT, 2 + (self.at - self.top + 1) * LINES - 1)
        field.styles.width = self.size.width - 2 * LEFT
        self.mount(field)
        field.focus()
        self.repaint()

    def on_input_submitted(self) -> None:
        notice, field = self.here, self.asked
        if notice is None or field is None:
            return
        words = field.value.strip() or _("请再核对一次")
        notices.claim(self.replica, notice.id, words)
        self._stop_asking()
        self.program.saved()
        self.program.say(_("要回了，等人重新核对：{who}").format(who=self.title_of(notice)))

    def do_seen(self) -> None:
        if self.here is not None:
            notices.put_away(self.replica, self.here.id)
            self.program.saved()

    def do_open(self) -> None:
        if self.here is not None:
            from tui.screens.file import FilePlace

            kind = self.replica.records.kind_of([self.here.root]).get(self.here.root)
            if kind is not None:
                self.program.go(FilePlace(kind, self.here.root))

    def _stop_asking(self) -> None:
        if self.asked is not None:
            self.asked.remove()
            self.asked = None
        self.canvas.focus()
        self.repaint()

    def do_back(self) -> None:
        """Close what is being typed, else leave; nothing is asked."""
        if self.asked is not None:
            self._stop_asking()
        else:
            super().do_back()

    # -- moving

    def _move(self, step: int) -> None:
        self.at = max(0, min(self.at + step, len(self.notices) - 1))
        room = max((self.canvas.size.height - 1) // LINES, 1)
        self.top = max(min(self.top, self.at), self.at - room + 1)
        self.repaint()

    @property
    def _page_rows(self) -> int:
        return 4
