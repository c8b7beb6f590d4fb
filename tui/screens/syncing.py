"""Sending and receiving: what lies only here, what came back, what the last contact did. Nothing
moves here."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import msgspec
from rich.cells import cell_len
from textual.widget import Widget

from casework import returns, wording
from schema.kinds import KINDS
from schema.record import DELETED
from sync import errors, receipts
from sync.client import SyncReport
from sync.language import _
from sync.views import Pending, Returned
from tui.canvas import Canvas, Row, fit_words, wrap
from tui.moving import Moving
from tui.place import LEFT, Place

Line = list[tuple[int, str, str]]
"""A painted line: (column, text, style) pieces."""
RIGHT = -1
"""The column of what ends at the right edge."""
NAME, WHAT, FACT = LEFT + 3, 24, 14
MINUTE_MS = 60_000
SHOWN = 50
"""Unsent changes shown before the rest is counted; a roster may bring thousands."""


class SyncBody(Canvas, can_focus=True):
    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, SyncPlace)
        index = place.top + y - 1
        if y == 0 or index >= len(place.lines):
            return
        is_here = index == place.here
        if is_here:
            row.back = "raise"
            row.tint(0, row.width, "raise")
            row.mark(1, "here")
        pieces = place.lines[index]
        ending = next((text for column, text, _spec in pieces if column == RIGHT), None)
        end = row.width - LEFT - (cell_len(ending) + 2 if ending is not None else 0)
        for column, text, spec in pieces:
            if column == RIGHT:
                row.put(end + 2, text, spec)
            else:  # none runs into the next
                after = (c - 1 for c, _t, _s in pieces if c > column)
                room = min(after, default=end) - column
                row.put(column, fit_words(text, room, row.look.mark("ellipsis")), spec, room)


class SyncPlace(Moving, Place):
    """Order is worry: what exists only here, what came back, then the receipts."""

    place = "sync"
    hints = ("sync_now", "bundle_write", "bundle_read", "put_away", "back")

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.targets: dict[int, tuple[str, str, int]] = {}
        """Line to what it shows: (kind, record id, seq of the returned change or 0)."""
        self.here = -1
        self.top = 0
        self.mending: tuple[int, int] | None = None
        """The returned change whose form is open, and how much was unsent before."""

    def body(self) -> Iterator[Widget]:
        self.canvas = SyncBody()
        yield self.canvas

    def on_mount(self) -> None:
        self.canvas.focus()
        self.data_changed()

    def data_changed(self) -> None:
        if self.mending is not None and self.replica.pending_count() > self.mending[1]:
            returns.put_away(self.replica, self.mending[0])
            self.mending = None
        self.lines, self.targets = [], {}
        self._unsent()
        self._came_back()
        self._last_contact()
        self.here = min(self.targets, key=lambda n: abs(n - self.here), default=-1)
        self.repaint()

    # -- what is shown

    def _title(self, kind: str, id: str, root: str) -> str:
        """The root record's name: whose record it is, in every line."""
        view = self.replica.get(id, kind)
        for name in (view.root if view else root, root, id):
            found = self.replica.records.kind_of([name]).get(name)
            if found:
                return wording.record_text(KINDS[found], name, self.replica, self.today)
        return _(KINDS[kind].label)

    def _deed(self, change: Pending | Returned) -> str:
        """What a change did, in words: 记录：今天 上门, 妈妈 改了电话."""
        kind = KINDS[change.kind]
        if change.op == "create":
            if kind.scope == "root":
                return _("新的{what}").format(what=_(kind.label))
            values = {
                n: v for s, value in change.fields.items() for n, v in kind.spread(s, value).items()
            }
            title = wording.title_text(kind, values, self.replica, self.today)
            return _("{what}：{title}").format(what=_(kind.label), title=title)
        labels = _("、").join(
            wording.slot_label(kind, s) for s in change.fields if s == DELETED or s in kind.slots
        )
        patterns = {"delete": _("删除"), "undelete": _("恢复"), "resolve": _("定了{what}")}
        deed = patterns.get(change.op, _("改了{what}")).format(what=labels)
        if kind.scope == "root":
            return deed
        named = wording.record_text(kind, change.id, self.replica, self.today)
        return f"{named.split(' ')[0]} {deed}"

    def _unsent(self) -> None:
        pending = self.replica.pending()
        look = self.program.look
        if not pending:
            state = self.replica.sync_state()
            if state.last_sync_ms is None:
                self.lines.append([(LEFT, _("还没收发过。F5 收发一次。"), "text")])
            else:
                when = wording.moment_text(state.last_sync_ms, self.today)
                self.lines.append([(LEFT, _("都在服务器上了，{when}。").format(when=when), "text")])
            self.lines.append([])
            return
        head = _("只在这台电脑上")
        safe = _("都已存好，断电不会丢")
        self.lines.append([
            (LEFT, head, "text bold"),
            (LEFT + cell_len(head) + 2, str(len(pending)), "accent"),
            (RIGHT, safe, "dim"),
        ])
        for change in pending[:SHOWN]:
            self.targets[len(self.lines)] = (change.kind, change.id, 0)
            self.lines.append([
                (LEFT, look.mark("unsent"), "text bold"),
                (NAME, self._title(change.kind, change.id, change.root), "text"),
                (WHAT, self._deed(change), "text"),
                (RIGHT, wording.moment_text(change.at_ms, self.today), "dim"),
            ])
        if len(pending) > SHOWN:
            more = _("还有 {n} 条").format(n=len(pending) - SHOWN)
            self.lines.append([(NAME, more, "dim")])
        self.lines.append([])

    def _came_back(self) -> None:
        returned = self.replica.returned()
        if not returned:
            return
        self.lines.append([
            (LEFT, _("被退回"), "text bold"),
            (LEFT + cell_len(_("被退回")) + 2, str(len(returned)), "red"),
        ])
        for change in returned[:SHOWN]:
            self.targets[len(self.lines)] = (change.kind, change.id, change.seq)
            field = KINDS[change.kind].by_name.get(change.field)
            what = _(field.label) if field else self._deed(change)
            self.lines.append([
                (LEFT, self.program.look.mark("came_back"), "red"),
                (NAME, self._title(change.kind, change.id, change.id), "text"),
                (WHAT, what, "text"),
                (RIGHT, wording.moment_text(change.at_ms, self.today), "dim"),
            ])
            for part in wrap(self._reason(change), max(self.size.width - NAME - LEFT, 40))[:2]:
                self.lines.append([(NAME, part, "dim")])
        self.lines.append([])

    def _reason(self, change: Returned) -> str:
        """Why a change came back: a sentence of the numbered list, or what is wrong with its
        value."""
        if change.code in errors.LIST:
            return errors.sentence(change.code)
        for name, problem in KINDS[change.kind].problems(returns.values_of(change)):
            if problem.code == change.code and change.field in ("", name):
                return problem.text(_)
        return errors.sentence("invalid")

    def _last_contact(self) -> None:
        state = self.replica.sync_state()
        if state.last_sync_ms is None:
            return
        self.lines.append([(LEFT, _("上次收发"), "text bold")])
        facts = [
            (_("什么时候"), wording.moment_text(state.last_sync_ms, self.today), "text"),
            (_("服务器"), state.server, "text"),
        ]
        report = self._last_report()
        if report is not None:
            cost = _("{n} 次往返，{kb} KB，{s} 秒").format(
                n=report.round_trips,
                kb=max(1, round((report.bytes_up + report.bytes_down) / 1024)),
                s=f"{report.ms / 1000:.1f}",
            )
            facts[0] = (facts[0][0], f"{facts[0][1]}   {cost}", "text")
            done = self.program.look.mark("done")
            sent = _("{n} 条，县里都收下了").format(n=report.sent) if report.sent else _("没有要交的")
            if report.rejected:
                sent = _("{n} 条收下了，{m} 条没收").format(n=report.sent, m=report.rejected)
            receipt = receipts.latest(self.replica.connection)
            if receipt is not None:
                sent += "   " + _("收据 {n} 号").format(n=receipt.seq)
            arrived = self.program.look.mark("arrived")
            facts.append((_("交上去"), f"{done} {sent}", "text"))
            facts.append((
                _("收下来"),
                f"{arrived} {_('{n} 条').format(n=report.received)}",
                "text",
            ))
        if state.in_step is not None:
            held = (
                (k.label, self.replica.count(k.name))
                for k in KINDS.values()
                if k.scope != "public" and k.can_add_by_hand
            )
            counts = _("、").join(f"{wording.within(_(label))} {n}" for label, n in held if n)
            same = _("完全一样") if state.in_step else _("对不上，再收发一次")
            mark = self.program.look.mark("done" if state.in_step else "danger")
            facts.append((
                _("两边对账"),
                f"{mark} {same}{_('，')}{counts}" if counts else f"{mark} {same}",
                "text" if state.in_step else "red",
            ))
        offset = self.replica.clock.offset_ms
        if abs(offset) > MINUTE_MS:
            pattern = _("这台电脑的钟慢了 {n} 分钟，记录按县里的时间排。不用管。")
            if offset < 0:
                pattern = _("这台电脑的钟快了 {n} 分钟，记录按县里的时间排。不用管。")
            words = pattern.format(n=max(round(abs(offset) / MINUTE_MS), 1))
            facts.append((_("钟"), words, "dim"))
        self.lines += [[(LEFT, label, "dim"), (FACT, text, spec)] for label, text, spec in facts]

    def _last_report(self) -> SyncReport | None:
        """Of this run of the program, or as an earlier one noted it."""
        noted = self.replica.get_state("last_report")
        if self.program.last_report is not None or not noted:
            return self.program.last_report
        try:
            return msgspec.json.decode(noted, type=SyncReport)
        except msgspec.DecodeError:  # noted by another version of the program
            return None

    # -- words

    def title_path(self) -> str:
        return _("收发")

    def title_right(self) -> list[tuple[str, str]]:
        return self.program.status_words()

    def quiet(self) -> str:
        background = self.program.background
        if background.is_running:
            return _("正在收发，可以接着干别的。")
        if background.trouble:
            minutes = max(round((background.pacing.due - monotonic()) / 60), 1)
            return _("没收发成，{n} 分钟内自己再试；F5 现在试").format(n=minutes)
        return _("Esc 回去接着干；收发在后台走")

    # -- moving and doing

    def _move(self, step: int) -> None:
        order = sorted(self.targets)
        if self.here in order:
            self.here = order[max(0, min(order.index(self.here) + step, len(order) - 1))]
        room = max(self.canvas.size.height - 1, 1)
        if self.here >= self.top + room:
            self.top = self.here - room + 1
        elif self.here < self.top or self.here == min(order, default=0):
            self.top = max(min(self.here - 1, self.top), 0)
        self.repaint()

    def do_open(self) -> None:
        """A returned value opens in its form as it was written, anything else in its file."""
        target = self.targets.get(self.here)
        if target is None:
            return
        kind, id, seq = target
        view = self.replica.get(id, kind)
        if seq:
            self._mend(seq)
        elif view is None:
            self.program.say(errors.sentence("not_found"), "amber")
        else:
            from tui.screens.file import FilePlace

            root = view.root or id
            self.program.go(FilePlace(self.replica.records.kind_of([root]).get(root, kind), root))

    def _mend(self, seq: int) -> None:
        change = next((c for c in self.replica.returned() if c.seq == seq), None)
        if change is None:
            return
        from tui import drafts
        from tui.screens.form import FormPlace

        is_here = self.replica.get(change.id, change.kind) is not None
        written = returns.values_of(change)
        if is_here:
            form = FormPlace(change.kind, change.id)
            drafts.keep(self.replica, form.draft_place, written)
        else:
            form = FormPlace(change.kind, preset=written)
        self.mending = (seq, self.replica.pending_count())
        self.program.go(form)

    def do_bundle_write(self) -> None:
        from tui.screens.stick import StickPlace

        self.program.go(StickPlace(is_reading=False))

    def do_bundle_read(self) -> None:
        from tui.screens.stick import StickPlace

        self.program.go(StickPlace(is_reading=True))

    def _let_go(self, change: Returned) -> None:
        """Words that are nowhere else are mended, or let go with a reason that stays beside them."""
        from tui.screens.reason import ReasonPlace

        kind = KINDS[change.kind]
        what = wording.record_text(kind, change.id, self.replica, self.today)
        self.program.go(
            ReasonPlace(
                _("不要了 › {what}").format(what=what or _(kind.label)),
                [(_(kind.label), errors.sentence(change.code))],
                _("原话和原因留在这台电脑上；要改的按 Esc，再按 Enter。"),
                lambda reason: returns.let_go(self.replica, change.seq, reason),
                _("不要了，原话和原因都留着。"),
            )
        )

    def do_put_away(self) -> None:
        """What the county keeps is put away as it is."""
        seq = self.targets.get(self.here, ("", "", 0))[2]
        change = next((c for c in self.replica.returned() if c.seq == seq), None)
        if change is None:
            self.program.say(_("只有被退回的能收起。"))
        elif change.status == "invalid":
            self._let_go(change)
        else:
            returns.put_away(self.replica, seq)
            self.data_changed()
