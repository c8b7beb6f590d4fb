"""Who holds what: grants, schools and villages, records that move, work that comes too late."""

from __future__ import annotations

import pytest

from schema.kinds import KINDS
from sync.change import Grant
from sync.replica import InvalidRecord, Refused
from sync.scope import Scope, UnitTree, units_of
from tests.sync.town import Town, child, contact, value

TREE = UnitTree({"1": None, "11": "1", "111": "11", "112": "11", "s1": "11", "s1a": "s1"})


def test_a_grant_reaches_down_and_never_up_or_aside():
    scope = Scope([Grant("supervisor", "11")], TREE)
    assert scope.reads("child", "r", ["111"])
    assert scope.reads("child", "r", ["s1a"])
    assert not scope.reads("child", "r", ["1"])
    assert not Scope([Grant("director", "111")], TREE).reads("child", "r", ["112"])


def test_village_and_school_both_see_a_child():
    child_units = units_of(KINDS["child"], {"village": "111", "school": "s1", "name": "x"})
    for grant in (Grant("director", "111"), Grant("teacher", "s1"), Grant("teacher", "11")):
        assert Scope([grant], TREE).reads("child", "r", child_units)
    assert not Scope([Grant("class-teacher", "s1a")], TREE).reads("child", "r", child_units)


def test_a_counsellor_sees_the_children_named_and_writes_contacts_only():
    scope = Scope([Grant("counsellor", child="r7")], TREE)
    assert scope.reads("contact", "r7", ["111"])
    assert not scope.reads("contact", "r8", ["111"])
    assert scope.may_write(KINDS["contact"], "r7", ["111"])
    assert not scope.may_write(KINDS["child"], "r7", ["111"])


def test_an_inspector_holds_units_and_no_record():
    scope = Scope([Grant("inspector", "1")], TREE)
    assert scope.reads("unit", "", ())
    assert not any(scope.reads(k, "r", ["111"]) for k, d in KINDS.items() if d.scope != "public")


def test_a_loop_in_the_tree_ends():
    tree = UnitTree({"a": "b", "b": "a"})
    assert tree.under("a") == {"a", "b"}
    assert tree.path("a") == ["a", "b"]


@pytest.fixture
def town():
    return Town("li", "wu", "tea", "adm")


def held(town, name):
    return sorted(r["id"] for r in town.replicas[name].select("child"))


def test_a_child_goes_with_everything_to_its_new_village_at_once(town):
    li, wu, tea = (town.replicas[n] for n in ("li", "wu", "tea"))
    record = child(li, phone="13900000001")
    visit = contact(li, record, summary="好。")
    town.rest()
    assert (held(town, "li"), held(town, "wu")) == ([record], [])
    tea.save("child", {"village": "112"}, record)
    town.rest()
    assert (held(town, "li"), held(town, "wu")) == ([], [record])
    assert li.get(visit) is None
    assert value(wu, visit, "summary") == "好。"
    assert li.connection.execute(
        "SELECT count(*) FROM log WHERE record = ?", (record,)
    ).fetchone() == (0,)


def test_a_report_counts_what_was_taken_of_a_record_that_left(town):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    li.save("child", {"phone": "13900000001"}, record)
    li.save("child", {"village": "112"}, record)
    assert town.sync("li").sent == 2
    assert town.sync("li").sent == 0
    assert held(town, "li") == []


def test_a_child_kept_while_grants_change_twice_goes_when_it_leaves_in_the_middle_of_the_fill(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li, school="s1")
    town.rest()
    tea.save("child", {"hobbies": "画画"}, record)
    town.sync("tea")
    town.grants["li"] = (Grant("director", "111"), Grant("teacher", "s1"))
    town.break_off("li", 1, limit=1)
    town.grants["li"] = (Grant("teacher", "s1"),)
    town.break_off("li", 1, limit=1)
    assert held(town, "li") == [record]
    tea.save("child", {"school": None}, record)
    town.sync("tea")
    report = town.sync("li")
    assert (held(town, "li"), report.in_step, report.healed) == ([], True, 0)


