"""Is the county's store whole: the file, the log's numbers, every entry decided anew as it was, and
every table as the log makes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from schema import idnumber
from schema.kinds import KINDS
from schema.record import Kind
from server import check_tables
from server.check_tables import Fault
from server.store.sqlite import SqliteStore
from sync import digest, merging, window
from sync.change import Entry, Slot, State
from sync.decide import replay
from sync.erasing import is_blank
from sync.hub import Place, content_hash
from sync.reopening import outcome_of
from sync.storage import damages

PAGE = 2000


class Findings(Struct):
    """What a check came to."""

    entries: int = 0
    records: int = 0
    faults: list[Fault] = []
    hash: str = ""
    """The log's running hash over the content of every entry: equal logs have equal ones."""

    @property
    def is_whole(self) -> bool:
        return not self.faults


def check(store: SqliteStore) -> Findings:
    """Everything, at one consistent view. Reads the whole store; changes nothing."""
    found = Findings(faults=[Fault("file", text) for text in damages(store.connection)])
    if found.faults:
        return found
    try:
        with store.read():
            _check(store, found)
    except Exception as error:
        # sqlcipher3's errors and msgspec's share no base class; a store that cannot be read is
        # damaged.
        if isinstance(error, KeyboardInterrupt | MemoryError):
            raise
        found.faults.append(Fault("unreadable", type(error).__name__))
    return found


def check_quickly(store: SqliteStore) -> list[Fault]:
    """The file and the sums, without replaying the log: for a backup just made."""
    faults = [Fault("file", text) for text in damages(store.connection)]
    if not faults:
        with store.read():
            states = {s.id: s for s in _states(store)}
            places = store.places({s.root for s in states.values()})
            faults += _bucket_faults(store, states, places)
            numbers = store.connection.execute("SELECT count(*) FROM log").fetchone()[0]
            if numbers != store.head():
                faults.append(Fault("log_gap", str(numbers)))
    return faults


def _check(store: SqliteStore, found: Findings) -> None:
    states: dict[str, State] = {}
    born: dict[str, int] = {}
    stamps: dict[str, int] = {}
    course = check_tables.Course()
    running = hashlib.blake2b(digest_size=16)
    found.entries = store.head()
    gone = erasures(store)
    for seq, entry, fault in _entries(store):
        if fault or entry is None:
            found.faults.append(Fault(fault or "log_body", str(seq)))
            continue
        kind = KINDS.get(entry.change.kind)
        if kind is None:
            found.faults.append(Fault("unknown_kind", str(seq)))
            continue
        change, before = entry.change, states.get(entry.change.id)
        is_gone = gone.get(change.id, 0) > seq  # its words are erased: nothing to decide by
        running.update(store.content(seq))
        if entry.stamp <= stamps.get(change.device, 0):
            found.faults.append(Fault("stamp", str(seq)))
        stamps[change.device] = entry.stamp
        if not is_gone and not _is_as_decided(kind, before, entry, store, gone):
            found.faults.append(Fault("decision", str(seq)))
        states[change.id] = after = replay(kind, before, entry)
        course.add(entry, before, after)
        if kind.scope == "root":
            born.setdefault(change.id, seq)
    found.records, found.hash = len(states), running.hexdigest()
    stored: dict[str, State] = {}
    for state, wrong in check_tables.columns(store):
        if state is not None:
            stored[state.id] = state
        found.faults += [wrong] if wrong else []
    found.faults += [] if store.meta("epoch") else [Fault("meta", "epoch")]
    found.faults += [
        Fault("record", id)
        for id in sorted(states.keys() | stored.keys())
        if states.get(id) != stored.get(id)
    ]
    places = {
        state.id: Place(merging.units_of_files(kind, group), born[state.id])
        for kind in KINDS.values()
        if kind.scope == "root"
        for group in merging.groups(
            kind, {i: states[i] for i in born if states[i].kind == kind.name}
        )
        for state in group
    }
    held = store.places(list(places))
    # Where an erased file was is kept, for whoever holds it; what it followed from is not.
    places |= {root: Place(held[root].units, born[root]) for root in held.keys() & gone.keys()}
    found.faults += [Fault("place", root) for root, p in places.items() if held.get(root) != p]
    rows = set(check_tables.of_both(store, "place_unit", "unit, root"))
    meant = {(unit, root) for root, place in places.items() for unit in place.units}
    found.faults += [Fault("place", root) for _, root in sorted(rows ^ meant)]
    found.faults += _bucket_faults(store, states, places)
    found.faults += _number_faults(store, states)
    found.faults += course.faults(store, places)
    found.faults += check_tables.quarantine(store)
    found.faults += check_tables.papers(store, states)
    found.faults += check_tables.people(store, states)


