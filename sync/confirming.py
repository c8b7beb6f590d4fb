"""Records made here that the county took just as they were made: nearly all of a big push.

They stand here as the log makes them: their numbers are noted, and nothing else of them is written
again. All of it is told by columns that were written when they were made, so that SQLite does it a
page at a time and no change is read: a push takes the laptop a fifth less of its processor. Whatever is
in any doubt is left to the general way (sync/receive.py).
"""

from __future__ import annotations

from msgspec import Struct

from schema.kinds import KINDS
from schema.record import Kind
from sync import digest, keeping, window
from sync.change import Change, entry_sql
from sync.decide import first_values
from sync.protocol import Run, SyncResponse
from sync.records import Records, as_json
from sync.storage import Connection
from sync.tables import quoted, table


class Confirmed(Struct):
    """What an answer confirms."""

    left: list[Run]
    """What is left to the general way."""
    count: int = 0
    total: int = 0
    """Of the digests of the records."""
    greatest: int = 0
    """Of their stamps."""
    number: int = 0
    """The greatest log number."""
    seq: int = 0
    """The greatest number that this device gave."""
    has_roots: bool = False
    """A file is among them."""


def marks_of(kind: Kind, change: Change) -> tuple[str, int, bytes]:
    """Of a change that makes a record, what is asked once the county has it: columns of `outbox`."""
    total = digest.of_new(change, first_values(kind, change))
    return kind.name, change.hlc, total.to_bytes(16, "big")


def confirmed(records: Records, told: SyncResponse, since: str) -> Confirmed:
    """Note what an answer confirms of this device's new records. `since`: as of `window.counts`."""
    is_cloned = any(verdict.status == "cloned" for verdict in told.verdicts)
    if told.reset or told.drops or told.mended or told.absent or told.rows or is_cloned:
        return Confirmed(told.runs)
    done = Confirmed([])
    for run in told.runs:
        before = done.count
        for name, made in _made(records.connection, run).items():
            _take(records, KINDS[name], made, run, since, done)
        if done.count - before < run.count:
            done.left.append(run)
    return done


_Made = dict[int, tuple[int, bytes]]
"""Of the changes that make records of one kind: stamp and digest, by number."""


def _made(connection: Connection, run: Run) -> dict[str, _Made]:
    rows = connection.execute(
        "SELECT seq, kind, stamp, digest FROM outbox"
        " WHERE seq BETWEEN ? AND ? AND digest IS NOT NULL",
        (run.device_seq, run.device_seq + run.count - 1),
    )
    made: dict[str, _Made] = {}
    for seq, kind, stamp, part in rows:
        made.setdefault(kind, {})[seq] = stamp, part
    return {kind: some for kind, some in made.items() if kind in KINDS}


def _take(
    records: Records, kind: Kind, made: _Made, run: Run, since: str, done: Confirmed
) -> None:
    """Take those records of a kind of which this device has that one change, and the hub nothing
    else."""
    connection, ahead = records.connection, run.seq - run.device_seq
    days = {number - ahead: day for number, day in records.number(kind, run)}
    if not days:
        return
    hangs = f"JOIN {table(kind.name)} r ON r.id = o.record" if kind.parent else ""
    among = f"FROM outbox o {hangs} WHERE o.seq IN (SELECT value FROM json_each(?))"  # noqa: S608
    root = f"r.{quoted(kind.parent)}" if kind.parent else "o.record"
    number = f"o.seq + {ahead}"
    entry = entry_sql(number, "o.body", "o.stamp", root)
    for statement in (
        f"INSERT OR IGNORE INTO log SELECT {number}, o.record, {entry} {among}",
        f"DELETE FROM shadow WHERE id IN (SELECT o.record {among})",  # noqa: S608
    ):
        connection.execute(statement, (as_json(days),))
    keeping.settle(connection, days)
    done.count += len(days)
    for seq, day in days.items():
        stamp, part = made[seq]
        if window.is_held(kind, {kind.window_field: day}, since):
            done.total += int.from_bytes(part, "big")
        done.greatest = max(done.greatest, stamp)
    last = max(days)
    done.seq, done.number = max(done.seq, last), max(done.number, last + ahead)
    done.has_roots |= kind.scope == "root"
