"""A county put back to a backup: what it lost comes again, also of records that have left; what it
does not cover goes."""

from __future__ import annotations

import pytest

from sync.change import Grant
from sync.keeping import KEPT_MS
from sync.verify import problems_of
from tests.sync.town import Town, child, contact, value


@pytest.fixture
def town():
    return Town("li", "wu", "tea", "adm")


def held(town, name):
    return sorted(r["id"] for r in town.replicas[name].select("child"))


def kept(town, name):
    rows = town.replicas[name].connection.execute("SELECT record FROM kept ORDER BY seq")
    return [record for (record,) in rows]


def gone_with_everything(town):
    """A child that li files and visits, and that then moves out of li's reach; and its visit."""
    record = child(town.replicas["li"])
    visit = contact(town.replicas["li"], record, summary="见到了。")
    town.rest()
    town.replicas["tea"].save("child", {"village": "112"}, record)
    town.sync("tea", "li")
    assert held(town, "li") == []
    return record, visit


@pytest.mark.parametrize("epoch", ["e2", "e0"], ids=["announced", "unannounced"])
def test_work_on_a_child_that_has_left_is_sent_again_after_a_restore(town, epoch):
    copy = town.backup()
    record, visit = gone_with_everything(town)
    town.restore(copy, epoch)
    town.rest()
    li = town.replicas["li"]
    assert value(town.replicas["wu"], visit, "summary") == "见到了。"
    assert (held(town, "li"), held(town, "wu")) == ([], [record])
    assert (li.pending_count(), li.returned()) == (0, [])


def test_what_is_kept_is_never_shown_nor_counted_as_unsent(town):
    town.backup()
    record, visit = gone_with_everything(town)
    li = town.replicas["li"]
    assert kept(town, "li") == [record, visit]
    assert (li.get(record), li.get(visit), li.history(record)) == (None, None, [])
    assert (li.pending_count(), li.pending(), li.has_sendable()) == (0, [], False)


def test_kept_work_goes_with_the_backup_that_covers_it(town):
    town.backup()
    gone_with_everything(town)
    assert kept(town, "li")
    town.backup()
    town.sync("li")
    assert kept(town, "li") == []


def test_where_no_backup_is_ever_made_work_is_kept_for_ninety_days(town):
    gone_with_everything(town)
    town.now_ms += KEPT_MS - 60_000
    town.sync("li")
    assert kept(town, "li")
    town.now_ms += 120_000
    town.sync("li")
    assert kept(town, "li") == []


def test_a_move_out_of_ones_own_reach_is_kept_too(town):
    li = town.replicas["li"]
    copy = town.backup()
    record = child(li)
    town.sync("li")
    li.save("child", {"village": "112", "hobbies": "画画"}, record)
    town.sync("li", "wu")
    assert held(town, "wu") == [record]
    town.replicas.pop("wu")
    town.restore(copy, "e2")
    town.add("wu", "wu")
    town.rest()
    assert value(town.replicas["wu"], record, "hobbies") == "画画"


def test_the_same_work_sent_again_after_two_restores_stands_once(town):
    copy = town.backup()
    _, visit = gone_with_everything(town)
    again = town.backup()
    town.restore(copy, "e2")
    town.rest()
    town.restore(again, "e3")
    town.rest()
    town.restore(copy, "e4")
    town.rest()
    rows = town.connection.execute("SELECT record FROM log WHERE record = ?", (visit,))
    assert len(rows.fetchall()) == 1


@pytest.mark.parametrize("last", ["e4", "e0"], ids=["announced", "unannounced"])
def test_an_older_backup_after_a_newer_one_loses_nothing_that_a_laptop_holds(town, last):
    li, tea = town.replicas["li"], town.replicas["tea"]
    first = child(li)
    town.rest()
    older = town.backup()
    second = child(li)
    li.save("child", {"hobbies": "画画"}, first)
    town.rest()
    tea.save("child", {"note": "都好。"}, first)
    town.rest()
    newer = town.backup()
    town.rest()
    town.restore(newer, "e2")
    town.rest()
    town.restore(newer, "e3")
    town.rest()
    assert (li.pending_count(), li.has_sendable()) == (0, False)
    town.restore(older, last)
    town.rest()
    adm = town.replicas["adm"]
    assert held(town, "adm") == sorted((first, second))
    assert (value(adm, first, "hobbies"), value(adm, first, "note")) == ("画画", "都好。")
    for name in ("li", "tea", "adm"):
        assert (town.replicas[name].pending_count(), town.replicas[name].returned()) == (0, [])
        assert town.replicas[name].get_state("in_step", 0)
    versions = [row[0] for row in town.connection.execute("SELECT record FROM log")]
    assert versions.count(second) == 1


def test_what_waited_in_a_quarantine_that_a_restore_lost_is_sent_again(town):
    once, twice = town.backup(), town.backup()
    li, adm = town.replicas["li"], town.replicas["adm"]
    record = child(adm)
    town.rest()
    visit = contact(li, record, summary="见到了。")
    town.restore(once, "e2")
    town.sync("li")
    assert ([r.code for r in li.returned()], town.quarantined()) == (
        ["unknown_record"], ["unknown_record"],
    )  # fmt: skip
    town.restore(twice, "e3")
    town.sync("adm")
    town.rest()
    assert (li.returned(), town.quarantined(), li.has_sendable()) == ([], [], False)
    assert value(adm, visit, "summary") == "见到了。"


