"""login, logout, passphrase, recover, status, sync."""

from __future__ import annotations

import random
import time
from pathlib import Path

import click

from casework import cases
from schema.kinds import KINDS
from sync import healing, pacing, paperbytes, spool, tables, version
from sync.client import SyncReport
from sync.language import _
from sync.lease import lease_of
from sync.protocol import PROTOCOL
from sync.session import Session
from sync.transport import Offline, Rejected
from tui.commands.case import standing_data
from tui.commands.common import (
    NEEDS_A_PERSON,
    WRONG_USAGE,
    account_of,
    as_json,
    ask_passphrase,
    emit,
    fail,
    guarded,
    iso,
    make_home,
    opened,
    read_password,
    say,
)
from tui.paths import passphrase_given


@click.command(help=_("在县里的服务器上登录；第一次会把资料取下来。没有网时，用县里写的开户文件。"))
@click.argument("url", metavar=_("地址或文件"))
@click.option("--user", envvar="CUNCAO_USER")
@click.option("--password-stdin", is_flag=True)
@click.option("--insecure", is_flag=True, help=_("不加密也连（只为试用）。"))
@as_json
@click.pass_context
@guarded
def login(
    ctx: click.Context,
    url: str,
    user: str | None,
    password_stdin: bool,
    insecure: bool,
    is_json: bool,
) -> None:
    user = user or ctx.obj
    is_file = "://" not in url and Path(url).is_file()
    if not user and not is_file:
        if "://" not in url:
            fail(WRONG_USAGE, "bundle_missing", detail=url)
        raise click.MissingParameter(ctx=ctx, param_hint="--user", param_type="option")
    password = read_password(password_stdin)
    if is_file:
        from tui.commands.bundle import enrol

        enrol(Path(url), user, password, is_json)
        return
    session = make_home().login(url, user, password, ask_passphrase, insecure=insecure)
    try:
        report = session.sync()
        me = session.replica.identity
        if is_json:
            emit({"user": me.user, "device": me.device, "received": report.received})
        else:
            say(
                _("{user} 登录好了，收下 {n} 条。").format(
                    user=me.name or me.user, n=report.received
                )
            )
    finally:
        session.close()


@click.command(help=_("退出登录；本机的记录和没交的都在。"))
@click.pass_obj
@guarded
def logout(user: str | None) -> None:
    with opened(user, past_lease=True) as session:
        session.logout()
        say(_("退出了。{n} 条没交的还在这台电脑上。").format(n=session.replica.pending_count()))


@click.command(help=_("换一个口令。"))
@click.option("--password-stdin", is_flag=True, help=_("从标准输入读新口令（一行）。"))
@click.pass_obj
@guarded
def passphrase(user: str | None, password_stdin: bool) -> None:
    with opened(user, past_lease=True) as session:
        if password_stdin:
            new = read_password(True)
        else:
            new = click.prompt(_("新口令"), hide_input=True, confirmation_prompt=True, err=True)
        session.change_passphrase(new)
        say(_("口令换好了。"))


@click.command(help=_("忘了口令：县里同意后，用服务器密码定一个新的。"))
@click.option("--password-stdin", is_flag=True)
@click.pass_obj
@guarded
def recover(user: str | None, password_stdin: bool) -> None:
    home = make_home()
    account = account_of(home, user)
    password = read_password(password_stdin)
    new = passphrase_given() or ask_passphrase(True)
    home.recover(account, password, new)
    say(_("口令换好了，记录都在。"))


