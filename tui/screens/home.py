"""Today: what needs eyes, whom to see, how old the figures are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.widget import Widget

from casework import cases, partings, questions, search, summary, wording
from casework.cadences import rules
from casework.duties import LABELS, Duty, duties
from casework.views import views_of
from casework.withheld import withheld
from schema import roles
from schema.kinds import KINDS
from sync.language import N_, _
from tui.canvas import Canvas, Row
from tui.duty_list import MARKS, DutyList
from tui.moving import Moving
from tui.place import LEFT, Place
from tui.records import RecordList
from tui.screens.case import next_words

if TYPE_CHECKING:
    from sync.session import Session

WEEKDAYS = (
    N_("星期一"), N_("星期二"), N_("星期三"), N_("星期四"), N_("星期五"), N_("星期六"), N_("星期日"),
)  # fmt: skip


MOST_NEEDS = 5
"""Lines of what waits; the children's list below them is what one came for."""
AT_ONCE = 3_000
"""Children up to whom duties are reckoned before the first frame, in 0.1 s. Of 20,000 it takes
seconds: that is done beside the work."""


class Today(Canvas):
    """Date, units, counts, and who is at work."""

    DEFAULT_CSS = "Today { height: 3; }"

    def paint(self, y: int, row: Row) -> None:
        if y != 1:
            return
        place = self.screen
        assert isinstance(place, HomePlace)
        day = place.today
        said = _("{day} {weekday}").format(
            day=wording.month_day(day), weekday=_(WEEKDAYS[day.weekday()])
        )
        x = row.put(LEFT, said, "text bold")
        me = place.replica.identity
        role = _(roles.LABELS[me.roles[0]]) if me.roles else ""  # type: ignore[index]
        row.put(x, f"{me.name or me.user}  {role}", "dim", row.width - LEFT - x, "right")
        count = "" if place.child_count is None else _("{n} 个孩子").format(n=place.child_count)
        x = row.put(x + 3, _("、").join(place.unit_names[:3]), "text", 30)
        row.put(x + 3, count, "text")


class Needs(Canvas):
    """What waits for this person; said plainly when nothing does."""

    DEFAULT_CSS = "Needs { height: 5; }"  # more where more waits, see `_read_needs`

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, HomePlace)
        if y == 0:
            row.put(LEFT, _("等您看"), "text bold")
            return
        needs = place.needs
        if y - 1 < len(needs):
            mark, words, key = needs[y - 1]
            x = row.mark(LEFT, mark)
            x = row.put(x + 1, words, "text")
            if key:
                row.put(x + 3, key, "accent")
        elif y == 1:
            row.put(LEFT, _("都在服务器上，没有两种说法。"), "dim")


class Danger(Canvas):
    """The open case that is most urgent, in a tinted band; nothing where there is none."""

    DEFAULT_CSS = "Danger { height: 0; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, HomePlace)
        if not place.alarms or y > 1:
            return
        first = place.alarms[0]
        if y == 0:
            x = row.mark(LEFT, "danger")
            x = row.put(x + 1, _("险情"), "red bold") + 2
            x = row.put(x, place.alarm_words, "text", row.width - LEFT - x)
            if len(place.alarms) > 1:
                every = _("共 {n} 起").format(n=len(place.alarms))
                row.put(0, every, "text bold", row.width - LEFT, "right")
        else:
            words, spec = next_words(first, place)
            row.put(LEFT, words, spec, row.width - 2 * LEFT - 12)
            row.put(0, f"F8 {_('接着办')}", "accent", row.width - LEFT, "right")
        row.tint(LEFT - 1, row.width - LEFT + 1, "tint")
        row.mark(1, "here", "red")


class ListHead(Canvas):
    """What is to be done and how much of it is late; else, whose list stands below."""

    DEFAULT_CSS = "ListHead { height: 1; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, HomePlace)
        if place.duties.total:
            self._paint_duties(row, place.duties.duties)
            return
        x = row.put(LEFT, _(place.view.label), "text bold")
        x = row.put(x + 2, str(place.list.total), "text")
        said = _("今天没有要办的事。") if place.has_rules else _("没定周期：县里还没说多久走访一次")
        if place.is_reckoning:
            said = _("正在算今天要办的事…")
        if place.waiting:
            said = _("要办的事算好了，{n} 件").format(n=len(place.waiting))
            row.put(row.put(x + 4, said, "text") + 2, "F4", "accent")
            return
        row.put(x + 4, said, "faint", row.width - x - 4 - LEFT)

    def _paint_duties(self, row: Row, duties: list[Duty]) -> None:
        x = row.put(LEFT, _("要办的事"), "text bold")
        row.put(x + 2, str(len(duties)), "accent")
        x = row.width - LEFT
        for state in ("soon", "due", "overdue"):
            words = f"{_(LABELS[state])} {sum(d.state == state for d in duties)}"
            x -= cell_len(words)
            row.put(x, words, row.look.mark_style(MARKS[state]))
            x = x - 2
            row.mark(x, MARKS[state])
            x -= 3


