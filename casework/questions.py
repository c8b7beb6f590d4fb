"""Questions to the one who knows: asked of a conflict, answered on their laptop, offered or taken as
the county sets it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from casework import told
from schema.kinds import KINDS
from schema.problems import Problem
from schema.record import DELETED
from sync.change import Conflict
from sync.clock import ms_of
from sync.reading import Reading
from sync.replica import InvalidRecord, Refused, Replica

KIND = "question"


@dataclass(frozen=True)
class Question:
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


def ask(replica: Replica, conflict_id: str, whom: str, words: str = "") -> str:
    """Send a conflict's values to a user as a question; returns its id.

    Raises:
        Refused: `not_found`: no such open conflict or user here; `not_permitted`: not a reviewer, or
            a record that not everyone with the child may read.
    """
    found = replica.conflict(conflict_id)
    if found is None or found.slot == DELETED:
        raise Refused("not_found", conflict_id)
    root = told.root_of(replica, found)
    if not replica.scope.may_resolve(root, replica.units_of_root(root)):
        raise Refused("not_permitted")
    if not replica.rows("user", [whom]):
        raise Refused("not_found", whom)
    kind = KINDS[KIND]
    if not kind.read <= KINDS[found.kind].read:  # the question would tell more people than the record
        raise Refused("not_permitted")
    return replica.save(
        KIND,
        {
            kind.parent: root, "whom": whom, "conflict": found.id, "record_kind": found.kind,
            "record": found.record, "slot": found.slot, "words": words.strip() or None,
        },
    )  # fmt: skip


def questions(replica: Reading, whom: str | None = None) -> list[Question]:
    """Questions about conflicts that are still open, the oldest first; `whom`: only to them."""
    found = []
    for row in replica.select(KIND, {"whom": whom} if whom else None):
        conflict = replica.conflict(row["conflict"])
        view = replica.get(row["id"], KIND)
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
    if not replica.count(KIND, {"whom": replica.identity.user}):
        return 0
    return len(for_me(replica))


def answers_to(replica: Reading, conflict: Conflict) -> list[Question]:
    """What was answered about an open conflict and is offered to its reviewer."""
    rows = replica.select(KIND, {"conflict": conflict.id})
    return [q for q in questions(replica) if q.is_answered] if rows else []


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
        replica.save(KIND, {"answer": written, "saw": saw}, question_id)
        return asked.conflict.record
