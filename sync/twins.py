"""Telling saves apart at the county: laptops made from one disk give out the same numbers.

What such a laptop does about it stands in sync/clones.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from sync import ids
from sync.change import Change, State
from sync.protocol import Verdict

if TYPE_CHECKING:
    from sync.hubstore import HubStore, Known

CLONED = ("cloned", "same_id_other_content")
"""Verdict: the laptop must give its change another id (sync/clones.py)."""
RENAMED = ("cloned", "same_content_other_id")
"""Verdict: the county has this very save under the device id in `field`. A copy of the disk brought it
to an earlier log under another id than this one has it under."""
_encode = msgspec.json.Encoder().encode


def content_hash(change: Change) -> bytes:
    """Sixteen bytes that tell two changes with one id apart."""
    return hash_of(_encode(change))


def hash_of(body: bytes) -> bytes:
    """`content_hash` of a change that is encoded already."""
    return hashlib.blake2b(body, digest_size=16).digest()


def is_one_save(one: Change, other: Change) -> bool:
    """True when two changes are one save, whatever its laptop and those before it are called.

    One of the two ids at least is a twin's: two laptops of one person that decide the same conflict in
    the same way may agree in all else, in number and stamp too."""
    devices = {one.device, other.device}
    is_named_anew = len(devices) == 1 or any(map(ids.is_twin_id, devices))
    return is_named_anew and _but_names(one) == _but_names(other)


def _but_names(change: Change) -> Change:
    return msgspec.structs.replace(change, device="", txn="", base={}, names=[])


def is_twin(change: Change, met: Known | None) -> bool:
    """True when the same id stands here with other content: two disks with one device id."""
    return met is not None and met.content != content_hash(change)


def recognised(
    store: HubStore, changes: Iterable[Change], known: Mapping[tuple[str, int], Known]
) -> dict[tuple[str, int], Known]:
    """`known` without what merely names others by another id than the entry in the log does."""
    found = dict(known)
    for change in changes:
        met = known.get((change.device, change.seq))
        if met is not None and met.verdict is None and is_twin(change, met):
            entry = store.entry(change.version)
            if entry is not None and is_one_save(entry.change, change):
                same = msgspec.structs.replace(met, content=content_hash(change))
                found[change.device, change.seq] = same
    return found


def elsewhere(
    store: HubStore,
    changes: Sequence[Change],
    known: Mapping[tuple[str, int], Known],
    states: Mapping[str, State | None],
) -> dict[str, str]:
    """Those changes that stand in the log as another device's, by version; whose. `states`: the
    records, None for one that the log does not have."""
    new = [c for c in changes if states.get(c.id) and (c.device, c.seq) not in known]
    if not new:
        return {}
    by_save = {(c.id, c.seq): c for c in new}
    return {
        change.version: entry.change.device
        for entry in store.entries_at(list(by_save))
        if is_one_save(entry.change, change := by_save[entry.change.id, entry.change.seq])
    }


def verdict_on(change: Change, names: Mapping[str, str]) -> Verdict:
    """That the laptop must give a change another id; which, where `names` tells."""
    if change.version in names:
        return Verdict(change.seq, *RENAMED, names[change.version])
    return Verdict(change.seq, *CLONED)
