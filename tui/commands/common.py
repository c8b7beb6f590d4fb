"""What the subcommands share: opening the store, exit codes, JSON out, messages to stderr."""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

import click

from casework.emergency import NUMBERS
from schema.kinds import KINDS
from schema.problems import InvalidValue
from schema.record import Kind
from sync import errors
from sync.folders import Account
from sync.home import Home, ManyAccounts, NoAccount
from sync.keyfile import UnfitPassphrase, WrongPassphrase
from sync.language import _
from sync.lease import lease_of
from sync.replica import InvalidRecord, Refused
from sync.session import Session
from sync.storage import DamagedStore
from sync.transport import Offline, Rejected
from sync.trouble import storage_code
from sync.typed import is_unicode, line_of, text_of
from tui.cli import home_path
from tui.paths import home_at, passphrase_given

DONE, NEEDS_A_PERSON, WRONG_USAGE, OFFLINE, REFUSED, DAMAGED = range(6)

Function = TypeVar("Function", bound=Callable[..., Any])

_USAGE_CODES = {"address", "insecure", "ca_file"}
_LATER_CODES = {"throttled"}
_WRONG_HERE = {"not_found", "not_a_choice", "deleted", "taken_back", "decided", "same_file"}
"""What is asked of something that is not there, or not so any more: wrong usage, nothing written."""


def fail(exit_code: int, code: str, **args: object) -> NoReturn:
    """Say what happened on stderr and end with `exit_code`."""
    click.echo(errors.sentence(code, **args), err=True)
    sys.exit(exit_code)


def emit(data: Any) -> None:
    """JSON on stdout that any program reads: UTF-8, or escaped where the console has another
    encoding."""
    click.echo(json.dumps(data, ensure_ascii=not is_unicode(sys.stdout.encoding)))


def say(message: str) -> None:
    """A message for people, on stderr so that stdout stays JSON alone."""
    click.echo(message, err=True)


def make_home() -> Home:
    return home_at(home_path())


def ask_passphrase(is_new: bool) -> str:
    """The store's passphrase: given by the environment, or typed (a new one twice)."""
    given = passphrase_given()
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(REFUSED, "no_passphrase")
    prompt = _("给这台电脑上的资料定一个口令") if is_new else _("口令")
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=is_new, err=True))


def read_password(from_stdin: bool) -> str:
    """The password for the server: one line of stdin without its end, or typed."""
    if from_stdin:
        return line_of(sys.stdin.buffer.readline())
    return str(click.prompt(_("服务器上的密码"), hide_input=True, err=True))


def account_of(home: Home, user: str | None) -> Account:
    """The user's folder, or the only one there is."""
    try:
        return home.account(user)
    except NoAccount:
        held = _("、").join(account.card.user for account in home.accounts())
        fail(REFUSED, "other_accounts" if held else "no_account", detail=held)
    except ManyAccounts as error:
        fail(WRONG_USAGE, "many_accounts", detail=_("、").join(error.users))


def open_session(user: str | None, *, may_be_leaving: bool = False) -> Session:
    home = make_home()
    account = account_of(home, user)
    session = home.unlock(account, ask_passphrase(False), may_be_leaving=may_be_leaving)
    if not session.replica.identity.user:  # the first login was cut off half way
        session.close()
        fail(REFUSED, "no_account")
    return session


@contextmanager
def opened(
    user: str | None, *, past_lease: bool = False, may_be_leaving: bool = False
) -> Iterator[Session]:
    """The user's store. `past_lease`: what shows nothing of a file goes on when the lease has
    ended; `may_be_leaving`: what hands in goes on when the county has revoked the device."""
    session = open_session(user, may_be_leaving=may_be_leaving)
    try:
        _check_lease(session, past_lease)
        yield session
        if session.account.folder.exists():
            session.write_card()
    finally:
        session.close()


def _check_lease(session: Session, past_lease: bool) -> None:
    """The end is announced a week before; after it only what shows no file is done."""
    held = lease_of(session.replica)
    if held.is_ending:
        say(_("不联系还能看 {n} 天，有网就收发。").format(n=held.left))
    if not held.is_ended:
        return
    if past_lease:
        say(errors.sentence("lease_ended", n=held.days))
        return
    for number, purpose in NUMBERS:
        say(f"{number}  {_(purpose)}")
    fail(REFUSED, "lease_ended", n=held.days)


