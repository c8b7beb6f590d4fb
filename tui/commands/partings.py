"""unplaced: what was written while two files were one, and of which child it is."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import click

from sync.language import _
from tui.commands.common import as_json, emit, guarded, iso, opened, say

if TYPE_CHECKING:
    from casework.partings import Written
    from sync.reading import Reading


@click.command(help=_("拆回以后，合并时写的归谁：留在原处、归另一份，或两份都有。"))
@click.option("--here", metavar="ID", help=_("这一条留在原处。"))
@click.option("--there", metavar="ID", help=_("这一条归另一份。"))
@click.option("--both", metavar="ID", help=_("这一条两份都有。"))
@as_json
@click.pass_obj
@guarded
def unplaced(
    user: str | None, here: str | None, there: str | None, both: str | None, is_json: bool
) -> None:
    from casework import partings, wording

    said = {partings.HERE: here, partings.THERE: there, partings.BOTH: both}
    with opened(user) as session:
        replica = session.replica
        for goes, id in said.items():
            if id:
                partings.place(replica, partings.find(replica, id), goes)
        found = partings.unplaced(replica)
        today = wording.day_of(replica.clock.now_ms())
        lines = [_line(replica, one, today) for one in found] if not is_json else []
    if is_json:
        emit([
            {
                "id": w.id,
                "file": w.file,
                "other": w.other,
                "kind": w.kind,
                "record": w.record,
                "field": w.slot or None,
                "value": w.value,
                "author": w.author,
                "at": iso(w.at_ms),
            }
            for w in found
        ])
        return
    for line in lines:
        click.echo(line)
    if not found:
        say(_("没有要分的。"))


def _line(replica: Reading, one: Written, today: datetime.date) -> str:
    from casework import partings

    files = (partings.file_text(replica, id, today) for id in (one.file, one.other))
    return "  ".join([one.id, *files, *partings.words(replica, one, today), one.author])
