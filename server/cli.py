"""`cuncao-server`: everything a county does with its server. All of it works while the server runs."""

from __future__ import annotations

import contextlib
import datetime
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from schema.problems import InvalidValue, Problem
from schema.roles import ROLES
from server.home import Home, default_folder
from sync.change import Grant
from sync.language import N_, _
from sync.storage import DamagedStore

USAGE, DAMAGED = 2, 5
"""Exit codes besides 0 (docs: 1 something needs a person, 2 usage, 5 damaged store)."""

_JSON = click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
_STDIN = click.option("--password-stdin", is_flag=True, help=_("从标准输入读一行作密码"))
_ROLE = click.option("--role", required=True, type=click.Choice(ROLES), help=_("角色"))
_UNIT = click.option("--unit", "units", multiple=True, help=_("单位代码，可以写几次"))
_CHILD = click.option("--child", "children", multiple=True, help=_("孩子的编号，可以写几次"))
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(help=_("寸草县级服务器"))
def cli() -> None:
    pass


# ------------------------------------------------------------------ helpers


@contextlib.contextmanager
def _desk() -> Iterator[Any]:
    """The store and what works on it, for one command."""
    from server.store import open_store
    from server.workers import Desk

    store = open_store(_home())
    try:
        yield Desk(store)
    finally:
        store.connection.close()


def _home() -> Home:
    return Home(default_folder())


def _say(text: str) -> None:
    click.echo(text, err=True)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _print_rows(rows: Sequence[Sequence[object]]) -> None:
    for row in rows:
        click.echo("\t".join("" if cell is None else str(cell) for cell in row))


def _password(from_stdin: bool) -> str:
    """One line of standard input without its end, or asked twice."""
    from server import passwords

    if from_stdin:
        line = sys.stdin.buffer.readline()
        password = line.decode("utf-8", errors="replace").rstrip("\r\n")
    else:
        password = str(
            click.prompt(_("密码"), hide_input=True, confirmation_prompt=_("再输一次"), err=True)
        )
    passwords.check(password)
    return password


def _grants(role: str, units: Sequence[str], children: Sequence[str]) -> list[Grant]:
    if not units and not children:
        raise InvalidValue(Problem("no_unit", N_("请用 --unit 写明单位代码。")))
    return [Grant(role, unit) for unit in units] + [Grant(role, "", child) for child in children]


def _time(ms: int | None) -> str | None:
    """ISO 8601, UTC."""
    if ms is None:
        return None
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


# ------------------------------------------------------------- init and run


@cli.command(help=_("从区划表建一个县"))
@click.option(
    "--divisions", required=True, type=_FILE, help=_("区划表：code,name,level,parent_code")
)
@click.option("--admin", required=True, help=_("县管理员的登录名"))
@click.option("--county", default="", help=_("表里不止一个县时，用哪个"))
@_STDIN
def init(divisions: Path, admin: str, county: str, password_stdin: bool) -> None:
    import os

    from server.home import make_county_keys
    from server.store import DATABASE_URL, check_address
    from server.store.sqlite import SqliteStore
    from server.units import read_divisions, write_units
    from server.workers import Desk
    from sync.storage import open_encrypted

    home = _home()
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
    password = _password(password_stdin)
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
    _say(
        _("{name}：{n} 个单位，管理员 {admin}。").format(
            name=units[0]["name"], n=len(units), admin=admin
        )
    )
    _say(_("请把密钥文件 {file} 另外存好：没有它，备份打不开。").format(file=home.key_file))


def _new_store(home: Home) -> Path:
    from server.home import make_private

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
    from server import running
    from server.store import open_store

    if (tls_cert is None) != (tls_key is None):
        raise InvalidValue(Problem("tls_pair", N_("--tls-cert 和 --tls-key 要一起写。")))
    home = _home()
    open_store(home).connection.close()  # migrates, or says at once what is wrong
    if tls_cert is None and host not in ("127.0.0.1", "::1", "localhost"):
        _say(_("没有 TLS：别的电脑上的客户端不会连过来。请用 --tls-cert 和 --tls-key。"))
    with contextlib.suppress(KeyboardInterrupt):
        running.run(home, host, port, tls_cert, tls_key)


