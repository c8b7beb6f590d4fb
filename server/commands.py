"""The parts of the command line that speak of people, units and devices, and what all commands
share."""

from __future__ import annotations

import contextlib
import datetime
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from schema.problems import InvalidValue, Problem
from schema.roles import ROLES
from server.home import Home, default_folder
from sync.change import Grant
from sync.language import N_, _
from sync.typed import is_unicode, line_of

JSON = click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
STDIN = click.option("--password-stdin", is_flag=True, help=_("从标准输入读一行作密码"))
_ROLE = click.option("--role", required=True, type=click.Choice(ROLES), help=_("角色"))
_UNIT = click.option("--unit", "units", multiple=True, help=_("单位代码，可以写几次"))
_CHILD = click.option("--child", "children", multiple=True, help=_("孩子的编号，可以写几次"))


# ------------------------------------------------------------------ helpers


@contextlib.contextmanager
def open_desk() -> Iterator[Any]:
    """The store and what works on it, for one command."""
    from server.store import open_store
    from server.workers import Desk

    store = open_store(server_home())
    try:
        yield Desk(store)
    finally:
        store.connection.close()


def server_home() -> Home:
    return Home(default_folder())


def say(text: str) -> None:
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """Readable where the console takes every character, else escaped: never in another encoding."""
    is_utf8 = is_unicode(sys.stdout.encoding)
    click.echo(json.dumps(value, ensure_ascii=not is_utf8))


def print_rows(rows: Sequence[Sequence[object]]) -> None:
    for row in rows:
        click.echo("\t".join("" if cell is None else str(cell) for cell in row))


def ask_password(from_stdin: bool) -> str:
    """One line of standard input without its end, or asked twice."""
    from server import passwords

    if from_stdin:
        try:
            password = line_of(sys.stdin.buffer.readline())
        except UnicodeDecodeError:
            message = N_("给的字读不出来，要用 UTF-8。什么都没写。")
            raise InvalidValue(Problem("encoding", message)) from None
    else:
        password = str(
            click.prompt(_("密码"), hide_input=True, confirmation_prompt=_("再输一次"), err=True)
        )
    passwords.check(password)
    return password


def named_grants(role: str, units: Sequence[str], children: Sequence[str]) -> list[Grant]:
    if not units and not children:
        raise InvalidValue(Problem("no_unit", "请用 --unit 写明单位代码。"))
    return [Grant(role, unit) for unit in units] + [Grant(role, "", child) for child in children]


def iso_time(ms: int | None) -> str | None:
    """ISO 8601, UTC."""
    if ms is None:
        return None
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


# -------------------------------------------------------------------- users


@click.group(help=_("用户"))
def user() -> None:
    pass


@user.command("add", help=_("加一个用户"))
@click.argument("name")
@_ROLE
@_UNIT
@_CHILD
@click.option("--name", "display", default="", help=_("姓名（默认同登录名）"))
@STDIN
def user_add(
    name: str,
    role: str,
    units: Sequence[str],
    children: Sequence[str],
    display: str,
    password_stdin: bool,
) -> None:
    grants = named_grants(role, units, children)
    password = ask_password(password_stdin)
    with open_desk() as desk:
        desk.accounts.add_user(name, password, grants, display)


