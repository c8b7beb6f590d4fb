"""Synchronising beside the work: soon after a save, every few minutes, when asked for. It takes no
focus, and nothing is painted while someone types."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sync import errors
from sync.language import _
from sync.pacing import Pacing
from sync.trouble import storage_code

if TYPE_CHECKING:
    from sync.client import SyncReport
    from sync.session import Session
    from tui.program import CuncaoApp

LOOK_EVERY_S = 1.0
"""How often the schedule is asked; it costs a comparison."""


class Background:
    """The synchronisations of one open program."""

    def __init__(self, program: CuncaoApp) -> None:
        self.program = program
        self.pacing = Pacing(time.monotonic, random.random)  # noqa: S311 - spreads, hides nothing
        self.is_running = False
        self.trouble = ""
        """Code of what the last try met; empty when it went well."""
        self._words: tuple[str, str] | None = None
        """What is still to be said: words and style."""
        self._is_stale = False
        """True when a place waits to be painted anew until nobody types in it."""

    # -- when

    def look(self) -> None:
        """Begin what is due; tell what had to wait for the end of typing."""
        session = self.program.session
        if session is None:
            return
        if self.pacing.is_due() and not self.is_running and session.is_logged_in:
            self._begin(session, is_asked=False)
        self._tell()

    def ask(self) -> None:
        """Now, because a person wants it; only a server that asked to be left alone is left
        alone."""
        session = self.program.session
        if session is None or self.is_running:
            return
        if self.pacing.closed_s:
            words = _("县里忙，请 {n} 秒后再试；到时也会自己收发。都存在这台电脑上。")
            self.program.say(words.format(n=round(self.pacing.closed_s + 0.5)), "amber")
        else:
            self._begin(session, is_asked=True)

    # -- doing

    def _begin(self, session: Session, *, is_asked: bool) -> None:
        self._run(session, lambda own: own.sync(), is_asked=is_asked)

    def fetch_older(self, root: str) -> None:
        """Fetch what the county does not leave on laptops of one child, beside the work."""
        session = self.program.session
        if session is not None and not self.is_running:
            self._run(session, lambda own: own.fetch_older(root), is_asked=True)

    def fetch_history(self, record: str) -> None:
        """Fetch what came before in a record's history, beside the work."""
        from sync.older import Older

        session = self.program.session
        if session is not None and not self.is_running:
            self._run(session, lambda own: Older(own.fetch_history(record), ""), is_asked=True)

    def _run(self, session: Session, work: Callable[[Session], Any], *, is_asked: bool) -> None:
        self.is_running = True
        if not self._is_typing():
            self.program.refresh_title()

        def in_thread() -> None:
            answer: Any = None
            try:
                answer = self.beside(session, work)
            except Exception as trouble:
                answer = trouble
            self.program.call_from_thread(self.done, session, answer, is_asked=is_asked)

        self.program.run_worker(in_thread, thread=True, exit_on_error=False)

    def beside(self, session: Session, work: Callable[[Session], Any]) -> Any:
        """Called in a thread: what `work` returns of a connection of its own. SQLite's stay with
        their thread, and nobody waits for the network."""
        own = self.program.home._open(session.account, session._key)
        try:
            return work(own)
        finally:
            own.close()

    def done(self, session: Session, answer: Any, *, is_asked: bool) -> None:
        """The answer of a synchronisation: a `SyncReport` (or `Older`), or what was raised.

        A fault of the program is raised again: it is never told as the network's or the disk's.
        """
        from sync.client import SyncReport
        from sync.older import Older
        from sync.transport import Offline, Rejected

        self.is_running = False
        program = self.program
        if program.session is not session:  # locked meanwhile
            return
        program.replica.reload()
        program.replica.forget_units()
        if isinstance(answer, SyncReport):
            self._went_well(answer, is_asked=is_asked)
        elif isinstance(answer, Older):
            words = _("更早的取回了 {n} 条。").format(n=answer.fetched)
            self._words = (words, "dim")
        elif isinstance(answer, Rejected) and answer.code in ("revoked", "revoked_kept"):
            program.session = None
            session.close()  # what is still here is not looked at any more
            program.exit(4, message=errors.sentence(answer.code))
            return
        else:
            is_ours = isinstance(answer, (Rejected, Offline))
            code = storage_code(answer)
            if is_ours:
                code = answer.code if isinstance(answer, Rejected) else "offline"
            self.trouble = code or "program"
            self.pacing.failed(answer.retry_after if is_ours else 0.0)
            if not code:
                raise answer
            if is_asked:
                pending = program.replica.pending_count()
                detail = answer.detail if isinstance(answer, Rejected) else ""
                self._words = (errors.sentence(code, n=pending, detail=detail), "amber")
        self._is_stale = True
        self._tell(is_asked=is_asked)

    def _went_well(self, report: SyncReport, *, is_asked: bool) -> None:
        import msgspec

        from casework import wording

        self.trouble = ""
        self.pacing.succeeded()
        program = self.program
        program.last_report = report
        program.replica.set_state(last_report=msgspec.json.encode(report).decode())
        words = _("交上 {sent} 条，收下 {received} 条。").format(
            sent=report.sent, received=report.received
        )
        if report.sent and not is_asked:
            now = program.replica.clock.now_ms()
            when = wording.moment_text(now, wording.day_of(now))
            words = _("{n} 条到了服务器上，{when}。").format(n=report.sent, when=when)
        if report.conflicts:
            words += " " + _("{n} 处有两种说法，等人看。").format(n=report.conflicts)
        if report.rejected:
            words += " " + _("{n} 条被退回，还在这台电脑上。").format(n=report.rejected)
        if is_asked or report.sent or report.conflicts or report.rejected:
            self._words = (words, "dim")

    # -- telling

    def _is_typing(self) -> bool:
        place = self.program.screen
        return bool(hasattr(place, "is_typing") and place.is_typing())

    def _tell(self, *, is_asked: bool = False) -> None:
        """Paint and say what there is to tell, unless someone types: a pinyin method loses its
        half-typed word when the screen is painted under it. Who asked waits for the answer, in a
        search too."""
        if not self._is_stale or (self._is_typing() and not is_asked):
            return
        self._is_stale = False
        words, self._words = self._words, None
        self.program.count_notices()
        place = self.program.screen
        if hasattr(place, "data_changed"):
            place.data_changed()
        self.program.refresh_title()
        if words is not None:
            self.program.say(*words)
