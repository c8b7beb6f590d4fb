"""What the county's tables say besides log and records, held against them: columns, moves, greatest
stamps, quarantine, papers' bytes, erasures, people."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from server.accounts import Accounts, told_of
from server.store.records import STATE, state_of
from server.store.sqlite import SqliteStore
from sync import merging
from sync.change import Change, Entry, State
from sync.erasing import ERASE
from sync.hub import Hub
from sync.hubstore import Place
from sync.paperbytes import digest_of
from sync.scope import units_of
from sync.twins import content_hash
from sync.window import month_of


class Fault(Struct, frozen=True):
    """One thing wrong. `where` is a log number, an id or a word of SQLite's, never a person's
    data."""

    code: str
    where: str


class Course:
    """What the log makes of the tables that only it can tell, entry by entry."""

    def __init__(self) -> None:
        self.stamps: dict[str, int] = {}
        """Device to its greatest stamp."""
        self.paths: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        """Root to where it has been, each with the number of the entry."""
        self.unit_moves: list[tuple[int, str, str | None]] = []
        self.erased: set[str] = set()

    def add(self, entry: Entry, before: State | None, after: State) -> None:
        change, kind = entry.change, KINDS[entry.change.kind]
        self.stamps[change.device] = max(entry.stamp, self.stamps.get(change.device, 0))
        if change.op == ERASE:
            self.erased.add(change.id)
        elif kind.scope == "root":
            path, units = self.paths.setdefault(change.id, []), units_of(kind, after.values)
            if not path or path[-1][1] != units:
                path.append((entry.seq, units))
        if kind.name == "unit" and before is not None:
            was = before.values.get("parent")
            if was != after.values.get("parent"):
                self.unit_moves.append((entry.seq, change.id, was))

    def faults(self, store: SqliteStore, places: Mapping[str, Place]) -> Iterator[Fault]:
        """Where the store's tables say something else."""
        run = store.connection.execute
        yield from _unlike("device_stamp", self.stamps, dict(run("SELECT * FROM device_stamp")))
        units = {(seq, unit): was for seq, unit, was in self.unit_moves}
        held = {(seq, unit): was for seq, unit, was in run("SELECT * FROM unit_move")}
        yield from _unlike("unit_move", units, held)
        # A log put back to a backup may know nothing of what was erased since.
        listed = {record for (record,) in run("SELECT record FROM erasure")}
        yield from (Fault("erasure", record) for record in sorted(self.erased - listed))
        yield from self._moves(store, places)

    def _moves(self, store: SqliteStore, places: Mapping[str, Place]) -> Iterator[Fault]:
        """A file that was never one with another has moved as its own entries say; of others, and
        of erased ones, each move begins where the one before it ended, and the last ends where the
        file is."""
        moves: dict[str, list[tuple[int, tuple[str, ...], tuple[str, ...]]]] = {}
        for move in store.moves_after(0):
            moves.setdefault(move.root, []).append((move.seq, move.before, move.after))
        for root in sorted(moves.keys() | self.paths.keys()):
            told, path = moves.get(root, []), self.paths.get(root, [])
            ends = [before for _, before, _ in told] + [places[root].units] if root in places else []
            is_chain = all(after == end for (_, _, after), end in zip(told, ends[1:], strict=False))
            is_own = root not in self.erased and not any(merging.files_in(end) for end in ends)
            meant = [(seq, was, is_) for (_, was), (seq, is_) in itertools.pairwise(path)]
            if not ends or not is_chain or (is_own and told != meant):
                yield Fault("move", root)


def columns(store: SqliteStore) -> Iterator[tuple[State | None, Fault | None]]:
    """Every record, None where it cannot be read; with a fault where its row names it otherwise than
    it does itself."""
    rows = store.connection.execute(f"SELECT id, kind, root, seq, month, {STATE} FROM record")
    for id_, kind, root, seq, month, body, is_whole in rows:
        try:
            state = state_of(body, is_whole)
        except (msgspec.DecodeError, KeyError, TypeError):  # TypeError: its log entry is not there
            yield None, Fault("record", id_)
            continue
        declared = KINDS.get(state.kind)
        meant = (state.id, state.kind, state.root, state.seq)
        meant_month = month_of(declared, state.values) if declared else ""
        is_right = (id_, kind, root, seq, month) == (*meant, meant_month)
        yield state, None if is_right else Fault("record", id_)


def of_both(store: SqliteStore, table: str, columns: str) -> list[tuple[str, str]]:
    """What is in its order and what is not yet (`server/store/fresh.py`)."""
    settled, late = (f"SELECT {columns} FROM {name}" for name in (table, f"{table}_fresh"))
    return [tuple(row) for row in store.connection.execute(f"{settled} UNION ALL {late}")]


def quarantine(store: SqliteStore) -> Iterator[Fault]:
    """Changes in quarantine that are not what came."""
    rows = store.connection.execute("SELECT device, device_seq, content, change FROM quarantine")
    for device, seq, content, body in rows:
        try:
            change = msgspec.json.decode(body, type=Change)
        except msgspec.MsgspecError:
            yield Fault("quarantine", f"{device}.{seq}")
            continue
        # Of a copied disk's second laptop it is kept under another name; an erased one says nothing.
        is_as_came = bytes(content) == content_hash(change) or device.startswith(f"{_of(device)}-")
        if change.seq != seq or change.device != device or (change.fields and not is_as_came):
            yield Fault("quarantine", f"{device}.{seq}")


def _of(device: str) -> str:
    return device.partition("-")[0]


def papers(store: SqliteStore, states: Mapping[str, State]) -> Iterator[Fault]:
    """Bytes that are not those their paper names."""
    waiting = {change.id: change.fields for change, _, _ in store.quarantined()}
    rows = store.connection.execute("SELECT paper, size FROM paper_scan").fetchall()
    for paper, size in rows:
        (body,) = store.connection.execute(
            "SELECT body FROM paper_scan WHERE paper = ?", (paper,)
        ).fetchone()
        values = states[paper].values if paper in states else waiting.get(paper, {})
        is_right = len(body) < size or digest_of(body) == values.get("digest")
        if size != values.get("size") or not is_right:
            yield Fault("paper_scan", paper)


def people(store: SqliteStore, states: Mapping[str, State]) -> Iterator[Fault]:
    """Accounts that are not as every laptop was told, and what belongs to nobody."""
    users = Accounts(store, Hub(store, store.now_ms)).users()
    for user in users:
        told = states[user.name].values if user.name in states else {}
        meant = told_of(user)
        if not told.get("posts"):  # told by a program before there were any
            meant.pop("posts")
        if any(told.get(name) != value for name, value in meant.items()):
            yield Fault("user", user.name)
    names = {user.name for user in users}
    held = {id_ for id_, state in states.items() if state.kind == "user"}
    yield from (Fault("user", name) for name in sorted(held - names))
    for table in ("device", "user_grant", "ticket"):
        of = {user for (user,) in store.connection.execute(f"SELECT user FROM {table}")}
        yield from (Fault(table, name) for name in sorted(of - names))


def _unlike(code: str, meant: Mapping[Any, Any], held: Mapping[Any, Any]) -> Iterable[Fault]:
    keys = sorted(meant.keys() | held.keys(), key=str)
    return [Fault(code, str(key)) for key in keys if meant.get(key) != held.get(key)]
