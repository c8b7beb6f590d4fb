"""What every device holds may be edited by the county's admin, and by nobody else."""

from __future__ import annotations

import pytest

from server.store.sqlite import SqliteStore
from sync.change import Grant
from sync.client import sync_once
from sync.hub import Hub, Session
from sync.protocol import SyncRequest, pack, unpack
from sync.replica import Refused, Replica
from sync.storage import open_plain
from sync.views import Identity


class County:
    def __init__(self) -> None:
        self.now = 1_790_000_000_000
        self.hub = Hub(SqliteStore(open_plain(":memory:")), self._tick)
        for code, parent in (("51", None), ("5101", "51")):
            level = "township" if parent else "county"
            self.hub.write(
                "unit", code, {"code": code, "name": code, "level": level, "parent": parent}
            )
        self.devices: dict[str, tuple[Replica, Session]] = {}

    def _tick(self) -> int:
        self.now += 1000
        return self.now

    def device(self, name: str, role: str, unit: str) -> Replica:
        replica = Replica(open_plain(":memory:"), wall_ms=lambda: self.now)
        grants = (Grant(role, unit),)
        replica.become(Identity(name, f"d{name}", grants))
        self.devices[name] = replica, Session(name, f"d{name}", grants)
        self.sync(name)
        return replica

    def sync(self, name: str) -> None:
        replica, session = self.devices[name]
        county = self

        class Line:
            def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
                import msgspec

                request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
                verdicts = county.hub.push(session, request.changes, request.cursor)
                response = county.hub.pull(session, request.cursor, request.held, request.limit)
                response.verdicts = verdicts
                return pack(response)

        sync_once(replica, Line())


def test_a_rule_the_admin_changes_reaches_every_laptop() -> None:
    county = County()
    admin = county.device("boss", "admin", "51")
    teacher = county.device("zhou", "teacher", "5101")
    made = admin.save("rule", {"code": "c03", "is_on": True}, new_id="rulec03")
    for name in ("boss", "zhou"):
        county.sync(name)
    assert teacher.rows("rule", [made])[0]["is_on"] is True
    assert teacher.get_state("in_step") and admin.get_state("in_step")
    assert admin.pending_count() == 0


def test_two_admins_who_make_the_same_rule_make_one() -> None:
    county = County()
    one, other = county.device("boss", "admin", "51"), county.device("deputy", "admin", "51")
    one.save("rule", {"code": "c03", "is_on": True, "least": 1}, new_id="rulec03")
    other.save("rule", {"code": "c03", "is_on": True, "least": 2}, new_id="rulec03")
    for name in ("boss", "deputy", "boss"):
        county.sync(name)
    assert len(one.select("rule")) == len(other.select("rule")) == 1
    assert one.select("rule") == other.select("rule")
    assert len(one.conflicts()) == len(other.conflicts()) == 1


@pytest.mark.parametrize(("role", "unit"), [("teacher", "51"), ("admin", "5101")])
def test_nobody_else_may_edit_what_all_devices_hold(role: str, unit: str) -> None:
    county = County()
    laptop = county.device("dong", role, unit)
    with pytest.raises(Refused):
        laptop.save("rule", {"code": "c03", "is_on": True}, new_id="rulec03")


def test_a_unit_is_never_written_by_a_laptop() -> None:
    county = County()
    admin = county.device("boss", "admin", "51")
    with pytest.raises(Refused):
        admin.save("unit", {"name": "别的名字"}, id="5101")
