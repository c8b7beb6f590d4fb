"""Files merged, un-merged and erased while people write, out of a seed, with faults and restores.

Apart from the whole county's simulation, whose model knows no changes that the county makes itself.
The oracle is a word that only one save types: on which record, and whether that has been erased.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from server.check import check
from server.erasing import erase_here, with_what_hangs
from server.store.sqlite import SqliteStore
from sync import merges
from sync.client import sync_once
from sync.hub import Hub
from sync.protocol import SyncRequest, unpack
from sync.replica import Refused, Replica
from sync.transport import Offline, Rejected
from sync.turns import Turns
from sync.verify import problems_of
from sync.views import Identity
from tests.sync.accounts import nothing_is_lost, standing
from tests.sync.county_facts import YEAR_MS
from tests.sync.fragile import Crash, Fragile, Full, copy_of
from tests.sync.line import FAULTS, Line, pages_together, settle
from tests.sync.town import Town, child, contact

STEPS = 90
WEIGHTS = (
    ("write", 34), ("make_file", 3), ("move", 3), ("merge", 9), ("unmerge", 7), ("decide", 6),
    ("hide", 3), ("set_clock", 1), ("sync", 44), ("redeliver", 3), ("erase", 3), ("back_up", 3),
    ("restore", 2),
)  # fmt: skip
Step = tuple[str, tuple[int]]
PEOPLE = {"adm": "adm", "adm2": "adm", "sup": "sup", "li": "li", "wu": "wu", "tea": "tea"}
REVIEWERS = ("adm", "adm2", "sup")
ALL_SEEING = (*REVIEWERS, "tea")
"""Laptops whose people see every child of this county."""
TEXTS = ("hobbies", "address", "note")
SAID = re.compile(r"词\d+。")
_BLOB = re.compile("X'([0-9A-F]*)'")
EXPECTED = {"same_file", "deleted", "not_found", "not_permitted", "own_safety", "erased"}
"""Why what somebody asks for may be refused on the spot."""


class _Town(Town):
    """The same people, with ids out of the seed."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        super().__init__()
        for name, user in PEOPLE.items():
            self.add(name, user)
            self.sync(name)

    def add(self, name: str, user: str = "") -> Replica:
        replica = self.open(name, copy_of("replica"))
        replica.become(Identity(user or name, f"dev{name}", self.grants[user or name]))
        return replica

    def open(self, name: str, connection: Fragile) -> Replica:
        connection.restart()
        self.replicas[name] = Replica(
            connection,
            wall_ms=lambda: self.now_ms + self.skew.get(name, 0),
            random=self.dice.randbytes,
        )
        return self.replicas[name]

    def open_hub(self, connection: Fragile) -> None:
        connection.restart()
        self.connection = connection
        self.store = SqliteStore(connection, now_ms=lambda: self.now_ms)
        self.hub = Hub(self.store, lambda: self.now_ms)
        self.turns = Turns()


