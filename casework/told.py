"""What was told two ways, made ready for a person's eyes: the order of the queue, who told it and
why."""

from __future__ import annotations

import datetime
import difflib
from typing import Any

from msgspec import Struct

from casework import summary, wording
from casework.posts import posts_of
from schema.kinds import KINDS
from schema.record import DELETED, Field, Kind
from schema.roles import LABELS, ROLES
from schema.types import Choice, Choices, LongText, Phone, UnitRef
from sync import pinyin
from sync.change import Conflict, Mark, device_of, raw_version
from sync.clock import ms_of
from sync.decisions import is_own_critical
from sync.language import _
from sync.reading import Reading, device_record
from sync.views import View

CRITICAL, REACHING, OTHER = range(3)
"""Order of the queue: the child's safety; how to reach the child's people; everything else."""


class Telling(Struct, frozen=True):
    """One of the values and what speaks for it."""

    value: Any
    text: str
    author: str = ""
    post: str = ""
    """What its author is to the children: 儿童主任."""
    device: str = ""
    at_ms: int | None = None
    seen: str | None = None
    """Date on which its author had last seen the child."""
    met: str = ""
    """How they had met."""
    note: str = ""
    """What the author wrote down of that day."""


def _reaches(field: Field) -> bool:
    """True for what one needs to reach somebody: a phone, a place, an address by any of its
    names."""
    words = (field.label, *field.headings)
    return isinstance(field.type, (Phone, UnitRef)) or any(w.endswith("址") for w in words)


def rank(conflict: Conflict) -> int:
    """Where in the queue a conflict belongs."""
    if conflict.meeting == "critical":
        return CRITICAL
    fields = KINDS[conflict.kind].slots.get(conflict.slot, ())
    return REACHING if any(_reaches(f) for f in fields) else OTHER


def queue(replica: Reading, words: str = "") -> list[Conflict]:
    """Open conflicts here: child by child, the child with the most urgent one first, then the one
    that has waited longest. `words`: only those about which all of them are true (`speaks_of`)."""
    told = [c for c in replica.conflicts() if len(c.heads) > 1]
    wanted = words.casefold().split()
    if wanted:
        told = [c for c in told if all(w in speaks_of(replica, c) for w in wanted)]
    roots = {c.id: root_of(replica, c) for c in told}
    first: dict[str, tuple[int, int]] = {}
    for c in told:
        mine = (rank(c), c.opened_ms)
        first[roots[c.id]] = min(first.get(roots[c.id], mine), mine)
    return sorted(
        told, key=lambda c: (first[roots[c.id]], roots[c.id], rank(c), c.opened_ms, c.id)
    )


def root_of(replica: Reading, conflict: Conflict) -> str:
    """The child a conflict is about."""
    view = replica.get(conflict.record, conflict.kind)
    return view.root if view else conflict.record


def speaks_of(replica: Reading, conflict: Conflict) -> str:
    """What a typed filter is looked for in: child, initials, units, field, kind, authors, urgency."""
    root = root_of(replica, conflict)
    kind = KINDS[conflict.kind]
    rows = [r for k in KINDS.values() if k.scope == "root" for r in replica.rows(k.name, [root])]
    name = str(rows[0].get("name") or "") if rows else ""
    units = {u for code in replica.units_of_root(root) for u in replica.path_of(code)}
    named = [str(unit["name"]) for u in sorted(units) if (unit := replica.unit(u))]
    authors = [person(replica, h.mark.author) for h in conflict.heads]
    urgent = [_("紧急")] if conflict.meeting == "critical" else []
    label = wording.slot_label(kind, conflict.slot)
    codes = [kind.name, conflict.slot, *sorted(units), *(h.mark.author for h in conflict.heads)]
    return " ".join(
        [name, pinyin.initials(name), _(kind.label), label, *named, *authors, *urgent, *codes]
    ).casefold()


def why_not(replica: Reading, conflict: Conflict) -> str:
    """Code of why the person may not decide; empty for a reviewer of the child. A critical one is
    decided by none of those who told it."""
    root = root_of(replica, conflict)
    if not replica.scope.may_resolve(root, replica.units_of_root(root)):
        return "not_permitted"
    return "own_words" if is_own_critical(conflict, replica.identity.user) else ""


def may_decide(replica: Reading, conflict: Conflict) -> bool:
    return not why_not(replica, conflict)


def is_harmless(conflict: Conflict) -> bool:
    """True for what may be settled together with others, unseen one by one: nothing of a child's
    safety, of how to reach somebody, or of who the child is (a required or sensitive field, or of
    which file)."""
    fields = KINDS[conflict.kind].slots.get(conflict.slot, ())
    says_who = any(f.is_required or f.is_sensitive for f in fields)
    says_who |= conflict.slot == KINDS[conflict.kind].pointer
    return rank(conflict) == OTHER and conflict.meeting == "contested" and not says_who


def person(replica: Reading, login: str) -> str:
    """An author as people know them."""
    rows = replica.rows("user", [login], with_deleted=True)
    name = rows[0].get("name") if rows else None
    return str(name or (_("县里") if login == "server" else login))


