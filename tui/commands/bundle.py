"""bundle write, bundle read: exchange with the county by USB stick; login from a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from sync.language import _
from tui.commands.common import (
    NEEDS_A_PERSON,
    REFUSED,
    WRONG_USAGE,
    as_json,
    ask_passphrase,
    emit,
    fail,
    guarded,
    make_home,
    opened,
    say,
)

if TYPE_CHECKING:
    from sync.bundle import BadBundle
    from sync.courier import News

_FILE = click.Path(path_type=Path, dir_okay=False)


def fail_bundle(error: BadBundle, file: Path) -> NoReturn:
    """One sentence: 2 when another file was meant, 4 when it is not from whom it should be."""
    from sync.bundle import USAGE_CODES

    fail(WRONG_USAGE if error.code in USAGE_CODES else REFUSED, error.code, detail=file.name)


def enrol(file: Path, user: str | None, password: str, is_json: bool) -> None:
    """`cuncao login FILE`: set this laptop up without a network."""
    from sync import courier, files
    from sync.bundle import BadBundle

    try:
        data = files.read(file)
        now_ms = time.time_ns() // 1_000_000
        session, news = courier.enrol(make_home(), data, password, ask_passphrase, now_ms, user)
    except BadBundle as error:
        fail_bundle(error, file)
    try:
        me = session.replica.identity
        if is_json:
            emit({"user": me.user, "device": me.device, "received": news.report.received})
            return
        n = news.report.received
        say(_("{user} 登录好了，收下 {n} 条。").format(user=me.name or me.user, n=n))
        say(_("交记录用 cuncao bundle write 写一个包，带到县里。"))
    finally:
        session.close()


@click.group(help=_("没有网时用U盘收发。"))
def bundle() -> None:
    pass


@bundle.command("write", help=_("把没交的写成一个加密的包，带到县里。"))
@click.argument("file", type=_FILE)
@as_json
@click.pass_obj
@guarded
def write(user: str | None, file: Path, is_json: bool) -> None:
    from sync import courier, files
    from sync.bundle import BadBundle

    with opened(user, past_lease=True, may_be_leaving=True) as session:
        try:
            written = courier.write_for_all(session)
            files.write(file, written.data)
        except BadBundle as error:
            fail_bundle(error, file)
    if is_json:
        emit({
            "changes": written.changes,
            "bytes": len(written.data),
            "envelopes": written.envelopes,
            "papers": written.papers,
            "papers_left": written.papers_left,
        })
    else:
        say(_("{n} 条没交的写进包里了；县里的回包读了才算交上。").format(n=written.changes))
        if written.papers:
            say(_("{n} 份材料（照片、扫描件）也在里面。").format(n=written.papers))
        if written.papers_left:
            say(_("{n} 份材料装不下，下一个包再带；都还在这台电脑上。").format(n=written.papers_left))
        if written.envelopes:
            say(_("同用这台电脑的人没交的，也封着带上了。"))


@bundle.command("read", help=_("读县里的回包：交上的记下，新的收下来。"))
@click.argument("file", type=_FILE)
@as_json
@click.pass_obj
@guarded
def read(user: str | None, file: Path, is_json: bool) -> None:
    from sync import courier, files, paperbytes
    from sync.bundle import BadBundle

    with opened(user, past_lease=True, may_be_leaving=True) as session:
        try:
            news = courier.read_for_all(session, files.read(file))
        except BadBundle as error:
            fail_bundle(error, file)
        except courier.DeviceRevoked as told:
            fail(REFUSED, "revoked" if courier.hand_in(session, told.taken) else "revoked_kept")
        wanted = len(paperbytes.wished(session.replica.connection))
    _report(news, wanted, is_json)
    if news.report.conflicts or news.report.rejected:
        raise SystemExit(NEEDS_A_PERSON)


def _report(news: News, wanted: int, is_json: bool) -> None:
    """`wanted`: papers asked for whose bytes have not come yet."""
    report = news.report
    if is_json:
        emit({
            "sent": report.sent,
            "received": report.received,
            "conflicts": report.conflicts,
            "rejected": report.rejected,
            "cursor": report.cursor,
            "in_step": report.in_step,
            "joined": news.is_joined,
            "papers": news.papers,
            "papers_wanted": wanted,
        })
        return
    if not news.is_joined:
        say(_("这个回包收过了，或已有更新的。什么都没变；还没交的再写一个包。"))
        return
    say(
        _("交上 {sent} 条，收下 {received} 条。").format(sent=report.sent, received=report.received)
    )
    if news.papers:
        say(_("收到 {n} 份材料。").format(n=news.papers))
    if wanted:
        say(_("要的材料还有 {n} 份没来，下一个包再要。").format(n=wanted))
    if report.conflicts:
        say(_("{n} 处有两种说法，等人看。").format(n=report.conflicts))
    if report.rejected:
        say(_("{n} 条被退回，还在这台电脑上。").format(n=report.rejected))
