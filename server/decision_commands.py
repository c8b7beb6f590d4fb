"""`cuncao-server quarantine release|drop`: what an admin decides about work that waits."""

from __future__ import annotations

import click

from server.commands import JSON, open_desk, print_json, say
from server.commands import quarantine as quarantine
from sync import errors
from sync.language import _

_REASON = click.option("--reason", required=True, help=_("为什么"))
NEEDS_A_PERSON = 1


@quarantine.command("release", help=_("收下一处改动，记在写的人名下"))
@click.argument("id")
@click.option("--reason", default="", help=_("为什么"))
@JSON
def quarantine_release(id: str, reason: str, as_json: bool) -> None:
    from server import decisions

    with open_desk() as desk:
        refused = decisions.release(desk, id, reason)
    if as_json:
        print_json({"id": id, "released": not refused, "refused": [v.code for v in refused]})
    else:
        say(_("收下了。") if not refused else _("还收不下，仍在待处理里："))
    for verdict in refused:
        say(errors.sentence(verdict.code, detail=verdict.field))
    if refused:
        raise click.exceptions.Exit(NEEDS_A_PERSON)


@quarantine.command("drop", help=_("一处改动不要了；原话和原因都留着"))
@click.argument("id")
@_REASON
@JSON
def quarantine_drop(id: str, reason: str, as_json: bool) -> None:
    from server import decisions

    with open_desk() as desk:
        dropped = decisions.drop(desk, id, reason)
    if as_json:
        print_json({"id": id, "dropped": dropped})
    else:
        say(_("不要了 {n} 处，原话和原因都留着。").format(n=dropped))
