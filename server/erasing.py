"""Erasing at the county: one record, or a child's file with everything that hangs on it.

The list of erasures is kept twice: in the store, and in a file of its own beside it that no restore
puts back. What a backup brings again is erased again when the server starts, and after a restore.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from schema.kinds import KINDS
from schema.problems import InvalidValue, Problem
from server import scans
from server.home import Home
from server.store.lookalikes import Lookalikes
from server.store.sqlite import SqliteStore
from sync import clock, merging
from sync.change import Change, Entry
from sync.erasing import ERASE, blank, blank_entry, is_erased, subjects
from sync.hubstore import HUB_DEVICE
from sync.intake import Batch
from sync.language import N_
from sync.storage import open_encrypted

_TABLE = (
    "CREATE TABLE IF NOT EXISTS erasure (record TEXT PRIMARY KEY, at INTEGER NOT NULL,"
    " author TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID"
)
_NOTE = "INSERT OR IGNORE INTO erasure VALUES (?, ?, ?, ?)"

_encode = msgspec.json.Encoder().encode


def file_of(home: Home) -> Path:
    """The list beside the store; encrypted with the store's key, for reasons may name people."""
    return home.path / "erased.db"


class Erased(NamedTuple):
    """What went, and the files that were once one with it and stay: what a merge took over, or a late
    edit carried, may be said in their history still."""

    ids: list[str]
    once_merged: list[str]


def erase(home: Home, store: SqliteStore, record: str, reason: str, author: str) -> Erased:
    """Erase a record and what hangs on it.

    Raises:
        InvalidValue: no reason, no such record, or one that belongs to everybody.
    """
    if not reason.strip():
        raise InvalidValue(Problem("reason", N_("抹去要写明原因（--reason）。什么都没动。")))
    with store.write():
        ids = with_what_hangs(store, record)
        once_merged = _once_merged(store, set(ids))
    at = store.now_ms()
    with closing(_list(home)) as beside:  # first: what stands here is erased, whatever happens
        beside.executemany(_NOTE, [(id, at, author, reason) for id in ids])
    with store.write():
        erase_here(store, ids, at, reason, author)
    _leave_no_bytes(store)
    return Erased(ids, once_merged)


def erase_again(home: Home, store: SqliteStore) -> int:
    """Erase what a backup or an old copy of the store has brought back; how many records."""
    if not file_of(home).exists():
        return 0
    with closing(_list(home)) as beside:
        listed = beside.execute("SELECT record, at, author, reason FROM erasure").fetchall()
    with store.write():
        done = 0
        for record, at, author, reason in listed:
            if store.is_erased(record):
                continue
            done += 1
            erase_here(store, [record], at, reason, author)
    if done:
        _leave_no_bytes(store)
    return done


def with_what_hangs(store: SqliteStore, record: str) -> list[str]:
    """The record; of a child's file all that hangs on it, and the files merged with it.

    Raises:
        InvalidValue: no such record, or one that belongs to everybody.
    """
    state = store.states([record]).get(record)
    if state is None or not state.root:
        message = N_("县里没有「{record}」这份记录。什么都没动。")
        raise InvalidValue(Problem("not_found", message, args=(("record", record),)))
    if state.root != state.id:
        return [record]
    place = store.places([record]).get(record)
    files = merging.files_in(place.units) if place else []  # all files of one child
    roots = dict.fromkeys([record, *files])
    rows = store.connection.execute(
        "SELECT id FROM record WHERE root IN (SELECT value FROM json_each(?)) AND root <> id"
        " ORDER BY seq",
        (_encode(list(roots)).decode(),),
    )
    return [*roots, *(row[0] for row in rows)]


def _once_merged(store: SqliteStore, ids: set[str]) -> list[str]:
    """The files that any merge ever made one with these, without these and what is erased."""
    found: set[str] = set()
    for kind in KINDS.values():
        if not kind.pointer:
            continue
        for (body,) in store.connection.execute(
            "SELECT body FROM log JOIN body USING (seq) WHERE kind = ? AND instr(body, ?) > 0",
            (kind.name, kind.pointer),
        ):
            change = msgspec.json.decode(body, type=Entry).change
            pair = {change.id, change.fields.get(kind.pointer) or change.id}
            if not pair.isdisjoint(ids):
                found |= pair
    return sorted(i for i in found - ids if not store.is_erased(i))


def erase_here(store: SqliteStore, ids: list[str], at: int, reason: str, author: str) -> None:
    """Erase records in one store. Within the caller's `write`."""
    run = store.connection.execute
    run("PRAGMA secure_delete = ON")
    _write_entries(store, ids, reason, author)
    store.connection.executemany(_NOTE, [(id, at, author, reason) for id in ids])
    listed = (_encode(ids).decode(),)
    rows = run(
        "SELECT seq, body FROM body WHERE seq IN (SELECT seq FROM log WHERE record IN"
        " (SELECT value FROM json_each(?)))",
        listed,
    ).fetchall()
    store.connection.executemany(
        "UPDATE body SET body = ? WHERE seq = ?",
        [(_encode(blank_entry(msgspec.json.decode(body, type=Entry))), seq) for seq, body in rows],
    )
    Lookalikes(store.connection).forget(ids)
    scans.sweep(store)
    _blank_quarantine(store, set(ids))


def _write_entries(store: SqliteStore, ids: list[str], reason: str, author: str) -> None:
    """One entry a record, all of one txn; what is not here or erased already is passed over."""
    batch = Batch(store, None, store.now_ms())
    batch.load(ids, ())
    roots = {state.root for id in ids if (state := batch.states.get(id))}
    batch.load(roots, roots)
    txn = f"{HUB_DEVICE}.{batch.seq + 1}"
    now = clock.stamp_of(batch.now_ms)
    for id in ids:
        state = batch.states.get(id)
        if state is not None and not is_erased(state):
            change = Change(
                HUB_DEVICE, batch.seq + 1, txn, ERASE, state.kind, id, author, now, {}, note=reason
            )  # fmt: skip
            batch.accept(change, KINDS[state.kind])
    for id in ids:  # files that a restored log still has as one with what was erased
        state = batch.states.get(id)
        if state is not None and KINDS[state.kind].pointer:
            batch.place_files(KINDS[state.kind], state)
    batch._write()


def _blank_quarantine(store: SqliteStore, ids: set[str]) -> None:
    rows = store.connection.execute("SELECT device, device_seq, change FROM quarantine").fetchall()
    blanked = [
        (_encode(blank(change)), device, seq)
        for device, seq, body in rows
        if not ids.isdisjoint(subjects(change := msgspec.json.decode(body, type=Change)))
    ]
    store.connection.executemany(
        "UPDATE quarantine SET change = ? WHERE device = ? AND device_seq = ?", blanked
    )


def _leave_no_bytes(store: SqliteStore) -> None:
    """The write-ahead log holds the old pages until it is written back. A reader may be in the way:
    then the next checkpoint does it."""
    with suppress(Exception):
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _list(home: Home) -> Any:
    connection = open_encrypted(file_of(home), home.key())
    connection.execute(_TABLE)
    return connection