def _span(seconds: float) -> str:
    """How long to wait, in words: seconds below two minutes, else whole minutes."""
    if seconds < 120:
        return _("{n} 秒").format(n=math.ceil(seconds))
    return _("{n} 分钟").format(n=math.ceil(seconds / 60))


def guarded(command: Function) -> Function:
    """Every way a command can fail, turned into a sentence and an exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Offline as error:
            code = "certificate" if str(error) == "certificate" else "offline"
            if error.retry_after:
                fail(OFFLINE, "server_busy", n=_unsent(), wait=_span(error.retry_after))
            fail(OFFLINE, code, n=_unsent())
        except Rejected as error:
            exit_code = REFUSED
            if error.code in _USAGE_CODES:
                exit_code = WRONG_USAGE
            elif error.code in _LATER_CODES:
                exit_code = OFFLINE
            fail(exit_code, error.code, detail=error.detail)
        except WrongPassphrase:
            fail(REFUSED, "passphrase")
        except UnfitPassphrase:
            fail(WRONG_USAGE, "passphrase_length")
        except DamagedStore:
            fail(DAMAGED, "damaged")
        except Refused as error:
            fail(WRONG_USAGE if error.code in _WRONG_HERE else REFUSED, error.code, detail=error.detail)
        except InvalidRecord as error:
            for field, problem in error.problems:
                say(f"{field}: {problem.text(_)} ({problem.code})")
            fail(WRONG_USAGE, "invalid")
        except InvalidValue as error:
            field = dict(error.problem.args).get("field", "")
            say(f"{field}: {error.problem.text(_)} ({error.problem.code})")
            fail(WRONG_USAGE, "invalid")
        except UnicodeError:
            fail(WRONG_USAGE, "encoding")
        except Exception as error:
            _storage_trouble(error)
            raise

    return run  # type: ignore[return-value]


def _storage_trouble(error: Exception) -> None:
    """Trouble with disk and store ends in its sentence; anything else is left to the caller."""
    code = storage_code(error)
    if code:
        exits = {"read_only": WRONG_USAGE, "busy": OFFLINE}
        fail(exits.get(code, DAMAGED), code, detail=home_path().name)


def _unsent() -> int:
    return sum(account.card.pending for account in Home(home_path()).accounts())


def kind_named(name: str) -> Kind:
    """The record kind, or exit 2."""
    kind = KINDS.get(name)
    if kind is None:
        fail(WRONG_USAGE, "no_such_kind", detail=name)
    return kind


def assignments(pairs: Sequence[str]) -> dict[str, str]:
    """`field=value` words to texts; `field=@-` reads stdin."""
    texts: dict[str, str] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            fail(WRONG_USAGE, "assignment", detail=pair)
        if text == "@-":
            text = text_of(sys.stdin.buffer.read())
        texts[name] = text
    return texts


def iso(ms: int | None) -> str | None:
    """ISO 8601 in UTC."""
    if ms is None:
        return None
    return (
        datetime
        .fromtimestamp(ms / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def warn_doubts(session: Session, kind: Kind, values: dict[str, Any], id: str = "") -> None:
    """What was kept (in the record `id`) with a doubt is said, never refused: nobody is turned
    away."""
    for field, problem in session.replica.doubts(kind.name, values, id or None):
        say(f"{field}: {problem.text(_)} ({problem.code})")


def warn_likenesses(session: Session, values: dict[str, Any], id: str) -> None:
    """A child that may be on file already is said; the new file is kept."""
    from casework.likenesses import MOST_TOLD, like, words

    for one in like(session.replica, values, id=id)[:MOST_TOLD]:
        said = _("像已有的「{name}」（{why}）：{id}")
        say(said.format(name=one.name, why=words(one.likeness.reasons), id=one.id))


as_json = click.option("--json", "is_json", is_flag=True, help=_("JSON 输出。"))
