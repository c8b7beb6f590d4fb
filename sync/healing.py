"""Healing: when the roots differ, find which records, fetch those alone, and keep a record of it.

Unsent work is not touched, the county's digest never adopted, and what cannot be mended is said, not
tried for ever.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from sync import derived, scrub
from sync.branches import MOST_PATHS, MOST_WANTED, Compare, Leaf, differing
from sync.protocol import SyncResponse
from sync.records import as_json
from sync.replica import Replica
from sync.storage import transaction

MOST_ROUNDS = 64
"""Requests of one healing; one altered record among 20,000 takes five."""
MOST_RECORDS = 5000
"""Records of one healing; what is left waits for the next synchronisation."""

Ask = Callable[[Compare], SyncResponse | None]
"""One round trip: sends, applies the page that comes, and hands the answer back. None: the page
brought something, so that the two ends must be compared anew."""


class Healing(Struct, frozen=True):
    """One event, as it is kept in the store."""

    at_ms: int
    records: tuple[str, ...]
    """Ids of what was fetched again or taken out."""
    mine: str
    """Root before."""
    theirs: str
    is_whole: bool
    """True when the roots were equal afterwards."""


class _Changed(Exception):
    """News came in between."""


def heal(replica: Replica, ask: Ask) -> Healing | None:
    """Find and fetch what differs; None when it is known from before that nothing can be done.

    Raises:
        Offline, Rejected: see sync/transport.py. What was mended stays mended.
    """
    before, theirs = replica.get_state("digest"), replica.get_state("theirs") or ""
    if replica.get_state("past_healing") == f"{before} {theirs}":
        return None
    scrub.look(replica)
    rounds = _Rounds(ask)
    found: set[str] = set()
    for _ in range(3):
        try:
            wanted = _walk(replica, rounds)
            found |= wanted
            _fetch(replica, rounds, sorted(wanted), before)
            break
        except _Changed:
            continue
    derived.mend(replica)  # it may have followed what was wrong
    is_whole = bool(replica.get_state("in_step", 0))
    if is_whole and not found:
        return None  # only the sum was wrong, or what came in between settled it
    event = Healing(replica.clock.now_ms(), tuple(sorted(found)), before, theirs, is_whole)
    with transaction(replica.connection):
        replica.connection.execute(
            "INSERT INTO healing VALUES (?, ?, ?, ?, ?)",
            (event.at_ms, as_json(event.records), event.mine, event.theirs, int(is_whole)),
        )
        # While neither end changes, another try would come to the same.
        now = f"{replica.get_state('digest')} {replica.get_state('theirs')}"
        is_over = not is_whole and len(found) < MOST_RECORDS
        replica.set_state(past_healing=now if is_over else "")
    return event


class _Rounds:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.left = MOST_ROUNDS

    def __call__(self, asked: Compare) -> SyncResponse | None:
        """The answer; None when there have been too many."""
        if not self.left:
            return None
        self.left -= 1
        response = self.ask(asked)
        if response is None:
            raise _Changed
        return response


def _walk(replica: Replica, rounds: _Rounds) -> set[str]:
    """Ids of the records that differ, from the root of the tree down."""
    leaves: list[Leaf] = scrub.leaves(replica)
    found: set[tuple[str, bytes]] = set()
    paths = [""]
    while paths and len(found) < MOST_RECORDS:
        response = rounds(Compare(paths[:MOST_PATHS]))
        if response is None:
            break
        paths = paths[MOST_PATHS:]
        for branch in response.branches:
            deeper, records = differing(branch, leaves)
            paths = deeper + paths  # depth first, so that few are under way
            # What is in another branch at each end, as its root's units differ, is the same record.
            found ^= records
    return {id_ for id_, _ in found}


def _fetch(replica: Replica, rounds: _Rounds, wanted: list[str], mine: str) -> None:
    for n in range(0, len(wanted), MOST_WANTED):
        rounds(Compare([], wanted[n : n + MOST_WANTED], mine))


def events(replica: Replica, limit: int = 100) -> list[Healing]:
    """Healings on record here, the newest first."""
    rows = replica.connection.execute(
        "SELECT at, records, mine, theirs, is_whole FROM healing ORDER BY at DESC LIMIT ?", (limit,)
    )
    return [
        Healing(at, tuple(msgspec.json.decode(records)), mine, theirs, bool(is_whole))
        for at, records, mine, theirs, is_whole in rows
    ]


def count(replica: Replica) -> int:
    """How many records have ever been healed here."""
    total = "SELECT sum(json_array_length(records)) FROM healing"
    return int(replica.connection.execute(total).fetchone()[0] or 0)
