"""Unlocking, and the first login on a laptop: one column, one field at a time, errors say what to
try."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from casework.emergency import NUMBERS
from casework.wording import headed
from schema import roles
from sync import errors
from sync.language import N_, _
from tui.canvas import Canvas, Row, wrap
from tui.fields import Typed
from tui.place import Place

if TYPE_CHECKING:
    from sync.folders import Account

X = 15
"""Column of the labels."""
FIELD = 12
"""Cells from a label to its field."""


class Label(Canvas):
    DEFAULT_CSS = "Label { height: 1; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.styles.width = X + FIELD

    def paint(self, y: int, row: Row) -> None:
        row.put(X, _(self._text), "dim", FIELD - 1)


class Head(Canvas):
    DEFAULT_CSS = "Head { height: 5; }"

    def paint(self, y: int, row: Row) -> None:
        if y == 2:
            x = row.put(X, _("寸 草"), "accent bold")
            row.put(x + 7, _("谁言寸草心，报得三春晖"), "dim", row.width - x - 10)


class Who(Canvas):
    """Who is at the laptop, before unlocking: everyone who uses it, the one chosen marked."""

    DEFAULT_CSS = "Who { height: 2; }"

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, UnlockPlace)
        if y == 0:
            row.put(X, _("谁在用"), "dim")
        if y >= len(place.accounts):
            return
        card = place.accounts[y].card
        is_chosen = place.account is not None and card.user == place.account.card.user
        if is_chosen and len(place.accounts) > 1:
            row.mark(X + FIELD - 2, "here")
        name_spec = "text bold" if is_chosen else "dim"
        x = row.put(X + FIELD, card.name or card.user, name_spec) + 2
        names = _("、").join(_(roles.LABELS[r]) for r in card.roles if r in roles.LABELS)  # type: ignore[index]
        x = row.put(x, names, "text" if is_chosen else "dim") + 3
        row.put(x, _("、").join(card.units[:3]), "dim", row.width - x - 3)


class Below(Canvas):
    """The trouble, then what lies on this laptop."""

    def paint(self, y: int, row: Row) -> None:
        place = self.screen
        assert isinstance(place, UnlockPlace)
        trouble = wrap(place.trouble, row.width - X - FIELD - 5) if place.trouble else []
        if y < len(trouble):
            if y == 0:
                row.mark(X + FIELD, "came_back")
            row.put(X + FIELD + 2, trouble[y], "red")
            return
        facts = place.facts()
        index = y - max(len(trouble), 1) - 1
        if 0 <= index < len(facts):
            label, pieces = facts[index]
            row.put(X, headed(label), "dim")
            x = X + FIELD
            for text, spec in pieces:
                x = row.put(x, text, spec) + 2
        elif index == len(facts) + 1:
            row.rule(X, row.width - X)


class UnlockPlace(Place):
    """Opens a store that is there, or logs in for the first time."""

    place = "unlock"
    hints = ("enter_unlock", "switch_user", "toggle_language", "forgot", "leave")
    CSS = """
    UnlockPlace .line { height: 2; }
    UnlockPlace Typed { width: 36; }
    """

    def __init__(
        self,
        trouble: str = "",
        account: Account | None = None,
        *,
        is_somebody_new: bool = False,
    ) -> None:
        super().__init__()
        self.is_somebody_new = is_somebody_new
        self.trouble = trouble
        self.account = account
        self.accounts: list[Account] = []
        """Everyone who has logged in here."""
        self.lines: dict[str, Typed] = {}
        self.is_login = False

    def on_mount(self) -> None:
        first = next((w for w in self.lines.values() if not w.value), None)
        if first is not None:
            first.focus()

    def body(self) -> Iterator[Widget]:
        self.accounts = self.program.home.accounts()
        if self.account is None and not self.is_somebody_new:
            first = self.accounts[0] if self.accounts else None
            self.account = self.program.account or first
        self.is_login = self.account is None
        yield Head()
        if not self.is_login:
            who = Who()
            who.styles.height = max(len(self.accounts), 1) + 1
            yield who
        self.lines = {}
        with_lines = []
        for name, label, is_hidden in self._wanted():
            value = os.environ.get("CUNCAO_SERVER", "") if name == "server" else ""
            field = Typed(value, password=is_hidden, id=name)
            self.lines[name] = field
            with_lines.append(Horizontal(Label(label), field, classes="line"))
        yield Vertical(*with_lines, id="lines")
        yield Below()

    def _wanted(self) -> list[tuple[str, str, bool]]:
        if not self.is_login:
            return [("passphrase", N_("口令"), True)]
        return [
            ("server", N_("服务器"), False),
            ("user", N_("登录名"), False),
            ("password", N_("密码"), True),
            ("passphrase", N_("本机口令"), True),
            ("again", N_("再写一遍"), True),
        ]

    def on_show(self) -> None:
        lines = self.query_one("#lines")
        lines.styles.height = 2 * len(self.lines)

    def title_path(self) -> str:
        return _("第一次登录") if self.is_login else _("打开")

    def title_right(self) -> list[tuple[str, str]]:
        return []

    def facts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What one may know before unlocking: that the unsent work is there."""
        if self.account is None:
            return [
                ("", [(_("登录名和密码县里给。"), "dim")]),
                ("", [(_("口令自己定，8 个字以上，只锁这台电脑。"), "dim")]),
                ("", [(_("忘了口令，县里能帮着找回。"), "dim")]),
            ]
        card = self.account.card
        look = self.program.look
        from datetime import UTC, datetime

        from casework import wording

        today = wording.day_of(int(datetime.now(UTC).timestamp() * 1000))
        held = _("{n} 个孩子，").format(n=card.children)
        unsent = _("{n} 条未上传，都在").format(n=card.pending)
        when = wording.moment_text(card.last_sync, today)
        left = []
        if card.lease_left is not None:
            left = [(_("不联系还能看 {n} 天").format(n=card.lease_left), "dim")]
        return [
            (_("这台电脑"), [(held, "text"), (f"{look.mark('unsent')} {unsent}", "text bold")]),
            (_("上次收发"), [(when, "text"), *left]),
            ("", []),
            *(
                (
                    _("锁着也能") if n == 0 else "",
                    [(number.ljust(8), "text bold"), (_(what), "dim")],
                )
                for n, (number, what) in enumerate(NUMBERS)
            ),
        ]

    # -- doing

    def on_input_submitted(self) -> None:
        self.do_enter_unlock()

    def do_enter_unlock(self) -> None:
        empty = next((w for w in self.lines.values() if not w.value), None)
        if empty is not None:
            empty.focus()
            return
        if self.is_login:
            self._log_in()
        else:
            self._unlock()

    def _unlock(self) -> None:
        from sync.keyfile import WrongPassphrase
        from sync.storage import DamagedStore
        from sync.transport import Rejected

        assert self.account is not None
        field = self.lines["passphrase"]
        try:
            session = self.program.home.unlock(self.account, field.value)
        except WrongPassphrase:
            self._fail("passphrase", field)
        except DamagedStore:
            self._fail("damaged", field)
        except Rejected as refusal:  # revoked by the county
            if self.account.folder.exists():
                self._fail(refusal.code, field)
            else:
                self.program.exit(4, message=errors.sentence(refusal.code))
        else:
            self.program.enter(session)

    def _fail(self, code: str, field: Typed, **args: Any) -> None:
        self.trouble = errors.sentence(code, **args)
        field.value = ""
        field.focus()
        self.repaint()

    def _log_in(self) -> None:
        lines = self.lines
        if lines["passphrase"].value != lines["again"].value:
            self.trouble = _("两遍口令不一样，再写一遍。")
            lines["again"].value = ""
            lines["again"].focus()
            self.repaint()
            return
        self.trouble = ""
        self.program.say(_("正在登录，稍等。"))
        words = {name: line.value for name, line in lines.items()}
        self.run_worker(
            lambda: self._log_in_thread(words), thread=True, exclusive=True, exit_on_error=False
        )

    def _log_in_thread(self, words: dict[str, str]) -> None:
        """The network is waited for here; the store is opened again by the program's own thread."""
        trouble: Exception | None = None
        try:
            self.program.home.login(
                words["server"].strip(),
                words["user"].strip(),
                words["password"],
                lambda _is_new: words["passphrase"],
            ).close()
        except Exception as error:
            trouble = error
        self.app.call_from_thread(self._logged_in, words, trouble)

    def _logged_in(self, words: dict[str, str], trouble: Exception | None) -> None:
        from sync.keyfile import UnfitPassphrase, WrongPassphrase
        from sync.transport import Offline, Rejected

        lines = self.lines
        self.program.say("")
        if trouble is None:
            home = self.program.home
            self.program.enter(
                home.unlock(home.account(words["user"].strip()), words["passphrase"])
            )
            self.program.do_sync_now()
        elif isinstance(trouble, Offline):
            self._fail("offline", lines["password"])
        elif isinstance(trouble, Rejected):
            self._fail(trouble.code, lines["password"], detail=trouble.detail)
        elif isinstance(trouble, UnfitPassphrase):
            lines["again"].value = ""
            self._fail("passphrase_length", lines["passphrase"])
        elif isinstance(trouble, WrongPassphrase):
            self._fail("passphrase", lines["passphrase"])
        else:
            raise trouble

    def do_switch_user(self) -> None:
        """The next user of this laptop; after the last one, somebody new."""
        self._go_to(1, [*self.accounts, None])

    def do_next_user(self) -> None:
        self._go_to(1, list(self.accounts))

    def do_previous_user(self) -> None:
        self._go_to(-1, list(self.accounts))

    def _go_to(self, step: int, choices: list[Account | None]) -> None:
        users = [a.card.user if a else None for a in choices]
        here = self.account.card.user if self.account else None
        if users in ([], [here]):
            return
        at = users.index(here) + step if here in users else 0
        following = choices[at % len(choices)]
        self.program.account = following
        self.program.pop_screen()
        self.program.push_screen(UnlockPlace("", following, is_somebody_new=following is None))

    def do_toggle_language(self) -> None:
        self.trouble = ""  # a sentence in the other language
        self.program.do_language()
        self.repaint()

    def data_changed(self) -> None:
        self.repaint()

    def do_forgot(self) -> None:
        if self.account is not None:
            self.trouble = errors.sentence("no_recovery", detail=self.account.card.device)
            self.repaint()

    def do_back(self) -> None:
        self.trouble = ""
        self.repaint()

    def do_find(self) -> None:
        """Nothing to find while locked."""

    do_sync_now = do_visit = do_palette = do_lock = do_sync_centre = do_find
