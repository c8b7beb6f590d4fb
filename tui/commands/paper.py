"""paper: a scan or photo of a child's file goes in, and comes out as a file again."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import click

from schema.kinds import KINDS
from sync import scans
from sync.language import _
from sync.paperbytes import digest_of
from sync.replica import Refused
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
    given.setdefault("sort", "other")
    given.setdefault("file_name", file.name[-120:])
    kind = mimetypes.guess_type(file.name)[0]
    if kind:
        given.setdefault("media_type", kind)
    try:
        if file.stat().st_size > scans.MOST:
            fail(WRONG_USAGE, "scan_large", detail=file.name)
        content = file.read_bytes()
    except OSError:
        fail(WRONG_USAGE, "scan_missing", detail=file.name)
    with opened(user) as session:
        if session.replica.get(child, "child") is None:
            raise Refused("not_found", child)
        try:
            made = scans.add(session.replica, {**given, "child": child}, content)
        except scans.Unfit as error:
            fail(WRONG_USAGE, error.code, detail=file.name)
        warn_doubts(session, KIND, given, made)
    if is_json:
        emit({"id": made, "digest": digest_of(content), "size": len(content)})
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
        file.write_bytes(content)
    except OSError:
        fail(WRONG_USAGE, "bundle_room", detail=file.name)
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
