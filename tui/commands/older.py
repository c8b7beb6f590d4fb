"""older: fetch what the county does not leave on laptops of one child, by its date."""

from __future__ import annotations

import click

from sync.language import _
from sync.replica import Refused
from sync.transport import Offline
from tui.commands.common import OFFLINE, as_json, emit, fail, guarded, opened, say


@click.command(help=_("取回一个孩子更早的走访联系：县里只让电脑存最近几个月的。"))
@click.argument("child")
@as_json
@click.pass_obj
@guarded
def older(user: str | None, child: str, is_json: bool) -> None:
    with opened(user) as session:
        view = session.replica.get(child)
        if view is None:
            raise Refused("not_found", child)
        if not session.account.card.server:
            fail(OFFLINE, "older_offline")
        try:
            came = session.fetch_older(view.root)
        except Offline:
            fail(OFFLINE, "older_offline")
    if is_json:
        emit({"fetched": came.fetched, "before": came.before or None})
    elif came.before:
        say(_("{month} 以前的取回了 {n} 条。").format(month=came.before, n=came.fetched))
    else:
        say(_("县里没有限月份，都在这台电脑上。"))
