"""A revoked device's last work: it hands in what the county may not have, and then it goes.

Until all is handed in the store stays locked: nothing in it is opened, each contact only tries
again.
"""

from __future__ import annotations

from collections.abc import Collection

from sync import keeping
from sync.replica import Replica
from sync.storage import transaction


def is_leaving(replica: Replica) -> bool:
    """True once the county has said that this device is revoked."""
    return bool(replica.get_state("leaving", 0))


def begin(replica: Replica) -> None:
    """Note it, and put what no backup has yet beside what is unsent."""
    if is_leaving(replica):
        return
    with transaction(replica.connection):
        keeping.send_unsaved_again(replica.connection)
        replica.set_state(leaving=1)


def stay(replica: Replica) -> None:
    """The county takes this device for its own again."""
    replica.set_state(leaving=0)


def settle(replica: Replica, taken: Collection[int]) -> int:
    """Let go what is safe at the county; how much is left."""
    with transaction(replica.connection):
        keeping.settle(replica.connection, taken)
    row = replica.connection.execute("SELECT count(DISTINCT seq) FROM sendable").fetchone()
    return int(row[0])