class FilesOfOneChild:
    """A township, its laptops, and where each word was typed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(f"files {seed}")
        self.counts: Counter[str] = Counter()
        self.town = _Town(self.dice)
        self.typed: dict[str, set[str]] = {}
        """Word to the record it was typed on, and the file that one hangs on."""
        self.homes: dict[str, set[str]] = {}
        """Word to every record that any change says it on: what was taken over says it twice."""
        self.files: list[str] = []
        self.visits: dict[str, str] = {}
        """Visit to the file it was written for."""
        self.made: list[str] = []
        """Merges."""
        self.erased: dict[str, None] = {}
        """What stands in the list beside the store."""
        self.backup: Fragile | None = None
        self.restores = 0
        self.may_restore = self.dice.random() < 0.4
        self.recorded: list[tuple[str, bytes, str]] = []  # by the line
        self.read = 0
        for name in ("li", "wu", "tea", "li", "wu"):
            self._make_file(name)
        self._come_to_rest()

    # -- machines

    @property
    def hub_connection(self) -> Fragile:
        return self.town.connection  # type: ignore[no-any-return]

    def point(self, length: int) -> int:
        return self.dice.randrange(length)

    def receive_cut(self, name: str, body: bytes, media: str) -> None:
        try:
            msgspec.json.decode(unpack(body, media), type=SyncRequest)
        except (ValueError, msgspec.DecodeError):
            return
        raise AssertionError("half a request was read")

    def serve(self, name: str, body: bytes, media: str) -> tuple[bytes, str]:
        try:
            return self.town.line(name).post("/v1/sync", body, media)
        finally:
            self._after_a_stop()
            self._hear()

    def _after_a_stop(self) -> None:
        if self.hub_connection.is_dead:
            self.town.open_hub(self.hub_connection)
            self._erase_again()

    def _fuse(self) -> tuple[int, bool, str]:
        how = self.dice.choice(("full", "crash", "crash", "commit"))
        top = {"full": 12, "crash": 40, "commit": 2}[how]
        return self.dice.randrange(top), bool(self.dice.randrange(2)), how

    def _perform(self, name: str, deed: Callable[[Replica], Any]) -> Any:
        """Do it on a laptop, which may stop in it; what it returned, None when nothing was kept."""
        replica = self.town.replicas[name]
        before, done = replica.get_state("device_seq", 0), None
        if self.dice.random() < 0.1:
            replica.connection.light(*self._fuse())
        try:
            done = deed(replica)
        except Crash:
            self.town.open(name, replica.connection)
        except Full:
            pass
        except Refused as refusal:
            if refusal.code not in EXPECTED:
                raise
        finally:
            replica.connection.tell(self.counts, "device")
        replica = self.town.replicas[name]
        for record, body in replica.connection.real.execute("SELECT record, body FROM outbox"):
            self._say(record, bytes(body).decode())
        return done if replica.get_state("device_seq", 0) > before else None

    # -- what was said where

    def _say(self, record: str, text: str) -> None:
        for word in SAID.findall(text):
            self.homes.setdefault(word, set()).add(record)

    def _hear(self) -> None:
        """Note on which records the log says each word, merged texts included."""
        rows = self.hub_connection.real.execute(
            "SELECT body.seq, record, body FROM body JOIN log USING (seq) WHERE body.seq > ?",
            (self.read,),
        )
        for seq, record, body in rows.fetchall():
            self.read = max(self.read, seq)
            self._say(record, bytes(body).decode())

    def _word(self, *records: str) -> str:
        word = f"词{len(self.typed)}。"
        self.typed[word] = set(records)
        return word

    def _type(self, name: str, deed: Callable[[Replica, str], str], *above: str) -> str | None:
        """A save with a new word in it; its record."""
        word = self._word(*above)
        record: str | None = self._perform(name, lambda replica: deed(replica, word))
        if record is None:
            self._forget_unless_kept(name, word)
            return None
        self.typed[word].add(record)
        return record

    def _forget_unless_kept(self, name: str, word: str) -> None:
        """A machine that stopped after its save keeps it, and cannot say under which id."""
        rows = self.town.replicas[name].connection.real.execute("SELECT record, body FROM outbox")
        kept = [record for record, body in rows if word in bytes(body).decode()]
        self.typed[word].update(kept)
        if not kept:
            self.typed[word].add("nothing")  # never saved

    # -- deeds

    def _anyone(self) -> str:
        return self.dice.choice(list(PEOPLE))

    def _held(self, name: str) -> list[str]:
        """Files that a laptop shows and may write to."""
        replica = self.town.replicas[name]
        views = [(i, replica.get(i)) for i in self.files]
        return [i for i, view in views if view is not None and view.deleted is None]

    def _make_file(self, name: str) -> None:
        village = {"li": "111", "wu": "112"}.get(name, self.dice.choice(("111", "112")))
        filled = [t for t in TEXTS if self.dice.random() < 0.5]
        made = self._type(
            name,
            lambda replica, word: child(replica, village, **dict.fromkeys(filled or TEXTS, word)),
        )
        if made:
            self.files.append(made)

    def make_file(self) -> None:
        self._make_file(self._anyone())

    def write(self) -> None:
        name = self._anyone()
        held = self._held(name)
        if not held:
            return
        record = self.dice.choice(held)
        field = self.dice.choice((*TEXTS, "note", "categories", "visit"))
        if field == "categories":
            values = self.dice.choice((["poverty"], ["study"], ["poverty", "internet"], None))
            self._perform(name, lambda replica: replica.save("child", {field: values}, record))
        elif field == "visit":
            made = self._type(
                name, lambda replica, word: contact(replica, record, summary=word), record
            )
            if made:
                self.visits[made] = record
        else:

            def add(replica: Replica, word: str) -> str:
                view = replica.get(record)
                was = (view.values.get(field) if view else None) or ""
                is_more = field == "note" and self.dice.random() < 0.7
                replica.save("child", {field: was + word if is_more else word}, record)
                return record

            self._type(name, add, record)

    def move(self) -> None:
        name = self.dice.choice(ALL_SEEING)
        held = self._held(name)
        if held:
            record, village = self.dice.choice(held), self.dice.choice(("111", "112"))
            self._perform(name, lambda replica: replica.save("child", {"village": village}, record))

    def merge(self) -> None:
        name = self.dice.choice(REVIEWERS)
        held = self._held(name)
        if len(held) > 1:
            self._merge(name, *self.dice.sample(held, 2))

    def _merge(self, name: str, kept: str, away: str) -> str | None:
        take = {t: self.dice.choice(("kept", "away")) for t in TEXTS if self.dice.randrange(2)}
        made: str | None = self._perform(
            name, lambda replica: merges.merge(replica, kept, away, take)
        )
        if made:
            self.made.append(made)
            self.counts["merge"] += 1
        return made

    def unmerge(self) -> None:
        name = self.dice.choice(REVIEWERS)
        here = [m.id for m in merges.merges(self.town.replicas[name])]
        found = here if here and self.dice.random() < 0.8 else self.made
        if found:
            self._unmerge(name, self.dice.choice(found))

    def _unmerge(self, name: str, merge: str) -> None:
        if self._perform(name, lambda replica: merges.unmerge(replica, merge)):
            self.counts["unmerge"] += 1

    def decide(self) -> None:
        name = self.dice.choice(REVIEWERS)
        found = self.town.replicas[name].conflicts()
        if found:
            conflict, take = self.dice.choice(found), self.dice.choice(("winner", "loser"))
            self._perform(name, lambda replica: replica.resolve(conflict.id, take))

    def hide(self) -> None:
        name = self.dice.choice(("adm", "adm2"))
        replica = self.town.replicas[name]
        record = self.dice.choice(self.files)
        view = replica.get(record)
        if view is not None and view.deleted is None:
            self._perform(name, lambda replica: replica.delete(record, "建重了"))
        elif view is not None:
            self._perform(name, lambda replica: replica.undelete(record))

    def set_clock(self) -> None:
        self.town.skew[self._anyone()] = self.dice.randint(-20, 20) * YEAR_MS

    def sync(self, name: str = "", fault: str = "") -> Any:
        """One synchronisation; with no name, of anybody, and with any fault."""
        is_plain, name = bool(name), name or self._anyone()
        replica, crash = self.town.replicas[name], None
        if not is_plain:
            fault = self.dice.choice(("",) * 6 + FAULTS)
            crash = self._fuse() if fault[:4] == "hub_" or self.dice.random() < 0.1 else None
        if crash and fault[:4] != "hub_":
            replica.connection.light(*crash)
        limit = 2000 if is_plain else self.dice.choice((1, 2, 3, 10, 2000))
        self.town.now_ms += 1000
        line = Line(self, name, fault, self.dice.randrange(3), crash)  # type: ignore[arg-type]
        report = None
        try:
            with pages_together(limit):
                report = sync_once(replica, line, "", limit)
        except Crash:
            self.town.open(name, replica.connection)
        except (Offline, Full):
            if replica.connection.is_dead:
                self.town.open(name, replica.connection)
        line.look()
        settle(self.town.store, limit)
        replica.connection.tell(self.counts, "device")
        return report

    def redeliver(self) -> None:
        """An old request arrives late; nobody hears the answer."""
        if self.recorded:
            with suppress(Rejected):
                self.serve(*self.dice.choice(self.recorded))

    # -- the county's own

    def erase(self) -> None:
        """What `erase` of server/erasing.py does: the list first, then the store."""
        if len(self.erased.keys() & set(self.files)) > len(self.files) // 2:
            return
        record = self.dice.choice([*self.files, *self.visits, *self.visits])
        if record in self.erased or self.town.store.states([record]).get(record) is None:
            return
        with self.town.store.write():
            ids = with_what_hangs(self.town.store, record)
        self.erased.update(dict.fromkeys(ids))
        self.counts["erase"] += 1
        if self.dice.random() < 0.2:
            self.hub_connection.light(*self._fuse())
        try:
            with self.town.store.write():
                erase_here(self.town.store, ids, self.town.now_ms, "家长要求", "adm")
        except (Crash, Full):
            pass
        self.hub_connection.tell(self.counts, "hub")
        self._after_a_stop()
        self._erase_again()

    def _erase_again(self) -> None:
        """What `erase_again` does when a server starts."""
        store = self.town.store
        with store.write():
            for record in self.erased:
                if not store.is_erased(record):
                    erase_here(store, [record], self.town.now_ms, "家长要求", "adm")

    def back_up(self) -> None:
        if self.may_restore:
            self.backup = self.town.backup()
            self.counts["backup"] += 1

    def restore(self) -> None:
        """What `restore` of server/upkeep.py does; or the file is copied back by hand and the
        server started."""
        if self.backup is None:
            return
        self.restores += 1
        is_announced = bool(self.dice.randrange(2))
        self.counts[f"restore {'announced' if is_announced else 'unannounced'}"] += 1
        old, fresh = self.hub_connection.real, copy_of("replica")
        self.backup.real.backup(fresh.real)
        if is_announced:
            fresh.execute(
                "UPDATE meta SET value = ? WHERE key = 'epoch'", (f"e{self.restores}".encode(),)
            )
            for table, width in (("quarantine", 8), ("erasure", 4)):
                rows = old.execute(f"SELECT * FROM {table}").fetchall()
                marks = ",".join("?" * width)
                fresh.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)
        self.town.open_hub(fresh)
        self.read = 0
        self._erase_again()

    # -- a history

    def run(self, steps: Sequence[Step]) -> Counter[str]:
        for name, (number,) in steps:
            self.dice.seed(number)
            self.town.now_ms += 60_000
            getattr(self, name)()
        self.dice.seed(f"end of {self.seed}")
        self._come_to_rest()
        self._check()
        self._there_and_back()
        self._check()
        return self.counts

    def _come_to_rest(self) -> None:
        for _ in range(8):
            head = self.town.store.head()
            reports = [self.sync(name) for name in PEOPLE]
            is_still = not any(r.sent or r.received or r.rejected for r in reports)
            if is_still and head == self.town.store.head() and all(r.in_step for r in reports):
                return
        raise AssertionError("the laptops do not come to rest")

    def _there_and_back(self) -> None:
        """A merge that nobody wrote after, taken back, leaves both files as they were."""
        of_adm = self.town.replicas["adm"]  # one that points at a deleted file would lose that
        held = [i for i in self._held("adm") if of_adm.get(i).values.get("merged_into") is None]
        before = standing(self.town)
        if len(held) < 2:
            return
        kept, away = self.dice.sample(held, 2)
        merge = self._merge("adm", kept, away)
        if merge is None:  # a machine that stopped may have kept it all the same
            self._come_to_rest()
            return
        self._come_to_rest()
        self._agree()
        while merge in {m.id for m in merges.merges(self.town.replicas["adm"])}:
            self._unmerge("adm", merge)
        self._come_to_rest()
        after = standing(self.town)
        changed = {k: (before.get(k), after.get(k)) for k in before.keys() | after.keys()
                   if before.get(k) != after.get(k)}  # fmt: skip
        assert not changed, f"a merge taken back left its trace: {changed}"
        self.counts["merge taken back whole"] += 1

    # -- what must hold at rest

    def _check(self) -> None:
        assert check(self.town.store).faults == []
        if not self.restores:  # else a base may name what the log has lost
            nothing_is_lost(self.town)
        self._agree()
        self._has_every_word()
        self._has_no_erased_word()

    def _agree(self) -> None:
        """All laptops show the same of what they hold, and those who see everything hold it all."""
        of_adm = self.town.replicas["adm"]
        # What a put-back log has lost, and quarantined when it came again, is shown where it is held.
        known = self.town.store.states([*self.files, *self.visits])
        records = [r for r in (*self.files, *self.visits) if known.get(r) or not self.restores]
        for name, replica in self.town.replicas.items():
            assert problems_of(replica) == [], name
            assert not replica.has_sendable() and not replica.pending_count(), name
            found = [(c.record, c.slot) for c in replica.conflicts()]
            assert len(found) == len(set(found)), "two conflicts in one slot"
            for record in records:
                here, there = replica.get(record), of_adm.get(record)
                if here is not None or name in ALL_SEEING:
                    assert _said(here) == _said(there), (name, record)
            ends = self._ends()
            for table in ("child", "contact"):
                for id_, root in replica.connection.real.execute(
                    f"SELECT id, _root FROM r_{table}"
                ):
                    of = self.visits.get(id_, id_)
                    if of in self.files and id_ not in self.erased:  # else nobody knows whose
                        assert root == ends.get(of, of), (name, id_, "shown under another file")

    def _ends(self) -> dict[str, str]:
        """The file that each file is shown under: along the pointers, up to one that is deleted."""
        states = self.town.store.states(self.files)
        alive = {i: s for i, s in states.items() if s is not None and not s.is_deleted}
        found = {}
        for start in states:
            end = start
            while (after := states[end].values.get("merged_into")) in alive:
                end = after
                assert end != start, "files merged in a circle"
            found[start] = end
        return found

    def _has_every_word(self) -> None:
        """P2: each word is in the log on the record it was typed on, or came back to its author."""
        said: dict[str, set[str]] = {}
        rows = self.hub_connection.real.execute("SELECT body FROM body").fetchall()
        rows += self.hub_connection.real.execute(
            "SELECT json_array(0, json(CAST(change AS TEXT))) FROM quarantine"
        ).fetchall()
        for replica in self.town.replicas.values():
            rows += replica.connection.real.execute(
                "SELECT json_array(0, json(CAST(body AS TEXT))) FROM returned"
            ).fetchall()
        for (body,) in rows:
            change = msgspec.json.decode(body)[1]
            for word in SAID.findall(str(change[8])):
                said.setdefault(word, set()).add(change[5])
        for word, records in self.typed.items():
            if "nothing" not in records and not records & self.erased.keys():
                assert said.get(word, set()) & records, f"{word} of {records} is lost"

    def _has_no_erased_word(self) -> None:
        """What was only ever said on erased records is in no store at all."""
        gone = set()
        for word, records in self.typed.items():
            if records & self.erased.keys():
                if self.homes.get(word, set()) <= self.erased.keys():
                    gone.add(word)
                else:
                    self.counts["word of an erased file said in another"] += 1
        stores = {n: r.connection for n, r in self.town.replicas.items()}
        for name, connection in {**stores, "county": self.hub_connection}.items():
            left_before = self._kept_after_leaving(name)
            dump = "\n".join(connection.real.iterdump())
            text = _BLOB.sub(lambda m: bytes.fromhex(m[1]).decode("utf-8", "replace"), dump)
            self.counts["own word on a child that left, then erased"] += len(gone & left_before)
            left = gone & set(SAID.findall(text)) - left_before
            assert not left, f"{name} still holds {left}"
        self.counts["word erased everywhere"] += len(gone)

    def _kept_after_leaving(self, name: str) -> set[str]:
        """Words of somebody's own on a child that left before it was erased: a laptop that does not
        see a child any more does not hear of it; it keeps its own until a backup has them, and what
        came back until its author puts it away."""
        if name in ALL_SEEING or name == "county":
            return set()
        replica = self.town.replicas[name]
        rows = replica.connection.real.execute(
            "SELECT record, body FROM kept UNION ALL SELECT record, body FROM returned"
        ).fetchall()
        mine = [bytes(body).decode() for record, body in rows if replica.get(record) is None]
        return set(SAID.findall("".join(mine)))


def _said(view: Any) -> Any:
    if view is None:
        return None
    heads = {s: [h.value for h in slot.heads] for s, slot in view.slots.items()}
    return view.values, view.deleted, {s: v for s, v in heads.items() if len(v) > 1}


def script(seed: int) -> list[Step]:
    """The deeds of a history, each with its own dice, so that any of them can be left out."""
    dice = random.Random(f"files {seed}")
    names, weights = [n for n, _ in WEIGHTS], [w for _, w in WEIGHTS]
    return [(name, (dice.randrange(1 << 32),)) for name in dice.choices(names, weights, k=STEPS)]


def run(seed: int, steps: Sequence[Step]) -> Counter[str]:
    """One history; raises where a word is lost, kept though erased, or laptops differ."""
    return FilesOfOneChild(seed).run(steps)