def post(replica: Reading, login: str) -> str:
    """The first of an author's roles as people know it; empty where none is known."""
    held = [role for role, _unit in posts_of(replica, login)]
    return next((_(LABELS[role]) for role in ROLES if role in held), "")


def subject(
    replica: Reading, kind: str, record: str, slot: str, today: datetime.date
) -> str:
    """What is in question: a slot of the child, or of someone around it."""
    declared = KINDS[kind]
    label = wording.slot_label(declared, slot)
    if declared.scope == "root":
        return label
    first = wording.record_text(declared, record, replica, today).split(" ")[0]
    return _("{who}{what}").format(who=first, what=wording.within(label))


def device_text(replica: Reading, version: str) -> str:
    """A device in few words: its name, or the start of its id where it never told one."""
    device = device_of(version)
    if device == replica.identity.device:
        return _("这台电脑")
    named = replica.rows("device", [device_record(device)])
    if named:
        return str(named[0]["name"])
    return _("县里") if device.startswith("hub") else _("电脑 {id}").format(id=device[:8])


def base(replica: Reading, conflict: Conflict, today: datetime.date) -> Telling:
    """What both had seen before they wrote."""
    kind, version = KINDS[conflict.kind], conflict.base_version
    text = wording.slot_text(kind, conflict.slot, conflict.base_value, replica, today)
    if version is None:
        return Telling(conflict.base_value, text)
    steps = (p for p in replica.history(conflict.record) if p.version == raw_version(version))
    step = next(steps, None)
    if step is None:
        return Telling(conflict.base_value, text, device=device_text(replica, version))
    return Telling(
        conflict.base_value,
        text,
        person(replica, step.author),
        post(replica, step.author),
        device_text(replica, version),
        step.at_ms,
    )


def head(replica: Reading, conflict: Conflict, n: int, today: datetime.date) -> Telling:
    """The `n`th value that stands beside the others; 0 is the one that counts now."""
    kind, found = KINDS[conflict.kind], conflict.heads[n]
    mark = found.mark
    view = replica.get(conflict.record, conflict.kind)
    met, note = _written_that_day(replica, view, mark, today)
    return Telling(
        found.value,
        wording.slot_text(kind, conflict.slot, found.value, replica, today),
        person(replica, mark.author),
        post(replica, mark.author),
        device_text(replica, mark.version),
        ms_of(mark.stamp),
        mark.seen,
        met,
        note,
    )


def _written_that_day(
    replica: Reading, view: View | None, mark: Mark, today: datetime.date
) -> tuple[str, str]:
    """How the author met the child on the day they last did, and their words about it."""
    root = next((k for k in KINDS.values() if k.scope == "root"), None)
    if view is None or root is None or mark.seen is None:
        return "", ""
    for kind in summary.hanging_kinds(root):
        on = kind.order_by[0].lstrip("-") if kind.order_by else ""
        if summary.is_people(kind) or not on:
            continue
        for row in replica.select(kind.name, {kind.parent: view.root, on: mark.seen}):
            written = replica.get(row["id"], kind.name)
            if written is not None and written.author(on) == mark.author:
                return _words(replica, kind, row, today)
    return "", ""


def _words(
    replica: Reading, kind: Kind, row: dict[str, Any], today: datetime.date
) -> tuple[str, str]:
    listed = [kind.by_name[n] for n in kind.list_columns if n in kind.by_name]
    chosen = [f for f in listed if isinstance(f.type, Choice)]
    long = [f for f in listed if isinstance(f.type, LongText)]
    met = wording.value_text(chosen[0], row.get(chosen[0].name), replica, today) if chosen else ""
    return met, str(row.get(long[0].name) or "") if long else ""


def both(conflict: Conflict, n: int) -> Any:
    """The value that keeps the standing and the `n`th head; None where that makes no sense."""
    kind = KINDS[conflict.kind]
    one, two = conflict.heads[0].value, conflict.heads[n].value
    field = kind.by_name.get(conflict.slot)
    if conflict.slot == DELETED or field is None or not one or not two:
        return None
    merge = kind.merge(conflict.slot)
    if merge == "set" and isinstance(field.type, Choices):
        return field.type.sorted([*one, *two])
    if merge == "text":
        parts = [p for p in (one, two) if p.strip()]
        return "\n".join(dict.fromkeys(parts))
    return None


def is_calmer(conflict: Conflict, value: Any) -> bool:
    """True when `value` is less worrying than what counts now: decided with a reason."""
    kind = KINDS[conflict.kind]
    return kind.rank(conflict.slot, value) < kind.rank(conflict.slot, conflict.heads[0].value)


def differing(one: str, two: str) -> tuple[set[int], set[int]]:
    """Positions of the characters in which two texts differ; none when hardly anything is alike."""
    if len(one) == len(two):  # two digits changed places: both are shown, in either text
        unlike = {n for n, (a, b) in enumerate(zip(one, two, strict=True)) if a != b}
        return (unlike, unlike) if len(unlike) * 2 <= len(one) else (set(), set())
    matcher = difflib.SequenceMatcher(a=one, b=two, autojunk=False)
    if matcher.ratio() < 0.5:
        return set(), set()
    first: set[int] = set()
    second: set[int] = set()
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            first.update(range(a, b))
            second.update(range(c, d))
    return first, second
