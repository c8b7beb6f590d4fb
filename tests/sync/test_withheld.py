"""Of conflicts that the admin may not read, their laptop learns that there is one, and nothing else."""

from __future__ import annotations

import pytest

from casework.withheld import withheld
from server.check import check
from sync.change import Grant
from sync.withheld import id_of
from tests.sync.test_bundle import Stick
from tests.sync.town import Town, child, value

ONE, OTHER, BASE = "她说夜里听见爸爸打妈妈", "她什么也不愿意说", "第一次见面"


@pytest.fixture
def town():
    town = Town("adm", "sup", "li")
    town.hub.write("unit", "12", {"code": "12", "name": "乙镇", "level": "township", "parent": "1"})
    town.hub.write(
        "unit", "121", {"code": "121", "name": "丙村", "level": "village", "parent": "12"}
    )
    town.grants["cou"] = (Grant("counsellor", "1"),)
    town.grants["sup"] = (Grant("supervisor", "1"),)
    town.add("cou")
    town.rest()
    town.child = child(town.replicas["li"])
    town.rest()
    return town


def told_twice(town):
    """A psychological record in which counsellor and supervisor say different things."""
    cou, sup = town.replicas["cou"], town.replicas["sup"]
    record = cou.save(
        "psych_record",
        {"child": town.child, "on": "2026-11-01", "sort": "individual", "done_by": BASE},
    )
    town.rest()
    cou.save("psych_record", {"done_by": ONE}, record)
    sup.save("psych_record", {"done_by": OTHER}, record)
    town.rest()
    return record


def seen(town, name="adm"):
    return [(w.unit, w.opened) for w in withheld(town.replicas[name])]


def everything(replica):
    """Every value in every table of a store, as one text."""
    names = replica.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return " ".join(
        value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for (name,) in names.fetchall()
        for row in replica.connection.execute(f"SELECT * FROM {name}")
        for value in row
    )


def test_the_admin_learns_of_each_its_township_and_since_when(town):
    assert seen(town) == []
    told_twice(town)
    assert seen(town) == [("11", "2026-09-21")]
    for name in ("sup", "cou", "li"):
        assert town.replicas[name].count("withheld") == 0


def test_no_byte_of_the_record_reaches_the_admins_store(town):
    record = told_twice(town)
    (conflict,) = town.replicas["sup"].conflicts()
    stored = everything(town.replicas["adm"])
    assert id_of(record, "done_by") in stored
    for secret in (ONE, OTHER, BASE, record, conflict.id, "individual"):
        assert secret not in stored
    (row,) = town.replicas["adm"].select("withheld")
    assert {n for n, v in row.items() if v} == {"id", "_root", "unit", "opened"}


def test_it_goes_when_it_is_settled_and_comes_again_when_that_is_taken_back(town):
    record = told_twice(town)
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    sup.resolve(conflict.id, "loser")
    town.rest()
    assert seen(town) == []
    sup.undo(conflict.id)
    town.rest()
    assert len(seen(town)) == 1
    assert value(sup, record, "done_by")


def test_a_laptop_set_up_later_is_told_as_well(town):
    told_twice(town)
    town.add("adm2", "adm")
    town.sync("adm2")
    assert seen(town, "adm2") == seen(town) != []


def test_it_moves_with_the_child_and_with_its_village(town):
    told_twice(town)
    town.replicas["li"].save("child", {"village": "112"}, town.child)
    town.sync("li", "adm")
    assert [unit for unit, _day in seen(town)] == ["11"]
    town.replicas["adm"].save("child", {"village": "121"}, town.child)
    town.rest()
    assert [unit for unit, _day in seen(town)] == ["12"]
    town.hub.write("unit", "121", {"parent": "11"})
    town.rest()
    assert [unit for unit, _day in seen(town)] == ["11"]
    assert check(town.store).faults == []


def test_who_may_read_the_record_as_well_is_not_told_of_it_twice(town):
    town.grants["adm"] = (Grant("admin", "1"), Grant("counsellor", "1"))
    told_twice(town)
    adm = town.replicas["adm"]
    assert len(adm.conflicts()) == adm.count("withheld") == 1
    assert seen(town) == []


def test_a_county_put_back_to_its_backup_tells_it_again(town):
    backup = town.backup()
    told_twice(town)
    town.restore(backup, "again")
    town.rest()
    town.rest()
    assert len(seen(town)) == 1


def test_erasing_the_record_ends_it(town):
    from server.erasing import erase_here

    record = told_twice(town)
    with town.store.write():
        erase_here(town.store, [record], town.now_ms, "写错了孩子", "adm")
    town.rest()
    assert seen(town) == []


def test_it_travels_by_stick_as_everything_does():
    stick = Stick()
    town = stick.town
    town.grants["cou"] = (Grant("counsellor", "1"),)
    town.grants["sup"] = (Grant("supervisor", "1"),)
    users = ("adm", "sup", "cou", "li")
    for user in users:
        stick.add(user)
    stick.turn(*users)
    town.child = child(town.replicas["li"])
    stick.turn("li", *users)
    given = {"child": town.child, "on": "2026-11-01", "sort": "individual"}
    record = town.replicas["cou"].save("psych_record", given)
    stick.turn("cou", "sup")
    town.replicas["cou"].save("psych_record", {"done_by": ONE}, record)
    town.replicas["sup"].save("psych_record", {"done_by": OTHER}, record)
    stick.turn("cou", "sup", "adm")
    assert [unit for unit, _day in seen(town)] == ["11"]
    assert ONE not in everything(town.replicas["adm"])


def test_what_stood_open_before_the_server_knew_is_told_at_its_first_start_and_once(
    town, monkeypatch
):
    from server.withheld import catch_up
    from server.workers import Desk
    from sync import withheld as at_the_hub

    with monkeypatch.context() as older:
        older.setattr(at_the_hub, "follow", lambda _batch: None)
        told_twice(town)
    assert seen(town) == []
    catch_up(Desk(town.store))
    head = town.store.head()
    catch_up(Desk(town.store))
    assert town.store.head() == head
    town.rest()
    assert len(seen(town)) == 1