# -------------------------------------------------------------------- users


@cli.group(help=_("用户"))
def user() -> None:
    pass


@user.command("add", help=_("加一个用户"))
@click.argument("name")
@_ROLE
@_UNIT
@_CHILD
@click.option("--name", "display", default="", help=_("姓名（默认同登录名）"))
@_STDIN
def user_add(
    name: str,
    role: str,
    units: Sequence[str],
    children: Sequence[str],
    display: str,
    password_stdin: bool,
) -> None:
    grants = _grants(role, units, children)
    password = _password(password_stdin)
    with _desk() as desk:
        desk.accounts.add_user(name, password, grants, display)


@user.command("list", help=_("列出用户"))
@_JSON
def user_list(as_json: bool) -> None:
    with _desk() as desk:
        users = desk.accounts.users()
    if as_json:
        _print_json([
            {
                "name": u.name,
                "roles": [
                    {"role": g.role, "unit": g.unit or None}
                    | ({"child": g.child} if g.child else {})
                    for g in u.grants
                ],
                "disabled": u.is_disabled,
            }
            for u in users
        ])
        return
    for u in users:
        roles = " ".join(f"{g.role}:{g.unit or g.child}" for g in u.grants)
        _print_rows([(u.name, u.display, roles, _("停用") if u.is_disabled else "")])


@user.command("password", help=_("设新密码；这人的设备都要重新登录"))
@click.argument("name")
@_STDIN
def user_password(name: str, password_stdin: bool) -> None:
    with _desk() as desk:
        desk.accounts.user(name)
        desk.accounts.set_password(name, _password(password_stdin))


@user.command("disable", help=_("停用一个用户"))
@click.argument("name")
def user_disable(name: str) -> None:
    with _desk() as desk:
        desk.accounts.disable(name)


@user.command("grant", help=_("给权限"))
@click.argument("name")
@_ROLE
@_UNIT
@_CHILD
def user_grant(name: str, role: str, units: Sequence[str], children: Sequence[str]) -> None:
    with _desk() as desk, desk.store.write():
        for grant in _grants(role, units, children):
            desk.accounts.grant(name, grant)


@user.command("ungrant", help=_("收回权限"))
@click.argument("name")
@_ROLE
@_UNIT
@_CHILD
def user_ungrant(name: str, role: str, units: Sequence[str], children: Sequence[str]) -> None:
    with _desk() as desk, desk.store.write():
        for grant in _grants(role, units, children):
            desk.accounts.ungrant(name, grant)


# -------------------------------------------------------------------- units


@cli.group(help=_("学校"))
def school() -> None:
    pass


@school.command("add", help=_("在乡镇里加一所学校"))
@click.argument("name")
@click.option("--township", required=True, help=_("乡镇代码"))
@click.option("--stage", default="", help=_("学段（默认看校名）"))
@_JSON
def school_add(name: str, township: str, stage: str, as_json: bool) -> None:
    from server.units import add_school

    with _desk() as desk:
        code = add_school(desk.store, desk.hub, name, township, stage)
    _print_json({"code": code}) if as_json else click.echo(code)


@cli.group("class", help=_("班级"))
def class_() -> None:
    pass


@class_.command("add", help=_("在学校里加一个班，如 四年级2班、初一1班、2023级2班"))
@click.argument("name")
@click.option("--school", "school_code", required=True, help=_("学校代码"))
@click.option("--stage", default="", help=_("学段（默认看班名）"))
@_JSON
def class_add(name: str, school_code: str, stage: str, as_json: bool) -> None:
    from server.units import add_class

    with _desk() as desk:
        code = add_class(desk.store, desk.hub, name, school_code, stage)
    _print_json({"code": code}) if as_json else click.echo(code)


@cli.group(help=_("单位"))
def unit() -> None:
    pass


