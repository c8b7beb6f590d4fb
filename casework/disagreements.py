"""What stands against each other in a conflict, in words: who said what, when, and having seen the child or not."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from casework import summary, wording
from schema.kinds import KINDS
from schema.types import Choices, Date, LongText
from sync import clock
from sync.change import Conflict, Head
from sync.reading import Reading


@dataclass(frozen=True)
class Side:
    """One way of telling it."""

    value: str
    author: str = ""
    when: str = ""
    seen: str = ""
    note: str = ""
    """What the author wrote about the child on the day they last saw them."""
    is_worse: bool = False
    """True when it worries more than what was told before."""


def _person(login: str, replica: Reading) -> str:
    found = replica.rows("user", [login])
    return str(found[0].get("name") or login) if found else login


def root_of(replica: Reading, conflict: Conflict) -> str:
    view = replica.get(conflict.record, conflict.kind)
    return (view.root or view.id) if view else conflict.record


def about(replica: Reading, conflict: Conflict, today: datetime.date) -> list[str]:
    """Whose record, the short facts about them, and last what was told two ways."""
    root = root_of(replica, conflict)
    kind = KINDS[conflict.kind]
    label = wording.slot_label(kind, conflict.slot)
    facts: list[str] = []
    for name in KINDS:
        rows = replica.rows(name, [root], with_deleted=True)
        if rows:
            facts = [text for text, _spec in summary.head(replica, KINDS[name], rows[0], today)]
            break
    if root != conflict.record:
        own = replica.rows(kind.name, [conflict.record], with_deleted=True)
        if own:
            first = kind.by_name[kind.title[0]]
            label = f"{wording.value_text(first, own[0].get(first.name), replica, today)} {label}"
    return [*(facts[:4] or [root]), label]


def base_side(replica: Reading, conflict: Conflict, today: datetime.date) -> Side:
    """What was known before both wrote."""
    kind = KINDS[conflict.kind]
    value = wording.slot_text(kind, conflict.slot, conflict.base_value, replica, today)
    version = (conflict.base_version or "").rstrip("*")
    field = next((f.name for f in kind.slots.get(conflict.slot, ())), None)
    for past in replica.history(conflict.record, field) if version else ():
        if past.version.rstrip("*") == version:
            when = wording.moment_text(past.at_ms, today)
            return Side(value, _person(past.author, replica), when)
    return Side(value)


def head_side(replica: Reading, conflict: Conflict, n: int, today: datetime.date) -> Side:
    """One of the values that stand against each other."""
    kind = KINDS[conflict.kind]
    head = conflict.heads[n]
    return Side(
        wording.slot_text(kind, conflict.slot, head.value, replica, today),
        _person(head.mark.author, replica),
        wording.moment_text(clock.ms_of(head.mark.stamp), today),
        wording.date_text(head.mark.seen, today),
        _note(replica, conflict, head),
        kind.rank(conflict.slot, head.value) > kind.rank(conflict.slot, conflict.base_value),
    )


def _note(replica: Reading, conflict: Conflict, head: Head) -> str:
    """The author's words of the day they last saw the child, from the log that hangs on the record."""
    if not head.mark.seen:
        return ""
    root = root_of(replica, conflict)
    kind_of_root = replica.records.kind_of([root]).get(root)
    for kind in summary.hanging_kinds(KINDS[kind_of_root]) if kind_of_root else ():
        day = next((f.name for f in kind.fields if isinstance(f.type, Date)), None)
        words = next((f.name for f in kind.fields if isinstance(f.type, LongText)), None)
        if summary.is_people(kind) or day is None or words is None:
            continue
        for row in replica.select(kind.name, {kind.parent: root, day: head.mark.seen}):
            view = replica.get(row["id"], kind.name)
            if row.get(words) and view and view.author(day) == head.mark.author:
                return str(row[words])
    return ""


def union(conflict: Conflict) -> Any:
    """Both values together where the field can hold both: sets, and texts one after the other; else None."""
    field = KINDS[conflict.kind].by_name.get(conflict.slot)
    values = [h.value for h in conflict.heads if h.value]
    if field is None or len(values) < 2:
        return None
    if isinstance(field.type, Choices):
        return field.type.sorted([code for value in values for code in value])
    if isinstance(field.type, LongText) and KINDS[conflict.kind].merges_text:
        return "\n".join(dict.fromkeys(values))
    return None


def is_milder(conflict: Conflict, chosen: Any) -> bool:
    """True when `chosen` worries less than a value someone wrote: that needs a reason."""
    kind = KINDS[conflict.kind]
    if conflict.meeting != "critical":
        return False
    return kind.rank(conflict.slot, chosen) < max(
        kind.rank(conflict.slot, h.value) for h in conflict.heads
    )


def differing(a: str, b: str) -> tuple[int, int, int]:
    """Where two texts differ: common start, and where the difference ends in each."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    tail = 0
    while tail < min(len(a), len(b)) - start and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    return start, len(a) - tail, len(b) - tail
