"""returned: what came back from the county and why; mended and sent again, or let go with a reason."""

from __future__ import annotations

import click

from casework import returns
from schema.kinds import KINDS
from sync import errors
from sync.language import _
from sync.replica import Refused, Replica
from sync.views import Returned
from tui.commands.common import as_json, assignments, emit, guarded, iso, opened, say


def _named(replica: Replica, seq: int) -> Returned:
    found = next((c for c in replica.returned() if c.seq == seq), None)
    if found is None:
        raise Refused("not_found", str(seq))
    return found


@click.command(help=_("被退回的：为什么；改好再交（--mend），或写明原因不要了（--drop）。"))
@click.option("--mend", type=int, metavar="ID", help=_("改这一条再交；后面写要改的项。"))
@click.option("--drop", type=int, metavar="ID", help=_("这一条不要了，要写 --reason。"))
@click.option("--reason", default="", help=_("为什么"))
@click.argument("values", nargs=-1, metavar="[FIELD=VALUE…]")
@as_json
@click.pass_obj
@guarded
def returned(
    user: str | None,
    mend: int | None,
    drop: int | None,
    reason: str,
    values: tuple[str, ...],
    is_json: bool,
) -> None:
    if drop is not None and not reason.strip():
        raise click.UsageError(_("--drop 要同时给 --reason，写一句为什么。"))
    if (values and mend is None) or (mend is not None and drop is not None):
        raise click.UsageError(_("要改的项和 --mend 一起写；--mend 和 --drop 一次只用一个。"))
    typed = assignments(values)
    with opened(user) as session:
        replica = session.replica
        if mend is not None:
            change = _named(replica, mend)
            record = returns.mend(replica, change, KINDS[change.kind].parse(typed))
            if is_json:
                emit({"id": mend, "record": record})
            else:
                say(_("改好了：下次收发时再交。"))
            return
        if drop is not None:
            returns.let_go(replica, drop, reason)
        found = replica.returned()
    if is_json:
        emit([
            {
                "id": c.seq,
                "kind": c.kind,
                "record": c.id,
                "op": c.op,
                "fields": c.fields,
                "status": c.status,
                "code": c.code,
                "field": c.field or None,
                "at": iso(c.at_ms),
            }
            for c in found
        ])
        return
    for c in found:
        click.echo(f"{c.seq}  {c.kind}  {c.id}  {errors.sentence(c.code)}")
    if not found:
        say(_("没有被退回的。"))