@click.command(help=_("这台电脑上有什么，什么还没交。"))
@as_json
@click.pass_obj
@guarded
def status(user: str | None, is_json: bool) -> None:
    with opened(user, past_lease=True) as session:
        replica = session.replica
        me = replica.identity
        held = lease_of(replica)
        found = {
            "pending": replica.pending_count(),
            "last_sync": iso(replica.get_state("last_sync")),
            "spool": len(spool.files_in(session.home)),
            "lease": {
                "days": held.days,
                "used": held.used,
                "left": held.left,
                "ended": held.is_ended,
            },
            "user": me.user,
            "units": [g.unit for g in me.grants if g.unit],
            "records": {name: replica.count(name) for name in KINDS},
            "unread": replica.records.unread.count(),
            "version": version.program(),
            "protocol": PROTOCOL,
            "schema": tables.schema(),
            "healed": healing.count(replica),
            "papers_unsent": paperbytes.unsent(replica.connection),
            "alarms": [
                standing_data(s, replica) for s in cases.alarms(replica, replica.clock.now_ms())
            ],
        }
        if is_json:
            emit(found)
            return
        state = replica.sync_state()
        say(_("{user}：{n} 个孩子。").format(user=me.name or me.user, n=found["records"]["child"]))
        say(_("{n} 条还没到服务器上。").format(n=state.pending))
        if found["alarms"]:
            late = sum(bool(a["late"]) for a in found["alarms"])
            words = _("▲ 险情 {n} 起没结案，{m} 起拖了：cuncao case list。")
            say(words.format(n=len(found["alarms"]), m=late))
        if found["unread"]:
            say(_("{n} 份资料要新版程序才看得到，先替您收着。").format(n=found["unread"]))
        if not held.is_ended:
            say(_("不联系还能看 {n} 天。").format(n=held.left))
        say(_("{n} 处两种说法，{m} 条被退回。").format(n=state.conflicts, m=state.returned))
        if found["healed"]:
            say(_("{n} 份记录曾和县里不一样，已重新取过。").format(n=found["healed"]))


def _patiently(session: Session, is_checked: bool) -> SyncReport:
    """Synchronise; a line that broke, or a server that asks for a moment, is tried again.

    A server that cannot be reached is not waited for: whoever typed the command sees that at once.
    """
    for failures in range(1, pacing.TRIES):
        try:
            return session.sync(is_checked=is_checked)
        except (Offline, Rejected) as trouble:
            asked = trouble.retry_after
            is_broken = isinstance(trouble, Offline) and trouble.is_broken
            if not (is_broken or asked) or asked > pacing.PATIENCE_S:
                raise
            time.sleep(pacing.wait_s(failures, asked, random.random))  # noqa: S311
    return session.sync(is_checked=is_checked)


@click.command(help=_("收发：把没交的交上去，把新的收下来。"))
@click.option("--check", "is_checked", is_flag=True, help=_("先把这台电脑上的每份记录再查一遍。"))
@as_json
@click.pass_obj
@guarded
def sync(user: str | None, is_checked: bool, is_json: bool) -> None:
    with opened(user, past_lease=True) as session:
        report = _patiently(session, is_checked)
        delivered = session.delivered
    if is_json:
        emit({
            "sent": report.sent,
            "received": report.received,
            "conflicts": report.conflicts,
            "rejected": report.rejected,
            "cursor": report.cursor,
            "round_trips": report.round_trips,
            "in_step": report.in_step,
            "delivered": delivered,
            "healed": report.healed,
        })
    else:
        say(
            _("交上 {sent} 条，收下 {received} 条。").format(
                sent=report.sent, received=report.received
            )
        )
        if report.conflicts:
            say(_("{n} 处有两种说法，等人看。").format(n=report.conflicts))
        if report.rejected:
            say(_("{n} 条被退回，还在这台电脑上。").format(n=report.rejected))
        if delivered:
            say(_("同用这台电脑的人没交的，也替他们交上了。"))
        if report.healed:
            say(_("{n} 份记录和县里不一样，已重新取过。").format(n=report.healed))
    if not report.in_step:
        say(_("这台电脑上的资料和县里还是对不上，没交的都在。请告诉县里，先不要删任何文件。"))
    if report.conflicts or report.rejected or not report.in_step:
        raise SystemExit(NEEDS_A_PERSON)