@user.command("list", help=_("列出用户"))
@JSON
def user_list(as_json: bool) -> None:
    with open_desk() as desk:
        users = desk.accounts.users()
    if as_json:
        print_json([
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
        print_rows([(u.name, u.display, roles, _("停用") if u.is_disabled else "")])


@user.command("password", help=_("设新密码；这人的设备都要重新登录"))
@click.argument("name")
@STDIN
def user_password(name: str, password_stdin: bool) -> None:
    with open_desk() as desk:
        desk.accounts.user(name)
        desk.accounts.set_password(name, ask_password(password_stdin))


@user.command("disable", help=_("停用一个用户"))
@click.argument("name")
def user_disable(name: str) -> None:
    with open_desk() as desk:
        desk.accounts.disable(name)


@user.command("grant", help=_("给权限"))
@click.argument("name")
@_ROLE
@_UNIT
@_CHILD
def user_grant(name: str, role: str, units: Sequence[str], children: Sequence[str]) -> None:
    with open_desk() as desk, desk.store.write():
        for grant in named_grants(role, units, children):
            desk.accounts.grant(name, grant)


@user.command("ungrant", help=_("收回权限"))
@click.argument("name")
@_ROLE
@_UNIT
@_CHILD
def user_ungrant(name: str, role: str, units: Sequence[str], children: Sequence[str]) -> None:
    with open_desk() as desk, desk.store.write():
        for grant in named_grants(role, units, children):
            desk.accounts.ungrant(name, grant)


# -------------------------------------------------------------------- units


@click.group(help=_("学校"))
def school() -> None:
    pass


@school.command("add", help=_("在乡镇里加一所学校"))
@click.argument("name")
@click.option("--township", required=True, help=_("乡镇代码"))
@click.option("--stage", default="", help=_("学段（默认看校名）"))
@JSON
def school_add(name: str, township: str, stage: str, as_json: bool) -> None:
    from server.units import add_school

    with open_desk() as desk:
        code = add_school(desk.store, desk.hub, name, township, stage)
    print_json({"code": code}) if as_json else click.echo(code)


@click.group("class", help=_("班级"))
def class_() -> None:
    pass


@class_.command("add", help=_("在学校里加一个班，如 四年级2班、初一1班、2023级2班"))
@click.argument("name")
@click.option("--school", "school_code", required=True, help=_("学校代码"))
@click.option("--stage", default="", help=_("学段（默认看班名）"))
@JSON
def class_add(name: str, school_code: str, stage: str, as_json: bool) -> None:
    from server.units import add_class

    with open_desk() as desk:
        code = add_class(desk.store, desk.hub, name, school_code, stage)
    print_json({"code": code}) if as_json else click.echo(code)


@click.group(help=_("单位"))
def unit() -> None:
    pass


@unit.command("list", help=_("列出单位"))
@JSON
def unit_list(as_json: bool) -> None:
    from server.units import all_units

    with open_desk() as desk:
        units = all_units(desk.store)
    names = ("code", "name", "level", "parent")
    if as_json:
        print_json([{n: u.get(n) for n in names} for _code, u in sorted(units.items())])
        return
    print_rows([[u.get(n) for n in names] for _code, u in sorted(units.items())])


# ------------------------------------------------------------------ devices


@click.group(help=_("设备"))
def device() -> None:
    pass


@device.command("list", help=_("列出设备"))
@JSON
def device_list(as_json: bool) -> None:
    with open_desk() as desk:
        devices, names = desk.accounts.devices(), desk.accounts.device_names()
    if as_json:
        print_json([
            {
                "id": d.id,
                "user": d.user,
                "name": names.get(d.id),
                "last_sync": iso_time(d.last_sync),
                "acked": d.acked,
                "revoked": d.is_revoked,
                "cloned_from": d.cloned_from,
            }
            for d in devices
        ])
        return
    for d in devices:
        state = _("停用") if d.is_revoked else ""
        if d.cloned_from:
            state = f"{state} {_('与 {id} 同盘复制').format(id=d.cloned_from)}".strip()
        print_rows([(d.id, d.user, names.get(d.id), iso_time(d.last_sync), d.acked, state)])


@device.command("revoke", help=_("停用一台设备；它只能再交一次没交的记录"))
@click.argument("id")
def device_revoke(id: str) -> None:
    with open_desk() as desk:
        desk.accounts.revoke(id)


@device.command("allow-recovery", help=_("允许一台设备找回口令，一次"))
@click.argument("id")
def device_allow_recovery(id: str) -> None:
    with open_desk() as desk:
        desk.accounts.allow_recovery(id)


# --------------------------------------------------------------- quarantine


@click.group(help=_("待人处理的改动"))
def quarantine() -> None:
    pass


@quarantine.command("list", help=_("列出待人处理的改动"))
@JSON
def quarantine_list(as_json: bool) -> None:
    from server import decisions

    with open_desk() as desk:
        kept = decisions.waiting(desk)
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
            "at": iso_time(at),
        }
        for change, verdict, at in kept
    ]
    if as_json:
        print_json(rows)
        return
    names = ("id", "author", "kind", "record", "op", "reason", "at")
    print_rows([[row[n] for n in names] for row in rows])
