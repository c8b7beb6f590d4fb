"""A new register is one short file: the one shown in docs/new-register.md works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "new-register.md"

STORY = """
import schema.kinds as kinds
source = open(0, encoding="utf-8").read()
names = {}
exec(compile(source, "register", "exec"), names)
kind = names["HEALTH_CHECK"]
kinds.KINDS[kind.name] = kind

import datetime
from casework.duties import duties
from casework.search import Indexer
from server.store.sqlite import SqliteStore
from sync.change import Grant
from sync.hub import Hub, Session
from sync.views import Identity
from sync.receive import receive
from sync.replica import InvalidRecord, Replica
from sync.storage import open_plain

now = 1_795_000_000_000
hub = Hub(SqliteStore(open_plain(":memory:")), lambda: now)
hub.write("unit", "51", {"code": "51", "name": "县", "level": "county"})
hub.write("unit", "s1", {"code": "s1", "name": "小学", "level": "school", "parent": "51"})

def laptop(user, role, unit):
    replica = Replica(open_plain(":memory:"), wall_ms=lambda: now, indexers=[Indexer()])
    grants = (Grant(role, unit),)
    replica.become(Identity(user, "d" + user, grants))
    session = Session(user, "d" + user, grants)
    def sync():
        from sync.client import make_request
        request, _ = make_request(replica, 0)
        import msgspec
        from sync.protocol import SyncRequest
        request = msgspec.json.decode(msgspec.json.encode(request), type=SyncRequest)
        hub.push(session, request.changes, request.cursor)
        receive(replica, hub.pull(session, request.cursor, 0, 2000), now)
    sync()
    return replica, sync

one, sync_one = laptop("zhou", "class-teacher", "s1")
other, sync_other = laptop("boss", "admin", "51")
child = one.save("child", {"name": "罗静", "school": "s1"})
made = one.save("health_check", {"child": child, "on": "2026-11-02", "found": "treat"})
try:
    one.save("health_check", {"told_by": "周晓燕"}, id=made)
except InvalidRecord as error:
    assert error.problems[0][1].code == "told_without_day", error
else:
    raise AssertionError("a rule of the register was not asked")
sync_one()
sync_other()
assert other.children_of("health_check", child)[0]["found"] == "treat"
late = [d for d in duties(one, datetime.date(2026, 11, 18)) if d.rule == "health_check.on"]
assert [(d.due, d.state) for d in late] == [("2026-11-09", "overdue")], late
print("well")
"""


def _source() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_a_new_register_takes_less_than_sixty_lines_of_normal_width() -> None:
    lines = _source().splitlines()
    assert len(lines) < 60
    assert max(map(len, lines)) <= 100


def test_the_register_on_the_page_is_stored_checked_synced_and_due() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORY], input=_source(), capture_output=True, text=True,
        encoding="utf-8", cwd=ROOT, timeout=120, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.stdout.strip() == "well", done.stderr
