"""Bytes of papers at the county: taken piece by piece, given on demand, only to who may hold the
paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from schema.kinds import KINDS
from server import syncing
from server.accounts import Caller
from server.requests import Refusal
from server.store.sqlite import SqliteStore
from server.workers import Desk
from sync.paperbytes import digest_of
from sync.parcels import MOST_CARRIED, Carried
from sync.scans import PAPER, PIECE, GetRequest, GetResponse, PutRequest, PutResponse
from sync.scope import Scope, UnitTree


def put(token: str, asked: PutRequest) -> Callable[[Desk], PutResponse]:
    """The work of taking a piece in."""

    def work(desk: Desk) -> PutResponse:
        with desk.store.write():
            caller = syncing.identify(desk, token)  # a revoked one hands in
            values = _paper(desk, caller, asked.paper, is_writing=True)
            return PutResponse(_take(desk.store, values, asked))

    return work


def get(token: str, asked: GetRequest) -> Callable[[Desk], GetResponse]:
    """The work of giving a piece out."""

    def work(desk: Desk) -> GetResponse:
        with desk.store.read():
            caller = syncing.identify(desk, token)
            if caller.device.is_revoked:
                raise Refusal(403, "revoked", "This device has been revoked.", taken=[])
            values = _paper(desk, caller, asked.paper, is_writing=False)
            row = desk.store.connection.execute(
                "SELECT substr(body, ?, ?) FROM paper_scan WHERE paper = ? AND length(body) = size",
                (max(asked.at, 0) + 1, PIECE, asked.paper),
            ).fetchone()
        if row is None:
            raise Refusal(404, "scan_not_here", "The bytes have not reached the county yet.")
        return GetResponse(int(values["size"]), bytes(row[0]))

    return work


def sweep(store: SqliteStore) -> None:
    """Drop bytes whose paper no longer names them; within the caller's `write`."""
    waiting = {change.id for change, _verdict, _at in store.quarantined() if change.fields}
    for (paper,) in store.connection.execute("SELECT paper FROM paper_scan").fetchall():
        state = store.states([paper]).get(paper)
        if paper not in waiting and (state is None or not state.values.get("digest")):
            store.connection.execute("DELETE FROM paper_scan WHERE paper = ?", (paper,))


# ---------------------------------------------------------------------------- by bundle


def take_carried(desk: Desk, caller: Caller, carried: Iterable[Carried]) -> list[str]:
    """Take papers' bytes in; those of which the county has all now, by this bundle or before."""
    taken = []
    for paper, content in carried:
        with desk.store.write():
            try:
                values = _paper(desk, caller, paper, is_writing=True)
            except Refusal:  # not known yet, or in quarantine: its laptop keeps the bytes
                continue
            have = _take(desk.store, values, PutRequest(paper))
            have = _take(desk.store, values, PutRequest(paper, have, content[have:]))
            if have == values["size"]:
                taken.append(paper)
    return taken


def give_carried(
    desk: Desk, caller: Caller, wanted: Iterable[str], after: int | None
) -> Iterator[Carried]:
    """Bytes for a device without a line: what it asks for, then what was made elsewhere since log
    number `after`; at most `MOST_CARRIED` in all."""
    left = MOST_CARRIED
    for paper in dict.fromkeys([*wanted, *_new_since(desk.store, caller.device.id, after)]):
        with desk.store.read():
            try:
                values = _paper(desk, caller, paper, is_writing=False)
            except Refusal:
                continue
            if values["size"] > left:
                return
            row = desk.store.connection.execute(
                "SELECT body FROM paper_scan WHERE paper = ? AND length(body) = size", (paper,)
            ).fetchone()
        if row is not None:
            left -= len(row[0])
            yield Carried(paper, bytes(row[0]))


def _new_since(store: SqliteStore, device: str, after: int | None) -> list[str]:
    """Papers made elsewhere after a log number, the newest first; none for a first fill."""
    if after is None:
        return []
    rows = store.connection.execute(
        "SELECT record FROM log WHERE seq > ? AND kind = ? AND device <> ? ORDER BY seq DESC",
        (after, PAPER, device),
    )
    return [row[0] for row in rows.fetchall()]


# ---------------------------------------------------------------------------- one paper


def _paper(desk: Desk, caller: Caller, paper: str, *, is_writing: bool) -> dict[str, Any]:
    """The values of a paper whose bytes the caller may hand over or see.

    Whoever made a paper may hand its bytes over also when it has left their grants since, or waits
    in quarantine. Bytes belong to one paper: to name the same digest in one of one's own opens
    nothing.

    Raises:
        Refusal: no such paper in the caller's scope, or one without bytes.
    """
    state = desk.store.states([paper]).get(paper)
    if state is None and is_writing:
        return _in_quarantine(desk.store, caller.device.id, paper)
    place = desk.store.places([state.root]).get(state.root) if state else None
    units = place.units if place else ()
    scope = Scope(caller.user.grants, UnitTree(desk.store.parents()))
    kind = KINDS[PAPER]
    if state is None or state.kind != PAPER:
        may = False
    elif is_writing:
        is_maker = state.made.author == caller.user.name
        may = is_maker or scope.may(kind.write, state.root, units)
    else:
        may = not state.is_deleted and scope.may(kind.read, state.root, units)
    if state is None or not may:
        raise Refusal(404, "not_found", "No such paper in your scope.")
    if not state.values.get("digest") or not state.values.get("size"):
        raise Refusal(404, "not_found", "This paper has no bytes.")
    return state.values


def _in_quarantine(store: SqliteStore, device: str, paper: str) -> dict[str, Any]:
    """The values of a paper that a device made and that waits for a person.

    Raises:
        Refusal: there is none, or as much waits of the device as may.
    """
    held = 0
    for change, _verdict, _at in store.quarantined():
        if change.kind == PAPER and change.device == device and change.fields.get("digest"):
            held += int(change.fields.get("size") or 0)
            if change.id == paper and held <= MOST_CARRIED:
                return change.fields
    raise Refusal(404, "not_found", "No such paper in your scope.")


def _take(store: SqliteStore, values: dict[str, Any], asked: PutRequest) -> int:
    """Append a piece; how much is there then. Bytes that are not what they are called are dropped,
    so that nobody can leave others' papers spoilt."""
    digest, size = str(values["digest"]), int(values["size"])
    row = store.connection.execute(
        "SELECT body FROM paper_scan WHERE paper = ?", (asked.paper,)
    ).fetchone()
    body = bytes(row[0]) if row else b""
    if len(body) >= size or asked.at != len(body) or not asked.piece:
        return len(body)
    body += asked.piece
    if len(body) > size or (len(body) == size and digest_of(body) != digest):
        store.connection.execute("DELETE FROM paper_scan WHERE paper = ?", (asked.paper,))
        return 0
    store.connection.execute(
        "INSERT OR REPLACE INTO paper_scan VALUES (?, ?, ?)", (asked.paper, size, body)
    )
    return len(body)
