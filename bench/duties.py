"""`python -m bench.duties [CHILDREN CONTACTS]`: duties of one worker and of the whole county, in an
encrypted store: 20,000 children, 300,000 contacts."""

from __future__ import annotations

import datetime
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import describe
from bench.people import villages
from bench.terminal import PASSPHRASE, build_home

TODAY = datetime.date(2026, 11, 18)
KINDS_MADE = ("home_visit", "home_visit", "talk", "parent_call", "guardian_call", "letter")


def _fill(replica: Any, contacts: int) -> None:
    from sync.change import Mark, State
    from sync.storage import transaction

    dice = random.Random(1)
    mark = Mark("hub.2", "server", 1)
    ids = [row[0] for row in replica.connection.execute("SELECT id FROM r_child ORDER BY id")]
    with transaction(replica.connection):
        states = []
        for n in range(contacts):
            child = dice.choice(ids)
            day = TODAY - datetime.timedelta(days=dice.randrange(365))
            values = {"child": child, "on": day.isoformat(), "kind": dice.choice(KINDS_MADE),
                      "done_by": "何秀英", "outcome": "met",
                      "summary": "孩子情绪稳定，作业按时完成，奶奶腿脚不便。"}  # fmt: skip
            states.append((State("contact", f"visit{n:021d}", child, mark, mark, values, {}, 3), 0))
        replica.records.put(states)
        replica.records.settle()


def measure(children: int, contacts: int) -> dict[str, Any]:
    import msgspec

    from casework.duties import duties
    from casework.search import Indexer
    from sync.change import Grant
    from sync.home import Home

    with tempfile.TemporaryDirectory() as folder:
        build_home(Path(folder), children)
        home = Home(Path(folder), indexers=[Indexer()])
        session = home.unlock(home.account(), PASSPHRASE)
        replica = session.replica
        _fill(replica, contacts)
        began = time.perf_counter()
        everybody = duties(replica, TODAY, everybody=True)
        county = time.perf_counter() - began
        village = villages()[0]
        me = msgspec.structs.replace(replica.identity, grants=(Grant("director", village),))
        replica.become(me)
        times = []
        for _ in range(10):
            began = time.perf_counter()
            mine = duties(replica, TODAY)
            times.append((time.perf_counter() - began) * 1000)
        session.close()
    return {
        "children": children,
        "contacts": contacts,
        "county_s": round(county, 2),
        "county_duties": len(everybody),
        "village_ms": round(statistics.median(times), 1),
        "village_duties": len(mine),
    }


if __name__ == "__main__":
    children, contacts = (int(a) for a in (sys.argv[1:] or ("20000", "300000")))
    print(json.dumps({"machine": describe(), "duties": measure(children, contacts)}, indent=1))
