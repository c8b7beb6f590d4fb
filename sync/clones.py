"""Two laptops made from one disk: the one that the county meets second takes a new device id.

Both count on from the same number, so the county finds another change under a number it knows, and
says `cloned` of it and of all that follows. The laptop hears the feed to its end, asks for an id of
its own, and gives it to what it alone wrote; bases that name those changes follow. Its numbers stay.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from sync.change import Change
from sync.formers import Former, formers
from sync.overlay import overlay
from sync.protocol import MEDIA_PLAIN
from sync.replica import Replica
from sync.storage import transaction
from sync.transport import Transport


class _Answer(Struct):
    device: str
    token: str = ""


def take_new_id(
    replica: Replica, transport: Transport, token: str, first: int, known: Collection[int]
) -> str:
    """Ask the county for an id and become that device; the token that goes with it.

    `first`: the lowest number that another laptop has used too. `known`: numbers of changes that
    the county has as they are.

    Raises:
        Offline, Rejected: nothing was changed; asked again at the next synchronisation.
    """
    from sync.bundle import DeviceKeys

    secret = secrets.token_bytes(32)
    keys = base64.b64encode(DeviceKeys(secret).public).decode()
    body = msgspec.json.encode({"keys": keys})
    content, _ = transport.post("/v1/device", body, MEDIA_PLAIN, token)
    answer = msgspec.json.decode(content, type=_Answer)
    with transaction(replica.connection):
        become(replica, answer.device, first, known)
        replica.set_state(token=answer.token, bundle_secret=secret)
    return answer.token


def become(replica: Replica, device: str, first: int, known: Collection[int]) -> None:
    """Give this laptop's own unsent changes from number `first` on another device id."""
    me = replica.identity
    rows = replica.connection.execute(
        "SELECT seq, body FROM outbox WHERE seq >= ? ORDER BY seq", (first,)
    ).fetchall()
    old = {seq: msgspec.json.decode(body, type=Change) for seq, body in rows if seq not in known}
    new = {seq: _renamed(change, old, me.device, device) for seq, change in old.items()}
    replica.connection.executemany(
        "UPDATE outbox SET txn = ?, body = ? WHERE seq = ?",
        [(c.txn, msgspec.json.encode(c), seq) for seq, c in new.items()],
    )
    held = [*formers(replica.connection), Former(me.device, first)]
    replica.set_state(former=msgspec.json.encode(held))
    replica.become(msgspec.structs.replace(me, device=device))
    _show(replica, {c.id: c.kind for c in new.values()})


def _renamed(change: Change, old: Mapping[int, Change], before: str, after: str) -> Change:
    """The change under the new id, with what it names of its own laptop's changes."""

    def named(version: str, slot: str) -> str:
        # The other laptop may have a change of this number too: ours wrote this slot of this
        # record, and lay on top of whatever came from there.
        device, _, seq = version.partition(".")
        mine = old.get(int(seq)) if device == before and seq.isdigit() else None
        is_mine = mine is not None and mine.id == change.id and (not slot or slot in mine.fields)
        return f"{after}.{seq}" if is_mine else version

    names = [named(v, "") for v in change.names]
    names += {v for v in change.names if change.names.count(v) > 1}
    return msgspec.structs.replace(
        change,
        device=after,
        txn=change.txn.replace(f"{before}.", f"{after}.", 1),
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
    for id_, state in canonical.items():
        held = replica.records.shown(records[id_], [id_]).get(id_)
        top = overlay(state, unsent[id_], held.root if held else id_)
        if held is not None and top is not None:
            shown.append((top, len(unsent[id_])))
    replica.records.put(shown)
    replica.records.settle()
