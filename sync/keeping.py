"""What a device keeps of its own work after the county has it, until a backup has it too.

Own entries of records held here stand in `log`. Those of records that have left go into `kept`:
encrypted like everything in the store, never shown, never counted as unsent. A county put back to a
backup loses what came after it; its devices send that again.

After a county was put back, its new log says of own changes that it has them, not their entries:
those of records held here stand in `kept` too. While the record is here a backup takes them out of
neither, as an older backup may be put back after a newer one; their number then is negative.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec
from msgspec import Raw, Struct

from sync.change import Change
from sync.formers import own_ids
from sync.protocol import Decided, Verdict
from sync.storage import Connection

Held = Callable[[Collection[str]], Collection[str]]
"""Which of these records are held here."""
KEPT_MS = 90 * 86_400_000
"""How long, by the hub's time, where no backup is ever made."""
AGAIN = 0
"""Number of a kept change in a log that may not hold it: it is sent again."""
HANDED_IN = 1 << 62
"""Number of what a leaving device has handed in: no backup's number ever reaches it."""
DECIDED = ("released", "dropped")
"""Codes under which stands, for its author, what waited in quarantine and waits no more."""
MOST_ASKED = 1_000
"""Numbers asked about in one request: 5 KB."""


class _Claim(Struct, array_like=True):
    device: str
    seq: int
    txn: str
    op: Raw
    kind: Raw
    id: str


class _OwnEntry(Struct, array_like=True):
    """Of a log entry what is needed to keep its change."""

    seq: int
    change: Raw


_decode_entry = msgspec.json.Decoder(_OwnEntry).decode
_decode_claim = msgspec.json.Decoder(_Claim).decode


def _as_json(records: Collection[str]) -> str:
    return msgspec.json.encode(list(records)).decode()


def _state(connection: Connection, key: str) -> int:
    row = connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row else 0


def _own_entries(
    connection: Connection, where: str, given: tuple[object, ...], after: int | None = None
) -> list[tuple[int, _Claim, bytes]]:
    """(log number, what a change says of itself, its JSON) of this device's own entries in `log`
    after a number; without one, those that no backup has."""
    since = _state(connection, "backup") if after is None else after
    own: list[tuple[int, _Claim, bytes]] = []
    for device, below in own_ids(connection).items():
        # Most entries of a county admin's log are others': told apart in SQL, 1 µs each.
        for (body,) in connection.execute(
            f"SELECT body FROM log WHERE {where} AND seq > ? AND instr(body, ?) > 0",  # noqa: S608
            (*given, since, f'["{device}",'.encode()),
        ):
            entry = _decode_entry(body)
            claim = _decode_claim(entry.change)
            if claim.device == device and claim.seq < below:
                own.append((entry.seq, claim, bytes(entry.change)))
    return own


def keep(connection: Connection, records: str) -> None:
    """Keep the own entries of records that are about to leave. `records`: their ids as JSON."""
    rows = [
        (claim.seq, claim.id, claim.txn, number, _state(connection, "heard"), body)
        for number, claim, body in _own_entries(
            connection, "record IN (SELECT value FROM json_each(?))", (records,)
        )
    ]
    connection.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        "DELETE FROM kept WHERE number < 0 AND record IN (SELECT value FROM json_each(?))",
        (records,),
    )


def keep_settled(
    connection: Connection, settled: Iterable[tuple[int, Change, bytes]], now_ms: int
) -> None:
    """Keep changes that are in the log under a number, though their entries do not come: their
    records have left, or the county was put back."""
    connection.executemany(
        "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?)",
        [
            (change.seq, change.id, change.txn, number, now_ms, body)
            for number, change, body in settled
        ],
    )


def prune(connection: Connection, backup: int, now_ms: int, held: Held) -> None:
    """Forget what a backup has; all after 90 days where none is ever made. What speaks of a record
    that is held here stays as long as that."""
    among, given = ("number BETWEEN 1 AND ?", backup) if backup else (
        "number > 0 AND at < ?", now_ms - KEPT_MS
    )  # fmt: skip
    found = connection.execute(f"SELECT DISTINCT record FROM kept WHERE {among}", (given,))  # noqa: S608
    records = [record for (record,) in found]
    if records:
        listed = _as_json(held(records))
        connection.execute(
            f"UPDATE kept SET number = -number WHERE {among}"  # noqa: S608
            " AND record IN (SELECT value FROM json_each(?))",
            (given, listed),
        )
        connection.execute(f"DELETE FROM kept WHERE {among}", (given,))  # noqa: S608


def void(connection: Connection) -> None:
    """The numbers of all that is kept are of a log that is no more: no backup of it counts."""
    connection.execute("UPDATE kept SET number = ?", (AGAIN,))


