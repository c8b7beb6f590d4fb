"""Notices: whose value does not count any more is told, on every laptop of theirs, and can ask for
it back.

They are derived on the device, as the hub's outcomes are replayed, out of the log that every laptop
of a person gets: nothing is stored at the county, no value is copied, and who may not read a record
has no notice of it. One notice a slot; what it says now (the standing value, by whom) is read from
the record. Seen and asked-for are synced (decision 0010).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from schema.kinds import KINDS
from schema.types import Ref
from sync import ids
from sync.change import Change, Entry, Head, Slot, State, raw_version
from sync.clock import ms_of
from sync.decisions import decisions
from sync.reading import Reading
from sync.replica import Refused, Replica
from sync.storage import Connection

TOLD = "told"
"""The kind in which a person's laptops tell each other what was seen (schema/kinds/told.py)."""


class Notice(Struct, frozen=True):
    """An own value that does not count."""

    id: str
    kind: str
    record: str
    root: str
    slot: str
    version: str
    cause: str
    meeting: str
    """`contested`, `critical`, `edit_delete`, or `decided`."""
    mine: Any
    standing: Any
    by: str
    """Who wrote or decided what stands."""
    at_ms: int
    """When the own value stopped counting."""
    conflict: str
    """Id of the conflict while it is open."""


class Watch:
    """Looks at what an answer replays, and writes what the person is to be told."""

    def __init__(self, connection: Connection, me: str) -> None:
        self.connection = connection
        self.me = me

    def arrived(self, state: State) -> None:
        """A record came whole: what is open in it."""
        for name, slot in state.slots.items():
            if slot.conflict:
                self._contested(state, name, slot, slot.opened)

    def happened(self, before: State | None, after: State, entry: Entry) -> None:
        """An entry was replayed."""
        change = entry.change
        is_own = change.author == self.me
        for name, slot in entry.outcome.items():
            if slot.conflict:
                self._contested(after, name, slot, entry.stamp)
        is_of_one_slot = len(change.fields) == 1  # what a merge carries along is no decision
        if change.op == "resolve" and is_of_one_slot and before is not None:
            for name in change.fields:
                was, now = before.slots.get(name), after.slots.get(name)
                if now is not None and is_own:
                    self._outdone(after, name, now, entry)
                elif was is not None and now is not None:
                    self._decided(after, name, was, now, entry)
        if change.op == "reopen" and is_own:
            self.asked(change)

    def _contested(self, state: State, name: str, slot: Slot, stamp: int) -> None:
        mine = [h for h in slot.heads[1:] if h.mark.author == self.me]
        if not mine or slot.standing.mark.author == self.me:
            return
        version = max(mine, key=lambda h: h.mark.stamp).mark.version
        known = self._known(state.id, name)
        if known is not None and (known[0] == version or known[1] == slot.conflict):
            # Told before: the same value, or a later link of the same chain of one's own.
            self._put(state, name, version, *known[1:])
        else:
            self._put(state, name, version, slot.conflict or "", stamp, "")

    def _decided(self, state: State, name: str, was: Slot, now: Slot, entry: Entry) -> None:
        """Somebody closed a head of ours and chose another value; or decided otherwise, unseen by
        us, what we had decided: both are in one head then."""
        standing_heads = {op for head in now.heads for op in head.ops}
        mine: list[Head] = [
            h for h in was.heads
            if h.mark.author == self.me
            and (h.is_decision or not standing_heads.intersection(h.ops))
        ]  # fmt: skip
        lost = [h for h in mine if h.value != now.standing.value]
        if lost:
            version = max(lost, key=lambda h: h.mark.stamp).mark.version
            self._put(state, name, version, entry.change.version, entry.stamp, "")

    def _outdone(self, state: State, name: str, now: Slot, entry: Entry) -> None:
        """Our decision came after another's, unseen by us, and that one counts."""
        stands, version = now.standing, entry.change.version
        is_beaten = stands.is_decision and version in stands.ops
        if is_beaten and stands.value != entry.change.fields[name]:
            self._put(state, name, version, stands.mark.version, entry.stamp, "")

    def asked(self, change: Change) -> None:
        """The person asked for their value back: here, or on another laptop of theirs."""
        for name in change.fields:
            self.connection.execute(
                "UPDATE notice SET done = cause WHERE id = ?", (notice_id(change.id, name),)
            )

    def _known(self, record: str, name: str) -> tuple[str, str, int, str] | None:
        row = self.connection.execute(
            "SELECT version, cause, stamp, done FROM notice WHERE id = ?",
            (notice_id(record, name),),
        ).fetchone()
        return tuple(row) if row else None

    def _put(
        self, state: State, name: str, version: str, cause: str, stamp: int, done: str
    ) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO notice VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                notice_id(state.id, name), state.id, state.kind, name, version, cause, stamp, done,
            ),
        )  # fmt: skip