@unit.command("list", help=_("列出单位"))
@_JSON
def unit_list(as_json: bool) -> None:
    from server.units import all_units

    with _desk() as desk:
        units = all_units(desk.store)
    names = ("code", "name", "level", "parent")
    if as_json:
        _print_json([{n: u.get(n) for n in names} for _code, u in sorted(units.items())])
        return
    _print_rows([[u.get(n) for n in names] for _code, u in sorted(units.items())])


# ------------------------------------------------------------------ devices


@cli.group(help=_("设备"))
def device() -> None:
    pass


@device.command("list", help=_("列出设备"))
@_JSON
def device_list(as_json: bool) -> None:
    with _desk() as desk:
        devices = desk.accounts.devices()
    if as_json:
        _print_json([
            {
                "id": d.id,
                "user": d.user,
                "last_sync": _time(d.last_sync),
                "acked": d.acked,
                "revoked": d.is_revoked,
            }
            for d in devices
        ])
        return
    for d in devices:
        state = _("停用") if d.is_revoked else ""
        _print_rows([(d.id, d.user, _time(d.last_sync), d.acked, state)])


@device.command("revoke", help=_("停用一台设备；它只能再交一次没交的记录"))
@click.argument("id")
def device_revoke(id: str) -> None:
    with _desk() as desk:
        desk.accounts.revoke(id)


@device.command("allow-recovery", help=_("允许一台设备找回口令，一次"))
@click.argument("id")
def device_allow_recovery(id: str) -> None:
    with _desk() as desk:
        desk.accounts.allow_recovery(id)


# ------------------------------------------------------------------- upkeep


@cli.command(help=_("备份到一个文件（服务器不用停）"))
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help=_("换掉已有的文件"))
def backup(file: Path, force: bool) -> None:
    from server.upkeep import back_up

    head = back_up(_home(), file, may_replace=force)
    _say(_("已备份并核对，到第 {n} 条。").format(n=head))


@cli.command(help=_("从备份恢复（服务器不用停）"))
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    from server.upkeep import restore as put_back

    head = put_back(_home(), file)
    _say(_("已恢复到第 {n} 条。之后交上来的，服务器上没有了。").format(n=head))


@cli.group(help=_("待人处理的改动"))
def quarantine() -> None:
    pass


@quarantine.command("list", help=_("列出待人处理的改动"))
@_JSON
def quarantine_list(as_json: bool) -> None:
    with _desk() as desk:
        kept = desk.store.quarantined()
    rows = [
        {
            "id": change.version,
            "device": change.device,
            "seq": change.seq,
            "author": change.author,
            "kind": change.kind,
            "record": change.id,
            "op": change.op,
            "fields": change.fields,
            "reason": verdict.code,
            "field": verdict.field or None,
            "at": _time(at),
        }
        for change, verdict, at in kept
    ]
    if as_json:
        _print_json(rows)
        return
    names = ("id", "author", "kind", "record", "op", "reason", "at")
    _print_rows([[row[n] for n in names] for row in rows])


@cli.command(help=_("检查整个库"))
@_JSON
def check(as_json: bool) -> None:
    from server.check import check as check_store

    with _desk() as desk:
        found = check_store(desk.store)
    if as_json:
        _print_json({
            "ok": found.is_whole,
            "entries": found.entries,
            "records": found.records,
            "faults": [{"code": f.code, "where": f.where} for f in found.faults],
        })
    else:
        for fault in found.faults:
            click.echo(f"{fault.code}\t{fault.where}")
        if found.is_whole:
            click.echo(_("完好：{n} 条改动，{m} 份记录。").format(n=found.entries, m=found.records))
    if not found.is_whole:
        raise DamagedStore(str(_home().store_file))


# --------------------------------------------------------------------- main


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `cuncao-server`."""
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Chinese on a console of another code page
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace")
    try:
        code = cli.main(arguments, prog_name="cuncao-server", standalone_mode=False)
    except InvalidValue as error:
        _say(error.problem.text(_))
        return USAGE
    except DamagedStore:
        _say(_("库已损坏，或密钥文件不是它的。什么都没有改；请从备份恢复。"))
        return DAMAGED
    except click.Abort:
        _say(_("没有做。"))
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    except KeyboardInterrupt:
        return USAGE
    return code if isinstance(code, int) else 0
