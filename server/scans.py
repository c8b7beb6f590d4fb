"""Bytes of papers at the county: taken piece by piece, given on demand, only to who may hold the
paper."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from schema.kinds import KINDS
from server import syncing
from server.requests import Refusal
from server.store.sqlite import SqliteStore
from server.workers import Desk
from sync.scans import PAPER, PIECE, GetRequest, GetResponse, PutRequest, PutResponse
from sync.scope import Scope, UnitTree


def put(token: str, asked: PutRequest) -> Callable[[Desk], PutResponse]:
    """The work of taking a piece in."""

    def work(desk: Desk) -> PutResponse:
        with desk.store.write():
            values = _paper(desk, token, asked.paper, is_writing=True)
            return PutResponse(_take(desk.store, values, asked))

    return work


def get(token: str, asked: GetRequest) -> Callable[[Desk], GetResponse]:
    """The work of giving a piece out."""

    def work(desk: Desk) -> GetResponse:
        with desk.store.read():
            values = _paper(desk, token, asked.paper, is_writing=False)
            row = desk.store.connection.execute(
                "SELECT substr(body, ?, ?) FROM scan WHERE digest = ? AND length(body) = size",
                (max(asked.at, 0) + 1, PIECE, values["digest"]),
            ).fetchone()
        if row is None:
            raise Refusal(404, "scan_not_here", "The bytes have not reached the county yet.")
        return GetResponse(int(values["size"]), bytes(row[0]))

    return work


def sweep(store: SqliteStore) -> None:
    """Drop bytes that no paper names any more; within the caller's `write`."""
    named = {
        state.values.get("digest")
        for (id_,) in store.connection.execute("SELECT id FROM record WHERE kind = ?", (PAPER,))
        if (state := store.states([id_]).get(id_))
    }
    for (digest,) in store.connection.execute("SELECT digest FROM scan").fetchall():
        if digest not in named:
            store.connection.execute("DELETE FROM scan WHERE digest = ?", (digest,))


def _paper(desk: Desk, token: str, paper: str, *, is_writing: bool) -> dict[str, Any]:
    """The values of a paper whose bytes the caller may hand over or see.

    Raises:
        Refusal: no such paper in the caller's scope, or one without bytes.
    """
    caller = syncing.identify(desk, token)
    if caller.device.is_revoked:
        raise Refusal(403, "revoked", "This device has been revoked.", taken=[])
    state = desk.store.states([paper]).get(paper)
    place = desk.store.places([state.root]).get(state.root) if state else None
    units = place.units if place else ()
    scope = Scope(caller.user.grants, UnitTree(desk.store.parents()))
    kind = KINDS[PAPER]
    roles = kind.write if is_writing else kind.read
    is_paper = state is not None and state.kind == PAPER and not state.is_deleted
    if state is None or not is_paper or not scope.may(roles, state.root, units):
        raise Refusal(404, "not_found", "No such paper in your scope.")
    if not state.values.get("digest") or not state.values.get("size"):
        raise Refusal(404, "not_found", "This paper has no bytes.")
    return state.values


def _take(store: SqliteStore, values: dict[str, Any], asked: PutRequest) -> int:
    """Append a piece; how much is there then. Bytes that are not what they are called are dropped,
    so that nobody can leave others' papers spoilt."""
    digest, size = str(values["digest"]), int(values["size"])
    row = store.connection.execute("SELECT body FROM scan WHERE digest = ?", (digest,)).fetchone()
    body = bytes(row[0]) if row else b""
    if len(body) >= size or asked.at != len(body) or not asked.piece:
        return len(body)
    body += asked.piece
    if len(body) > size or (len(body) == size and hashlib.sha256(body).hexdigest() != digest):
        store.connection.execute("DELETE FROM scan WHERE digest = ?", (digest,))
        return 0
    store.connection.execute("INSERT OR REPLACE INTO scan VALUES (?, ?, ?)", (digest, size, body))
    return len(body)
