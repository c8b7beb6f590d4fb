"""The hub's storage over SQLite: one writer, any number of readers, each with a connection of its
own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import msgspec

from schema.problems import InvalidValue, Problem
from server.store.fresh import Fresh
from server.store.latest import Latest
from server.store.places import ROOTS_IN
from server.store.queries import text
from server.store.records import AS_MADE
from sync import digest
from sync.change import Change, Entry, Grant, entry_json, seq_of
from sync.decide import replay
from sync.erasing import blank, is_erased, subjects
from sync.forms import MOST
from sync.hub import Known, LogRow
from sync.language import N_
from sync.preparing import New
from sync.protocol import Verdict
from sync.storage import Connection, insert
from sync.window import month_of

SCHEMA = 15
"""Number of migrations; a store with a smaller one is migrated when it is opened."""

_NEWER = N_(
    "县里的数据是更新的一版服务器写的，这一版读不了。什么都没动；请把服务器程序更新到那一版。"
)

_LOG_ROWS = "SELECT seq, root, kind, txn, device, device_seq, record, content FROM log"

_encode = msgspec.json.Encoder().encode
_decode_entry = msgspec.json.Decoder(Entry).decode
_decode_units = msgspec.json.Decoder(tuple[str, ...]).decode

BucketKey = tuple[str, tuple[str, ...]]


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class SqliteStore(Fresh):
    """Implements `sync.hub.HubStore` over one DB-API connection in autocommit.

    `writer` is the process's writer lock: threads wait there in turn, and not in SQLite's busy
    loop.

    Raises:
        InvalidValue: a newer program wrote the store.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        now_ms: Callable[[], int] = wall_ms,
        writer: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self._writer = writer or nullcontext()
        self.before_commit: Callable[[], None] = lambda: None
        """Told before each commit of a write: for a while others may have the interpreter."""
        self._mode = ""
        self._epoch = ""
        self._numbers = {}
        self._forget()
        # Checkpoints after big pushes (server/behind.py), not in them: 12 % of the time of 20,000
        # creates. This many pages, 80 MB, only where there is never a quiet moment.
        connection.execute("PRAGMA wal_autocheckpoint = 20000")
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        if schema > SCHEMA:
            connection.close()
            raise InvalidValue(Problem("store_newer", _NEWER))
        if schema < SCHEMA:
            from server.store.migrations import (
                migrate,  # 80 ms: only for an old or a new store
            )

            migrate(connection, SCHEMA)

    def _forget(self) -> None:
        """Drop what is remembered from one transaction to the next."""
        self._tree = None
        self._sums: dict[BucketKey, int] = {}
        self._sums_at = -1
        self._fresh, self._fresh_at = None, -1
        self._latest = Latest()

    # -------------------------------------------------------- transactions

    @contextmanager
    def write(self) -> Iterator[None]:
        if self._mode == "write":
            yield
            return
        if self._mode:
            raise RuntimeError("a write inside a read")
        with self._writer:
            self._begin("IMMEDIATE", "write")
            self._latest = Latest()
            try:
                yield
                self._put_numbers()
            except BaseException:
                self._numbers.clear()
                self._forget()
                self._end("ROLLBACK")
                raise
            self.before_commit()
            self._end("COMMIT")

    @contextmanager
    def read(self) -> Iterator[None]:
        if self._mode:
            try:
                yield
            finally:
                self._latest = Latest()  # a page that was just written is answered once
            return
        self._begin("DEFERRED", "read")
        try:
            yield
        finally:
            self._latest = Latest()
            self._end("COMMIT")

    def _begin(self, how: str, mode: str) -> None:
        self.connection.execute(f"BEGIN {how}")
        try:
            epoch = self.epoch()
        except BaseException:
            self._end("ROLLBACK")
            raise
        if epoch != self._epoch:  # another process may have restored a backup
            self._forget()
            self._epoch = epoch
        self._mode = mode

    def _end(self, how: str) -> None:
        self._mode = ""
        try:
            self.connection.execute(how)
        except Exception:
            self._forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    # ---------------------------------------------------------------- meta

    def meta(self, key: str) -> bytes | None:
        row = self._one("SELECT value FROM meta WHERE key = ?", key)
        if row is None:
            return None
        return row[0].encode() if isinstance(row[0], str) else bytes(row[0])

    def put_meta(self, key: str, value: bytes) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def epoch(self) -> str:
        return (self.meta("epoch") or b"").decode()

    # ------------------------------------------------------------- records

    def grants_of(self, user: str) -> tuple[Grant, ...] | None:
        if self._one("SELECT 1 FROM user WHERE name = ?", user) is None:
            return None
        rows = self.connection.execute(
            "SELECT role, unit, child FROM user_grant WHERE user = ?", (user,)
        )
        return tuple(Grant(*row) for row in rows)

    # ------------------------------------------------------------- the log

    def append(self, entries: Sequence[tuple[Entry, bytes, bytes]]) -> None:
        at = self.now_ms()
        rows = [
            (
                e.seq, e.root, e.change.kind, e.change.txn, e.change.device, e.change.seq,
                e.stamp, at, e.change.id, content,
            )
            for e, _, content in entries
        ]  # fmt: skip
        bodies = [entry_json(e.seq, body, e.stamp, e.outcome, e.root) for e, body, _ in entries]
        plain = [not e.outcome and e.stamp == e.change.hlc for e, _, _ in entries]
        self._append(rows, bodies, plain)
        created = {e.seq: e.change.id for e, _, _ in entries if e.change.op == "create"}
        self._latest.made |= created

    def put_new(self, first: int, made: Sequence[New]) -> None:
        at = self.now_ms()
        rows = [
            (
                seq, n.root, n.kind.name, n.change.txn, n.change.device, n.change.seq,
                n.change.hlc, at, n.change.id, n.content,
            )
            for seq, n in enumerate(made, first)
        ]  # fmt: skip
        bodies = [
            entry_json(seq, n.body, n.change.hlc, {}, n.root) for seq, n in enumerate(made, first)
        ]
        self._append(rows, bodies, [True] * len(rows))
        states = [
            AS_MADE
            if n.is_root
            else _encode(replay(n.kind, None, Entry(seq, n.change, n.change.hlc, {}, n.root)))
            for seq, n in enumerate(made, first)
        ]
        self.put_records([
            (n.change.id, n.kind.name, n.root, seq, state, month_of(n.kind, n.values))
            for seq, (n, state) in enumerate(zip(made, states, strict=True), first)
        ])

    def _append(
        self, rows: list[tuple[Any, ...]], bodies: list[bytes], plain: Sequence[bool]
    ) -> None:
        """Rows of the log with their bodies; `plain`: see `LogRow`."""
        if rows and [r[0] for r in rows] != list(range(self.head() + 1, rows[-1][0] + 1)):
            raise RuntimeError("the log is numbered without a gap")
        insert(self.connection, "log", rows)
        insert(
            self.connection, "body", [(row[0], b) for row, b in zip(rows, bodies, strict=True)]
        )
        self._latest.add(rows, bodies, plain)
        last: dict[str, int] = {}
        for _, _, _, _, device, _, stamp, _, _, _ in rows:
            last[device] = max(stamp, last.get(device) or self.last_stamp(device))
        self.connection.executemany(
            "INSERT OR REPLACE INTO device_stamp VALUES (?, ?)", list(last.items())
        )

    def known(self, device: str, seqs: Collection[int]) -> dict[int, Known]:
        last = self._one(
            "SELECT max(n) FROM (SELECT max(device_seq) AS n FROM log WHERE device = ?1"
            " UNION ALL SELECT max(device_seq) FROM quarantine WHERE device = ?1)",
            device,
        )
        if not seqs or not last or min(seqs) > (last[0] or 0):
            return {}  # a page of what is new
        asked = text(list(seqs))
        found = {
            seq: Known(bytes(content), Verdict(seq, status, code, field))
            for seq, content, status, code, field in self.connection.execute(
                "SELECT device_seq, content, status, code, field FROM quarantine "
                "WHERE device = ? AND device_seq IN (SELECT value FROM json_each(?))",
                (device, asked),
            )
        }
        for seq, content, number in self.connection.execute(
            "SELECT device_seq, content, seq FROM log "
            "WHERE device = ? AND device_seq IN (SELECT value FROM json_each(?))",
            (device, asked),
        ):
            found[seq] = Known(bytes(content), None, number)
        return found

    def erased(self, ids: Collection[str]) -> set[str]:
        if self._one("SELECT 1 FROM erasure LIMIT 1") is None:
            return set()
        return {row[0] for row in self._among("SELECT record FROM erasure WHERE record IN", ids)}

    def erased_unseen(self) -> list[str]:
        rows = self.connection.execute(
            "SELECT record FROM erasure WHERE record NOT IN (SELECT id FROM record)"
            " ORDER BY record"
        )
        return [row[0] for row in rows]

    def is_erased(self, record: str) -> bool:
        """True when this log erases the record, or has nothing of it and knows that it must not."""
        if not self.erased([record]):
            return False
        state = self.states([record]).get(record)
        return state is None or is_erased(state)

    def entry(self, version: str) -> Entry | None:
        try:
            op = version.partition(".")[0], seq_of(version)
        except ValueError:
            return None
        if op[1] >= MOST:  # no number of a change, and none that SQLite takes
            return None
        row = self._one(
            "SELECT body FROM body WHERE seq = "
            "(SELECT seq FROM log WHERE device = ? AND device_seq = ?)",
            *op,
        )
        return _decode_entry(row[0]) if row else None

    def entries_at(self, asked: Collection[tuple[str, int]]) -> list[Entry]:
        rows = self.connection.execute(
            "SELECT body FROM json_each(?) AS asked"
            " JOIN log ON record = json_extract(asked.value, '$[0]')"
            " AND device_seq = json_extract(asked.value, '$[1]') JOIN body USING (seq)",
            (text(list(asked)),),
        )
        return [_decode_entry(body) for (body,) in rows]

    def entry_of(self, record: str, up_to: int) -> Entry | None:
        row = self._one(
            "SELECT body FROM body WHERE seq = "
            "(SELECT max(seq) FROM log WHERE record = ? AND seq <= ?)",
            record,
            up_to,
        )
        return _decode_entry(row[0]) if row else None

    def last_stamp(self, device: str) -> int:
        row = self._one("SELECT stamp FROM device_stamp WHERE device = ?", device)
        return row[0] if row else 0

    def content(self, seq: int) -> bytes:
        """Hash of what the change of an entry said; it outlives an erasure."""
        row = self._one("SELECT content FROM log WHERE seq = ?", seq)
        return bytes(row[0]) if row else b""

    def mark(self, seq: int) -> str:
        row = self._one("SELECT content, stamp, at FROM log WHERE seq = ?", seq)
        return hashlib.blake2b(_encode(row), digest_size=6).hexdigest() if row else ""

    def log_rows(self, after: int, limit: int) -> list[LogRow]:
        at = self._latest.place_of(after + 1, self.head)
        if at >= 0:
            return self._latest.log_rows(at, limit)
        rows = self.connection.execute(
            f"{_LOG_ROWS} WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [LogRow(*row) for row in rows]

    def log_rows_in(
        self, after: int, units: Collection[str], roots: Collection[str]
    ) -> list[LogRow]:
        rows = self.connection.execute(
            f"{_LOG_ROWS} WHERE seq > ?1 AND (root = ''"
            f" OR root IN ({ROOTS_IN.format(units='?2')})"
            " OR root IN (SELECT value FROM json_each(?3))) ORDER BY seq",
            (after, text(list(units)), text(list(roots))),
        )
        return [LogRow(*row) for row in rows]

    def bodies(self, seqs: Sequence[int]) -> list[bytes]:
        if seqs and (at := self._latest.place_of(first := min(seqs), self.head)) >= 0:
            return [self._latest.bodies[at + seq - first] for seq in seqs]
        found = dict(self._among("SELECT seq, body FROM body WHERE seq IN", seqs))
        return [found[seq] for seq in seqs]

    def history(self, record: str) -> list[bytes]:
        """JSON of every entry of a record, oldest first."""
        rows = self.connection.execute(
            "SELECT seq FROM log WHERE record = ? ORDER BY seq", (record,)
        )
        return self.bodies([r[0] for r in rows])

    # ---------------------------------------------------------- quarantine

    def quarantine(self, change: Change, content: bytes, verdict: Verdict, at_ms: int) -> None:
        if self.erased(subjects(change)):
            change = blank(change)
        self.connection.execute(
            "INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                change.device, change.seq, verdict.status, verdict.code, verdict.field, at_ms,
                content, _encode(change),
            ),
        )  # fmt: skip

    def release(self, device: str, seq: int) -> None:
        self.connection.execute(
            "DELETE FROM quarantine WHERE device = ? AND device_seq = ?", (device, seq)
        )

    def quarantined(self) -> list[tuple[Change, Verdict, int]]:
        """Everything in quarantine that nobody dropped, with its verdict and the time (ms) it came,
        oldest first."""
        rows = self.connection.execute(
            "SELECT change, device_seq, status, code, field, at FROM quarantine q WHERE NOT EXISTS "
            "(SELECT 1 FROM quarantine_decision d WHERE d.device = q.device "
            "AND d.device_seq = q.device_seq AND d.done = 'dropped') "
            "ORDER BY at, device, device_seq"
        )
        return [
            (msgspec.json.decode(change, type=Change), Verdict(seq, status, code, field), at)
            for change, seq, status, code, field, at in rows
        ]

    def quarantined_of(self, device: str) -> int:
        row = self._one("SELECT count(*) FROM quarantine WHERE device = ?", device)
        return row[0] if row else 0

    # ------------------------------------------------------------- buckets

    def buckets(self) -> Iterable[tuple[str, tuple[str, ...], int]]:
        self._catch_up()
        return [(kind, units, value) for (kind, units), value in self._sums.items()]

    def add_to_buckets(self, sums: Mapping[BucketKey, int]) -> None:
        self._catch_up()
        at = self.head()
        rows = []
        for key, value in sums.items():
            total = (self._sums.get(key, 0) + value) % digest.MODULUS
            self._sums[key] = total
            rows.append((key[0], text(key[1]), total.to_bytes(16, "big"), at))
        self.connection.executemany("INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?)", rows)

    def _catch_up(self) -> None:
        """Read the sums that changed since the last look: a county has thousands of buckets."""
        for kind, units, value, at in self.connection.execute(
            "SELECT kind, units, sum, seq FROM bucket WHERE seq >= ? ORDER BY seq",
            (self._sums_at,),
        ):
            self._sums[kind, _decode_units(units)] = int.from_bytes(value, "big")
            self._sums_at = at

    # ------------------------------------------------------------- healing

    def note_healing(self, device: str, user: str, records: Sequence[str], mine: str) -> None:
        """Keep on record that a device's records differed and were sent to it again."""
        self.connection.execute(
            "INSERT INTO healing VALUES (?, ?, ?, ?, ?)",
            (self.now_ms(), device, user, text(list(records)), mine),
        )

    def healings(self) -> list[tuple[int, str, str, list[str]]]:
        """(ms, device, user, ids of records), the newest first."""
        rows = self.connection.execute(
            "SELECT at, device, user, records FROM healing ORDER BY at DESC, rowid DESC"
        )
        return [(at, device, user, msgspec.json.decode(ids)) for at, device, user, ids in rows]
