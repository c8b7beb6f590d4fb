"""Taking the sums of a replica anew from its records: the stored sum is kept change by change, so a
row altered beside the program is seen only so.

Done when another hand than ours has written in a record table (triggers notice, whoever wrote),
once a day for each 20,000 records held (0.5 s; a page that rots is SQLCipher's to find, a fault of
our own only this), and when asked.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sync import branches, derived, digest, merging, window
from sync.branches import Leaf
from sync.change import State
from sync.records import as_json
from sync.replica import Replica
from sync.storage import transaction
from sync.tables import CODECS, table
from sync.unread import kind_of

DAY_MS = 86_400_000
PER_DAY = 20_000
"""Records read anew a day."""

_decode = msgspec.json.Decoder(State).decode


def is_due(replica: Replica) -> bool:
    """True when the sums should be taken anew."""
    if _is_by_another(replica):
        return True
    now, looked = replica.clock.now_ms(), replica.get_state("looked")
    if looked is None:  # what has just been fetched is not looked at at once
        replica.set_state(looked=now)
        return False
    days = 1 + int(replica.get_state("looked_at", 0)) // PER_DAY
    return abs(now - int(looked)) > DAY_MS * days


def _is_by_another(replica: Replica) -> bool:
    return bool(replica.connection.execute("SELECT 1 FROM hand WHERE who = 'other'").fetchone())


def look(replica: Replica, *, is_whole: bool = False) -> None:
    """Take the sum anew and store it: a difference from the county's then shows.

    Rows that cannot be read are taken out, so that they come again. What follows from the records
    is made anew where it differs, when another hand has written or `is_whole` asks.
    """
    with transaction(replica.connection):
        is_whole = is_whole or _is_by_another(replica)
        mended = derived.mend(replica) if is_whole else []
        total = count = 0
        since = replica.window_since()
        unreadable: list[tuple[str, str]] = []
        for kind, id_, state in states(replica):
            count += 1
            if state is None:
                unreadable.append((kind, id_))
            else:
                total += window.digest_of(state, since)
        for kind, id_ in unreadable:
            if kind:
                replica.connection.execute(f"DELETE FROM {table(kind)} WHERE id = ?", (id_,))  # noqa: S608
            else:  # its unsent changes stay in the outbox
                replica.connection.execute("UPDATE shadow SET body = NULL WHERE id = ?", (id_,))
        replica.set_state(digest=digest.text(total), looked=replica.clock.now_ms(), looked_at=count)
        replica.connection.execute("DELETE FROM hand WHERE who = 'other'")
        if mended:
            root = digest.text(total)
            replica.connection.execute(
                "INSERT INTO healing VALUES (?, ?, ?, ?, 1)",
                (replica.clock.now_ms(), as_json(mended), root, root),
            )


def states(replica: Replica) -> Iterator[tuple[str, str, State | None]]:
    """(table, id, state as the log makes it) of everything held, roots before what hangs on them.

    The table is a kind, or '' for what lies under unsent changes; None: it cannot be read. What the
    county does not know yet is left out.
    """
    under: dict[str, bytes | None] = dict(
        replica.connection.execute("SELECT id, body FROM shadow").fetchall()
    )
    for kind, codec in CODECS.items():
        for row in replica.connection.execute(codec.select):
            if row[0] in under:
                body = under.pop(row[0])
                if body is not None:
                    yield "", row[0], _readable(body)
                continue
            try:
                yield kind, row[0], codec.state(row)
            except (msgspec.MsgspecError, TypeError, ValueError):
                yield kind, row[0], None
    for id_, body in under.items():  # not shown while its root is not here
        if body is not None:
            yield "", id_, _readable(body)
    for state in replica.records.unread.every():
        yield state.kind, state.id, state


def _readable(body: bytes) -> State | None:
    try:
        return _decode(body)
    except msgspec.MsgspecError:
        return None


def leaves(replica: Replica) -> list[Leaf]:
    """Key, id and digest of everything the county counts as held here."""
    told: list[tuple[str, str, str, int]] = []
    roots: dict[str, dict[str, State]] = {}
    since = replica.window_since()
    for _, _, state in states(replica):
        if state is not None and state.seq and window.counts(state, since):
            told.append((state.kind, state.id, state.root, digest.of(state)))
            if kind_of(state.kind).scope == "root":
                roots.setdefault(state.kind, {})[state.id] = state
    units = {
        state.id: merging.units_of_files(kind_of(name), files)
        for name, held in roots.items()
        for files in merging.groups(kind_of(name), held)
        for state in files
    }
    return [
        (branches.key_of(branches.group_of(kind, units.get(root, ())), id_), id_, value)
        for kind, id_, root, value in told
    ]