def _is_as_decided(
    kind: Kind, before: State | None, entry: Entry, store: SqliteStore, gone: dict[str, int]
) -> bool:
    """True when the change of an entry comes to what the log says, decided anew.

    True also where that hangs on words of another file of the child that have been erased since:
    they cannot be read again.
    """
    earlier, blanks = _earlier(store, entry.seq), []

    def lookup(version: str) -> Entry | None:
        found = earlier(version)
        if found is not None and gone.get(found.change.id, 0) > found.seq:
            blanks.append(version)
        return found

    outcome = outcome_of(kind, before, entry.change, entry.stamp, lookup)
    return bool(blanks) or _compared(kind, outcome) == _compared(kind, entry.outcome)


def _compared(kind: Kind, outcome: dict[str, Slot]) -> dict[str, Slot]:
    """Without where a file is merged into: that a circle is refused hangs on other records too."""
    return {name: slot for name, slot in outcome.items() if name != kind.pointer}


def _earlier(store: SqliteStore, seq: int) -> Callable[[str], Entry | None]:
    """Look up what was in the log when entry `seq` was decided."""

    def lookup(version: str) -> Entry | None:
        entry = store.entry(version)
        return entry if entry is not None and entry.seq < seq else None

    return lookup


def erasures(store: SqliteStore) -> dict[str, int]:
    """Erased records, each with the number of the entry that erases it."""
    listed = "SELECT record FROM erasure"
    last = f"SELECT record, max(seq) FROM log WHERE record IN ({listed}) GROUP BY record"
    return dict(store.connection.execute(last).fetchall())


def _entries(store: SqliteStore) -> Iterator[tuple[int, Entry | None, str]]:
    """(number, entry, fault or '') of the log, in order."""
    erased = erasures(store)
    at = 0
    while rows := store.log_rows(at, PAGE):
        seqs = [r.seq for r in rows]
        first, last = seqs[0], seqs[-1]
        if seqs != list(range(at + 1, at + len(seqs) + 1)):
            yield at + 1, None, "log_gap"
        bodies = dict(
            store.connection.execute(
                "SELECT seq, body FROM body WHERE seq BETWEEN ? AND ?", (first, last)
            )
        )
        more = {
            seq: (bytes(content), stamp)
            for seq, content, stamp in store.connection.execute(
                "SELECT seq, content, stamp FROM log WHERE seq BETWEEN ? AND ?", (first, last)
            )
        }
        for row in rows:
            try:
                entry = msgspec.json.decode(bodies[row.seq], type=Entry)
            except (KeyError, msgspec.DecodeError):
                yield row.seq, None, "log_body"
                continue
            change, (content, stamp) = entry.change, more[row.seq]
            told = (entry.seq, entry.root, change.kind, change.txn, change.device, change.seq)
            held = (row.seq, row.root, row.kind, row.txn, row.device, row.device_seq)
            if (*told, change.id, entry.stamp) != (*held, row.record, stamp):
                yield row.seq, entry, "log_row"
            elif erased.get(entry.change.id, 0) > row.seq:
                yield row.seq, entry, "" if is_blank(entry) else "not_erased"
            elif content != content_hash(change):
                yield row.seq, entry, "log_content"
            else:
                yield row.seq, entry, ""
        at = last


def _states(store: SqliteStore) -> Iterator[State]:
    yield from store.states_where("TRUE")


def _bucket_faults(
    store: SqliteStore, states: dict[str, State], places: dict[str, Place]
) -> list[Fault]:
    since = window.since_of(store)
    sums: dict[tuple[str, tuple[str, ...]], int] = {}
    for state in states.values():
        place = places.get(state.root)
        key = state.kind, place.units if place else ()
        sums[key] = (sums.get(key, 0) + window.digest_of(state, since)) % digest.MODULUS
    held = {(kind, units): value for kind, units, value in store.buckets()}
    return [
        Fault("bucket", f"{kind} {'+'.join(units)}")
        for kind, units in sorted(sums.keys() | held.keys())
        if sums.get((kind, units), 0) != held.get((kind, units), 0)
    ]


def _number_faults(store: SqliteStore, states: dict[str, State]) -> list[Fault]:
    meant = {
        state.id: number
        for state in states.values()
        if idnumber.is_valid(number := state.values.get("id_number")) and not state.is_deleted
    }
    held = set(check_tables.of_both(store, "id_number", "root, number"))
    return [Fault("id_number", root) for root in sorted({r for r, _ in meant.items() ^ held})]
