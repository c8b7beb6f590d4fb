"""Putting a duty off with a reason, and writing down that a unit did its own."""

from __future__ import annotations

import datetime

from casework import cadences
from casework.duties import PROMISE
from schema.kinds import KINDS
from schema.problems import Problem
from schema.types import Date
from sync.replica import InvalidRecord, Refused, Replica

Day = datetime.date
LATER = datetime.timedelta(days=3)
"""When a duty falls due again unless a day is said: "went, nobody home" is tried again soon."""


def put_off(
    replica: Replica, duty: str, reason: str, today: Day, until: str | None = None
) -> tuple[str, str]:
    """Put a duty (`rule:subject`) off; returns the id of the record and the day.

    Raises:
        Refused: no such duty here, or not ours to write.
        InvalidRecord: no reason, or no day.
    """
    rule, _colon, subject = duty.partition(":")
    known = {r.code for r in cadences.rules(replica)} | {PROMISE}
    known |= {f"{k.name}.{d.field}" for k in KINDS.values() for d in k.deadlines}
    if not subject or rule not in known:
        raise Refused("not_found", duty)
    if not reason.strip():
        raise InvalidRecord([("reason", Problem("required", "推后要写原因。"))])
    day = Date().parse(until) if until else (today + LATER).isoformat()
    values = {"rule": rule, "on": today.isoformat(), "until": day}
    if replica.rows("child", [subject]):
        made = replica.save("deferral", {**values, "child": subject, "reason": reason.strip()})
    elif replica.unit(subject) is not None:
        made = replica.save("unit_log", {**values, "unit": subject, "note": reason.strip()})
    else:
        raise Refused("not_found", duty)
    return made, day


def write_done(replica: Replica, duty: str, today: Day, note: str = "") -> str:
    """Write down that a unit did what `duty` says; returns the record's id."""
    rule, _colon, unit = duty.partition(":")
    if replica.unit(unit) is None:
        raise Refused("not_found", duty)
    me = replica.identity
    values = {"unit": unit, "rule": rule, "on": today.isoformat(), "done_by": me.name or me.user}
    return replica.save("unit_log", {**values, **({"note": note} if note else {})})
