"""Looks through what was accepted for files that may be of one child; the county's standing queue.

School and village may not see each other's file, so only the county can compare. It is done after a
push is stored, in transactions of their own: a crash in between only leaves it for later.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from schema.kinds import KINDS
from server.store.lookalikes import SEEN, Lookalikes
from server.workers import Desk
from sync import ids, likeness
from sync.change import State
from sync.likeness import Facts, Likeness, compare
from sync.scope import UnitTree

STEP = 64
"""Log entries looked through in one transaction: about 20 ms, so that no push waits long."""
AT_ONCE = 100
"""Changes after which a push is looked through before it is answered; more wait for a quiet
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
        rows = store.log_rows(seen, STEP)
        if not rows:
            return False
        roots = {row.root for row in rows if row.kind in KINDS_READ}
        if roots:
            _compare(desk, roots)
        store.put_meta(SEEN, str(rows[-1].seq).encode())
    return rows[-1].seq < head


def _compare(desk: Desk, roots: Collection[str]) -> None:
    index = Lookalikes(desk.store.connection)
    records: dict[str, list[State]] = {}
    for root, kind, body in desk.store.records_of(roots):
        if kind in KINDS_READ:
            records.setdefault(root, []).append(_decode_state(body))
    files = {root: _facts(records.get(root, ())) for root in roots}
    index.put(files)
    for one in files.values():
        if one is None:
            continue
        likest = sorted(
            ((found, other.id) for other in index.near(one) if (found := compare(one, other))),
            key=lambda pair: (-pair[0].score, pair[1]),
        )
        for found, other_id in likest[:MOST_PAIRS]:
            _keep(desk, min(one.id, other_id), max(one.id, other_id), found)


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
    told = {
        "score": found.score,
        "is_certain": found.is_certain,
        "why": " ".join(found.reasons),
    }
    if known is None:
        desk.hub.write("duplicate", pair, {"a": a, "b": b, "unit": _unit(desk, a, b), **told})
    elif (known.values.get("score") or 0) < found.score:
        desk.hub.write("duplicate", pair, told)


def _unit(desk: Desk, a: str, b: str) -> str | None:
    """The smallest unit that both files are in: who looks after it may settle the pair."""
    tree = UnitTree(desk.store.parents())
    paths = [
        tree.path(unit) for place in desk.store.places([a, b]).values() for unit in place.units
    ]
    if not paths:
        return next((code for code, parent in tree.parents.items() if not parent), None)
    return next((u for u in paths[0] if all(u in path for path in paths[1:])), None)
