"""paper: a scan or photo of a child's file goes in, and comes out as a file again."""

from __future__ import annotations

from pathlib import Path

import click

from casework import papers
from schema.kinds import KINDS
from sync import scans
from sync.language import _
from sync.session import Session
from sync.transport import Offline
from tui.commands.common import (
    OFFLINE,
    WRONG_USAGE,
    as_json,
    assignments,
    emit,
    fail,
    guarded,
    opened,
    say,
    warn_doubts,
)

KIND = KINDS[scans.PAPER]


@click.group(help=_("纸面材料：扫描件、照片，一份最大 2 MB，和档案一样加密。"))
def paper() -> None:
    pass


@paper.command("add", help=_("给孩子的档案添一份材料，如 sort=photo caption=…。"))
@click.argument("child")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("values", nargs=-1)
@as_json
@click.pass_obj
@guarded
def add(user: str | None, child: str, file: Path, values: tuple[str, ...], is_json: bool) -> None:
    given = {n: v for n, v in KIND.parse(assignments(values)).items() if v is not None}
    with opened(user) as session:
        try:
            made = papers.add(session.replica, child, file, given)
        except scans.Unfit as error:
            fail(WRONG_USAGE, error.code, detail=file.name)
        warn_doubts(session, KIND, given, made)
        [row] = session.replica.rows(KIND.name, [made])
    if is_json:
        emit({"id": made, "digest": row["digest"], "size": row["size"]})
    else:
        click.echo(made)


@paper.command("get", help=_("把一份材料存成文件；不在这台电脑上就从县里取。"))
@click.argument("id")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
@click.pass_obj
@guarded
def get(user: str | None, id: str, file: Path, is_json: bool) -> None:
    if file.exists():
        fail(WRONG_USAGE, "scan_kept", detail=file.name)
    with opened(user) as session:
        content = scans.held(session.replica, id)
        try:
            content = _fetched(session, id) if content is None else content
        except scans.Unfit as error:
            fail(WRONG_USAGE, error.code, detail=id)
    try:
        papers.save(content, file)
    except scans.Unfit as error:
        fail(WRONG_USAGE, error.code, detail=file.name)
    if is_json:
        emit({"id": id, "file": str(file), "size": len(content)})
    else:
        say(_("存好了：{name}。").format(name=file.name))


def _fetched(session: Session, id: str) -> bytes:
    """From the county; where it is not to be had now, it is asked for and comes later."""
    if session.account.card.server:
        try:
            return session.scan(id)
        except Offline:
            pass
    scans.wish(session.replica, id)
    fail(OFFLINE, "scan_wished")