def notice_id(record: str, slot: str) -> str:
    """The same on every laptop of a person."""
    return ids.derived_id("notice", record, slot)


def notices(replica: Reading, *, with_done: bool = False) -> list[Notice]:
    """What the person has not yet seen or asked back: critical ones first, then the newest. A value
    that counts again, or that they have knowingly replaced, needs no notice."""
    rows = replica.connection.execute(
        "SELECT id, record, kind, slot, version, cause, stamp, done FROM notice"
        " ORDER BY stamp DESC, id"
    ).fetchall()
    seen = _seen(replica) if rows else set()
    found = []
    for id_, record, kind, slot, version, cause, stamp, done in rows:
        if not with_done and (done == cause or (id_, cause) in seen):
            continue
        notice = _notice(replica, id_, record, kind, slot, version, cause, stamp)
        if notice is not None:
            found.append(notice)
    return sorted(found, key=lambda n: n.meeting != "critical")


def count(replica: Reading) -> int:
    """How many there are to be seen; costs nothing where there are none."""
    return len(notices(replica))


def find(replica: Reading, id: str) -> Notice | None:
    """A notice, seen ones too."""
    return next((n for n in notices(replica, with_done=True) if n.id == id), None)


def put_away(replica: Replica, id: str) -> None:
    """Seen: gone from here, and with the next synchronisation from the person's other laptops.

    Raises:
        Refused: no such notice.
    """
    with replica.together():
        notice = _wanted(replica, id)
        replica.connection.execute(
            "UPDATE notice SET done = ? WHERE id = ?", (notice.cause, notice.id)
        )
        parent = KINDS[TOLD].by_name[KINDS[TOLD].parent].type
        if isinstance(parent, Ref) and notice.root in replica.records.kind_of([notice.root]):
            told = {"whom": replica.identity.user, "notice": notice.id, "cause": notice.cause}
            if replica.records.kind_of([notice.root])[notice.root] == parent.kind:
                replica.save(TOLD, {KINDS[TOLD].parent: notice.root, **told})


def claim(replica: Replica, id: str, note: str) -> Notice:
    """Ask for the own value back: it stands beside the other again, with the note, until a reviewer
    has decided.

    Raises:
        Refused: no such notice.
    """
    with replica.together():
        notice = _wanted(replica, id)
        change = replica.reopen(notice.record, notice.slot, [notice.version], note)
        Watch(replica.connection, replica.identity.user).asked(change)
    return notice


def _wanted(replica: Reading, id: str) -> Notice:
    notice = find(replica, id)
    if notice is None:
        raise Refused("not_found", id)
    return notice


def _seen(replica: Reading) -> set[tuple[str, str]]:
    """(notice, cause) that the person has put away on any laptop."""
    rows = replica.select(TOLD, {"whom": replica.identity.user})
    return {(row["notice"], row["cause"]) for row in rows}


def _notice(
    replica: Reading,
    id: str,
    record: str,
    kind: str,
    slot: str,
    version: str,
    cause: str,
    stamp: int,
) -> Notice | None:
    view = replica.get(record, kind) if kind in KINDS else None
    if view is None or (view.deleted is not None and slot in KINDS[kind].slots):
        return None
    stands = view.slots.get(slot)
    me = replica.identity.user
    if stands is None or stands.standing.mark.author == me:
        return None
    is_found, mine = _own_value(replica, view.slots[slot], record, slot, version)
    if not is_found or mine == stands.standing.value:
        return None
    conflict = stands.conflict or ""
    meeting = replica.meeting(kind, slot) if conflict else "decided"
    return Notice(
        id, kind, record, view.root, slot, version, cause, meeting, mine, stands.standing.value,
        stands.standing.mark.author, ms_of(stamp), conflict,
    )  # fmt: skip


def _own_value(
    replica: Reading, slot: Slot, record: str, name: str, version: str
) -> tuple[bool, Any]:
    """The value of the own version: a head that stands beside, a decided conflict's, or the log's
    words."""
    slots: Iterable[Slot] = [
        slot,
        *(d.before for d in decisions(replica.connection, "WHERE record = ?", (record,))),
    ]
    for told in slots:
        for head in told.heads:
            if head.mark.version == version:
                return True, head.value
    for entry in replica.records.entries(record):
        if entry.change.version == raw_version(version) and name in entry.change.fields:
            return True, entry.change.fields[name]
    return False, None
