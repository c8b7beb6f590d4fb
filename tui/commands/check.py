"""check: is the store whole, and does it hold what its numbers say?"""

from __future__ import annotations

import click

from sync.language import _
from sync.verify import problems_of
from tui.commands.common import DAMAGED, NEEDS_A_PERSON, as_json, emit, guarded, opened, say


@click.command(help=_("查一遍这台电脑上的资料是不是完好。"))
@as_json
@click.pass_obj
@guarded
def check(user: str | None, is_json: bool) -> None:
    with opened(user) as session:
        found = problems_of(session.replica)
    if is_json:
        emit({"ok": not found, "problems": [{"code": p.code, "detail": p.detail} for p in found]})
    else:
        for problem in found:
            say(f"{problem.code}  {problem.detail}")
        say(_("都完好。") if not found else _("有 {n} 处不对。").format(n=len(found)))
    if found:
        raise SystemExit(DAMAGED if any(p.is_damage for p in found) else NEEDS_A_PERSON)
