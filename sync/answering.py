"""Questions at the hub: asked only of who may read the record; an answer closes the conflict where the
county has set it so."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from schema.kinds import KINDS
from schema.record import DELETED, Kind
from schema.settings import SETTINGS
from sync import clock, ids
from sync.change import Change, Slot, State
from sync.hubstore import HUB_DEVICE
from sync.reopening import decides_own_danger
from sync.scope import Scope

if TYPE_CHECKING:
    from sync.intake import Batch

QUESTION, REPLY = "question", "reply"
SETTING = "answers_close"
ANSWERS = f"{HUB_DEVICE}="
"""Begins the device id of decisions that the hub makes of answers."""


def can_be_asked(
    batch: Batch, values: Mapping[str, Any], root: str, units: Collection[str]
) -> bool:
    """False when the one asked may not read the record asked about. Whom the store does not know is
    asked all the same: nobody reads it in their place."""
    grants = batch.store.grants_of(str(values.get("whom")))
    if grants is None:
        return True
    return Scope(grants, batch.tree).reads(str(values.get("record_kind")), root, units)


def close_answered(batch: Batch) -> None:
    """Decide, in the name of who was asked, what the answers of this push say."""
    for entry in list(batch.entries.values()):
        change = entry.change
        if change.kind == QUESTION and change.op == "put" and change.fields.get(REPLY):
            question = batch.states.get(change.id)
            if question is not None and change.author == question.values.get("whom"):
                _close(batch, question, change)


def _close(batch: Batch, question: State, reply: Change) -> None:
    setting = f"setting:{SETTING}"
    record = str(question.values.get("record"))
    batch.load([setting, record, question.root], [question.root])
    said = batch.states.get(setting)
    if not (said.values.get("value") if said else SETTINGS[SETTING].default):
        return
    state, name = batch.states.get(record), str(question.values.get("slot"))
    slot = state.slots.get(name) if state else None
    if state is None or slot is None:
        return
    kind = KINDS[state.kind]
    fits, value = _value(kind, name, reply.fields[REPLY].get("answer"))
    names = str(reply.fields[REPLY].get("saw") or "").split()
    if not fits or not names:
        return
    if slot.conflict != question.values.get("conflict"):
        if not _is_own_answer(slot, reply):
            return
        names.insert(0, slot.standing.mark.version)  # they thought better of it before it was sent
    seq = batch.seq + 1
    device = ANSWERS + ids.derived_id(reply.version, record, str(seq))[:8]
    decision = Change(
        device, seq, f"{device}.{seq}", "resolve", kind.name, record, reply.author,
        clock.stamp_of(batch.now_ms), {name: value}, {name: names[0]}, reply.seen, "", names,
    )  # fmt: skip
    if not decides_own_danger(kind, decision, state):  # then it is offered to a reviewer
        batch.accept(decision, kind)


def _is_own_answer(slot: Slot, reply: Change) -> bool:
    """True when what stands is what the same person answered before from the same laptop, unsent
    until now: who has heard that it closed the conflict is asked no more."""
    mark = slot.standing.mark
    return (
        len(slot.heads) == 1 and mark.author == reply.author and mark.version.startswith(ANSWERS)
    )


def _value(kind: Kind, name: str, text: Any) -> tuple[bool, Any]:
    """Whether an answer can be stored, and its value."""
    try:
        value = json.loads(str(text))
        members = kind.spread(name, value)
    except (ValueError, AttributeError):
        return False, None
    if name == DELETED or name not in kind.slots:
        return False, None
    if kind.is_group(name) and not isinstance(value, dict | None):
        return False, None
    is_emptied = any(v is None and kind.by_name[n].is_required for n, v in members.items())
    problems = [p for _n, p in kind.problems(members) if not p.is_doubt]
    return not problems and not is_emptied, kind.slot_value(name, members)
