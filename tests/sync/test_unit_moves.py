"""A unit that gets another parent takes its children's files along: out of some scopes, into
others."""

from __future__ import annotations

import pytest

from sync.change import Grant
from tests.sync.town import Town, child, contact, value


@pytest.fixture
def town():
    town = Town("adm", "li")
    town.hub.write("unit", "12", {"code": "12", "name": "乡", "level": "township", "parent": "1"})
    for user, unit in (("east", "11"), ("west", "12")):
        town.grants[user] = (Grant("supervisor", unit),)
        town.add(user)
    return town


def held(town, name):
    return sorted(r["id"] for r in town.replicas[name].select("child"))


def move(town, unit, parent):
    town.hub.write("unit", unit, {"parent": parent})


def test_a_village_under_another_township_leaves_one_supervisor_and_comes_to_the_other(town):
    moved, stays = child(town.replicas["adm"], "111"), child(town.replicas["adm"], "112")
    visit = contact(town.replicas["adm"], moved, summary="好。")
    town.rest()
    assert (held(town, "east"), held(town, "west")) == (sorted((moved, stays)), [])
    move(town, "111", "12")
    town.sync("east", "west")
    assert (held(town, "east"), held(town, "west")) == ([stays], [moved])
    assert town.replicas["east"].get(visit) is None
    assert value(town.replicas["west"], visit, "summary") == "好。"
    town.rest()
    assert held(town, "li") == [moved]


@pytest.mark.parametrize("limit", [1, 3, 2000])
def test_pages_of_any_size_and_lines_that_break_bring_the_same(town, limit):
    children = [child(town.replicas["adm"], v) for v in ("111", "112") * 4]
    town.rest()
    move(town, "111", "12")
    for pages in (0, 1, 2, 5):
        town.break_off("east", pages, limit)
        town.break_off("west", pages, limit)
    town.sync("east", "west", limit=limit)
    assert held(town, "east") == sorted(children[1::2])
    assert held(town, "west") == sorted(children[::2])
    town.rest()


def test_a_unit_that_went_there_and_back_changes_nothing(town):
    record = child(town.replicas["adm"], "111")
    town.rest()
    move(town, "111", "12")
    move(town, "111", "11")
    report = town.sync("east")
    assert (held(town, "east"), report.received) == ([record], 2)  # the unit's own two entries
    town.rest()


def test_work_on_a_child_of_a_unit_that_moved_away_goes_to_quarantine(town):
    east = town.replicas["east"]
    record = child(town.replicas["adm"], "111")
    town.rest()
    east.save("child", {"hobbies": "画画"}, record)
    move(town, "111", "12")
    report = town.sync("east")
    assert (report.rejected, town.quarantined(), held(town, "east")) == (1, ["out_of_scope"], [])


def test_a_unit_that_moves_while_ones_grants_change_leaves_nothing_behind(town):
    child(town.replicas["adm"], "111")
    town.rest()
    move(town, "111", "12")
    town.grants["east"] = (Grant("supervisor", "112"),)
    town.sync("east")
    assert held(town, "east") == []
    town.rest()


def test_a_county_put_back_to_before_a_unit_moved_has_it_where_it_was(town):
    record = child(town.replicas["adm"], "111")
    town.rest()
    copy = town.backup()
    move(town, "111", "12")
    town.rest()
    town.restore(copy, "e2")
    town.rest()
    assert (held(town, "east"), held(town, "west")) == ([record], [])