def test_a_child_that_comes_in_the_middle_of_a_fill_and_moves_on_does_not_stay(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    known, record = child(li), child(tea, "112")
    town.rest()
    tea.save("child", {"hobbies": "画画"}, known)
    town.sync("tea")
    town.grants["li"] = (Grant("director", "111"), Grant("teacher", "s1"))
    town.break_off("li", 1, limit=1)
    for school in ("s1", None):
        tea.save("child", {"school": school}, record)
        town.sync("tea")
        town.break_off("li", 1, limit=1)
    report = town.sync("li")
    assert (held(town, "li"), report.in_step, report.healed) == ([known], True, 0)


def test_work_for_a_child_that_moved_away_goes_to_quarantine_and_to_its_author(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li)
    town.rest()
    tea.save("child", {"village": "112"}, record)
    town.sync("tea")
    li.save("child", {"hobbies": "画画"}, record)
    visit = contact(li, record, summary="见到了。")
    report = town.sync("li")
    assert (report.rejected, town.quarantined()) == (2, ["out_of_scope"] * 2)
    assert li.pending_count() == 0
    assert [(r.status, r.fields.get("hobbies") or r.fields["summary"]) for r in li.returned()] == [
        ("quarantined", "见到了。"),
        ("quarantined", "画画"),
    ]
    assert li.get(record) is None
    assert li.get(visit) is None
    town.rest()


def test_an_unsent_contact_of_a_child_that_left_is_not_shown_and_not_lost(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li)
    town.rest()
    for n in range(3):
        contact(li, record, summary=f"第{n}次。")
    tea.save("child", {"village": "112"}, record)
    town.sync("tea")
    report = town.sync("li", limit=1)  # the drop arrives while most of the work is still unsent
    assert report.rejected == 3
    assert li.select("contact") == []
    assert {r.fields["summary"] for r in li.returned()} == {"第0次。", "第1次。", "第2次。"}


def test_a_move_out_of_ones_own_reach_is_sent_once_and_then_settled(town):
    li = town.replicas["li"]
    record = child(li)
    town.sync("li")
    li.save("child", {"village": "112"}, record)
    report = town.sync("li")
    assert (li.pending_count(), report.rejected, li.get(record)) == (0, 0, None)
    assert report.in_step
    town.rest()
    assert held(town, "wu") == [record]


def test_a_child_that_moves_there_and_back_between_two_syncs_stays_whole(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li)
    town.rest()
    for village in ("112", "111"):
        tea.save("child", {"village": village}, record)
        town.sync("tea")
    tea.save("child", {"hobbies": "画画"}, record)
    town.sync("tea")
    town.rest()
    assert value(li, record, "hobbies") == "画画"


def test_a_device_is_told_to_drop_only_what_it_had(town):
    tea = town.replicas["tea"]
    for village in ("111", "112", "112"):
        record = child(tea, village)
    town.sync("tea")
    tea.save("child", {"village": "111"}, record)  # into li's reach
    town.sync("tea")
    tea.save("child", {"village": "112"}, record)  # and out again, before li asks
    town.sync("tea")
    town.answers.clear()
    town.sync("li", limit=1)
    assert [a.drops for n, a in town.answers if n == "li" and a.drops] == []
    assert record.encode() not in b"".join(
        bytes(r) for _, a in town.answers for r in (*a.rows, *a.entries)
    )


def test_a_child_that_comes_goes_and_comes_while_a_laptop_reads_page_by_page_is_there_at_the_end(
    town,
):
    tea, li = town.replicas["tea"], town.replicas["li"]
    other, record = child(tea, "111"), child(tea, "112")
    town.rest()
    for hobbies, village in (("一", "111"), ("二", "112")):
        tea.save("child", {"hobbies": hobbies}, other)
        tea.save("child", {"village": village}, record)
    town.sync("tea")
    town.break_off("li", pages=2, limit=1)  # the second page ends between the two moves
    assert value(li, other, "hobbies") == "二"
    tea.save("child", {"village": "111"}, record)
    tea.save("child", {"hobbies": "三"}, record)
    town.sync("tea", "li")
    assert value(li, record, "hobbies") == "三"
    assert li.get_state("repairs", 0) == 0
    town.rest()


def test_a_contact_the_hub_has_is_not_shown_while_its_child_is_gone(town):
    tea, li = town.replicas["tea"], town.replicas["li"]
    other, record = child(tea, "111"), child(tea, "111")
    town.rest()
    visit = contact(li, record)
    town.break_off("li", pages=0)  # the hub has it, the laptop does not know
    assert li.pending_count() == 1
    for hobbies in ("一", "二", "三"):
        tea.save("child", {"hobbies": hobbies}, other)
    tea.save("child", {"village": "112"}, record)
    town.sync("tea")
    town.break_off("li", pages=1, limit=1)
    assert (li.get(record), li.get(visit)) == (None, None)
    town.rest()
    assert li.pending_count() == 0
    assert town.replicas["wu"].get(visit) is not None


def test_a_new_grant_transfers_only_the_difference(town):
    tea, li = town.replicas["tea"], town.replicas["li"]
    for n in range(5):
        child(tea, "111", name=f"甲{n}")
    others = [child(tea, "112", name=f"乙{n}") for n in range(2)]
    town.sync("tea", "li")
    town.grants["li"] = (Grant("director", "111"), Grant("director", "112"))
    town.answers.clear()
    assert town.sync("li").in_step
    assert sum(len(a.rows) + len(a.entries) for _, a in town.answers) == 2
    assert set(others) <= set(held(town, "li"))
    assert len(held(town, "li")) == 7
    town.grants["li"] = (Grant("director", "112"),)
    town.answers.clear()
    assert town.sync("li").in_step
    assert sum(len(a.rows) + len(a.entries) for _, a in town.answers) == 0
    assert held(town, "li") == sorted(others)
    assert li.identity.grants == town.grants["li"]


def test_grants_that_change_and_change_back_in_the_middle_of_a_transfer_lose_nothing(town):
    tea = town.replicas["tea"]
    for n in range(120):
        child(tea, "111", name=f"甲{n}")
        child(tea, "112", name=f"乙{n}")
    town.sync("tea", "li")
    mine = held(town, "li")

    town.grants["li"] = (Grant("director", "112"),)
    town.break_off("li", pages=1, limit=10)
    assert set(held(town, "li")).isdisjoint(mine)
    town.grants["li"] = (Grant("director", "111"),)
    assert town.sync("li").in_step
    assert held(town, "li") == mine
    town.rest()


def test_a_write_outside_ones_grants_is_refused_on_the_device(town):
    li = town.replicas["li"]
    with pytest.raises(Refused):
        child(li, "112")
    with pytest.raises(InvalidRecord):
        child(li, "999")
    assert li.pending_count() == 0


# -- a hub restored from an older copy


def test_what_a_restored_hub_has_lost_comes_again_from_the_laptops_that_made_it(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li, phone="13900000000")
    town.rest()
    copy = town.backup()
    li.save("child", {"phone": "13900000001"}, record)
    later = child(tea, name="甲")
    visit = contact(tea, later, summary="见到了。")
    town.rest()
    li.save("child", {"hobbies": "画画"}, record)  # not yet sent when the hub goes back
    town.restore(copy, "e2")
    town.sync("li", "tea", "li")
    town.rest()
    for replica in (li, tea):
        assert value(replica, record, "phone") == "13900000001"
        assert value(replica, record, "hobbies") == "画画"
        assert value(replica, visit, "summary") == "见到了。"
        assert replica.pending_count() == 0
        assert replica.returned() == []


def test_an_empty_new_hub_evicts_nothing(town):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    town.restore(Town().backup(), "e3")
    town.sync("wu", "li")
    assert held(town, "li") == [record]
    town.rest()
    assert list(town.store.states([record])) == [record]


def test_a_new_hub_and_narrower_grants_leave_nothing_outside_them(town):
    tea = town.replicas["tea"]
    inside, outside = child(tea, "111"), child(tea, "112")
    town.rest()
    town.restore(town.backup(), "e4")
    town.grants["tea"] = (Grant("teacher", "111"),)
    assert town.sync("tea").in_step
    assert held(town, "tea") == [inside]
    assert outside not in str(tea.connection.execute("SELECT id FROM r_child").fetchall())


def test_a_child_that_moves_while_ones_grants_change_does_not_stay_behind(town):
    tea = town.replicas["tea"]
    record = child(tea, "111")
    town.rest()
    tea.save("child", {"village": "112"}, record)
    town.sync("tea")
    town.grants["li"] = (Grant("class-teacher", "s1"),)
    assert town.sync("li").in_step
    assert held(town, "li") == []


def test_a_hub_set_back_unannounced_is_noticed_even_when_its_log_has_grown_again(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    first = child(li)
    town.rest()
    epoch, copy = town.store.epoch(), town.backup()
    second = child(li)
    town.sync("li")
    town.restore(copy, epoch)
    third = child(tea)
    town.sync("tea")  # the number at which li stands is now another entry's
    town.rest()
    assert held(town, "li") == held(town, "tea") == sorted((first, second, third))


def test_what_no_hub_knows_any_more_is_kept_and_counts_as_no_difference(town):
    li, tea = town.replicas["li"], town.replicas["tea"]
    copy = town.backup()
    record = child(li)
    town.sync("li", "tea")
    town.replicas.pop("li")  # lost with all it would have sent again
    town.restore(copy, "e9")
    town.rest()
    assert held(town, "tea") == [record]
    assert tea.get_state("repairs", 0) == 0