def test_an_older_backup_put_back_as_grants_are_replaced_loses_nothing_that_a_laptop_holds(town):
    li = town.replicas["li"]
    older = town.backup()
    record = child(li)
    town.sync("li")
    newer = town.backup()
    town.sync("li")
    town.restore(newer, "e2")
    town.sync("li", "li")
    assert kept(town, "li") == [record]  # the newer backup has it
    town.restore(older, "e3")
    town.grants["li"] = (Grant("director", "112"),)
    town.sync("li", "li")
    assert (held(town, "li"), town.quarantined()) == ([], ["out_of_scope"])


def test_what_is_kept_of_a_child_held_here_goes_when_the_child_leaves(town):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    town.restore(town.backup(), "e2")
    town.rest()
    town.backup()
    town.rest()
    assert (kept(town, "li"), li.has_sendable()) == ([record], False)
    town.replicas["tea"].save("child", {"village": "112"}, record)
    town.sync("tea", "li")
    assert (held(town, "li"), kept(town, "li")) == ([], [])


# -- what a restored log has outside the scope


def test_a_child_that_the_restored_log_has_elsewhere_leaves_the_laptop(town):
    record = child(town.replicas["li"])
    town.rest()
    town.replicas["tea"].save("child", {"village": "112"}, record)
    town.sync("tea")  # li has not heard of it
    town.restore(town.backup(), "e2")
    town.sync("li")
    assert held(town, "li") == []
    assert record not in str(town.replicas["li"].connection.execute("SELECT * FROM r_child"))
    town.rest()
    assert held(town, "wu") == [record]


def test_a_child_that_the_county_learns_of_later_and_elsewhere_leaves_then(town):
    copy = town.backup()
    record = child(town.replicas["li"])
    town.sync("li", "tea")
    town.restore(copy, "e2")
    town.sync("tea")
    assert held(town, "tea") == [record]  # nobody knows it: it stays
    town.grants["tea"] = (Grant("teacher", "112"),)
    town.sync("li", "tea")
    assert held(town, "tea") == []


def test_unsent_work_on_a_child_that_is_elsewhere_since_goes_to_quarantine(town):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    li.save("child", {"hobbies": "画画"}, record)
    town.replicas["tea"].save("child", {"village": "112"}, record)
    town.sync("tea")
    town.restore(town.backup(), "e2")
    town.sync("li")
    assert (held(town, "li"), town.quarantined()) == ([], ["out_of_scope"])


def test_asking_about_strays_ends_when_none_is_left(town):
    child(town.replicas["li"])
    town.rest()
    town.restore(town.backup(), "e2")
    town.rest()
    assert town.replicas["li"].get_state("strays") == 0


@pytest.mark.parametrize("epoch", ["e2", "e0"], ids=["announced", "unannounced"])
def test_a_conflict_that_a_restore_lost_is_no_longer_listed(town, epoch):
    record = child(town.replicas["li"])
    town.rest()
    copy = town.backup()
    for name in ("li", "tea"):
        town.replicas[name].save("child", {"hobbies": f"{name} 说"}, record)
    town.sync("li", "tea", "adm")
    adm = town.replicas["adm"]
    assert len(adm.conflicts()) == 1
    town.restore(copy, epoch)
    town.sync("adm")  # before those who wrote it have come again
    assert value(adm, record, "hobbies") is None
    assert (adm.conflicts(), problems_of(adm)) == ([], [])
    town.rest()
    assert len(adm.conflicts()) == 1


def test_what_is_sent_again_after_a_restore_is_unsent_work_like_any_other(town):
    """Else an edit on top of it made the county's own state of the child unknown here."""
    record = child(town.replicas["li"])
    town.rest()
    town.restore(town.backup(), "e2")
    town.break_off("li", pages=1, limit=1)  # the child itself is on a later page
    li = town.replicas["li"]
    assert (li.pending_count(), problems_of(li)) == (1, [])
    li.save("child", {"address": "桥头三号"}, record)
    assert problems_of(li) == []
    town.replicas["tea"].save("child", {"village": "112"}, record)
    town.sync("tea", "li")
    assert (held(town, "li"), li.pending_count(), problems_of(li)) == ([], 0, [])


@pytest.mark.parametrize("limit", range(1, 6))
def test_a_child_that_a_restore_lost_and_that_its_maker_sends_away_leaves_at_once(town, limit):
    """Also where the county, asked whether the child has left, has not had the move yet."""
    copy = town.backup()
    li = town.replicas["li"]
    for _ in range(2):
        child(li)
    record = child(li)
    town.rest()
    li.save("child", {"village": "112"}, record)  # not sent yet
    town.restore(copy, "e0")
    town.sync("li", limit=limit)
    assert (record in held(town, "li"), li.pending_count(), problems_of(li)) == (False, 0, [])
    town.rest()
    assert record in held(town, "wu")
