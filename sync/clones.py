"""Two laptops made from one disk: the one that the county meets second takes a new device id.

Both count on from the same number, so the county finds another change under a number it knows, and
says `cloned` of it and of all that follows. The laptop hears the feed to its end and asks for an id
of its own. What it has under the twin's numbers gets an id too, one that follows from its content: a
third laptop, copied from this one, may hold the same changes, and they must be the same there. Bases
that name those changes follow. Numbers stay.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from sync import ids
from sync.change import Change
from sync.formers import Former, formers
from sync.overlay import overlay
from sync.platform import machine_name
from sync.protocol import MEDIA_PLAIN
from sync.replica import Replica
from sync.storage import transaction
from sync.transport import Transport


class _Answer(Struct):
    device: str
    token: str = ""


def part(
    replica: Replica,
    transport: Transport,
    token: str,
    first: int,
    known: Collection[int],
    name: str = "",
) -> str:
    """Tell this laptop's changes from those of its twin; the token to go on with.

    `first`: the lowest number that another laptop has used too. `known`: numbers of changes that
    the county has as they are. `name`: the id under which the county has the save of the number
    `first`, where it has it.

    Raises:
        Offline, Rejected: nothing was changed; tried again at the next synchronisation.
    """
    from sync.bundle import DeviceKeys

    old = _held(replica, first, known)
    name = name if first in old else ""
    if not old or old[min(old)].device != replica.identity.device:
        with transaction(replica.connection):
            rename(replica, old, name)
        return token
    secret = secrets.token_bytes(32)
    keys = base64.b64encode(DeviceKeys(secret).public).decode()
    body = msgspec.json.encode({"keys": keys, "name": machine_name()})
    content, _ = transport.post("/v1/device", body, MEDIA_PLAIN, token)
    answer = msgspec.json.decode(content, type=_Answer)
    with transaction(replica.connection):
        become(replica, answer.device, _held(replica, first, known), name)
        replica.set_state(token=answer.token, bundle_secret=secret)
    return answer.token


def _held(replica: Replica, first: int, known: Collection[int]) -> dict[int, Change]:
    """What is to be sent from number `first` on and the county does not have."""
    rows = replica.connection.execute(
        "SELECT seq, body FROM sendable WHERE seq >= ? ORDER BY seq", (first,)
    )
    return {seq: msgspec.json.decode(body, type=Change) for seq, body in rows if seq not in known}


def become(replica: Replica, device: str, old: Mapping[int, Change], name: str = "") -> None:
    """Take the id `device`; what bears the twin's numbers is renamed."""
    rename(replica, old, name)
    replica.become(msgspec.structs.replace(replica.identity, device=device))


def rename(replica: Replica, old: Mapping[int, Change], name: str = "") -> None:
    """Give changes that bear a twin's numbers the id `name`, else the one that follows from the first
    of them; later ones that have another id only name them anew."""
    if not old:
        return
    first = old[min(old)]
    after = name or ids.twin_id(repr(first))
    new = {seq: _renamed(change, old, first.device, after) for seq, change in old.items()}
    for table, then in (("outbox", ", digest = NULL"), ("kept", "")):
        replica.connection.executemany(
            f"UPDATE {table} SET txn = ?, body = ?{then} WHERE seq = ?",  # noqa: S608
            [(c.txn, msgspec.json.encode(c), seq) for seq, c in new.items()],
        )
    last = int(replica.get_state("device_seq", 0))
    held = [f for f in formers(replica.connection) if f.device not in (first.device, after)]
    held += [Former(first.device, first.seq), Former(after, last + 1)]
    replica.set_state(former=msgspec.json.encode(held))
    _show(replica, {c.id: c.kind for c in new.values()})


def _renamed(change: Change, old: Mapping[int, Change], twin: str, after: str) -> Change:
    """The change with what it names of its own laptop's changes, and under the new id if it bears
    the twin's."""

    def named(version: str, slot: str) -> str:
        # The other laptop may have a change of this number too: ours wrote this slot of this
        # record, and lay on top of whatever came from there.
        device, _, seq = version.partition(".")
        mine = old.get(int(seq)) if device == twin and seq.isdigit() else None
        is_mine = (
            mine is not None
            and (mine.device, mine.id) == (twin, change.id)
            and (not slot or slot in mine.fields)
        )
        return f"{after}.{seq}" if is_mine else version

    device, _, number = change.txn.partition(".")
    names = [named(v, "") for v in change.names]
    names += {v for v in change.names if change.names.count(v) > 1}
    return msgspec.structs.replace(
        change,
        device=after if change.device == twin else change.device,
        txn=f"{after if device == twin else device}.{number}",
        base={slot: named(version, slot) for slot, version in change.base.items()},
        names=names,
    )


def _show(replica: Replica, records: Mapping[str, str]) -> None:
    """Lay the renamed changes over their records anew: what is saved next names them."""
    unsent: dict[str, list[Change]] = replica.records.unsent(list(records))
    wanted: dict[str, list[str]] = {}
    for id_, kind in records.items():
        wanted.setdefault(kind, []).append(id_)
    canonical = replica.records.canonical(wanted)
    shown: list[Any] = []
    for id_, mine in unsent.items():  # what is only kept lies over nothing
        held = replica.records.shown(records[id_], [id_]).get(id_)
        top = overlay(canonical[id_], mine, held.root if held else id_)
        if held is not None and top is not None:
            shown.append((top, len(mine)))
    replica.records.put(shown)
    replica.records.settle()
