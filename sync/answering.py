"""Questions at the hub: asked only of who may read the record; an answer closes the conflict where the
county has set it so, and opens it again where another has answered otherwise."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from schema.kinds import KINDS
from schema.kinds.counsel_question import COUNSEL_QUESTION
from schema.kinds.question import QUESTION
from schema.record import DELETED, Kind
from schema.settings import SETTINGS
from sync import clock, ids
from sync.change import Change, Slot, State, raw_version
from sync.hubstore import HUB_DEVICE
from sync.reopening import decides_own_danger
from sync.scope import Scope

if TYPE_CHECKING:
    from sync.intake import Batch

QUESTIONS = (QUESTION, COUNSEL_QUESTION)
NAMES = frozenset(kind.name for kind in QUESTIONS)
REPLY = "reply"
SETTING = "answers_close"
ANSWERS = f"{HUB_DEVICE}="
"""Begins the device id of decisions that the hub makes of answers."""


def asking(kind: Kind) -> Kind | None:
    """The kind of a question about a record: read by none but those who may read the record."""
    return next((question for question in QUESTIONS if question.read <= kind.read), None)


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
        if change.kind in NAMES and change.op == "put" and change.fields.get(REPLY):
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
    others = _other_answers(batch, question, kind)
    if slot.conflict != question.values.get("conflict"):
        if not _is_by_an_answer(slot):
            return
        is_own = slot.standing.mark.author == reply.author
        if any(o != value for o in others) if is_own else value != slot.standing.value:
            _open_again(batch, state, name, slot, reply)
            return
        if not is_own:
            return
        names.insert(0, slot.standing.mark.version)  # they thought better of it before it was sent
    elif any(o != value for o in others):
        return  # told two ways again: all of it is offered to a reviewer
    decision = _change(batch, state, reply, "resolve", {name: value}, {name: names[0]}, names)
    if not decides_own_danger(kind, decision, state):  # then it is offered to a reviewer
        batch.accept(decision, kind)


def _is_by_an_answer(slot: Slot) -> bool:
    """True when what stands is what an answer has decided: nobody has spoken of it since."""
    return len(slot.heads) == 1 and slot.standing.mark.version.startswith(ANSWERS)


def _open_again(batch: Batch, state: State, name: str, slot: Slot, reply: Change) -> None:
    """Take the decision that another's answer made back: the conflict stands as it was, and its
    reviewer is offered every answer."""
    made = batch.lookup(raw_version(slot.standing.mark.version))
    if made is None:
        return
    told = [v for v in made.change.names if not v.startswith(ANSWERS)]
    base = {name: slot.standing.mark.version}
    batch.accept(
        _change(batch, state, reply, "reopen", {name: slot.standing.value}, base, told),
        KINDS[state.kind],
    )


def _change(
    batch: Batch,
    state: State,
    reply: Change,
    op: str,
    fields: dict[str, Any],
    base: dict[str, str],
    names: list[str],
) -> Change:
    """A change of the hub's own in the name of who has answered."""
    seq = batch.seq + 1
    device = ANSWERS + ids.derived_id(reply.version, state.id, str(seq))[:8]
    return Change(
        device, seq, f"{device}.{seq}", op, state.kind, state.id, reply.author,
        clock.stamp_of(batch.now_ms), fields, base, reply.seen, "", names,
    )  # fmt: skip


def _other_answers(batch: Batch, question: State, kind: Kind) -> list[Any]:
    """What others have answered who were asked about the same conflict."""
    stored = batch.store.records_of([question.root])
    held = [msgspec.json.decode(body, type=State) for _root, k, body in stored if k in NAMES]
    now = {s.id: s for s in (*held, *batch.states.values()) if s and s.kind in NAMES}
    found = []
    for one in now.values():
        if one.is_deleted or one.values.get("whom") == question.values.get("whom"):
            continue
        if one.values.get("conflict") == question.values.get("conflict"):
            name, text = str(one.values.get("slot")), one.values.get("answer")
            fits, value = _value(kind, name, text) if text else (False, None)
            found += [value] if fits else []
    return found


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
