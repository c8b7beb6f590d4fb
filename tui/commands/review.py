"""conflicts, resolve, duplicates: what was told two ways, and who seems to be one child."""

from __future__ import annotations

from typing import Any

import click

from casework import told, wording
from casework.questions import answers_said, answers_to
from casework.withheld import Withheld, withheld, withheld_words
from schema.kinds import KINDS
from schema.record import DELETED
from sync import decisions
from sync.change import Conflict, Head, device_of
from sync.clock import ms_of
from sync.language import _
from sync.replica import Refused, Replica
from sync.replica import chosen as value_of
from tui.commands import tellings
from tui.commands.common import as_json, emit, guarded, iso, opened, say, warn_doubts


def head_data(head: Head) -> dict[str, Any]:
    return {
        "value": head.value,
        "author": head.mark.author,
        "device": device_of(head.mark.version),
        "at": iso(ms_of(head.mark.stamp)),
        "seen": head.mark.seen,
    }


def conflict_data(conflict: Conflict, replica: Replica) -> dict[str, Any]:
    """A conflict as scripts read it; `heads[0]` stands. `notes`: what was written as it was opened
    again."""
    winner, loser, *others = (head_data(h) for h in conflict.heads)
    return {
        "id": conflict.id,
        "record": conflict.record,
        "kind_of_record": conflict.kind,
        "field": conflict.slot,
        "meeting": conflict.meeting,
        "base": {"value": conflict.base_value},
        "winner": winner,
        "loser": loser,
        "others": others,
        "answers": [
            {"task": q.id, "value": q.answer, "by": q.whom} for q in answers_to(replica, conflict)
        ],
        "notes": [
            {"author": n.author, "at": iso(n.at_ms), "note": n.note}
            for n in replica.notes_on(conflict)
        ],
    }


def withheld_data(one: Withheld) -> dict[str, Any]:
    """What an admin is told of a conflict that they may not read: the same keys, empty, and where it
    is and since when."""
    nothing: dict[str, Any] = dict.fromkeys(("value", "author", "device", "at", "seen"))
    return {
        "id": one.id,
        "record": None,
        "kind_of_record": None,
        "field": None,
        "meeting": "withheld",
        "unit": one.unit,
        "opened": one.opened,
        "base": {"value": None},
        "winner": nothing,
        "loser": nothing,
        "others": [],
        "answers": [],
        "notes": [],
    }


@click.command(help=_("两种说法，还没有人定的。"))
@click.option("--only", default="", help=_("只要说到这些词的：单位、哪一项、哪种记录、谁写的、孩子。"))
@as_json
@click.pass_obj
@guarded
def conflicts(user: str | None, only: str, is_json: bool) -> None:
    with opened(user) as session:
        replica = session.replica
        queue = told.queue(replica, only)
        found = [conflict_data(c, replica) for c in queue]
        today = wording.day_of(replica.clock.now_ms())
        lines = []
        for c in [] if is_json else queue:
            values = (h.value for h in c.heads)
            lines.append(tellings.line(replica, c.id, c.kind, c.record, c.slot, values))
            answered = answers_said(answers_to(replica, c), replica, today)
            lines += [f"  {' '.join(said.split())}" for said in answered]
        hidden = [] if only.strip() else withheld(replica)
        kept_back = withheld_words(replica, today)
    if is_json:
        emit([*found, *map(withheld_data, hidden)])
        return
    for line in lines:
        click.echo(line)
    if hidden:
        click.echo(kept_back)
    elif not found:
        say(_("没有两种说法，都一致。"))


@click.command(help=_("定一处两种说法。"))
@click.argument("id")
@click.option("--take", type=click.Choice(["winner", "loser", "base", "value"]), required=True)
@click.option("--value", help=_("配合 --take value。"))
@click.option("--note", default="")
@as_json
@click.pass_obj
@guarded
def resolve(
    user: str | None, id: str, take: str, value: str | None, note: str, is_json: bool
) -> None:
    if value is not None and take != "value":
        raise click.UsageError(_("--value 只和 --take value 一起用。"))
    with opened(user) as session:
        replica = session.replica
        found = replica.conflict(id)
        if found is None:
            raise Refused(_why_not(replica, id), id)
        chosen = tellings.typed(found, value) if take == "value" else None
        is_calmer = told.is_calmer(found, value_of(found, take, chosen, head=1))
        record = replica.resolve(id, take, chosen, note)
        kind = KINDS[found.kind]
        if take == "value" and found.slot != DELETED:
            warn_doubts(session, kind, kind.spread(found.slot, chosen), record)
    if is_json:
        emit({"id": id, "record": record})
    else:
        say(_("定了。不对就撤销：cuncao undo {id}").format(id=id))
    if is_calmer and not note.strip():
        say(_("这样比原来算数的不那么让人担心，没有写为什么。撤销了再定，能写上：--note。"))


def _why_not(replica: Replica, id: str) -> str:
    """Code of why there is nothing to decide under an id."""
    if any(w.id == id for w in withheld(replica)):
        return "not_permitted"
    decided = decisions.find(replica.connection, id)
    return "decided" if decided and not decided.taken_back else "not_found"


@click.command(help=_("撤销一个决定：两种说法又都摆出来，等人定。"))
@click.argument("id")
@click.option("--note", default="", help=_("写一句为什么。"))
@as_json
@click.pass_obj
@guarded
def undo(user: str | None, id: str, note: str, is_json: bool) -> None:
    with opened(user) as session:
        record = session.replica.undo(id, note)
    if is_json:
        emit({"id": id, "record": record})
    else:
        say(_("撤销了，那一处又等人定。"))


@click.command(help=_("像是同一个孩子的两份档案。"))
@click.option("--not-same", metavar="ID", help=_("这一对不是同一个孩子；记住，不再列出。"))
@click.option("--later", metavar="ID", help=_("这一对以后再看。"))
@click.option("--again", metavar="ID", help=_("收回对这一对说过的话。"))
@as_json
@click.pass_obj
@guarded
def duplicates(
    user: str | None, not_same: str | None, later: str | None, again: str | None, is_json: bool
) -> None:
    from casework import duplicates as casework
    from casework.likenesses import words

    pairs = casework.pairs
    said = {casework.NOT_SAME: not_same, casework.LATER: later, "": again}
    with opened(user) as session:
        for verdict, id in said.items():
            if id:
                casework.say(session.replica, id, verdict)
        found = [
            {
                "id": p.id,
                "a": p.a,
                "b": p.b,
                "score": p.score,
                "certain": p.certain,
                "why": p.why,
                "verdict": p.verdict or None,
            }
            for p in pairs(session.replica)
        ]
        today = wording.day_of(session.replica.clock.now_ms())
        names = {
            id_: wording.record_text(casework.FILE, id_, session.replica, today)
            for id_ in ([] if is_json else {str(pair[side]) for pair in found for side in "ab"})
        }
    if is_json:
        emit(found)
    else:
        for pair in found:
            why = words(str(pair["why"]).split())
            files = "  ".join(f"{pair[side]} {names[str(pair[side])]}" for side in "ab")
            click.echo(f"{pair['id']}  {files}  {pair['score']}  {why}")
        if not found:
            say(_("没有像同一个孩子的两份档案。"))
