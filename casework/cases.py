"""The safeguarding chain (S9): where a case stands, what comes next and by when, what is late.

Reckoned, never stored. Sources: 国发〔2016〕13号 (police told in the first instance, township
informed); 24 hours after a major event from notices on key persons. A deadline without a source is
ours until the county says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from casework import moments
from schema.kinds.case_step import STEP
from schema.problems import Problem
from sync.language import N_, _
from sync.reading import Reading

HOUR = 3_600_000
STAGES = (
    ("seen", N_("发现")),
    ("told", N_("告知")),
    ("response", N_("应急处置")),
    ("assessment", N_("评估")),
    ("support", N_("帮扶")),
    ("intervention", N_("监护干预")),
    ("closed", N_("结案")),
)
"""The chain in order: name and label."""
ORDER = tuple(name for name, _label in STAGES)


class Duty(Struct, frozen=True):
    """A step that every case needs."""

    step: str
    hours: int
    """From what was seen."""
    stage: str
    source: str
    """Where the deadline comes from; empty: ours, for the county to set."""


CHAIN = (
    Duty("police_told", 0, "told", "国发〔2016〕13号：第一时间"),
    Duty("township_told", 24, "told", "重大变化二十四小时内"),
    Duty("response", 24, "response", "重大变化二十四小时内"),
    Duty("assessment", 7 * 24, "assessment", ""),
    Duty("support", 14 * 24, "support", ""),
)
GRACE_MS = HOUR
"""What is to be done at once counts as late after an hour."""
STAGE_OF_STEP = {
    "placement": "response",
    "intervention": "intervention",
    "legal_aid": "support",
    **{d.step: d.stage for d in CHAIN if d.stage != "told"},
}
BEFORE = {
    "assessment": ("response",),
    "support": ("assessment",),
    "intervention": ("assessment",),
    "closed": ("police_told", "township_told", "response", "assessment"),
}
"""What must be on record before a step."""
NO_CASE = ("unfounded", "entered_in_error")
"""Ways of closing that need nothing before them."""
AFTER_CLOSING = ("reopened", "correction", "missed_report", "praise")


class Next(Struct, frozen=True):
    """What a case waits for."""

    step: str
    by_ms: int
    is_late: bool


class Standing(Struct, frozen=True):
    """Where a case stands at a moment."""

    case: dict[str, Any]
    steps: tuple[dict[str, Any], ...]
    stage: str
    """The furthest stage reached; earlier ones may still be open, see `reached`."""
    reached: frozenset[str]
    is_open: bool
    next: Next | None
    late: tuple[str, ...]
    """Steps of the chain that are overdue, in order."""
    since_ms: int
    """How long ago it was seen."""

    def told(self, step: str) -> str | None:
        """When a step was first taken; None: not yet."""
        return next((s["at"] for s in self.steps if s["step"] == step), None)


def is_done(step: str, steps: Sequence[Mapping[str, Any]]) -> bool:
    """True when a step is on record; a placement is an emergency response."""
    wanted = {step, "placement"} if step == "response" else {step}
    return any(s.get("step") in wanted for s in steps)


def is_open(steps: Sequence[Mapping[str, Any]]) -> bool:
    last = [s["step"] for s in steps if s.get("step") in ("closed", "reopened")]
    return not last or last[-1] == "reopened"


def stand(case: dict[str, Any], steps: Sequence[dict[str, Any]], now_ms: int) -> Standing:
    """Where a case stands: `steps` in the order of their moments."""
    seen_ms = moments.ms_of(case["seen_at"])
    reached = {STAGE_OF_STEP.get(str(s.get("step")), "seen") for s in steps} | {"seen"}
    if is_done("police_told", steps) and is_done("township_told", steps):
        reached.add("told")
    still_open = is_open(steps)
    stage = max(reached, key=ORDER.index) if still_open else "closed"
    waiting = [d for d in CHAIN if not is_done(d.step, steps)] if still_open else []
    late = [d.step for d in waiting if now_ms > seen_ms + max(d.hours * HOUR, GRACE_MS)]
    after = None
    if waiting:
        first = waiting[0]
        after = Next(first.step, seen_ms + first.hours * HOUR, first.step in late)
    return Standing(
        case,
        tuple(steps),
        stage,
        frozenset(reached),
        still_open,
        after,
        tuple(late),
        max(now_ms - seen_ms, 0),
    )


def steps_of(replica: Reading, cases: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Case to its steps, by their moments."""
    found: dict[str, list[dict[str, Any]]] = {c["id"]: [] for c in cases}
    for root in {c["_root"] for c in cases}:
        for step in replica.children_of("case_step", root):
            if step["case"] in found:
                found[step["case"]].append(step)
    for steps in found.values():
        steps.sort(key=lambda s: (s["at"], s["id"]))
    return found


def standings(replica: Reading, cases: Sequence[dict[str, Any]], now_ms: int) -> list[Standing]:
    """Where each case stands, in the order given."""
    steps = steps_of(replica, cases)
    return [stand(c, steps[c["id"]], now_ms) for c in cases]


def alarms(replica: Reading, now_ms: int) -> list[Standing]:
    """Every open case, those with something late first, then the longest open."""
    found = standings(replica, replica.select("case"), now_ms)
    return sorted(
        (s for s in found if s.is_open), key=lambda s: (not s.late, s.case["seen_at"], s.case["id"])
    )


def problems(replica: Reading, values: Mapping[str, Any], now_ms: int) -> list[tuple[str, Problem]]:
    """What is wrong with a new step, seen with its case and the steps before it."""
    held = replica.rows("case", [str(values["case"])])
    if not held:
        return []  # said already: there is no such record
    case = held[0]
    steps = steps_of(replica, [case])[case["id"]]
    found: list[tuple[str, Problem]] = []
    if values["child"] not in (case["child"], case["_root"]):  # merged files: either name
        found.append(("case", Problem("other_child", "这起险情是另一个孩子的。")))
    at, step = str(values.get("at")), str(values.get("step"))
    if moments.ms_of(at) < moments.ms_of(case["seen_at"]) and len(at) > 10:
        found.append(("at", Problem("before_seen", "不能早于发现险情的时间。")))
    if moments.ms_of(at) > now_ms + HOUR:
        found.append(("at", Problem("in_future", "这个时间还没到。", True)))
    if not is_open(steps) and step not in AFTER_CLOSING:
        found.append(("step", Problem("case_closed", "已经结案。要接着办，先添一步「重新打开」。")))
    if is_open(steps) and step == "reopened":
        found.append(("step", Problem("not_closed", "还没结案，不用重新打开。")))
    lacking = [s for s in BEFORE.get(step, ()) if not is_done(s, steps)]
    if lacking and not (step == "closed" and values.get("closed_as") in NO_CASE):
        named = (("steps", _("、").join(_(STEP.by_code[s].label) for s in lacking)),)
        problem = Problem("out_of_order", "前面还缺：{steps}。先补上，再记这一步。", args=named)
        found.append(("step", problem))
    return found
