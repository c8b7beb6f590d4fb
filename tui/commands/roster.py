"""import: rosters into the store, a rehearsal without writing, and taking a batch back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sync.language import _
from tui.commands.common import (
    DONE,
    NEEDS_A_PERSON,
    REFUSED,
    WRONG_USAGE,
    as_json,
    emit,
    guarded,
    opened,
    say,
)

if TYPE_CHECKING:
    from casework.rosters import Rehearsal, RowProblem
    from sync.replica import Replica


@click.command("import", help=_("导入名册（.xlsx、.xls、.csv），或者收回导入的一批。"))
@click.argument("file", required=False)
@click.option("--school", metavar="CODE", help=_("整张名册是哪所学校的（代码）。"))
@click.option("--dry-run", is_flag=True, help=_("只试算，什么都不写。"))
@click.option("--undo", "batch", metavar="BATCH", help=_("收回这一批。"))
@as_json
@click.pass_obj
@guarded
def import_(
    user: str | None,
    file: str | None,
    school: str | None,
    dry_run: bool,
    batch: str | None,
    is_json: bool,
) -> None:
    if (file is None) == (batch is None) or (batch and (school or dry_run)):
        raise click.UsageError(_("给一个文件，或者给 --undo 和批号。"))
    with opened(user) as session:
        if batch is not None:
            exit_code = _undo(session.replica, batch, is_json)
        else:
            assert file is not None
            exit_code = _import(session.replica, file, school, dry_run, is_json)
    if exit_code:
        sys.exit(exit_code)


def _import(replica: Replica, file: str, school: str | None, dry_run: bool, is_json: bool) -> int:
    from casework import rosters
    from casework.sheets import Unreadable

    try:
        rehearsal = rosters.rehearse(replica, file, school=school)
    except Unreadable as error:
        say(f"{error.problem.text(_)} ({error.problem.code})")
        sys.exit(WRONG_USAGE)
    batch = None if dry_run else rosters.write(replica, rehearsal).id
    problems = rehearsal.problems
    counts = rehearsal.counts
    if is_json:
        emit({"batch": batch, **counts, "problems": [_problem_data(p) for p in problems]})
        return _exit_code(rehearsal)
    click.echo(
        _("读到 {rows}  新建 {created}  更新 {updated}  一样 {same}  跳过 {skipped}").format(
            **counts
        )
    )
    _show(problems)
    if rehearsal.unrecognised:
        say(_("没认出的列：{names}").format(names="、".join(rehearsal.unrecognised)))
    if batch is not None:
        say(_("这一批是 {batch}。要收回：cuncao import --undo {batch}").format(batch=batch))
    else:
        say(_("只是试算，什么都没写。"))
    return _exit_code(rehearsal)


def _exit_code(rehearsal: Rehearsal) -> int:
    """A row in doubt needs a person; a roster of which no row may be written is refused."""
    codes = {p.code for p in rehearsal.problems}
    if "not_permitted" in codes and rehearsal.count("skipped") == len(rehearsal.rows):
        return REFUSED
    return NEEDS_A_PERSON if codes else DONE


def _problem_data(found: RowProblem) -> dict[str, Any]:
    return {
        "sheet": found.sheet,
        "row": found.row,
        "field": found.field,
        "code": found.code,
        "message": found.problem.text(_),
    }


def _show(problems: Sequence[RowProblem]) -> None:
    for found in problems:
        where = _("{sheet} 第 {row} 行").format(sheet=found.sheet, row=found.row)
        click.echo(f"{where}  {found.problem.text(_)} ({found.code})")


def _undo(replica: Replica, batch: str, is_json: bool) -> int:
    from casework import rosters

    undone = rosters.undo(replica, batch)
    if is_json:
        kept = [{"id": k.id, "field": k.field} for k in undone.kept]
        emit({"batch": batch, "taken_back": undone.taken_back, "kept": kept})
    else:
        click.echo(_("收回了 {n} 个孩子的。").format(n=undone.taken_back))
        for k in undone.kept:
            say(_("后来有人改过，留着：{id} {field}").format(id=k.id, field=k.field))
    return NEEDS_A_PERSON if undone.kept else DONE
