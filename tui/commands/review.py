"""conflicts, resolve, duplicates: what was told two ways, and who seems to be one child."""

from __future__ import annotations

import json
from typing import Any

import click

from casework import wording
from casework.questions import answers_to
from casework.withheld import Withheld, withheld, withheld_words
from schema.kinds import KINDS
from schema.record import DELETED, Kind
from sync.change import Conflict, Head, device_of
from sync.clock import ms_of
from sync.language import _
from sync.replica import Refused, Replica
from tui.commands.common import as_json, emit, guarded, iso, opened, say


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


def _line(conflict: Conflict, replica: Replica) -> str:
    """A conflict in words: which file, which field, and every value told, the standing one
    first."""
    kind = KINDS[conflict.kind]
    today = wording.day_of(replica.clock.now_ms())
    return "  ".join([
        conflict.id,
        wording.record_text(kind, conflict.record, replica, today),
        wording.slot_label(kind, conflict.slot),
        *(wording.slot_text(kind, conflict.slot, h.value, replica, today) for h in conflict.heads),
    ])


@click.command(help=_("两种说法，还没有人定的。"))
@as_json
@click.pass_obj
@guarded
def conflicts(user: str | None, is_json: bool) -> None:
    with opened(user) as session:
        replica = session.replica
        open_now = [c for c in replica.conflicts() if len(c.heads) > 1]
        found = [conflict_data(c, replica) for c in open_now]
        lines = [] if is_json else [_line(c, replica) for c in open_now]
        hidden = withheld(replica)
        kept_back = withheld_words(replica, wording.day_of(replica.clock.now_ms()))
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
    with opened(user) as session:
        found = session.replica.conflict(id)
        if found is None:
            is_withheld = any(w.id == id for w in withheld(session.replica))
            raise Refused("not_permitted" if is_withheld else "not_found", id)
        chosen = typed(found, value) if take == "value" else None
        record = session.replica.resolve(id, take, chosen, note)
    if is_json:
        emit({"id": id, "record": record})


def typed(conflict: Conflict, text: str | None) -> Any:
    """`--value` as a value of the conflict's slot.

    A group is given as a JSON object of its members, or as the text of the one member told two
    ways; the others stay as they stand.
    """
    kind = KINDS[conflict.kind]
    if text is None:
        raise click.UsageError(_("--take value 要同时给 --value。"))
    if conflict.slot == DELETED:
        return text or None
    if not kind.is_group(conflict.slot):
        return kind.parse({conflict.slot: text})[conflict.slot]
    try:
        members = {name: str(member) for name, member in json.loads(text).items()}
    except (ValueError, AttributeError):
        told = _told_two_ways(conflict, kind)
        if len(told) != 1:
            raise click.UsageError(_("这几项是一组，--value 要写成 JSON。")) from None
        standing = kind.spread(conflict.slot, conflict.heads[0].value)
        return kind.slot_value(conflict.slot, standing | kind.parse({told[0]: text}))
    return kind.slot_value(conflict.slot, kind.parse(members))


def _told_two_ways(conflict: Conflict, kind: Kind) -> list[str]:
    """The members of a group whose values differ among the heads."""
    heads = [kind.spread(conflict.slot, head.value) for head in conflict.heads]
    return [name for name in heads[0] if any(h[name] != heads[0][name] for h in heads)]


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
    if is_json:
        emit(found)
    else:
        for pair in found:
            why = words(str(pair["why"]).split())
            click.echo(f"{pair['id']}  {pair['a']}  {pair['b']}  {pair['score']}  {why}")
        if not found:
            say(_("没有像同一个孩子的两份档案。"))
