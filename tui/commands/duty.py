"""due, defer, rules, propose: what is to be done by whom, how often, and who belongs on the ledger."""

from __future__ import annotations

import datetime
from typing import Any

import click

from sync.language import _
from sync.replica import Refused
from sync.session import Session
from tui.commands.common import (
    as_json,
    assignments,
    emit,
    guarded,
    make_home,
    opened,
    say,
)


def _day(text: str | None, session: Session) -> datetime.date:
    from casework.wording import COUNTY_ZONE
    from schema.types import Date

    if text:
        return datetime.date.fromisoformat(Date().parse(text))
    now = session.replica.clock.now_ms() / 1000
    return datetime.datetime.fromtimestamp(now, COUNTY_ZONE).date()


def _account(user: str | None, named: str | None) -> str | None:
    """Whose store to open: a name that has one here means that one."""
    held = {account.card.user for account in make_home().accounts()}
    return named if named in held else user


@click.command(help=_("要办的事：逾期、今天、7 天内、本月做了的。"))
@click.option("--user", "of", metavar="NAME", help=_("别人的；不写就是自己的。"))
@click.option("--on", metavar="DATE", help=_("按这一天算；不写就是今天。"))
@click.option("--all", "is_all", is_flag=True, help=_("所有人的。"))
@as_json
@click.pass_obj
@guarded
def due(user: str | None, of: str | None, on: str | None, is_all: bool, is_json: bool) -> None:
    from casework.duties import LABELS, duties

    with opened(_account(user, of)) as session:
        if of and of != session.replica.identity.user and not session.replica.rows("user", [of]):
            raise Refused("not_found", of)
        found = duties(session.replica, _day(on, session), of, everybody=is_all)
    if is_json:
        fields = ("duty", "rule", "subject", "name", "due", "state", "why")
        emit([{f: getattr(d, f) for f in fields} for d in found])
    else:
        for d in found:
            click.echo(f"{_(LABELS[d.state])}  {d.due}  {d.name}  {d.why}  {d.duty}")


@click.command(help=_("一件事推后（要写原因）。"))
@click.argument("duty")
@click.option("--reason", required=True)
@click.option("--until", metavar="DATE", help=_("推到哪天；不写就是三天后。"))
@click.option("--on", metavar="DATE", help=_("哪天推的；不写就是今天。"))
@as_json
@click.pass_obj
@guarded
def defer(
    user: str | None, duty: str, reason: str, until: str | None, on: str | None, is_json: bool
) -> None:
    from casework.putting_off import put_off

    with opened(user) as session:
        made, day = put_off(session.replica, duty, reason, _day(on, session), until)
    if is_json:
        emit({"id": made, "duty": duty, "due": day})
    else:
        say(_("推到 {day}。").format(day=day))


@click.group(help=_("周期：多久一次、谁做、对谁。"))
def rules() -> None:
    pass


@rules.command("list", help=_("列出周期；没有数目的写「没定周期」。"))
@click.option("--on", "is_on", is_flag=True, help=_("只列启用的。"))
@as_json
@click.pass_obj
@guarded
def list_rules(user: str | None, is_on: bool, is_json: bool) -> None:
    import msgspec

    from casework import cadences

    with opened(user) as session:
        found = [r for r in cadences.rules(session.replica) if r.is_on or not is_on]
        if is_json:
            emit([_data(msgspec.structs.asdict(rule)) for rule in found])
            return
        for rule in found:
            mark = "●" if rule.is_on else "○"
            click.echo(f"{mark} {rule.code}  {_(rule.label)}  {cadences.words(rule)}  {rule.source}")


def _data(values: dict[str, Any]) -> dict[str, Any]:
    told = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    return {**told, "label": _(told["label"])}


@rules.command("set", help=_("改一条周期，或者加县里自己的（县管理员）。"))
@click.argument("code")
@click.argument("values", nargs=-1, required=True)
@as_json
@click.pass_obj
@guarded
def set_rule(user: str | None, code: str, values: tuple[str, ...], is_json: bool) -> None:
    from casework import cadences

    parsed = cadences.RULE.parse(assignments(values))
    with opened(user) as session:
        made = cadences.change(session.replica, code, parsed)
    if is_json:
        emit({"id": made, "rule": code})
    else:
        say(_("改好了，下次收发后各台电脑都按这个。"))


@click.command(help=_("该建档、该结案的孩子，各有理由；要人认可才算。"))
@click.option("--accept", "accepted", metavar="ID", help=_("认可一条，照它改。"))
@click.option("--on", metavar="DATE", help=_("按这一天算；不写就是今天。"))
@as_json
@click.pass_obj
@guarded
def propose(user: str | None, accepted: str | None, on: str | None, is_json: bool) -> None:
    from casework.eligibility import ACTIONS, accept, proposals, rule_of

    with opened(user) as session:
        today = _day(on, session)
        if accepted:
            found = [accept(session.replica, accepted, today)]
        else:
            found = proposals(session.replica, today)
        rule = rule_of(session.replica)
    if is_json:
        fields = ("id", "child", "name", "action", "reason", "on", "why")
        told = [{**{f: getattr(p, f) for f in fields}, "rule": rule.code} for p in found]
        emit(told[0] if accepted else told)
        return
    for p in found:
        click.echo(f"{_(ACTIONS[p.action])}  {p.name}  {p.why}  {p.id}")
    if not accepted:
        say(_("按「{rule}」（{source}）。").format(rule=_(rule.label), source=rule.source))
