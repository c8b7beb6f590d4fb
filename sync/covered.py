"""What a device's grants cover at the county, as sums and as records: the other end of a
comparison."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from schema.kinds import KINDS
from sync import branches, digest, window
from sync.branches import MOST_PATHS, MOST_WANTED, Branch, Compare, Leaf
from sync.change import State
from sync.hubstore import HubStore
from sync.protocol import SyncResponse
from sync.scope import Scope

_decode = msgspec.json.Decoder(State).decode
_encode = msgspec.json.Encoder().encode

Bucket = tuple[str, tuple[str, ...]]


class Covered:
    """A scope at one consistent view of the store."""

    def __init__(self, store: HubStore, want: Scope) -> None:
        self.store = store
        self.want = want
        self.since = window.since_of(store)

    def total(self) -> int:
        """The root: the sum over everything the grants cover, each record once."""
        return sum(value for _, value in self.buckets())

    def buckets(self) -> Iterator[tuple[Bucket, int]]:
        """Sums by kind and units; of a child granted by itself, its records one by one."""
        for kind, units, value in self.store.buckets():
            if self.want.reads(kind, "", units):
                yield (kind, units), value
        for bucket, state in self._single():
            yield bucket, window.digest_of(state, self.since)

    def _single(self) -> Iterator[tuple[Bucket, State]]:
        """Records covered by a grant for a child and by none for a unit."""
        _, children = self.want.root_reach()
        if not children:
            return
        singly: dict[str, set[str]] = {}
        places = self.store.places(children)
        for root, place in places.items():
            for kind in KINDS:
                by_unit = self.want.reads(kind, "", place.units)
                if not by_unit and self.want.reads(kind, root, place.units):
                    singly.setdefault(root, set()).add(kind)
        for root, kind, body in self.store.records_of(singly, self.since):
            if kind in singly[root]:
                yield (kind, places[root].units), _decode(body)

    def answer(self, asked: Compare, response: SyncResponse) -> None:
        """Tell of the branches asked about, and send the records asked for."""
        for text in asked.paths[:MOST_PATHS]:
            try:
                path = bytes.fromhex(text)
            except ValueError:
                continue
            response.branches.append(self._branch(path))
        if asked.wanted:
            self._write_wanted(asked.wanted[:MOST_WANTED], response)

    def _branch(self, path: bytes) -> Branch:
        if path:
            return branches.branch(path, self._leaves(path[0]))
        parts = ((branches.group_of(*bucket), value) for bucket, value in self.buckets())
        return Branch("", branches.sums_of(parts))

    def _leaves(self, group: int) -> Iterator[Leaf]:
        by_units: dict[tuple[str, ...], set[str]] = {}
        for kind, units, _ in self.store.buckets():
            if branches.group_of(kind, units) == group and self.want.reads(kind, "", units):
                by_units.setdefault(units, set()).add(kind)
        for units, kinds in by_units.items():
            for _, kind, body in self.store.records_of(self.store.roots_at(units), self.since):
                if kind in kinds and window.counts(state := _decode(body), self.since):
                    yield _leaf(group, state)
        for bucket, state in self._single():
            is_in = branches.group_of(*bucket) == group
            if is_in and window.counts(state, self.since):
                yield _leaf(group, state)

    def _write_wanted(self, wanted: list[str], response: SyncResponse) -> None:
        states = self.store.states(wanted)
        places = self.store.places({s.root for s in states.values() if s.root})
        for id_ in wanted:
            state = states.get(id_)
            place = places.get(state.root) if state else None
            units = place.units if place else ()
            if state is not None and self.want.reads(state.kind, state.root, units):
                response.mended.append(Raw(_encode(state)))
            else:
                response.absent.append(id_)


def _leaf(group: int, state: State) -> Leaf:
    return branches.key_of(group, state.id), state.id, digest.of(state)
