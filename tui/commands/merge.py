"""merge, unmerge: two files of one child made one, and two again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from schema.kinds import KINDS
from sync.language import _
from tui.commands.common import (
    WRONG_USAGE,
    as_json,
    emit,
    fail,
    guarded,
    iso,
    opened,
    say,
)

FILE = KINDS["child"]
TAKE = "--take-from"


class _TakeFrom(click.Command):
    """`--take-from a|b FIELD…` takes as many fields as follow it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _spread(args))


def _spread(args: Sequence[str]) -> list[str]:
    """The same words with the option before each of its fields: `--take-from b:phone`."""
    found: list[str] = []
    side: str | None = None
    waiting = iter(args)
    for word in waiting:
        if word == TAKE or word.startswith(TAKE + "="):
            side = word.partition("=")[2] or next(waiting, "")
            # Without a field it stays as it is, and is refused in `_taken`.
            found += [TAKE, side]
        elif word.startswith("-"):
            found.append(word)
            side = None
        elif side is not None and (word in FILE.by_name or word in FILE.slots or _has_pair(found)):
            if found[-2:] == [TAKE, side]:
                del found[-2:]
            found += [TAKE, f"{side}:{word}"]
        else:
            found.append(word)
    return found


def _has_pair(words: Sequence[str]) -> bool:
    """True once both files are named."""
    taken = {n + 1 for n, word in enumerate(words) if word == TAKE}
    return sum(not w.startswith("-") and n not in taken for n, w in enumerate(words)) >= 2


def _taken(words: Sequence[str]) -> dict[str, str]:
    """Slot to `kept` (a) or `away` (b)."""
    take: dict[str, str] = {}
    for word in words:
        side, _colon, name = word.partition(":")
        if side not in ("a", "b") or not name:
            raise click.UsageError(_("--take-from 后面先写 a 或 b，再写要取的项。"))
        FILE.parse({} if name in FILE.slots else {name: ""})
        slot = FILE.by_name[name].slot if name in FILE.by_name else name
        take[slot] = "kept" if side == "a" else "away"
    return take


@click.command(
    cls=_TakeFrom,
    help=_("把同一个孩子的两份档案合成一份：留 A，B 的记录都跟过来。能拆回。"),
)
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option(
    TAKE,
    "take",
    multiple=True,
    metavar="a|b FIELD…",
    help=_("这几项用哪一份的；不写就用 A 的，A 空着才用 B 的。"),
)
@click.option("--certain", is_flag=True, help=_("身份证和姓名都相同的，全部合并，成一批。"))
@click.option("--note", default="")
@as_json
@click.pass_obj
@guarded
def merge(
    user: str | None,
    a: str | None,
    b: str | None,
    take: tuple[str, ...],
    certain: bool,
    note: str,
    is_json: bool,
) -> None:
    from casework import duplicates
    from sync import merges

    if certain == bool(a or b) or bool(a) != bool(b):
        raise click.UsageError(_("写两份档案的编号，或只写 --certain。"))
    chosen = _taken(take)
    with opened(user) as session:
        replica = session.replica
        if certain:
            batch, made = duplicates.merge_certain(replica)
            found = [{"merge": m, "kept": k} for m, k in made]
            if is_json:
                emit({"batch": batch or None, "merges": found})
            else:
                say(_("合并了 {n} 对。").format(n=len(found)))
            return
        assert a is not None and b is not None
        version = merges.standing(replica, a, b) or merges.merge(replica, a, b, chosen, note)
        kept = replica.kept(a)
    if is_json:
        emit({"merge": version, "kept": kept})
    else:
        say(_("合成一份了：{kept}。拆回用 cuncao unmerge {merge}").format(kept=kept, merge=version))


@click.command(help=_("把合并拆回两份（或整批）；合并以后写的，留在写它的人写的那一份。"))
@click.argument("merge")
@click.option(
    "--assign",
    multiple=True,
    metavar="CHANGE",
    help=_("合并以后写的这一条，改放到另一份。"),
)
@as_json
@click.pass_obj
@guarded
def unmerge(user: str | None, merge: str, assign: tuple[str, ...], is_json: bool) -> None:
    from casework import duplicates, partings
    from sync import merges

    with opened(user) as session:
        replica = session.replica
        is_batch = merges.in_batch(replica, merge) is not None
        since = [] if is_batch else duplicates.since(replica, merge)
        chosen = [c for c in since if c.id in assign]
        if len(chosen) != len(set(assign)):
            unknown = ", ".join(sorted(set(assign) - {c.id for c in since}))
            fail(WRONG_USAGE, "not_found", detail=unknown)
        if is_batch:
            done = duplicates.unmerge(replica, merge)
        else:
            with replica.together():
                done = duplicates.unmerge(replica, merge)
                if chosen:
                    partings.assign(replica, chosen, done[0][1], done[0][2])
    later = [_since(c) for c in since if c not in chosen]
    if is_json:
        restored = [i for _m, kept, away in done for i in (kept, away)]
        emit({
            "merge": merge,
            "unmerged": [m for m, _kept, _away in done],
            "restored": list(dict.fromkeys(restored)),
            "since": later,
        })
    else:
        say(_("拆回了 {n} 处合并。").format(n=len(done)))
        for change in later:
            label = _(KINDS[change["kind"]].label)
            click.echo(f"{change['id']}  {change['file']}  {label}  {change['author']}")


def _since(change: Any) -> dict[str, Any]:
    return {
        "id": change.id,
        "record": change.record,
        "kind": change.kind,
        "file": change.file,
        "fields": change.fields,
        "author": change.author,
        "at": iso(change.at_ms),
    }
