"""A device of a release, run by the release's own program: logs in, syncs, says what it holds.

Run with the old program first on the path; imports nothing but it. Words: URL USER PASSWORD and
changes as JSON, [[kind, values, id or null], …], to save before it syncs a second time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

import sync
from schema.kinds import KINDS
from sync.change import Grant
from sync.client import sync_once
from sync.reading import Identity
from sync.replica import Replica
from sync.storage import open_plain
from sync.transport import HttpTransport
from sync.verify import problems_of


def held(replica: Replica) -> dict[str, dict]:
    return {
        view.id: view.values
        for kind in KINDS
        for (id_,) in replica.connection.execute(f'SELECT id FROM "r_{kind}"')
        if (view := replica.get(id_, kind)) is not None
    }


def main(url: str, user: str, password: str, changes: str) -> None:
    line = HttpTransport(url)
    body = msgspec.json.encode({"user": user, "password": password})
    told = msgspec.json.decode(line.post("/v1/login", body, "application/json")[0])
    replica = Replica(open_plain())
    grants = msgspec.convert(told["grants"], tuple[Grant, ...])
    replica.become(Identity(told["user"], told["device"], grants))
    reports = [sync_once(replica, line, told["token"], 50)]
    for kind, values, id_ in json.loads(changes):
        replica.save(kind, values, id_)
    reports += [sync_once(replica, line, told["token"]) for _ in range(3)]
    print(
        json.dumps({
            "program": str(Path(sync.__file__).parent.parent),
            "held": held(replica),
            "sent": sum(r.sent for r in reports),
            "in_step": reports[-1].in_step,
            "trips": [r.round_trips for r in reports],
            "problems": [p.code for p in problems_of(replica)],
            "unsent": replica.pending_count(),
        })
    )
    line.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
