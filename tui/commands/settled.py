"""settled: what reviewers have decided, merged or kept apart; by whom, when and why."""

from __future__ import annotations

import click

from casework import wording
from sync.language import _
from tui.commands.common import as_json, emit, guarded, iso, opened, say


@click.command(help=_("定过的、合过的，最近的在前；撤销用 cuncao undo 或 cuncao unmerge。"))
@as_json
@click.pass_obj
@guarded
def settled(user: str | None, is_json: bool) -> None:
    from casework import settled as casework

    with opened(user) as session:
        replica = session.replica
        today = wording.day_of(replica.clock.now_ms())
        done = casework.settled(replica)
        lines = [casework.words(replica, one, today) for one in done] if not is_json else []
    if is_json:
        emit([
            {
                "id": one.id,
                "what": one.what,
                "kind": one.kind,
                "record": one.record,
                "other": one.other or None,
                "field": one.slot or None,
                "value": one.value,
                "by": one.by,
                "at": iso(one.at_ms),
                "note": one.note,
                "undone": one.is_taken_back,
            }
            for one in done
        ])
        return
    for one, (what, says) in zip(done, lines, strict=True):
        click.echo(f"{one.id}  {iso(one.at_ms)}  {one.by}  {what}  {says}  {one.note}".rstrip())
    if not done:
        say(_("还没有定过什么。"))
