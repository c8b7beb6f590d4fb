"""The commands for where no network reaches: read a bundle, write its answer, set a laptop up by
file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from server.commands import JSON, device, iso_time, open_desk, print_json, say
from sync.language import _

if TYPE_CHECKING:
    from sync.bundle import BadBundle

NEEDS_A_PERSON, USAGE, REFUSED = 1, 2, 4
_FILE = click.Path(path_type=Path, dir_okay=False)


def _fail(error: BadBundle, file: Path) -> NoReturn:
    from sync import errors
    from sync.bundle import USAGE_CODES

    say(errors.sentence(error.code, detail=file.name))
    raise click.exceptions.Exit(USAGE if error.code in USAGE_CODES else REFUSED)


@click.group(help=_("U盘带来的包"))
def bundle() -> None:
    pass


@bundle.command("read", help=_("收下一台电脑的包，写好给它的回包；同一个包读几次都行"))
@click.argument("file", type=_FILE)
@click.option("--reply", required=True, type=_FILE, help=_("回包写到哪里"))
@JSON
def bundle_read(file: Path, reply: Path, as_json: bool) -> None:
    from server import behind, bundles
    from sync import files
    from sync.bundle import BadBundle

    try:
        files.try_out(reply)  # what cannot be answered is not taken
    except BadBundle as error:
        _fail(error, reply)
    try:
        with open_desk() as desk:
            done = bundles.read(desk, files.read(file))
            while behind.settle(desk):  # no server may run here that does so in a quiet moment
                pass
    except BadBundle as error:
        _fail(error, file)
    try:
        files.write(reply, done.data)
    except BadBundle as error:
        _fail(error, reply)
    if as_json:
        print_json({
            "device": done.device,
            "taken": done.taken,
            "refused": done.refused,
            "papers": done.papers,
            "revoked": done.is_revoked,
        })
    elif done.is_revoked:
        say(
            _("电脑 {id} 已停用：{n} 条放进待处理，什么都没给它。").format(
                id=done.device, n=done.refused
            )
        )
    else:
        say(_("收下 {n} 条，没收 {m} 条；回包写好了。").format(n=done.taken, m=done.refused))
    if done.refused or done.is_revoked:
        raise click.exceptions.Exit(NEEDS_A_PERSON)


@device.command("enrol", help=_("写一个开户文件：没有网的电脑用它登录，一台，30 天内"))
@click.argument("name")
@click.option("--to", "file", required=True, type=_FILE, help=_("写到哪个文件"))
@JSON
def device_enrol(name: str, file: Path, as_json: bool) -> None:
    from server import bundles
    from sync import files
    from sync.bundle import BadBundle

    try:
        with open_desk() as desk:
            data, expires = bundles.enrol(desk, name)
        files.write(file, data)
    except BadBundle as error:
        _fail(error, file)
    if as_json:
        print_json({"user": name, "expires": iso_time(expires), "bytes": len(data)})
    else:
        day = (iso_time(expires) or "")[:10]
        say(
            _("写好了，{day} 前有效。打开要 {name} 的密码；别和密码一起带。").format(
                day=day, name=name
            )
        )
