"""find, list, show, history, add, set, delete: every record kind by the same words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from schema.kinds import KINDS
from schema.record import DELETED
from sync.language import _
from sync.lease import lease_of
from sync.reading import Reading
from sync.receipts import Receipt
from sync.replica import Refused
from sync.session import Session
from sync.views import View
from tui.commands.common import (
    as_json,
    assignments,
    emit,
    guarded,
    iso,
    kind_named,
    opened,
    say,
    warn_doubts,
    warn_likenesses,
)


@click.command(help=_("按姓名、拼音首字母、电话、身份证、村找孩子。"))
@click.argument("text")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True)
@as_json
@click.pass_obj
@guarded
def find(user: str | None, text: str, limit: int, is_json: bool) -> None:
    from casework import search

    with opened(user) as session:
        hits = search.find(session.replica, "child", text, limit)
        rows = {r["id"]: r for r in session.replica.rows("child", [h.id for h in hits])}
        found = [
            {
                "id": h.id,
                "name": rows[h.id]["name"],
                "village": rows[h.id]["village"],
                "score": h.score,
            }
            for h in hits
            if h.id in rows
        ]
        if is_json:
            emit(found)
        else:
            for hit in found:
                unit = session.replica.unit(hit["village"] or "")
                click.echo(f"{hit['id']}  {hit['name']}  {unit['name'] if unit else ''}")


@click.command("list", help=_("列出一种记录。"))
@click.argument("kind")
@click.argument("where", nargs=-1)
@click.option("--limit", type=click.IntRange(0))
@as_json
@click.pass_obj
@guarded
def list_(
    user: str | None, kind: str, where: tuple[str, ...], limit: int | None, is_json: bool
) -> None:
    from casework.wording import day_of, title_text

    declared = kind_named(kind)
    values = declared.parse(assignments(where))
    # Of a set, the records that have these among others are meant: `categories=study`.
    sets = {n: set(v) for n, v in values.items() if isinstance(v, list)}
    exact = {n: v for n, v in values.items() if n not in sets}
    with opened(user) as session:
        rows = session.replica.select(kind, exact, limit=None if sets else limit)
        rows = [r for r in rows if all(s <= set(r[n] or ()) for n, s in sets.items())][:limit]
        today = day_of(session.replica.clock.now_ms())
        lines = (
            [f"{r['id']}  {title_text(declared, r, session.replica, today)}" for r in rows]
            if not is_json
            else []
        )
    shown = [
        {"id": r["id"], **{f.name: r[f.name] for f in declared.fields if r[f.name] is not None}}
        for r in rows
    ]
    if is_json:
        emit(shown)
    else:
        for line in lines:
            click.echo(line)


def receipt_data(receipt: Receipt | None) -> dict[str, Any] | None:
    return {"seq": receipt.seq, "at": iso(receipt.at_ms)} if receipt else None


def shown_fields(view: View, receipts: Mapping[str, Receipt]) -> dict[str, dict[str, Any]]:
    """Field to value, version, author and receipt; members of a group as fields of their own."""
    kind = KINDS[view.kind]
    fields: dict[str, dict[str, Any]] = {}
    for slot in view.slots:
        for name in kind.spread(slot, None):
            if name in kind.by_name:
                fields[name] = {
                    "value": view.values.get(name),
                    "version": view.version(name),
                    "author": view.author(name),
                    "receipt": receipt_data(receipts.get(view.version(name) or "")),
                }
    return {f.name: fields[f.name] for f in kind.fields if f.name in fields}


def record_named(words: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    """`[KIND] ID …`: the kind's name or "", the id, and the words after it."""
    kind = words[0] if words[0] in KINDS else ""
    if not words[bool(kind) :]:
        raise click.UsageError(_("写上编号。"))
    id, *more = words[bool(kind) :]
    return kind, id, tuple(more)


def in_words(replica: Reading, view: View) -> dict[str, str]:
    """Each field's value as people say it: labels for codes, names for units and records."""
    from casework.wording import day_of, value_text

    today = day_of(replica.clock.now_ms())
    return {
        f.name: value_text(f, view.values.get(f.name), replica, today, is_masked=False)
        for f in KINDS[view.kind].fields
    }


def kept_file(replica: Reading, id: str) -> str:
    """The file that is meant by an id: of one merged into another the kept one, and that is
    said."""
    kept = replica.kept(id)
    if kept != id:
        say(_("这份已经合到 {kept}，下面是合并后的那一份。").format(kept=kept))
    return kept


