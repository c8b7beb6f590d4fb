"""figures: numbers of the records held here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sync.language import _
from sync.replica import Replica
from tui.commands.common import as_json, emit, guarded, opened


@click.group(help=_("数字：这台电脑上的记录里数出来的。"))
def figures() -> None: ...


@figures.command(help=_("两种说法：有多少，多久定，撤销了多少。"))
@as_json
@click.pass_obj
@guarded
def conflicts(user: str | None, is_json: bool) -> None:
    from casework.conflict_figures import figures as counted

    _tell(user, counted, is_json)


@figures.command(help=_("像是同一个孩子的：建档前发现多少，建档后多少。"))
@as_json
@click.pass_obj
@guarded
def duplicates(user: str | None, is_json: bool) -> None:
    from casework.duplicate_figures import figures as counted

    _tell(user, counted, is_json)


def _tell(user: str | None, counted: Callable[[Replica], dict[str, Any]], is_json: bool) -> None:
    with opened(user) as session:
        found = counted(session.replica)
    if is_json:
        emit(found)
        return
    for name, value in found.items():
        click.echo(f"{name}  {value}")
