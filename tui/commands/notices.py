"""notices: whose value does not count is told, and can ask for it back."""

from __future__ import annotations

from typing import Any

import click

from casework.told import person
from sync.language import _
from tui.commands import tellings
from tui.commands.common import as_json, emit, guarded, iso, opened, say


@click.command(help=_("您写的哪些不算数了：现在怎么说，谁说的。"))
@click.option("--claim", metavar="ID", help=_("要回这一条：重新核对。"))
@click.option("--note", default="", help=_("配合 --claim：写给核对的人的一句。"))
@click.option("--seen", metavar="ID", help=_("看过了，收起这一条。"))
@as_json
@click.pass_obj
@guarded
def notices(
    user: str | None, claim: str | None, note: str, seen: str | None, is_json: bool
) -> None:
    from sync import notices

    if bool(claim) != bool(note.strip()):
        raise click.UsageError(_("--claim 要同时给 --note，写一句为什么。"))
    with opened(user) as session:
        replica = session.replica
        if claim:
            asked = notices.claim(replica, claim, note.strip())
            conflict = replica.get(asked.record, asked.kind)
            opened_now = conflict.conflicts.get(asked.slot) if conflict else None
            if is_json:
                emit({"id": claim, "record": asked.record, "conflict": opened_now})
            else:
                say(_("要回了：等人重新核对。"))
            return
        if seen:
            notices.put_away(replica, seen)
        told = notices.notices(replica)
        found: list[dict[str, Any]] = [
            {
                "id": n.id,
                "kind": n.kind,
                "record": n.record,
                "field": n.slot,
                "mine": n.mine,
                "standing": n.standing,
                "by": n.by,
                "at": iso(n.at_ms),
            }
            for n in told
        ]
        lines = [
            tellings.line(replica, n.id, n.kind, n.record, n.slot, (n.mine, n.standing))
            + f"  {person(replica, n.by)}"
            for n in ([] if is_json else told)
        ]
    if is_json:
        emit(found)
        return
    for line in lines:
        click.echo(line)
    if not found:
        say(_("您写的都算数。"))