def send_all_again(connection: Connection, held: Held) -> None:
    """The log may have lost what it once had: everything kept waits to be sent; of a record that is
    held here, shown like any unsent change."""
    void(connection)
    records = [record for (record,) in connection.execute("SELECT DISTINCT record FROM kept")]
    connection.execute(
        "INSERT OR IGNORE INTO outbox(seq, record, txn, body)"
        " SELECT seq, record, txn, body FROM kept"
        " WHERE record IN (SELECT value FROM json_each(?))",
        (_as_json(held(records) if records else ()),),
    )
    connection.execute("DELETE FROM kept WHERE seq IN (SELECT seq FROM outbox)")
    # What waited in the county's quarantine may be gone from there, or be judged otherwise now.
    waiting = connection.execute("SELECT seq, body FROM returned WHERE status = 'quarantined'")
    claims = [(_decode_claim(body), body) for _seq, body in waiting.fetchall()]
    # What had been decided there is to be heard anew.
    connection.execute(
        "DELETE FROM returned WHERE status = 'quarantined' AND code IN (?, ?)", DECIDED
    )
    connection.executemany(
        "INSERT OR IGNORE INTO kept VALUES (?, ?, ?, ?, 0, ?)",
        [(claim.seq, claim.id, claim.txn, AGAIN, body) for claim, body in claims],
    )


def send_unsaved_again(connection: Connection, *, is_all: bool = False) -> None:
    """What no backup has yet is sent once more, the entries of records held here included: this
    device is leaving. `is_all`: whatever a backup had, for an older one was put back."""
    rows = [
        (claim.seq, claim.id, claim.txn, AGAIN, 0, body)
        for _, claim, body in _own_entries(connection, "1", (), 0 if is_all else None)
    ]
    connection.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("UPDATE kept SET number = ? WHERE number > 0 OR ?", (AGAIN, is_all))


def hand_in(connection: Connection, seqs: Collection[int]) -> None:
    """What the county has in quarantine, as this device is leaving, waits no more; it is kept until the
    device goes, as a backup may be put back before."""
    given = (msgspec.json.encode(list(seqs)).decode(),)
    connection.execute(
        f"INSERT OR IGNORE INTO kept SELECT seq, record, txn, {HANDED_IN}, 0, body FROM outbox"  # noqa: S608
        " WHERE seq IN (SELECT value FROM json_each(?))",
        given,
    )
    connection.execute("DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?))", given)
    connection.execute(
        f"UPDATE kept SET number = {HANDED_IN} WHERE number = {AGAIN}"  # noqa: S608
        " AND seq IN (SELECT value FROM json_each(?))",
        given,
    )


def hand_in_again(connection: Connection) -> None:
    """What was handed in is sent once more."""
    connection.execute("UPDATE kept SET number = ? WHERE number = ?", (AGAIN, HANDED_IN))


def settle(connection: Connection, seqs: Collection[int]) -> None:
    """Take out what waited to be sent and is settled now."""
    runs: list[tuple[int, int]] = []
    for seq in sorted(seqs):
        if runs and runs[-1][1] == seq - 1:
            runs[-1] = runs[-1][0], seq
        else:
            runs.append((seq, seq))
    connection.executemany("DELETE FROM outbox WHERE seq BETWEEN ? AND ?", runs)
    connection.executemany(
        f"DELETE FROM kept WHERE seq BETWEEN ? AND ? AND number = {AGAIN}",  # noqa: S608
        runs,
    )


def waiting(connection: Connection, device: str) -> list[int]:
    """Numbers of what waits in the county's quarantine, for all this device knows."""
    rows = connection.execute(
        "SELECT seq FROM returned WHERE status = 'quarantined' AND code NOT IN (?, ?)"
        " AND json_extract(CAST(body AS TEXT), '$[0]') = ? ORDER BY seq LIMIT ?",
        (*DECIDED, device, MOST_ASKED),
    )
    return [seq for (seq,) in rows]


def note_decided(connection: Connection, decided: Iterable[Decided], now_ms: int) -> None:
    """Keep for the author that what had come back waits no more; what is in the log now is kept
    until a backup has it."""
    for told in decided:
        row = connection.execute(
            "SELECT body FROM returned WHERE seq = ? AND status = 'quarantined'", (told.seq,)
        ).fetchone()
        if row is None or told.what not in DECIDED:
            continue
        connection.execute(
            "UPDATE returned SET code = ?, at = ? WHERE seq = ?", (told.what, now_ms, told.seq)
        )
        if told.number:
            change = msgspec.json.decode(row[0], type=Change)
            keep_settled(connection, [(told.number, change, row[0])], now_ms)


def give_back(
    connection: Connection, refused: Iterable[Verdict], sent: Mapping[int, Change], now_ms: int
) -> None:
    """Keep what the county refused, with its reason, for the author. `sent`: changes by number."""
    connection.executemany(
        "INSERT OR IGNORE INTO returned VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                v.seq, sent[v.seq].id, v.status, v.code, v.field, now_ms,
                msgspec.json.encode(sent[v.seq]),
            )
            for v in refused
        ],
    )  # fmt: skip