@click.command(help=_("一条记录的每一项，谁写的。"))
@click.argument("words", metavar="[KIND] ID", nargs=-1, required=True)
@click.option("--own", is_flag=True, help=_("合走的那一份自己，不看合并后的。"))
@as_json
@click.pass_obj
@guarded
def show(user: str | None, words: tuple[str, ...], own: bool, is_json: bool) -> None:
    from casework import duplicates

    named, id, more = record_named(words)
    if more:
        raise click.UsageError(_("多写了：{words}").format(words=" ".join(more)))
    with opened(user) as session:
        id = id if own else kept_file(session.replica, id)
        view = session.replica.get(id, named)
        receipts = session.replica.receipts(id)
        has_another = view is not None and duplicates.has_another(session.replica, id)
        said = in_words(session.replica, view) if view is not None else {}
        same = _same_visit(session.replica, view) if view is not None else {}
    if view is None:
        raise Refused("not_found", id)
    fields = shown_fields(view, receipts)
    if is_json:
        found: dict[str, Any] = {"id": view.id, "kind": view.kind, "fields": fields}
        # Of the last change of this device, once nothing of the record waits to be sent.
        newest = None if view.pending else next(reversed(receipts.values()), None)
        found["receipt"] = receipt_data(newest)
        found["pending"] = view.pending
        if has_another:
            found["another_file"] = True
        if same:
            found["same_visit"] = list(same)
        if view.deleted is not None:
            found["deleted"] = view.deleted
        if view.conflicts:
            found["conflicts"] = view.conflicts
        emit(found)
        return
    if has_another:
        click.echo(duplicates.another_words())
    for name, held in fields.items():
        click.echo(f"{_(KINDS[view.kind].by_name[name].label)}  {said[name]}  {held['author']}")
    for other, author in same.items():
        click.echo(_("也许是同一次：{author} 也写了一条，{id}").format(author=author, id=other))


def _same_visit(replica: Reading, view: View) -> dict[str, str]:
    """Other people's accounts of what may be the same visit, each with its author."""
    from casework import visits

    if view.kind != visits.CONTACT.name:
        return {}
    others = visits.same_visits(replica, view.root).get(view.id, [])
    return {other: visits.author_of(replica, other) for other in others}


def _fetch_history(session: Session, record: str) -> None:
    """From the county what is missing here; where that cannot be, say from when on it is whole."""
    from casework import wording
    from sync.history import reach
    from sync.transport import Offline, Rejected

    if reach(session.replica, record).is_whole:
        return
    with suppress(Offline, Rejected):
        session.fetch_history(record)
    known = reach(session.replica, record)
    if not known.is_whole:
        today = wording.day_of(session.replica.clock.now_ms())
        when = wording.moment_text(known.since_ms, today)
        say(_("{when} 起是全的；更早的在县里，连上了再看。").format(when=when))


@click.command(help=_("一条记录（或其中一项）从前到现在的每个值。"))
@click.argument("id")
@click.argument("field", required=False)
@as_json
@click.pass_obj
@guarded
def history(user: str | None, id: str, field: str | None, is_json: bool) -> None:
    from casework import wording

    with opened(user) as session:
        view = session.replica.get(id)
        if view is None:
            raise Refused("not_found", id)
        kind = KINDS[view.kind]
        if field and field not in kind.by_name and field not in kind.slots:
            kind.parse({field: ""})  # says that there is no such field
        today = wording.day_of(session.replica.clock.now_ms())
        steps, lines = [], []
        _fetch_history(session, id)
        for p in session.replica.history(id, field):
            is_group = kind.is_group(p.field) and field is None
            members = kind.spread(p.field, p.value) if is_group else {field or p.field: p.value}
            for name, value in members.items():
                steps.append({
                    "field": name,
                    "value": value,
                    "author": p.author,
                    "device": p.device,
                    "at": iso(p.at_ms),
                    "version": p.version,
                    "op": p.op,
                    "sent": p.is_sent,
                    "note": p.note,
                    "receipt": receipt_data(p.receipt),
                })
                text = wording.slot_text(kind, name, value, session.replica, today)
                lines.append(f"{iso(p.at_ms)}  {p.author}  {wording.slot_label(kind, name)}  {text}")
    if is_json:
        emit(steps)
    else:
        for line in lines:
            click.echo(line)


@click.command(help=_("添一条记录。"))
@click.argument("kind")
@click.argument("values", nargs=-1)
@as_json
@click.pass_obj
@guarded
def add(user: str | None, kind: str, values: tuple[str, ...], is_json: bool) -> None:
    declared = kind_named(kind)
    parsed = declared.parse(assignments(values))
    with opened(user, past_lease=True) as session:
        made = session.replica.save(kind, parsed)
        warn_doubts(session, declared, parsed, made)
        if kind == "child" and not lease_of(session.replica).is_ended:
            warn_likenesses(session, parsed, made)
    if is_json:
        emit({"id": made})
    else:
        click.echo(made)


@click.command("set", help=_("改一条记录的几项；空值就是清掉。"))
@click.argument("words", metavar="[KIND] ID VALUES...", nargs=-1, required=True)
@as_json
@click.pass_obj
@guarded
def set_(user: str | None, words: tuple[str, ...], is_json: bool) -> None:
    named, id, values = record_named(words)
    if not values:
        raise click.UsageError(_("写上要改的项，如 phone=13900000000。"))
    with opened(user) as session:
        id = kept_file(session.replica, id)
        view = session.replica.get(id, named)
        if view is None:
            raise Refused("not_found", id)
        declared = KINDS[view.kind]
        parsed = declared.parse(assignments(values))
        before = session.replica.pending_count()
        session.replica.save(view.kind, parsed, id=id)
        warn_doubts(session, declared, parsed, id)
        changed = session.replica.pending_count() > before
    if is_json:
        emit({"id": id, "changed": changed})


@click.command(help=_("删除一条记录（要写原因，能恢复）。"))
@click.argument("id")
@click.option("--reason", required=True)
@as_json
@click.pass_obj
@guarded
def delete(user: str | None, id: str, reason: str, is_json: bool) -> None:
    with opened(user) as session:
        session.replica.delete(id, reason)
    if is_json:
        emit({"id": id, DELETED.strip("_"): reason})
    else:
        say(_("删除了，能恢复。"))
