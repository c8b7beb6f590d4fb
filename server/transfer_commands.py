"""`cuncao-server transfer`: a child's file to another county, and from one."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import click

from schema.problems import InvalidValue, Problem
from server.commands import JSON, open_desk, print_json, say
from sync.language import _


@click.group(help=_("孩子转到别的县：档案封好带走，或收下带来的"))
def transfer() -> None:
    pass


@transfer.command("key", help=_("本县的公钥：给要把孩子转来的县"))
def transfer_key() -> None:
    from server.home import PUBLIC_KEY

    with open_desk() as desk:
        click.echo(base64.b64encode(desk.store.meta(PUBLIC_KEY) or b"").decode())


@transfer.command("write", help=_("把一个孩子的档案封给另一个县，本县的结案"))
@click.argument("child")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--for", "key", required=True, help=_("那个县的公钥"))
@JSON
def transfer_write(child: str, file: Path, key: str, as_json: bool) -> None:
    from server import transfer as work

    if file.exists():
        message = "{file} 已经有了，没有写。请换一个名字。"
        raise InvalidValue(Problem("file_exists", message, args=(("file", file.name),)))
    try:
        public = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        public = b""
    if len(public) != 32:
        raise InvalidValue(Problem("public_key", "这不是一个县的公钥，没有写。"))
    with open_desk() as desk:
        data = work.write(desk, child, public)
    file.write_bytes(data)
    if as_json:
        print_json({"child": child, "file": str(file), "bytes": len(data)})
    else:
        say(_("封好了，只有那个县能打开。"))


@transfer.command("read", help=_("收下别的县转来的档案，编号和历史都在"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--village", required=True, help=_("孩子现在的村（代码）"))
@JSON
def transfer_read(file: Path, village: str, as_json: bool) -> None:
    from server import transfer as work

    with open_desk() as desk:
        came = work.read(desk, file.read_bytes(), village)
    if as_json:
        print_json({"child": came.child, "from": came.county, "changes": len(came.changes)})
    else:
        say(_("收下了，从{county}来，编号 {id}。").format(county=came.county, id=came.child))
