"""check: is the store whole, does it hold what its numbers say, and is it what the county has?"""

from __future__ import annotations

import click

from sync import healing
from sync.language import _
from sync.session import Session
from sync.transport import Offline, Rejected
from sync.verify import Finding, let_go_false_history, problems_of
from tui.commands.common import (
    DAMAGED,
    NEEDS_A_PERSON,
    as_json,
    emit,
    guarded,
    iso,
    opened,
    say,
)


@click.command(help=_("查一遍这台电脑上的资料是不是完好；连得上县里就把不一样的重新取过。"))
@as_json
@click.pass_obj
@guarded
def check(user: str | None, is_json: bool) -> None:
    with opened(user, past_lease=True) as session:
        found = problems_of(session.replica)
        is_compared = _compare(session, found)
        is_damaged = any(p.is_damage for p in found)
        healed = [] if is_damaged else healing.events(session.replica)
        if is_compared:
            found = problems_of(session.replica)
            if not session.replica.get_state("in_step", 1):
                found.append(Finding("county", "still differs from the county after healing"))
    if is_json:
        emit({
            "ok": not found,
            "problems": [{"code": p.code, "detail": p.detail} for p in found],
            "compared": is_compared,
            "healed": [
                {"at": iso(h.at_ms), "records": list(h.records), "whole": h.is_whole}
                for h in healed
            ],
        })
    else:
        for problem in found:
            say(f"{problem.code}  {problem.detail}")
        for event in healed:
            say(
                _("{at} 有 {n} 份记录和县里不一样，已重新取过。").format(
                    at=iso(event.at_ms), n=len(event.records)
                )
            )
        if not is_compared:
            say(_("没连上县里，只查了这台电脑。"))
        say(_("都完好。") if not found else _("有 {n} 处不对。").format(n=len(found)))
    if found:
        raise SystemExit(DAMAGED if is_damaged else NEEDS_A_PERSON)


def _compare(session: Session, found: list[Finding]) -> bool:
    """Compare every record with the county's and mend what differs; False when that is not to be
    had now."""
    if any(p.is_damage for p in found) or not session.is_logged_in:
        return False
    try:
        session.sync(is_checked=True)
    except Offline:
        return False
    except Rejected as refusal:
        if refusal.code in ("login", "no_login", "logged_out", "throttled", "protocol"):
            return False
        raise
    if session.replica.get_state("in_step", 0):
        let_go_false_history(session.replica)
    return True
