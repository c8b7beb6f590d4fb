"""One line of words for what was told about one slot: whose file, what is in question, the values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from casework import told, wording
from schema.kinds import KINDS
from schema.problems import InvalidValue
from schema.record import DELETED, Kind
from sync.change import Conflict
from sync.language import _
from sync.reading import Reading


def line(
    replica: Reading, id: str, kind: str, record: str, slot: str, values: Iterable[Any]
) -> str:
    """The id, the child (and who of those around it), the slot, every value; line ends are spaces,
    an empty value is said."""
    today = wording.day_of(replica.clock.now_ms())
    declared = KINDS[kind]
    view = replica.get(record, kind)
    root = view.root if view else record
    roots = (k for k in KINDS.values() if k.scope == "root" and replica.rows(k.name, [root]))
    texts = (wording.slot_text(declared, slot, v, replica, today) for v in values)
    return "  ".join([
        id,
        wording.record_text(next(roots, declared), root, replica, today),
        told.subject(replica, kind, record, slot, today),
        *(" ".join(t.split()) or _("没有填") for t in texts),
    ])


def typed(conflict: Conflict, text: str | None) -> Any:
    """`--value` as a value of the conflict's slot.

    A group is given as a JSON object of its members, or as the text of one member: of whoever told
    exactly that the whole is meant, else the other members stay as they stand.
    """
    kind = KINDS[conflict.kind]
    if text is None:
        raise click.UsageError(_("--take value 要同时给 --value。"))
    if conflict.slot == DELETED:
        return text or None
    if not kind.is_group(conflict.slot):
        return kind.parse({conflict.slot: text})[conflict.slot]
    try:
        given = json.loads(text).items()
    except (ValueError, AttributeError):
        return _of_member(conflict, kind, text)
    members = {name: "" if member is None else str(member) for name, member in given}
    return kind.slot_value(conflict.slot, kind.parse(members))


def _of_member(conflict: Conflict, kind: Kind, text: str) -> Any:
    """A group's value from the text of the one member that can be meant."""
    heads = [kind.spread(conflict.slot, head.value) for head in conflict.heads]
    unlike = [name for name in heads[0] if any(h[name] != heads[0][name] for h in heads)]
    meant = _meant(kind, unlike, text)
    if meant is None:
        raise click.UsageError(_("这几项是一组，--value 要写成 JSON。"))
    member = kind.parse({meant: text})
    said = [h for h in heads if member[meant] is not None and h[meant] == member[meant]]
    around = said[0] if len(said) == 1 else heads[0]
    return kind.slot_value(conflict.slot, around | member)


def _meant(kind: Kind, names: Sequence[str], text: str) -> str | None:
    """The member told two ways; of several, the one which the text fits without any doubt."""
    if len(names) == 1:
        return names[0]
    fitting = [n for n in names if text.strip() and _fits(kind, n, text)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(kind: Kind, name: str, text: str) -> bool:
    try:
        return not kind.problems(kind.parse({name: text}))
    except InvalidValue:
        return False
