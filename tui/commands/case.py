"""case: opens a safeguarding case, adds its steps, closes it, says where every case stands."""

from __future__ import annotations

from typing import Any

import click

from casework import calls, cases, moments, wording
from schema.kinds import KINDS
from schema.record import Kind
from schema.types import Choice
from sync.language import _
from sync.lease import lease_of
from sync.replica import Refused, Replica
from sync.session import Session
from tui.commands.common import (
    as_json,
    assignments,
    emit,
    guarded,
    iso,
    opened,
    say,
    warn_doubts,
)

CASE, STEP = KINDS["case"], KINDS["case_step"]


@click.group(help=_("险情：发现就报，一步一步记，只能添。"))
def case() -> None:
    pass


@case.command("open", help=_("报一起险情；先打给 110。"))
@click.argument("child")
@click.argument("values", nargs=-1)
@as_json
@click.pass_obj
@guarded
def open_(user: str | None, child: str, values: tuple[str, ...], is_json: bool) -> None:
    with opened(user, past_lease=True) as session:
        replica = session.replica
        given = _given(CASE, values)
        given.setdefault("seen_at", moments.now_text(replica.clock.now_ms()))
        given.setdefault("seen_by", replica.identity.name or replica.identity.user)
        if replica.get(child, "child") is None:
            raise Refused("not_found", child)
        made = replica.save("case", {**given, "child": child})
        warn_doubts(session, CASE, given)
        told = _told(replica, made)
    _answer(told, is_json)


@case.command("step", help=_("给一起险情添一步，如 step=police_told told=派出所 how=phone。"))
@click.argument("id")
@click.argument("values", nargs=-1, required=True)
@as_json
@click.pass_obj
@guarded
def step(user: str | None, id: str, values: tuple[str, ...], is_json: bool) -> None:
    if values and "=" not in values[0]:
        values = (f"step={values[0]}", *values[1:])
    with opened(user, past_lease=True) as session:
        made = _add_step(session, id, _given(STEP, values))
        told = {"step_id": made, **_told(session.replica, id)}
    _answer(told, is_json)


@case.command("close", help=_("结案：说明怎么结的。"))
@click.argument("id")
@click.option("--as", "closed_as", required=True, help="safe, handed_over, unfounded …")
@click.argument("values", nargs=-1)
@as_json
@click.pass_obj
@guarded
def close(
    user: str | None, id: str, closed_as: str, values: tuple[str, ...], is_json: bool
) -> None:
    given = _given(STEP, ("step=closed", f"closed_as={closed_as}", *values))
    with opened(user, past_lease=True) as session:
        made = _add_step(session, id, given)
        told = {"step_id": made, **_told(session.replica, id)}
    _answer(told, is_json)


@case.command("list", help=_("没结案的险情，拖了的在前；--all 连结了的。"))
@click.option("--all", "is_every", is_flag=True)
@as_json
@click.pass_obj
@guarded
def list_(user: str | None, is_every: bool, is_json: bool) -> None:
    with opened(user) as session:
        replica = session.replica
        now_ms = replica.clock.now_ms()
        found = cases.alarms(replica, now_ms)
        if is_every:
            found += [
                s for s in cases.standings(replica, replica.select("case"), now_ms) if not s.is_open
            ]
        told = [standing_data(s, replica) for s in found]
        lines = [_line(s, replica) for s in found]
    if is_json:
        emit(told)
        return
    for line in lines:
        click.echo(line)
    if not told:
        say(_("没有险情。"))


def _line(standing: cases.Standing, replica: Replica) -> str:
    """A case for people: whose, what, how far, and what it waits for."""
    now_ms = replica.clock.now_ms()
    today = wording.day_of(now_ms)
    found, waits = standing.case, standing.next
    name = standing_data(standing, replica)["name"] or ""
    cause = wording.value_text(CASE.by_name["cause"], found["cause"], replica, today)
    words = [found["id"], name, cause, _(dict(cases.STAGES)[standing.stage])]
    if waits is not None:
        step = _step_label(waits.step)
        said = _("拖了：{step}") if waits.is_late else _("下一步：{step}")
        words += [said.format(step=step), wording.moment_text(waits.by_ms, today)]
    return "  ".join(words)


def _step_label(step: str) -> str:
    kind = STEP.by_name["step"].type
    assert isinstance(kind, Choice)
    return _(kind.codes.by_code[step].label)


def _given(kind: Kind, values: tuple[str, ...]) -> dict[str, Any]:
    return {n: v for n, v in kind.parse(assignments(values)).items() if v is not None}


def _add_step(session: Session, id: str, given: dict[str, Any]) -> str:
    replica = session.replica
    held = replica.get(id, "case")
    if held is None:
        raise Refused("not_found", id)
    given.setdefault("at", moments.now_text(replica.clock.now_ms()))
    given.setdefault("done_by", replica.identity.name or replica.identity.user)
    values = {**given, "child": held.values["child"], "case": id}
    doubts = replica.doubts("case_step", values)
    made = replica.save("case_step", values)
    for field, problem in doubts:
        say(f"{field}: {problem.text(_)} ({problem.code})")
    return made


def standing_data(standing: cases.Standing, replica: Replica) -> dict[str, Any]:
    """A case as scripts read it; without the child's name once files are closed to reading."""
    found, waits = standing.case, standing.next
    wanted = [] if lease_of(replica).is_ended else [found["_root"]]
    child = replica.rows("child", wanted, with_deleted=True)
    return {
        "id": found["id"],
        "child": found["_root"],
        "name": child[0]["name"] if child else None,
        "cause": found["cause"],
        "seen_at": found["seen_at"],
        "stage": standing.stage,
        "is_open": standing.is_open,
        "steps": len(standing.steps),
        "police_told": standing.told("police_told"),
        "township_told": standing.told("township_told"),
        "next": waits and {"step": waits.step, "by": iso(waits.by_ms), "is_late": waits.is_late},
        "late": list(standing.late),
    }


def _told(replica: Replica, id: str) -> dict[str, Any]:
    row = replica.rows("case", [id])[0]
    [standing] = cases.standings(replica, [row], replica.clock.now_ms())
    first = calls.first(replica, row["_root"], row["cause"])
    if lease_of(replica).is_ended:
        first = [c for c in first if c.number in calls.NATIONAL]
    call = [{"who": c.who, "number": c.number} for c in first]
    return {**standing_data(standing, replica), "call": call}


def _answer(told: dict[str, Any], is_json: bool) -> None:
    if is_json:
        emit(told)
        return
    if told["is_open"]:
        say(_("先打这些电话："))
        for call in told["call"]:
            say(f"  {call['number']}  {call['who']}")
    click.echo(told["id"])
    if told["next"]:
        say(_("下一步：{step}").format(step=_step_label(told["next"]["step"])))
    for late in told["late"]:
        say(_("拖了：{step}").format(step=_step_label(late)))
