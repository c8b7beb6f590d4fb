"""What an answer of the hub says, with our own changes, which come back short, put in again from what
waits here."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from schema.kinds import KINDS
from sync.change import Change, Entry, State
from sync.formers import own_ids
from sync.protocol import SyncResponse, Verdict, rows_of
from sync.records import as_json
from sync.storage import Connection

_decode_change = msgspec.json.Decoder(Change).decode
_decode_entry = msgspec.json.Decoder(Entry).decode


class Incoming:
    """One answer as this device reads it."""

    def __init__(self, connection: Connection, response: SyncResponse) -> None:
        self.connection = connection
        self.response = response
        self._own_ids = own_ids(connection)
        self._sent = [_decode_entry(raw) for raw in response.entries]
        self.outbox: dict[int, Change] = {}
        """Own changes that the answer speaks of."""
        self.unsent: dict[int, bytes] = {}
        """JSON of those of them that wait here."""
        self.hidden: set[int] = set()
        """Those that lie over nothing shown here: they are sent again (sync/keeping.py)."""
        self.matched: set[int] = set()
        """Log numbers of the entries that say just what waits here to be sent."""
        self.bodies: dict[int, bytes] = {}
        """JSON of the entries that came whole, by log number."""
        self._read_outbox()
        self.entries = self._entries()
        """Every log entry of the answer in log order."""
        self.rows = rows_of(response.rows)
        self.unknown: dict[str, tuple[State, bytes]] = {
            row.id: (row, bytes(raw))
            for row, raw in zip(self.rows, response.rows, strict=True)
            if row.kind not in KINDS
        }
        """Rows of kinds that this program does not know, by id, each with its JSON."""
        self.met: list[Verdict] = [v for v in response.verdicts if v.seq in self.outbox]
        """Verdicts on what waits here."""
        self.refused = [v for v in self.met if v.status not in ("duplicate", "cloned")]

    def _read_outbox(self) -> None:
        wanted = [o.device_seq for o in self.response.own]
        for run in self.response.runs:
            wanted += range(run.device_seq, run.device_seq + run.count)
        wanted += [v.seq for v in self.response.verdicts]
        wanted += [c.seq for c in self._own_sent_whole()]
        if wanted:
            for seq, body in self.connection.execute(
                "SELECT seq, body FROM sendable WHERE seq IN (SELECT value FROM json_each(?))",
                (as_json(wanted),),
            ):
                self.outbox[seq] = _decode_change(body)
                self.unsent[seq] = body
            self.hidden = {
                row[0]
                for row in self.connection.execute("SELECT seq FROM kept WHERE number = 0")
                if row[0] in self.outbox
            }

    def _entries(self) -> list[Entry]:
        entries = list(self._sent)
        for entry, raw in zip(entries, self.response.entries, strict=True):
            self.bodies[entry.seq] = bytes(raw)
        for own in self.response.own:
            change = self.outbox.get(own.device_seq)
            if change is not None:
                self.matched.add(own.seq)
                entries.append(Entry(own.seq, change, own.stamp, own.outcome, own.root))
        for run in self.response.runs:
            for n in range(run.count):
                change = self.outbox.get(run.device_seq + n)
                if change is not None:
                    self.matched.add(run.seq + n)
                    root = root_of([change], change.id) if change.op == "create" else ""
                    entries.append(Entry(run.seq + n, change, change.hlc, {}, root))
        entries.sort(key=lambda e: e.seq)
        for entry in entries:
            # Own ones sent whole: a repeated page, an older copy of this store, or another laptop
            # of the same disk, whose change may bear the number of one that waits here.
            if is_own(entry.change, self._own_ids):
                waiting = self.outbox.setdefault(entry.change.seq, entry.change)
                if entry.change.seq in self.unsent and waiting == entry.change:
                    self.matched.add(entry.seq)
        return entries

    def _own_sent_whole(self) -> list[Change]:
        return [c for e in self._sent if is_own(c := e.change, self._own_ids)]


def is_own(change: Change, own_ids: Mapping[str, int]) -> bool:
    """True for a change made under an id of this laptop's while it was its own."""
    return change.seq < own_ids.get(change.device, 0)


def root_of(changes: Collection[Change], id_: str) -> str:
    """Root of a record the hub does not know: from the change that makes it."""
    for change in changes:
        kind = KINDS[change.kind]
        if change.op == "create" and kind.parent:
            return str(change.fields.get(kind.parent))
    return id_
