"""The Textual application: one store, a stack of places, one true line about what is on the
server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.theme import Theme

from sync import errors, language
from sync.language import _
from sync.lease import Lease, lease_of, note_use
from tui.background import LOOK_EVERY_S, Background
from tui.look import THEMES, TOKENS, Look

if TYPE_CHECKING:
    from sync.client import SyncReport
    from sync.folders import Account
    from sync.home import Home
    from sync.replica import Replica
    from sync.session import Session
    from tui.app import Opening
    from tui.place import Place


def _theme(name: str) -> Theme:
    """Textual's theme for ours; `plain` takes the terminal's own colours."""
    t = TOKENS.get(name)
    if t is None:
        return Theme(
            "cuncao-plain", primary="ansi_default", background="ansi_default", surface="ansi_default",
            foreground="ansi_default", variables={"bg": "ansi_default", "field": "ansi_default",
                                                  "text": "ansi_default", "bar": "ansi_default"},
        )  # fmt: skip
    return Theme(
        f"cuncao-{name}", primary=t["accent"], background=t["bg"], surface=t["bg"],
        foreground=t["text"], dark=name == "dark", variables={
            **{k: t[k] for k in ("bg", "bar", "field", "text", "dim", "accent")},
            "input-selection-background": t["raise"],
            "input-cursor-background": t["accent"], "input-cursor-foreground": t["ink"],
            "block-cursor-background": t["accent"], "block-cursor-foreground": t["ink"],
        },
    )  # fmt: skip


def _warm_up() -> None:
    """What the first typed letter needs, read before it is typed: 20 ms."""
    from sync import pinyin

    pinyin.readings("一")


class CuncaoApp(App[int]):
    """Opens, shows places, keeps the title true. Everything a place shares lives here."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS = []

    def __init__(
        self,
        home: Home,
        account: Account | None,
        opening: Opening | None = None,
        theme: str | None = None,
    ) -> None:
        super().__init__()
        language.use(language.current())  # asks the surroundings once, not for every word painted
        self.home = home
        self.account = account
        self.opening = opening
        self.session: Session | None = None
        self.look = Look.chosen(theme)
        self.said: tuple[str, str] | None = None
        """What the quiet line says of the last action: text and style."""
        self.background = Background(self)
        self.notice_count = 0
        """Own values that do not count any more, of which the person has not been told."""
        self.last_report: SyncReport | None = None
        """What the last synchronisation of this run did."""
        self.animation_level = "none"
        for name in THEMES:
            self.register_theme(_theme(name))
        self.theme = f"cuncao-{self.look.name}"
        if self.no_color or self.look.is_plain:
            self._drop_colours()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        t = TOKENS["dark"]
        return {k: t[k] for k in ("bg", "bar", "field", "text", "dim", "accent")}

    def _drop_colours(self) -> None:
        """Textual turns NO_COLOR into greys; we want the terminal's own two colours."""
        from textual.filter import NoColor

        kept = [f for f in self._filters if type(f).__name__ != "Monochrome"]
        self._filters = [*kept, NoColor()]

    def _fatal_error(self) -> None:
        """A fault of the program: where it happened, and never the values, which are children's
        data.

        Textual's own report prints every local variable.
        """
        import traceback

        from rich.text import Text

        error = self._exception
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        places = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-6:]]
        words = [errors.sentence("program"), type(error).__name__, *places]
        self._exit_renderables.append(Text("\n".join(words)))
        self._close_messages_no_wait()

    # -- opening

    @property
    def replica(self) -> Replica:
        assert self.session is not None
        return self.session.replica

    def on_mount(self) -> None:
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            self.set_interval(TERMINAL_EVERY_S, self._leave_without_terminal)
        self.set_interval(LOOK_EVERY_S, self.background.look)
        self.set_interval(NOTE_USE_EVERY_S, self._note_use)
        if self.opening is not None:
            from sync.keyfile import WrongPassphrase
            from sync.storage import DamagedStore

            try:
                self.enter(self.opening.session())
            except WrongPassphrase:
                self.show_unlock(errors.sentence("passphrase"))
            except DamagedStore:
                self.show_unlock(errors.sentence("damaged"))
        else:
            self.show_unlock()

    def show_unlock(self, trouble: str = "") -> None:
        from tui.screens.unlock import UnlockPlace

        self.push_screen(UnlockPlace(trouble))

    def enter(self, session: Session) -> None:
        """The store is open: show today."""
        self.session = session
        self.account = session.account
        self.show_first()
        self.screen.call_after_refresh(self._after_first_paint)

    def show_first(self) -> None:
        """Today, or what is left when the lease has ended, and nothing above it."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.count_notices()
        if self.lease.is_ended:
            from tui.screens.closed import ClosedPlace

            self.push_screen(ClosedPlace())
        else:
            from tui.screens.home import HomePlace

            self.push_screen(HomePlace())

    def _after_first_paint(self) -> None:
        import gc

        gc.freeze()  # what the start made stays: to walk it again would take 30 ms, between two keys
        gc.enable()
        self.set_timer(0.2, _warm_up)

    # -- the lease

    @property
    def lease(self) -> Lease:
        return lease_of(self.replica)

    def is_closed(self) -> bool:
        """True when files are closed to reading; says so."""
        held = self.lease
        if held.is_ended:
            self.say(errors.sentence("lease_ended", n=held.days), "amber")
        return held.is_ended

    def _note_use(self) -> None:
        """A program left open counts its days too. Files close between two doings: nobody's words
        are taken from under their hands."""
        place = self.screen
        if self.session is None or (hasattr(place, "is_typing") and place.is_typing()):
            return
        with suppress(Exception):  # sqlcipher3's errors share no base: the next minute tries again
            note_use(self.replica, self.replica.clock.now_ms())
        self._close_what_ended()

    def _close_what_ended(self) -> None:
        if self.lease.is_ended and not getattr(self.screen, "is_open_past_lease", True):
            self._keep_drafts()
            self.show_first()

    def _leave_without_terminal(self) -> None:
        """The window was closed: a program nobody sees must not run on with an open store."""
        if sys.__stdin__ is None or not sys.__stdin__.isatty():
            self.do_leave()

    # -- the title

    @property
    def is_syncing(self) -> bool:
        return self.background.is_running

    def status_words(self) -> list[tuple[str, str]]:
        """What the title says at the right, always true."""
        if self.session is None:
            return []
        from casework import wording

        state = self.replica.sync_state()
        today = wording.day_of(self.replica.clock.now_ms())
        words: list[tuple[str, str]] = []
        if self.notice_count:
            told = _("{n} 条告知").format(n=self.notice_count)
            words.append((f"{self.look.mark('told_two_ways')} {told}", "amber"))
        if state.pending:
            unsent = _("{n} 条未上传").format(n=state.pending)
            words.append((f"{self.look.mark('unsent')} {unsent}", "text bold"))
        if self.is_syncing:
            words.append((_("正在收发"), "dim"))
        elif (held := self.lease).is_ending:
            words.append((_("还能看 {n} 天，请收发").format(n=held.left), "amber"))
        elif self.background.trouble:
            when = wording.moment_text(state.last_sync_ms, today)
            is_offline = self.background.trouble == "offline"
            failed = _("没连上，上次 {when}") if is_offline else _("没收发成，上次 {when}")
            words.append((failed.format(when=when), "amber"))
        elif state.last_sync_ms is None:
            words.append((_("还没收发过"), "dim"))
        else:
            when = wording.moment_text(state.last_sync_ms, today)
            words.append((_("{when} 收发过").format(when=when), "dim"))
        return words

    def count_notices(self) -> None:
        from sync import notices

        self.notice_count = notices.count(self.replica)

    def say(self, text: str, spec: str = "dim") -> None:
        """A sentence on the quiet line; empty text clears it."""
        said = (text, spec) if text else None
        if said != self.said:
            self.said = said
            from tui.place import QuietLine

            for line in self.screen.query(QuietLine):
                line.tell()

    def saved(self) -> None:
        """Something was written: every place reads again, and it is sent before long."""
        self.background.pacing.edited()
        self.count_notices()
        for screen in self.screen_stack:
            if hasattr(screen, "data_changed"):
                screen.data_changed()

    # -- going about

    def go(self, place: Place, then: Callable[[Any], None] | None = None) -> None:
        if place.is_open_past_lease or not self.is_closed():
            self.push_screen(place, then)

    def leave_place(self) -> None:
        if len(self.screen_stack) > 2:
            self.pop_screen()
            self._close_what_ended()
            screen = self.screen
            if hasattr(screen, "data_changed"):
                screen.data_changed()

    def why_not(self, id: str) -> str:
        """Why an action cannot be done now; empty when it can."""
        if id in ("sync_now",) and self.session is not None and not self.session.is_logged_in:
            return _("要先登录")
        if id == "import_roster" and self.session and not self.replica.may("import"):
            return _("不归您办")
        return ""

    def do_find(self) -> None:
        from tui.screens.records import RecordsPlace

        self.go(RecordsPlace("child", is_searching=True))

    def do_visit(self) -> None:
        """Without a child under the cursor: find one first."""
        self.say(_("先找到孩子，再按 F2 记走访。"))
        self.do_find()

    def do_danger(self) -> None:
        """The open case of the child here; else a new report on it; else the most urgent case."""
        from casework import cases

        child = self.screen.child_here() if hasattr(self.screen, "child_here") else ""
        alarms = cases.alarms(self.replica, self.replica.clock.now_ms())
        mine = [s for s in alarms if s.case["_root"] == child] if child else alarms
        if mine:
            from tui.screens.case import CasePlace

            self.go(CasePlace(mine[0].case["id"]))
        elif child:
            from casework import moments
            from tui.screens.form import FormPlace

            me = self.replica.identity
            seen_at = moments.now_text(self.replica.clock.now_ms())
            preset = {"child": child, "seen_at": seen_at, "seen_by": me.name or me.user}
            self.go(FormPlace("case", preset=preset))
        else:
            self.say(_("先打 110。再找到孩子，按 F8 报险情。"), "red")
            self.do_find()

    def do_palette(self) -> None:
        from tui.screens.palette import PalettePlace

        self.go(PalettePlace(self.screen))  # type: ignore[arg-type]

    def do_help(self) -> None:
        from tui.screens.help import HelpPlace

        self.go(HelpPlace(self.screen))  # type: ignore[arg-type]

    def do_sync_centre(self) -> None:
        from tui.screens.syncing import SyncPlace

        self.go(SyncPlace())

    def do_review(self) -> None:
        from tui.screens.review import ReviewPlace

        self.go(ReviewPlace())

    def do_questions(self) -> None:
        from tui.screens.questions import QuestionsPlace

        self.go(QuestionsPlace())

    def do_proposals(self) -> None:
        from tui.screens.proposals import ProposalsPlace

        self.go(ProposalsPlace())

    def do_notices(self) -> None:
        from tui.screens.notices import NoticesPlace

        self.go(NoticesPlace())

    def do_duplicates(self) -> None:
        from tui.screens.duplicates import DuplicatesPlace

        self.go(DuplicatesPlace())

    def do_settled(self) -> None:
        from tui.screens.settled import SettledPlace

        self.go(SettledPlace())

    def do_import_roster(self) -> None:
        from tui.screens.roster import RosterPlace

        self.go(RosterPlace())

    def do_contacts_kind(self) -> None:
        from tui.screens.records import RecordsPlace

        self.go(RecordsPlace("contact"))

    def do_theme(self) -> None:
        following = THEMES[(THEMES.index(self.look.name) + 1) % len(THEMES)]
        self.look = Look.chosen(following)
        self.theme = f"cuncao-{following}"
        for screen in self.screen_stack:
            screen.refresh(repaint=True, layout=True)
            if hasattr(screen, "repaint"):
                screen.repaint()

    def do_language(self) -> None:
        language.use("zh" if language.current() == "en" else "en")
        for screen in self.screen_stack:
            if hasattr(screen, "data_changed"):
                screen.data_changed()

    def do_lock(self) -> None:
        """Close the store; drafts are in it."""
        if self.session is not None:
            self._keep_drafts()
            self.session.write_card()
            self.session.close()
            self.session = None
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.show_unlock()

    def do_leave(self) -> None:
        if self.session is not None:
            self._keep_drafts()
            self.session.write_card()
            self.session.close()
        self.exit(0)

    def _keep_drafts(self) -> None:
        for screen in self.screen_stack:
            if hasattr(screen, "keep_draft"):
                screen.keep_draft()

    # -- sending and receiving

    def do_sync_now(self) -> None:
        self.background.ask()

    def refresh_title(self) -> None:
        from tui.place import TitleBar

        for bar in self.screen.query(TitleBar):
            bar.refresh()


TERMINAL_EVERY_S = 5
NOTE_USE_EVERY_S = 60
