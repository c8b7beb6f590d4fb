"""Conflicts that few may read and that stood open before this server knew to tell the admin of them."""

from __future__ import annotations

from schema.kinds import KINDS
from server.workers import Desk
from sync import withheld
from sync.intake import Batch
from sync.records import as_json

DONE = "withheld_told"
"""In meta: set once they have been looked for."""


def catch_up(desk: Desk) -> None:
    """Look for them once, at the first start after an update. Costs nothing afterwards."""
    store = desk.store
    if store.meta(DONE):
        return
    kinds = [name for name, kind in KINDS.items() if withheld.is_restricted(kind)]
    with store.write():
        found = store.states_where("kind IN (SELECT value FROM json_each(?))", as_json(kinds))
        states = list(found)
        withheld.tell_standing(Batch(store, None, store.now_ms()), states)
        store.put_meta(DONE, b"1")
