"""Looks through what was accepted for files that may be of one child; the county's standing queue.

School and village may not see each other's file, so only the county can compare. It is done after a
push is stored, in transactions of their own: a crash in between only leaves it for later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from schema.kinds import KINDS
from schema.kinds.duplicate import NOT_SAME
from server.store.lookalikes import SEEN, Lookalikes
from server.workers import Desk
from sync import ids, likeness
from sync.change import State
from sync.likeness import Facts, Likeness, compare
from sync.records import as_json
from sync.scope import UnitTree

STEP = 64
"""Log entries compared in one transaction: about 20 ms, so that no push waits long."""
STRIDE = 2000
"""Log entries passed over in one transaction, where few are of the kinds compared."""
AT_ONCE = 100
"""Changes up to which a push is looked through before it is answered; more wait for a quiet
moment."""
MOST_PAIRS = 5
"""Of one file: more files like one another are a mistake of whoever sent them, not work for a
clerk, and would grow with their square."""
KINDS_READ = frozenset(("child", "family"))

_decode_state = msgspec.json.Decoder(State).decode


def look(desk: Desk) -> bool:
    """Look through the next entries of the log; False when there are none left."""
    store = desk.store
    with store.write():
        seen = int(store.meta(SEEN) or 0)
        head = store.head()
        if seen > head:  # an older backup stands here now
            seen = 0
        if seen == head:
            return False
        rows = store.connection.execute(
            "SELECT seq, root FROM log WHERE seq > ? AND seq <= ?"
            " AND kind IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?",
            (seen, seen + STRIDE, as_json(KINDS_READ), STEP),
        ).fetchall()
        if rows:
            _compare(desk, {root for _, root in rows})
        elif head - seen < STRIDE:  # visits only: not worth a write of its own each
            return False
        seen = rows[-1][0] if len(rows) == STEP else min(seen + STRIDE, head)
        store.put_meta(SEEN, str(seen).encode())
    return seen < store.head()


def _compare(desk: Desk, roots: Collection[str]) -> None:
    index = Lookalikes(desk.store.connection)
    records: dict[str, list[State]] = {}
    for root, kind, body in desk.store.records_of(roots):
        if kind in KINDS_READ:
            records.setdefault(root, []).append(_decode_state(body))
    files = {root: _facts(records.get(root, ())) for root in roots}
    before = index.held(roots)
    was_near = {
        root: {other.id for other in index.near(one)}
        for root, one in before.items()
        if files[root] != one
    }
    index.put(files)
    for one in files.values():
        if one is None:
            continue
        _compare_again(desk, one, index.held(was_near.get(one.id, ())).values())
        likest = sorted(
            ((found, other.id) for other in index.near(one) if (found := compare(one, other))),
            key=lambda pair: (-pair[0].score, pair[1]),
        )
        for found, other_id in likest[:MOST_PAIRS]:
            _keep(desk, min(one.id, other_id), max(one.id, other_id), found)


def _compare_again(desk: Desk, one: Facts, others: Iterable[Facts]) -> None:
    """Pairs on record of a file that was corrected: what speaks for them now is said, be it less."""
    pairs = {
        ids.derived_id("duplicate", *sorted((one.id, other.id))): other for other in others
    }
    for id_, known in desk.store.states(pairs).items():
        _say(desk, known, compare(one, pairs[id_]))


def _say(desk: Desk, known: State, found: Likeness | None) -> None:
    """Bring a pair on record, and what either side is told of it, to what is found now."""
    told = _told(found)
    if all(known.values.get(name) == value for name, value in told.items()):
        return
    desk.hub.write("duplicate", known.id, told)
    if known.values.get("verdict") != NOT_SAME:
        _tell_sides(desk, known.id, (known.values["a"], known.values["b"]), told["is_certain"])


def _tell_sides(desk: Desk, pair: str, files: Collection[str], is_certain: bool) -> None:
    """Of a certain pair either side is told that there may be another file, and of no other."""
    notes = {ids.derived_id("another_file", pair, file): file for file in files}
    held = desk.store.states(notes)
    for id_, file in notes.items():
        is_settled = None if is_certain else True
        if id_ in held and held[id_].values.get("is_settled") != is_settled:
            desk.hub.write("another_file", id_, {"is_settled": is_settled})
        elif id_ not in held and is_certain:
            desk.hub.write("another_file", id_, {"child": file, "pair": pair})


def _told(found: Likeness | None) -> dict[str, Any]:
    """What a pair says; without a likeness that nothing speaks for it any more (score 0)."""
    return {
        "score": found.score if found else 0,
        "is_certain": bool(found and found.is_certain),
        "why": " ".join(found.reasons) if found else None,
    }


def _facts(records: Collection[State]) -> Facts | None:
    alive = [s for s in records if not s.is_deleted]
    child = next((s for s in alive if s.kind == "child" and s.id == s.root), None)
    if child is None or child.values.get(KINDS["child"].pointer):  # merged into another
        return None
    family = [s.values for s in alive if s.kind == "family"]
    return likeness.facts(child.values, family, child.id)


def _keep(desk: Desk, a: str, b: str, found: Likeness) -> None:
    """A pair is kept once; what is surer than before is said, what a person decided stays."""
    pair = ids.derived_id("duplicate", a, b)
    known = desk.store.states([pair]).get(pair)
    if known is None:
        unit = _unit(desk, a, b)
        desk.hub.write("duplicate", pair, {"a": a, "b": b, "unit": unit, **_told(found)})
    elif (known.values.get("score") or 0) < found.score:
        _say(desk, known, found)


def _unit(desk: Desk, a: str, b: str) -> str | None:
    """The smallest unit that both files are in: who looks after it may settle the pair."""
    tree = UnitTree(desk.store.parents())
    paths = [
        tree.path(unit) for place in desk.store.places([a, b]).values() for unit in place.units
    ]
    if not paths:
        return next((code for code, parent in tree.parents.items() if not parent), None)
    return next((u for u in paths[0] if all(u in path for path in paths[1:])), None)
