"""What fewer people may read than the child it hangs on comes and goes by itself (P5)."""

from __future__ import annotations

import pytest

from schema.kinds import KINDS
from sync.change import Grant
from tests.sync.town import Town, child

SECRET = "psych_record"


@pytest.fixture
def town():
    town = Town("adm", "sup", "li")
    town.grants["both"] = (Grant("counsellor", "111"), Grant("teacher", "112"))
    town.add("both")
    return town


def secret(town, record):
    """A psychological record, by whoever may write one."""
    kind = KINDS[SECRET]
    values = {kind.parent: record}
    for name in kind.missing(values):
        field = kind.by_name[name]
        closed = getattr(field.type, "list", None) or getattr(field.type, "codes", None)
        values[name] = "2026-11-01" if closed is None else next(iter(closed.by_code))
    return town.replicas["both"].save(SECRET, values)


def held(town, name):
    rows = town.replicas[name].connection.execute(f"SELECT id FROM r_{SECRET}")
    return [row[0] for row in rows]


def test_other_grants_take_the_secret_and_leave_the_child(town):
    record = child(town.replicas["adm"])
    town.rest()
    told = secret(town, record)
    town.rest()
    assert (held(town, "both"), held(town, "sup"), held(town, "li")) == ([told], [told], [])
    town.grants["both"] = (Grant("teacher", "111"),)
    town.rest()
    both = town.replicas["both"]
    assert both.get(record) is not None
    assert held(town, "both") == []
    assert both.connection.execute("SELECT * FROM log WHERE record = ?", (told,)).fetchall() == []
    town.grants["both"] = (Grant("counsellor", "111"),)
    town.rest()
    assert held(town, "both") == [told]


def test_a_move_within_ones_reach_takes_the_secret_along_only_where_it_may_be_read(town):
    record = child(town.replicas["adm"])
    town.rest()
    told = secret(town, record)
    town.rest()
    for village, there in (("112", []), ("111", [told]), ("112", [])):
        town.replicas["adm"].save("child", {"village": village}, record)
        town.rest()
        assert held(town, "both") == there
        assert town.replicas["both"].get(record) is not None
        assert held(town, "sup") == [told]


def test_an_unsent_secret_of_a_child_that_moved_away_is_sent_and_not_lost(town):
    record = child(town.replicas["adm"])
    town.rest()
    secret(town, record)
    town.replicas["adm"].save("child", {"village": "112"}, record)
    town.sync("adm")
    report = town.sync("both")
    assert (report.rejected, held(town, "both")) == (1, [])
    assert len(town.replicas["both"].returned()) == 1


def test_a_pair_of_files_leaves_a_reviewer_who_becomes_a_counsellor(town):
    for name in ("甲", "乙"):
        child(town.replicas["adm"], name=name, id_type="resident", id_number="11010519491231002X")
    town.rest()
    sup = town.replicas["sup"]
    assert len(sup.select("duplicate")) == 1
    town.grants["sup"] = (Grant("counsellor", "11"),)
    report = town.sync("sup")
    assert (sup.select("duplicate"), report.in_step, report.healed) == ([], True, 0)
    assert len(sup.select("child")) == 2
