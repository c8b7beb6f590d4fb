"""figures: numbers of the records held here."""

from __future__ import annotations

from typing import Any

import click

from sync.language import _
from tui.commands.common import as_json, emit, guarded, opened


@click.group(help=_("数字：这台电脑上的记录里数出来的。"))
def figures() -> None: ...


@figures.command(help=_("两种说法：有多少，多久定，撤销了多少。"))
@as_json
@click.pass_obj
@guarded
def conflicts(user: str | None, is_json: bool) -> None:
    from casework import conflict_figures

    with opened(user) as session:
        found = conflict_figures.figures(session.replica)
        lines = conflict_figures.words(session.replica, found)
    _tell(found, lines, is_json)


@figures.command(help=_("像是同一个孩子的：建档前发现多少，建档后多少。"))
@as_json
@click.pass_obj
@guarded
def duplicates(user: str | None, is_json: bool) -> None:
    from casework import duplicate_figures

    with opened(user) as session:
        found = duplicate_figures.figures(session.replica)
    _tell(found, duplicate_figures.words(found), is_json)


def _tell(found: dict[str, Any], lines: list[str], is_json: bool) -> None:
    if is_json:
        emit(found)
        return
    for line in lines:
        click.echo(line)
