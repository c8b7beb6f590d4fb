"""A revoked device's last work: it hands in what the county may not have, and then it goes.

Until all is handed in the store stays locked: nothing in it is opened, each contact only tries
again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sync import keeping
from sync.replica import Replica
from sync.storage import transaction


def is_leaving(replica: Replica) -> bool:
    """True once the county has said that this device is revoked."""
    return bool(replica.get_state("leaving", 0))


def begin(replica: Replica, *, is_put_back: bool = False) -> None:
    """Note it, and put what no backup has yet beside what is unsent. `is_put_back`: the county does
    not know where this device stands, so that a backup may not have been enough."""
    stage = 2 if is_put_back else 1
    if replica.get_state("leaving", 0) >= stage:
        return
    with transaction(replica.connection):
        keeping.send_unsaved_again(replica.connection, is_all=is_put_back)
        replica.set_state(leaving=stage)


def stay(replica: Replica) -> None:
    """The county takes this device for its own again; what it had handed in is judged anew."""
    with transaction(replica.connection):
        keeping.hand_in_again(replica.connection)
        replica.set_state(leaving=0)


def settle(replica: Replica, taken: Collection[int]) -> int:
    """Note what is safe at the county; how much is left."""
    with transaction(replica.connection):
        keeping.hand_in(replica.connection, taken)
    row = replica.connection.execute("SELECT count(DISTINCT seq) FROM sendable").fetchone()
    return int(row[0])


def hand_over(replica: Replica, refusal: Mapping[str, Any]) -> int:
    """Do what the county's refusal says: what it has is handed in, what it may have lost waits beside
    the rest; how much is left."""
    begin(replica, is_put_back=bool(refusal.get("reset")))
    return settle(replica, refusal.get("taken", ()))
