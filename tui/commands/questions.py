"""ask, tasks, answer: a question to the one who knows, and what they say."""

from __future__ import annotations

import click

from casework.questions import Question
from sync.language import _
from sync.replica import Refused, Replica
from tui.commands import tellings
from tui.commands.common import as_json, emit, guarded, iso, opened, say
from tui.commands.review import head_data


@click.command(help=_("一处两种说法，问知道的人：下次收发时送到他的电脑上。"))
@click.argument("conflict")
@click.option("--user", "whom", required=True, help=_("问谁（登录名）。"))
@click.option("--note", default="", help=_("问的话。"))
@as_json
@click.pass_obj
@guarded
def ask(user: str | None, conflict: str, whom: str, note: str, is_json: bool) -> None:
    from casework import questions

    with opened(user) as session:
        made = questions.ask(session.replica, conflict, whom, note)
    if is_json:
        emit({"id": made, "conflict": conflict})
    else:
        say(_("问了：下次收发时送到。"))


def _line(replica: Replica, question: Question) -> str:
    conflict = question.conflict
    told = tellings.line(
        replica, question.id, conflict.kind, conflict.record, conflict.slot,
        (head.value for head in conflict.heads),
    )  # fmt: skip
    return "  ".join([told, " ".join(question.words.split())]).rstrip()


@click.command(help=_("问您的：哪一处，有哪几种说法。"))
@as_json
@click.pass_obj
@guarded
def tasks(user: str | None, is_json: bool) -> None:
    from casework import questions

    with opened(user) as session:
        asked = questions.for_me(session.replica)
        found = [
            {
                "id": q.id,
                "conflict": q.conflict.id,
                "kind": q.conflict.kind,
                "record": q.conflict.record,
                "field": q.conflict.slot,
                "question": q.words,
                "from": q.asked_by,
                "at": iso(q.at_ms),
                "base": q.conflict.base_value,
                "values": [head_data(h) for h in q.conflict.heads],
            }
            for q in asked
        ]
        lines = [] if is_json else [_line(session.replica, q) for q in asked]
    if is_json:
        emit(found)
        return
    for line in lines:
        click.echo(line)
    if not found:
        say(_("没有问您的。"))


@click.command(help=_("回答问您的一处。"))
@click.argument("task")
@click.option("--value", required=True, help=_("哪个对。"))
@as_json
@click.pass_obj
@guarded
def answer(user: str | None, task: str, value: str, is_json: bool) -> None:
    from casework import questions

    with opened(user) as session:
        asked = next((q for q in questions.questions(session.replica) if q.id == task), None)
        if asked is None:
            raise Refused("not_found", task)
        record = questions.answer(session.replica, task, tellings.typed(asked.conflict, value))
    if is_json:
        emit({"id": task, "record": record})
    else:
        say(_("答了：下次收发时交上去。"))