class HomePlace(Moving, Place):
    """The first place after unlocking."""

    place = "home"
    hints = ("visit", "call", "sync_now", "find", "palette")

    def __init__(self) -> None:
        super().__init__()
        self.kind = KINDS["child"]
        self.child_count: int | None = None
        """None until read: a number not yet known is not shown as nought."""
        self.unit_names: list[str] = []
        self.needs: list[tuple[str, str, str]] = []
        self.duties = DutyList()
        self.everyone = RecordList("child")
        self.has_rules = False
        self.is_reckoning = False
        """True while duties are reckoned beside the work: nothing is said of them meanwhile."""
        self.waiting: list[Duty] = []
        """Duties that were ready only when the person was at work in the list: offered, not put in
        its place."""
        self.alarms: list[cases.Standing] = []
        self.alarm_words = ""
        self.view = views_of(self.kind)[0]

    @property
    def list(self) -> RecordList | DutyList:
        """Duties where there are any, else the children."""
        return self.duties if self.duties.total else self.everyone

    def body(self) -> Iterator[Widget]:
        yield Today()
        yield Danger()
        yield Needs()
        yield ListHead()
        yield self.duties
        yield self.everyone

    def on_mount(self) -> None:
        self._first_read()

    def _first_read(self) -> None:
        """What the first frame shows."""
        replica = self.replica
        self.child_count = search.count(replica, "child")
        self.has_rules = any(r.is_on for r in rules(replica))
        self.is_reckoning = self.child_count > AT_ONCE
        if self.is_reckoning:
            self._show(self.duties.duties)
            self.call_after_refresh(self._reckon)
        else:
            self._offer(duties(replica, self.today))
        units = replica.units()
        granted = (units.get(g.unit) for g in replica.identity.grants)
        self.unit_names = [
            wording.unit_text(u["id"], replica, self.today) for u in granted if u is not None
        ]
        self._read_needs()
        self._read_alarms()
        self.repaint()

    def _offer(self, found: Sequence[Duty]) -> None:
        """Show the duties; to who is at work among the children only say that they are ready."""
        pressing = [d for d in found if d.state in MARKS]
        is_held_back = self.everyone.at > 0 and bool(pressing) and not self.duties.total
        self.waiting = pressing if is_held_back else []
        self._show([] if is_held_back else pressing)

    def do_show_duties(self) -> None:
        if self.waiting:
            found, self.waiting = self.waiting, []
            self._show(found)
            self.repaint()
        else:
            self.program.say(_("要办的事都在这里了。"))

    def _show(self, pressing: list[Duty]) -> None:
        """The duties; where there is none, the high-risk children, or everyone."""
        self.duties.show(pressing)
        self.duties.display = bool(self.duties.total)
        self.everyone.display = not self.duties.display
        if not self.duties.total:
            self._show_children()
        self.list.focus()

    def _show_children(self) -> None:
        if self.everyone.at > 0:  # somebody is at work there
            self.everyone.read()
            return
        views = views_of(self.kind)
        self.view = next((v for v in views if v.name == "high"), views[0])
        self.everyone.ask(where=self.view.where)
        if not self.everyone.total:
            self.view = views[0]
            self.everyone.ask(where="")

    def _reckon(self) -> None:
        session, today = self.program.session, self.today
        if session is None:
            return

        def in_thread() -> None:
            beside = self.program.background.beside
            found = beside(session, lambda own: duties(own.replica, today))
            self.app.call_from_thread(self._reckoned, session, found)

        self.run_worker(in_thread, thread=True, exclusive=True)

    def _reckoned(self, session: Session, found: Sequence[Duty]) -> None:
        if self.program.session is session:  # else locked meanwhile
            self.is_reckoning = False
            if found or self.duties.total:
                self._offer(found)
            self.repaint()

    def _read_alarms(self) -> None:
        self.alarms = cases.alarms(self.replica, self.replica.clock.now_ms())
        self.query_one(Danger).styles.height = 3 if self.alarms else 0
        if not self.alarms:
            return
        case = self.alarms[0].case
        rows = self.replica.rows(self.kind.name, [case["_root"]], with_deleted=True)
        facts = summary.head(self.replica, self.kind, rows[0], self.today)[:4] if rows else []
        kind = KINDS["case"]
        cause = wording.value_text(kind.by_name["cause"], case["cause"], self.replica, self.today)
        self.alarm_words = "  ".join([*(text for text, _style in facts), cause])

    def child_here(self) -> str:
        """F8 goes on with the alarm; without one it reports on the child under the cursor."""
        return "" if self.alarms else self._child() or ""

    def _alike(self) -> int:
        """Pairs of files to be looked at; what compares names is read in only where there are any."""
        if not self.replica.count("duplicate", {"verdict": None}):
            return 0
        from casework import duplicates

        return duplicates.count_open(self.replica)

    def _read_needs(self) -> None:
        state = self.replica.sync_state()
        needs: list[tuple[str, str, str]] = []
        if state.conflicts:
            may = self.replica.may("resolve")
            words = _("{n} 处两种说法").format(n=state.conflicts)
            ending = _("您来定") if may else _("镇里或县里在核")
            said = _("{what}，{more}").format(what=words, more=ending)
            needs.append(("told_two_ways", said, "F6" if may else ""))
        if hidden := len(withheld(self.replica)):
            said = _("{n} 处限看的两种说法，由看得到的人定").format(n=hidden)
            needs.append(("told_two_ways", said, "F6"))
        if self.replica.may("resolve") and (alike := self._alike()):
            needs.append(("look", _("{n} 对档案像是同一个孩子").format(n=alike), "^O"))
        asked = questions.count_for_me(self.replica)
        if asked:
            needs.append(("told_two_ways", _("{n} 处问您哪个对").format(n=asked), "^B"))
        if self.program.notice_count:
            words = _("{n} 处您写的不算数了，看看，能要回").format(n=self.program.notice_count)
            needs.append(("told_two_ways", words, "^G"))
        if state.returned:
            needs.append(("came_back", _("{n} 条被退回，改好再交").format(n=state.returned), "^R"))
        if waiting := len(partings.unplaced(self.replica)):
            said = _("{n} 条合并时写的，拆回了，要分给哪个孩子").format(n=waiting)
            needs.append(("look", said, "F6"))
        if state.pending:
            needs.append(("unsent", _("{n} 条只在这台电脑上").format(n=state.pending), "F5"))
        held = self.program.lease
        if held.is_ending:
            words = _("不联系还能看 {n} 天，有网就收发").format(n=held.left)
            needs.append(("danger", words, "F5"))
        if state.in_step is False:
            needs.append(("danger", _("和县里对不上账，再收发一次"), "F5"))
        self.needs = needs
        self.query_one(Needs).styles.height = min(max(len(needs), MOST_NEEDS - 2), MOST_NEEDS) + 2

    def data_changed(self) -> None:
        self._first_read()

    def title_path(self) -> str:
        return _("今天")

    def quiet(self) -> str:
        state = self.replica.sync_state()
        when = wording.moment_text(state.last_sync_ms, self.today)
        if not state.pending:
            return _("按 {when} 的数据").format(when=when)
        return _("按 {when} 的数据；这台电脑上新记的 {n} 条已算在内").format(
            when=when, n=state.pending
        )

    def on_key(self, event: Any) -> None:
        if event.key.isdigit() and event.key != "0":
            views = views_of(self.kind)
            number = int(event.key) - 1
            if number < len(views):
                from tui.screens.records import RecordsPlace

                self.program.go(RecordsPlace("child", view=views[number].name))

    def _child(self) -> str | None:
        """The child under the cursor; None where a unit's duty or nothing stands there."""
        record = self.list.current()
        if record is None or not self.replica.rows("child", [record["id"]]):
            return None
        return str(record["id"])

    def do_open(self) -> None:
        child = self._child()
        if child is not None:
            from tui.screens.file import FilePlace

            among = self.everyone if self.list is self.everyone else None
            self.program.go(FilePlace("child", child, among))

    def do_put_off(self) -> None:
        duty = self.duties.here()
        if duty is None:
            return
        from casework.putting_off import LATER, put_off
        from tui.duty_list import when_text
        from tui.screens.reason import ReasonPlace

        after = _("{n} 天后再提醒；见到了，记上走访就不再提。").format(n=LATER.days)
        self.program.go(
            ReasonPlace(
                _("推后 › {name}").format(name=duty.name),
                [(duty.name, when_text(duty, self.today)), ("", duty.why)],
                after,
                lambda reason: put_off(self.replica, duty.duty, reason, self.today) and None,
                _("推后了。"),
            )
        )

    def do_visit(self) -> None:
        self._visit(is_call=False)

    def do_call(self) -> None:
        self._visit(is_call=True)

    def _visit(self, *, is_call: bool) -> None:
        child = self._child()
        if child is None:
            self.program.do_visit()
            return
        from tui.screens.visit import VisitPlace

        self.program.go(VisitPlace([child], is_call=is_call))

    @property
    def _page_rows(self) -> int:
        return self.list.rows_shown

    def _move(self, step: int) -> None:
        self.list.move(step)

    def do_back(self) -> None:
        """Home is the bottom: Esc decides nothing."""
