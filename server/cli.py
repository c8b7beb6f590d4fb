"""`cuncao-server`: everything a county does with its server. All of it works while the server
runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from schema.problems import InvalidValue, Problem
from server import commands, decision_commands, setting_commands, sticks, transfer_commands
from server.commands import JSON, STDIN, ask_password, open_desk, print_json, say, server_home
from server.home import Home
from sync.change import Grant
from sync.hubstore import SERVER_AUTHOR
from sync.language import N_, _
from sync.platform import take_every_character
from sync.storage import DamagedStore
from sync.trouble import storage_code

NEEDS_A_PERSON, USAGE, DAMAGED = 1, 2, 5
"""Exit codes besides 0."""

_FILE = click.Path(path_type=Path, dir_okay=False)


def _tell_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        from server.store.sqlite import SCHEMA
        from sync import version

        click.echo(version.line("cuncao-server", str(SCHEMA)))
        context.exit()


@click.group(help=_("寸草县级服务器"))
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version,
    help=_("这是哪一版"),
)  # fmt: skip
def cli() -> None:
    pass


for _group in (
    commands.user,
    commands.school,
    commands.class_,
    commands.unit,
    commands.device,
    decision_commands.quarantine,
    sticks.bundle,
    setting_commands.settings,
    transfer_commands.transfer,
):
    cli.add_command(_group)


# ------------------------------------------------------------- init and run


@cli.command(help=_("从区划表建一个县"))
@click.option(
    "--divisions", required=True, type=_FILE, help=_("区划表：code,name,level,parent_code")
)
@click.option("--admin", required=True, help=_("县管理员的登录名"))
@click.option("--county", default="", help=_("表里不止一个县时，用哪个"))
@STDIN
def init(divisions: Path, admin: str, county: str, password_stdin: bool) -> None:
    import os

    from server.home import make_county_keys
    from server.store import DATABASE_URL, check_address
    from server.store.sqlite import SqliteStore
    from server.units import read_divisions, write_units
    from server.workers import Desk
    from sync.storage import open_encrypted

    home = server_home()
    check_address(os.environ.get(DATABASE_URL, ""))
    taken = InvalidValue(
        Problem(
            "county_exists",
            N_("{folder} 里已经有一个县了，没有动它。"),
            args=(("folder", str(home.path)),),
        )
    )
    if home.store_file.exists() and _has_county(home):
        raise taken
    units = read_divisions(divisions, county)
    if admin in {u["code"] for u in units}:
        raise InvalidValue(Problem("user_name", N_("这个用户名不能用。")))
    password = ask_password(password_stdin)
    connection = open_encrypted(_new_store(home), home.make_key())
    try:
        desk = Desk(SqliteStore(connection))
        with desk.store.write():
            if desk.store.head():
                raise taken
            write_units(desk.store, desk.hub, units)
            make_county_keys(desk.store)
            desk.accounts.add_user(admin, password, [Grant("admin", units[0]["code"])])
    finally:
        connection.close()
    say(
        _("{name}：{n} 个单位，管理员 {admin}。").format(
            name=units[0]["name"], n=len(units), admin=admin
        )
    )
    say(_("请把密钥文件 {file} 另外存好：没有它，备份打不开。").format(file=home.key_file))


def _new_store(home: Home) -> Path:
    from sync.platform import make_private

    home.make_folder()
    home.store_file.touch()
    make_private(home.store_file)
    return home.store_file


def _has_county(home: Home) -> bool:
    """False for what a broken init left behind: an empty file or an empty store."""
    from server.store import open_store

    if home.store_file.stat().st_size == 0 or not home.key_file.exists():
        return home.store_file.stat().st_size > 0
    store = open_store(home)
    try:
        return store.head() > 0
    finally:
        store.connection.close()


@cli.command(help=_("运行服务器"))
@click.option("--host", default="127.0.0.1", show_default=True, help=_("监听的地址"))
@click.option(
    "--port",
    default=8440,
    show_default=True,
    type=click.IntRange(0, 65535),
    help=_("端口，0 为任意"),
)
@click.option("--tls-cert", type=_FILE, help=_("TLS 证书文件"))
@click.option("--tls-key", type=_FILE, help=_("TLS 私钥文件"))
def run(host: str, port: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    from server import running, window, withheld
    from server.erasing import erase_again

    if (tls_cert is None) != (tls_key is None):
        raise InvalidValue(Problem("tls_pair", N_("--tls-cert 和 --tls-key 要一起写。")))
    home = server_home()
    with open_desk() as desk:  # migrates, or says at once what is wrong
        erase_again(home, desk.store)  # an old copy of the store may have been put here by hand
        window.move(desk)
        withheld.catch_up(desk)
    if tls_cert is None and host not in ("127.0.0.1", "::1", "localhost"):
        say(_("没有 TLS：别的电脑上的客户端不会连过来。请用 --tls-cert 和 --tls-key。"))
    with contextlib.suppress(KeyboardInterrupt):
        running.run(home, host, port, tls_cert, tls_key)


# ------------------------------------------------------------------- upkeep


@cli.command(help=_("备份到一个文件（服务器不用停）"))
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help=_("换掉已有的文件"))
def backup(file: Path, force: bool) -> None:
    from server.upkeep import back_up

    head = back_up(server_home(), file, may_replace=force)
    say(_("已备份并核对，到第 {n} 条。").format(n=head))


@cli.command(help=_("从备份恢复（服务器不用停）"))
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    from server.upkeep import restore as put_back

    head = put_back(server_home(), file)
    say(_("已恢复到第 {n} 条。之后交上来的，服务器上没有了。").format(n=head))


@cli.command(
    help=_("抹去一份记录，孩子的档案连同挂在上面的：县里和每台电脑上的内容都没了，找不回来")
)
@click.argument("record")
@click.option("--reason", required=True, help=_("为什么（会留下）"))
@click.option("--by", "author", default=SERVER_AUTHOR, help=_("谁决定的（会留下；默认 server）"))
@JSON
def erase(record: str, reason: str, author: str, as_json: bool) -> None:
    from server.erasing import erase as erase_record

    with open_desk() as desk:
        done = erase_record(server_home(), desk.store, record, reason, author)
    if as_json:
        print_json({"erased": done.ids, "once_merged": done.once_merged})
    else:
        say(
            _("抹去了 {n} 份记录。各台电脑下次收发时也会抹去。旧备份里还有，请一并处理。").format(
                n=len(done.ids)
            )
        )
    if done.once_merged:
        say(
            _(
                "这份档案曾和 {files} 合成过一份：合并时取过去的话，那边的历史里可能还有。"
                "请看一遍；是同一个孩子的，再抹一次那份。"
            ).format(files=_("、").join(done.once_merged))
        )
        raise click.exceptions.Exit(NEEDS_A_PERSON)


@cli.command(help=_("检查整个库"))
@JSON
def check(as_json: bool) -> None:
    from server.check import check as check_store

    with open_desk() as desk:
        found = check_store(desk.store)
        healed = [] if found.faults else desk.store.healings()
    if as_json:
        print_json({
            "ok": found.is_whole,
            "entries": found.entries,
            "records": found.records,
            "hash": found.hash,
            "faults": [{"code": f.code, "where": f.where} for f in found.faults],
            "healed": [
                {"at": commands.iso_time(at), "device": device, "user": user, "records": ids}
                for at, device, user, ids in healed
            ],
        })
    else:
        for fault in found.faults:
            click.echo(f"{fault.code}\t{fault.where}")
        if found.is_whole:
            click.echo(_("完好：{n} 条改动，{m} 份记录。").format(n=found.entries, m=found.records))
        for at, device, user, ids in healed:
            click.echo(
                _("{at} {user} 的电脑 {device} 有 {n} 份记录和县里不一样，已重新取过。").format(
                    at=commands.iso_time(at), user=user, device=device, n=len(ids)
                )
            )
    if not found.is_whole:
        raise DamagedStore(str(server_home().store_file))


# --------------------------------------------------------------------- main


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `cuncao-server`."""
    if arguments is None:
        take_every_character()
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Chinese on a console of another code page
            stream.reconfigure(errors="replace")
    try:
        code = cli.main(arguments, prog_name="cuncao-server", standalone_mode=False)
    except InvalidValue as error:
        say(error.problem.text(_))
        return USAGE
    except DamagedStore:
        say(_("库已损坏，或密钥文件不是它的。什么都没有改；请从备份恢复。"))
        return DAMAGED
    except click.Abort:
        say(_("没有做。"))
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    except KeyboardInterrupt:
        return USAGE
    except OSError as error:
        say(_("读写不了 {file}：{why}。").format(file=error.filename or "", why=error.strerror))
        return USAGE
    except Exception as error:
        exit_code = _store_trouble(error)
        if exit_code is None:
            raise
        return exit_code
    return code if isinstance(code, int) else 0


def _store_trouble(error: Exception) -> int | None:
    """SQLite's own words, whichever module they come from, turned into ours; None for anything
    else."""
    code = storage_code(error)
    if code == "damaged":
        say(_("库已损坏，或密钥文件不是它的。什么都没有改；请从备份恢复。"))
        return DAMAGED
    if code in ("disk_full", "read_only"):
        say(_("库写不进去：磁盘满了，或文件夹不能写。什么都没有改。"))
        return USAGE
    if code == "busy":
        say(_("库正忙，请稍等再试。什么都没有改。"))
        return USAGE
    return None
