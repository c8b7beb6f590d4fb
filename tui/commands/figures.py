"""figures: numbers of the records held here."""

from __future__ import annotations

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
    from casework.conflict_figures import figures as counted

    with opened(user) as session:
        found = counted(session.replica)
    if is_json:
        emit(found)
        return
    for name, value in found.items():
        click.echo(f"{name}  {value}")


@figures.command(help=_("像是同一个孩子的：建档前发现多少，建档后多少。"))
@as_json
@click.pass_obj
@guarded
def duplicates(user: str | None, is_json: bool) -> None:
    from casework.duplicate_figures import figures as counted

    with opened(user) as session:
        found = counted(session.replica)
    if is_json:
        emit(found)
        return
    for name, value in found.items():
        click.echo(f"{name}  {value}")
