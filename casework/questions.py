"""Questions to the one who knows: asked of a conflict, answered on their laptop, offered or taken as
the county sets it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from casework import posts, told, wording
from schema.kinds import KINDS
from schema.problems import Problem
from schema.record import DELETED
from sync.answering import QUESTIONS, asking
from sync.change import Conflict, Grant
from sync.clock import ms_of
from sync.language import _
from sync.reading import Reading
from sync.replica import InvalidRecord, Refused, Replica
from sync.scope import Scope

FEW = 5
"""Users named in place of one who may not see the child."""


class Question(Struct, frozen=True):
    """A question about an open conflict."""

    id: str
    conflict: Conflict
    whom: str
    words: str
    asked_by: str
    at_ms: int
    answer: Any = None
    """The value answered."""
    is_answered: bool = False


def who_may_be_asked(replica: Reading, conflict: Conflict) -> list[tuple[str, str]]:
    """(login, name) of those who may see what it is about, as far as laptops know it: who wrote one of
    the values, the last to have seen the child first, then those nearest to the child."""
    root = told.root_of(replica, conflict)
    units = replica.units_of_root(root)
    heads = sorted(conflict.heads, key=lambda h: h.mark.seen or "", reverse=True)
    authors = list(dict.fromkeys(h.mark.author for h in heads))
    found: list[tuple[int, int, str, str]] = []
    for row in replica.select("user"):
        login = str(row["id"])
        if row.get("is_disabled") or login == replica.identity.user:
            continue
        grants = [Grant(role, unit) for role, unit in posts.posts_of(replica, login)]
        scope = Scope(grants, replica.tree)
        if scope.reads(conflict.kind, root, units) or _may_know_single_children(row, conflict):
            place = authors.index(login) if login in authors else len(authors)
            reach = len(set().union(*scope.reach.values())) if grants else len(replica.units())
            found.append((place, reach, login, str(row.get("name") or login)))
    return [(login, name) for _place, _reach, login, name in sorted(found)]


def _may_know_single_children(user: Mapping[str, Any], conflict: Conflict) -> bool:
    """True of who looks after single children, and may read such a record: which children, laptops
    are not told."""
    told_posts = [post.partition("@") for post in str(user.get("posts") or "").split()]
    readers = KINDS[conflict.kind].read
    return not told_posts or any(role in readers and not unit for role, _at, unit in told_posts)


def ask(replica: Replica, conflict_id: str, whom: str, words: str = "") -> str:
    """Send a conflict's values to a user as a question; returns its id.

    Raises:
        Refused: `not_found`: no such open conflict or user here; `not_permitted`: not a reviewer, or
            a record of which nobody may be asked; `asks_blind`: the user may not see the record;
            `detail` says whom to ask instead.
    """
    found = replica.conflict(conflict_id)
    if found is None or found.slot == DELETED:
        raise Refused("not_found", conflict_id)
    root = told.root_of(replica, found)
    if not replica.scope.may_resolve(root, replica.units_of_root(root)):
        raise Refused("not_permitted")
    if not replica.rows("user", [whom]):
        raise Refused("not_found", whom)
    may = who_may_be_asked(replica, found)
    if whom != replica.identity.user and whom not in (login for login, _name in may):
        raise Refused("asks_blind", _("、").join(name for _login, name in may[:FEW]))
    kind = asking(KINDS[found.kind])
    if kind is None:
        raise Refused("not_permitted")
    return replica.save(
        kind.name,
        {
            kind.parent: root, "whom": whom, "conflict": found.id, "record_kind": found.kind,
            "record": found.record, "slot": found.slot, "words": words.strip() or None,
        },
    )  # fmt: skip


def questions(replica: Reading, whom: str | None = None) -> list[Question]:
    """Questions about conflicts that are still open, the oldest first; `whom`: only to them."""
    where = {"whom": whom} if whom else None
    rows = [(kind.name, row) for kind in QUESTIONS for row in replica.select(kind.name, where)]
    found = []
    for kind, row in rows:
        conflict = replica.conflict(row["conflict"])
        view = replica.get(row["id"], kind)
        if conflict is None or view is None or not replica.rows(conflict.kind, [conflict.record]):
            continue
        made = view.slots["whom"].standing.mark
        answer = row.get("answer")
        found.append(
            Question(
                row["id"], conflict, row["whom"], row.get("words") or "", made.author,
                ms_of(made.stamp), json.loads(answer) if answer else None, bool(answer),
            )
        )  # fmt: skip
    return sorted(found, key=lambda q: (q.at_ms, q.id))


def for_me(replica: Reading) -> list[Question]:
    """What the person was asked and has not answered."""
    return [q for q in questions(replica, replica.identity.user) if not q.is_answered]


def count_for_me(replica: Reading) -> int:
    """How many; costs one look where nobody asks."""
    me = replica.identity
    kinds = [kind for kind in QUESTIONS if kind.read.intersection(me.roles)]
    if not any(replica.count(kind.name, {"whom": me.user}) for kind in kinds):
        return 0
    return len(for_me(replica))


def answers_to(replica: Reading, conflict: Conflict) -> list[Question]:
    """What was answered about an open conflict and is offered to its reviewer."""
    return [q for q in _about(replica, conflict) if q.is_answered]


def answers_said(answers: Iterable[Question], replica: Reading, today: datetime.date) -> list[str]:
    """Who was asked and what they answered, a sentence each."""
    return [
        _("问过{who}，答的是：{value}").format(
            who=told.person(replica, said.whom),
            value=wording.slot_text(
                KINDS[said.conflict.kind], said.conflict.slot, said.answer, replica, today
            ),
        )
        for said in answers
    ]


def unanswered(replica: Reading, conflict: Conflict) -> list[Question]:
    """Who was asked about an open conflict and has not answered, the one asked first first."""
    return [q for q in _about(replica, conflict) if not q.is_answered]


def _about(replica: Reading, conflict: Conflict) -> list[Question]:
    """The questions about a conflict; costs one look where nobody was asked."""
    if not any(replica.count(kind.name, {"conflict": conflict.id}) for kind in QUESTIONS):
        return []
    return [q for q in questions(replica) if q.conflict.id == conflict.id]


def answer(replica: Replica, question_id: str, value: Any) -> str:
    """Answer with a value of the slot asked about; returns the record's id. It closes the conflict
    only for the values seen here.

    Raises:
        Refused: `not_found`: no such open question here; `not_permitted`: somebody else was asked.
        InvalidRecord: the value cannot be stored.
    """
    with replica.together():
        asked = next((q for q in questions(replica) if q.id == question_id), None)
        if asked is None:
            raise Refused("not_found", question_id)
        if asked.whom != replica.identity.user:
            raise Refused("not_permitted")
        kind = KINDS[asked.conflict.kind]
        members = kind.spread(asked.conflict.slot, value)
        problems = [(n, p) for n, p in kind.problems(members) if not p.is_doubt]
        emptied = [n for n, v in members.items() if v is None and kind.by_name[n].is_required]
        problems += [(n, Problem("required", "这一项不能空着。")) for n in emptied]
        if problems:
            raise InvalidRecord(problems)
        saw = " ".join(h.mark.version for h in asked.conflict.heads)
        written = json.dumps(value, ensure_ascii=False)
        about = asking(kind)
        assert about is not None  # it was asked
        replica.save(about.name, {"answer": written, "saw": saw}, question_id)
        return asked.conflict.record
