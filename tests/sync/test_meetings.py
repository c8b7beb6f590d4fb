"""Stories of edits that meet: where other engines lost data, and what must come of each here.

The names of threads (joplin#13624, getodk/central#805, cr-sqlite#413, actual#8904, pouchdb#1240)
are those of reports in which the story was lived through.
"""

from __future__ import annotations

import msgspec
import pytest

from sync.change import Change
from sync.hub import Session
from sync.replica import InvalidRecord, Refused
from tests.sync.county_facts import YEAR_MS
from tests.sync.town import Town, child, contact, standing, value


def make(*users: str, **values):
    """A town whose users all hold one child."""
    town = Town(*users)
    record = child(town.replicas[users[0]], **values)
    town.rest()
    return town, record, *(town.replicas[u] for u in users)


def test_an_edit_with_an_older_clock_is_not_lost_to_a_newer_one_joplin_13624():
    town, record, li, tea = make("li", "tea", phone="13900000000")
    town.skew["tea"] = -YEAR_MS
    tea.save("child", {"phone": "13900000001"}, record)
    li.save("child", {"phone": "13900000002"}, record)
    town.sync("li", "tea", "li")
    assert sorted(standing(li, record, "phone")) == ["13900000001", "13900000002"]


def test_three_offline_edits_against_one_make_one_conflict_central_805():
    town, record, li, tea = make("li", "tea", phone="13900000000")
    tea.save("child", {"phone": "13900000009"}, record)
    for last in "123":
        li.save("child", {"phone": f"1390000000{last}"}, record)
    town.sync("tea", "li", "tea")
    assert len(li.conflicts()) == 1
    assert sorted(standing(tea, record, "phone")) == ["13900000003", "13900000009"]


def test_an_equal_edit_that_changes_nothing_still_counts_for_others_cr_sqlite_413():
    town, record, li, tea, adm = make("li", "tea", "adm", phone="13900000000")
    li.save("child", {"phone": "13900000001"}, record)
    tea.save("child", {"phone": "13900000001"}, record)
    town.sync("li", "tea", "adm")
    assert adm.conflicts() == []
    # A third person saw only the first of the two equal edits: the second is unseen and stands
    # beside.
    adm.save("child", {"phone": "13900000005"}, record)
    town.rest()
    assert adm.conflicts() == []
    assert value(li, record, "phone") == "13900000005"


def test_a_clock_set_right_again_never_refuses_a_save_actual_8904():
    town, record, li, tea = make("li", "tea")
    town.skew["li"] = 10 * YEAR_MS
    li.save("child", {"hobbies": "一"}, record)
    town.sync("li", "tea")
    town.skew["li"] = 0
    li.save("child", {"hobbies": "二"}, record)
    tea.save("child", {"phone": "13900000001"}, record)
    town.rest()
    tea.save("child", {"hobbies": "三"}, record)
    town.rest()
    assert value(li, record, "hobbies") == "三"
    assert li.conflicts() == []


def test_a_phone_years_ahead_cannot_beat_a_later_informed_edit():
    town, record, li, tea = make("li", "tea", hobbies="旧")
    town.skew["tea"] = 50 * YEAR_MS
    tea.save("child", {"hobbies": "未来"}, record)
    town.sync("tea", "li")
    li.save("child", {"hobbies": "现在"}, record)
    town.rest()
    assert value(tea, record, "hobbies") == "现在"
    assert tea.conflicts() == []
    assert all(e.stamp >> 16 <= town.now_ms + 60_000 for e in _log(town))


def _log(town):
    from sync.change import Entry

    seqs = range(1, town.store.head() + 1)
    return [msgspec.json.decode(b, type=Entry) for b in town.store.bodies(list(seqs))]


def test_edits_of_different_fields_meet_without_a_conflict():
    town, record, li, tea = make("li", "tea")
    li.save("child", {"phone": "13900000001"}, record)
    tea.save("child", {"hobbies": "画画"}, record)
    town.rest()
    assert (value(li, record, "phone"), value(li, record, "hobbies")) == ("13900000001", "画画")
    assert li.conflicts() == tea.conflicts() == []


def test_an_edit_that_saw_the_standing_value_settles_nothing_else():
    town, record, li, tea, adm = make("li", "tea", "adm", risk_level="low")
    li.save("child", {"risk_level": "critical"}, record)
    tea.save("child", {"risk_level": "medium"}, record)
    town.rest()
    assert standing(adm, record, "risk_level") == ["critical", "medium"]
    # An informed person lowers the risk: that head goes, the other is ranked again and stands.
    li.save("child", {"risk_level": "low"}, record)
    town.rest()
    assert standing(adm, record, "risk_level") == ["medium", "low"]


def test_the_more_worrying_value_stands_whatever_the_clock_and_an_empty_one_ranks_lowest():
    town, record, li, tea = make("li", "tea", lives_alone=False)
    li.save("child", {"lives_alone": True}, record)
    town.now_ms += 60_000
    tea.save("child", {"lives_alone": None}, record)
    town.rest()
    assert standing(tea, record, "lives_alone") == [True, None]
    assert tea.conflicts()[0].meeting == "critical"


def test_sets_take_both_additions_and_both_removals():
    town, record, li, tea = make("li", "tea", categories=["poverty", "study"])
    li.save("child", {"categories": ["poverty", "internet"]}, record)
    tea.save("child", {"categories": ["psychology", "study"]}, record)
    town.rest()
    assert value(li, record, "categories") == ["psychology", "internet"]
    assert li.conflicts() == []


def test_long_texts_merge_and_a_later_edit_by_one_author_keeps_both_halves():
    town, record, li, tea = make("li", "tea", note="一。二。三。四。五。")
    li.save("child", {"note": "一改。二。三。四。五。"}, record)
    tea.save("child", {"note": "一。二。三。四。五改。"}, record)
    town.sync("tea")
    li.save("child", {"note": "一改。二。三改。四。五。"}, record)  # offline, on top of the first
    town.sync("li", "tea")
    assert value(tea, record, "note") == "一改。二。三改。四。五改。"
    assert tea.conflicts() == []


def test_texts_that_touch_one_sentence_stand_against_each_other():
    town, record, li, tea = make("li", "tea", note="一。二。")
    li.save("child", {"note": "一甲。二。"}, record)
    tea.save("child", {"note": "一乙。二。"}, record)
    town.rest()
    assert sorted(standing(li, record, "note")) == ["一乙。二。", "一甲。二。"]
    # While a conflict is open the next text joins it, though it would merge with either.
    assert li.conflicts()[0].base_value == "一。二。"


def test_who_is_left_of_a_merged_text_and_said_what_another_said_is_one_head_with_them():
    town, record, li, tea = make("li", "tea", note="甲。乙。丙。")
    town.add("tea2", "tea")
    town.sync("tea2")
    form = li.get(record)
    li.save("child", {"note": "甲。乙。加。丙。"}, record)
    town.sync("li")
    li.save("child", {"note": "甲改。乙。丙。"}, record, base=form)
    for name in ("tea", "tea2"):
        town.now_ms += 1000
        town.replicas[name].save("child", {"note": "乙。丙。"}, record)
    town.sync("tea", "tea2")
    assert sorted(standing(town.replicas["tea2"], record, "note")) == ["乙。丙。", "乙。加。丙。"]
    town.rest()
    assert sorted(standing(li, record, "note")) == ["乙。丙。", "甲改。乙。丙。"]
    li.save("child", {"note": "丙。"}, record)  # whoever sees what two have said has seen both
    town.rest()
    assert value(tea, record, "note") == "丙。" and li.conflicts() == tea.conflicts() == []


def test_a_group_is_decided_whole_and_a_decision_of_it_is_a_dict_of_its_members():
    town, record, li, tea, adm = make("li", "tea", "adm")
    li.save("child", {"id_type": "resident", "id_number": "11010519491231002X"}, record)
    tea.save("child", {"id_number": "123"}, record)
    town.rest()
    assert {"id_number": "123"} in standing(adm, record, "identity")
    (conflict,) = adm.conflicts()
    for bad in ("123", {"phone": "1"}, {"id_type": "no such"}):
        with pytest.raises(InvalidRecord):
            adm.resolve(conflict.id, "value", bad)
    adm.resolve(conflict.id, "value", {"id_type": "other", "id_number": None})
    town.rest()
    assert value(tea, record, "id_type") == "other"
    assert "id_number" not in tea.get(record).values
    assert tea.conflicts() == []


def test_a_required_field_is_never_decided_empty():
    town, record, li, tea, adm = make("li", "tea", "adm")
    li.save("child", {"name": "甲"}, record)
    tea.save("child", {"name": "乙"}, record)
    town.rest()
    with pytest.raises(InvalidRecord):
        adm.resolve(adm.conflicts()[0].id, "value", None)
    assert len(adm.conflicts()) == 1


def test_a_teacher_decides_nothing():
    town, record, li, tea = make("li", "tea")
    li.save("child", {"phone": "13900000001"}, record)
    tea.save("child", {"phone": "13900000002"}, record)
    town.rest()
    with pytest.raises(Refused):
        tea.resolve(tea.conflicts()[0].id, "winner")


def _contested(*users):
    town, record, li, tea, *rest = make("li", "tea", *users, phone="13900000000")
    li.save("child", {"phone": "13900000001"}, record)
    tea.save("child", {"phone": "13900000002"}, record)
    town.rest()
    return town, record, li, tea, *rest


def test_two_reviewers_who_decide_one_conflict_offline_give_one_result():
    town, record, li, _tea, adm, sup = _contested("adm", "sup")
    (seen,) = adm.conflicts()
    adm.resolve(seen.id, "value", "13900000007")
    town.now_ms += 5000
    sup.resolve(seen.id, "value", "13900000008")
    town.sync("sup", "adm")
    town.rest()
    assert [r.conflicts() for r in town.replicas.values()] == [[], [], [], []]
    assert {value(r, record, "phone") for r in town.replicas.values()} == {"13900000008"}
    assert {"13900000007", "13900000008"} <= {p.value for p in li.history(record, "phone")}


def test_a_decision_covers_only_what_it_saw():
    town, record, li, tea, adm = _contested("adm")
    (seen,) = adm.conflicts()
    adm.resolve(seen.id, "loser")
    li.save("child", {"phone": "13900000003"}, record)  # replaces a head the reviewer saw
    town.sync("li")
    town.rest()
    assert len(standing(tea, record, "phone")) == 2
    assert "13900000003" in standing(tea, record, "phone")


def test_base_taken_by_a_reviewer_is_the_value_before_the_meeting_though_the_device_never_had_its_change():
    town, record, li, tea = make("li", "tea", phone="13900000000")
    li.save("child", {"phone": "13900000001"}, record)
    tea.save("child", {"phone": "13900000002"}, record)
    town.sync("li", "tea")
    adm = town.add("adm")  # its first snapshot brings the conflict without the log behind it
    town.sync("adm")
    (conflict,) = adm.conflicts()
    assert conflict.base_value == "13900000000"
    adm.resolve(conflict.id, "base")
    town.rest()
    assert value(li, record, "phone") == "13900000000"


# -- edit against delete


def test_a_delete_never_swallows_an_edit_it_has_not_seen():
    town, record, li, adm = make("li", "adm")
    li.save("child", {"phone": "13900000001"}, record)
    adm.delete(record, "重复")
    town.sync("li", "adm", "li")
    assert value(li, record, "_deleted") is None
    assert [c.meeting for c in adm.conflicts()] == ["edit_delete"]
    adm.resolve(adm.conflicts()[0].id, "loser")
    town.rest()
    assert value(li, record, "_deleted") == "重复"
    assert li.conflicts() == []


def test_an_edit_that_arrives_after_the_delete_keeps_the_record_alive():
    town, record, li, adm = make("li", "adm")
    adm.delete(record, "重复")
    li.save("child", {"phone": "13900000001"}, record)
    town.sync("adm", "li", "adm")
    assert value(adm, record, "_deleted") is None
    assert [c.meeting for c in adm.conflicts()] == ["edit_delete"]


def test_a_deleter_who_edited_first_has_still_not_seen_the_others_edit():
    town, record, li, adm = make("li", "adm", phone="13900000000")
    li.save("child", {"phone": "13900000001"}, record)
    town.sync("li")
    adm.save("child", {"hobbies": "画画"}, record)
    adm.delete(record, "重复")
    town.rest()
    assert value(li, record, "_deleted") is None
    assert [c.meeting for c in adm.conflicts()] == ["edit_delete"]


def test_who_saw_an_edit_keep_a_record_alive_has_seen_that_edit():
    """Deleted, kept alive by an edit, edited to the same words from a form opened before, deleted
    again: nothing is left that its author has not seen."""
    town = Town("adm")
    adm, other = town.replicas["adm"], town.add("other", "adm")
    visit = contact(adm, child(adm), summary="甲。乙。丙。")
    town.sync("adm", "other")
    form = adm.get(visit)
    other.save("contact", {"summary": "乙。丙。"}, visit)
    adm.delete(visit, "记错了")
    town.sync("other", "adm")
    assert value(adm, visit, "_deleted") is None
    adm.save("contact", {"summary": "乙。丙。"}, visit, form)
    adm.delete(visit, "真的记错了")
    town.sync("adm", "other")
    for replica in (adm, other):
        assert value(replica, visit, "_deleted") == "真的记错了" and not replica.conflicts(visit)


def test_what_keeps_a_record_alive_is_an_edit_that_still_stands():
    """Of two who had said the same, li has gone on to say something else: what is unseen is tea's."""
    town, record, li, tea, adm = make("li", "tea", "adm")
    li.save("child", {"phone": "13900000001"}, record)
    li.save("child", {"phone": "13900000002"}, record)
    town.now_ms += 60_000
    tea.save("child", {"phone": "13900000001"}, record)
    adm.delete(record, "重复")
    town.sync("tea", "li", "adm")
    alive = adm.get(record).slots["_deleted"].standing
    by_tea = {op for head in adm.get(record).slots["phone"].heads for op in head.ops}
    assert (alive.value, alive.mark.author) == (None, "tea")
    assert alive.ops == ("devtea.1",) and "devtea.1" in by_tea


def test_a_reviewer_who_chooses_the_delete_does_not_swallow_a_later_edit():
    town, record, li, adm = make("li", "adm")
    li.save("child", {"phone": "13900000001"}, record)
    adm.delete(record, "重复")
    town.rest()
    adm.resolve(adm.conflicts()[0].id, "loser")
    li.save("child", {"hobbies": "画画"}, record)
    town.sync("li", "adm", "li")
    assert value(li, record, "_deleted") is None
    assert [c.meeting for c in li.conflicts()] == ["edit_delete"]


def test_two_who_delete_agree_whatever_their_reasons():
    town, record, adm = make("adm")
    second = town.add("adm2", "adm")
    town.sync("adm2")
    adm.delete(record, "搬走")
    second.delete(record, "重复")
    town.rest()
    assert adm.conflicts() == []
    assert value(adm, record, "_deleted") is not None


def test_a_deleted_record_stays_deleted_until_someone_brings_it_back():
    town, record, li, adm = make("li", "adm")
    adm.delete(record, "重复")
    town.rest()
    with pytest.raises(Refused):
        li.save("child", {"phone": "13900000001"}, record)
    adm.undelete(record)
    town.rest()
    li.save("child", {"phone": "13900000001"}, record)
    town.rest()
    assert value(adm, record, "phone") == "13900000001"
    assert adm.conflicts() == []


def test_a_contact_for_a_deleted_child_goes_to_quarantine_and_leaves_nothing_behind():
    town, record, li, adm = make("li", "adm")
    adm.delete(record, "重复")
    town.sync("adm")
    visit = contact(li, record, summary="去过。")
    report = town.sync("li")
    assert (report.rejected, town.quarantined()) == (1, ["record_deleted"])
    assert [r.code for r in li.returned()] == ["record_deleted"]
    assert li.returned()[0].fields["summary"] == "去过。"
    assert li.get(visit) is None
    assert town.store.states([visit]) == {}
    assert li.connection.execute("SELECT count(*) FROM shadow").fetchone() == (0,)


# -- the hub itself


def test_creating_what_exists_is_an_edit_and_what_is_missing_goes_to_quarantine():
    town, record, li, _ = make("li", "tea", phone="13900000000")
    session = Session("tea", "devx", town.grants["tea"])
    again = Change(
        "devx",
        1,
        "devx.1",
        "create",
        "child",
        record,
        "tea",
        1,
        {"name": "罗静", "phone": "13911111111"},
    )
    lost = Change("devx", 2, "devx.2", "put", "child", "nosuch", "tea", 2, {"phone": "13911111111"})
    verdicts = town.hub.push(session, [again, lost])
    assert [(v.seq, v.status, v.code) for v in verdicts] == [(2, "quarantined", "unknown_record")]
    town.rest()
    assert sorted(standing(li, record, "phone")) == ["13900000000", "13911111111"]


def test_one_bad_change_never_delays_the_next():
    town, record, *_ = make("li")
    session = Session("li", "devx", town.grants["li"])
    changes = [
        Change("devx", 1, "devx.1", "put", "child", record, "li", 1, {"no_such_field": 1}),
        Change("devx", 2, "devx.2", "put", "child", record, "li", 2, {"sex": "no such code"}),
        Change("devx", 3, "devx.3", "put", "child", record, "li", 3, {"phone": "13911111111"}),
        Change("devx", 4, "devx.4", "no such op", "child", record, "li", 4, {}),
        Change("devx", 5, "devx.5", "put", "child", record, "wu", 5, {"hobbies": "画画"}),
    ]
    assert [v.seq for v in town.hub.push(session, changes)] == [1, 2, 4, 5]
    assert town.store.states([record])[record].values["phone"] == "13911111111"


def test_the_same_id_with_other_content_is_refused_as_a_cloned_disk():
    town, record, *_ = make("li")
    session = Session("li", "devx", town.grants["li"])
    first = Change("devx", 1, "devx.1", "put", "child", record, "li", 1, {"phone": "13911111111"})
    other = msgspec.structs.replace(first, fields={"phone": "13922222222"})
    assert town.hub.push(session, [first]) == []
    assert [v.status for v in town.hub.push(session, [first])] == ["duplicate"]
    assert [v.status for v in town.hub.push(session, [other])] == ["cloned"]
    assert town.store.states([record])[record].values["phone"] == "13911111111"


def test_changes_of_one_txn_are_accepted_or_refused_together():
    town, record, *_ = make("li")
    session = Session("li", "devx", town.grants["li"])
    good = Change("devx", 1, "devx.1", "put", "child", record, "li", 1, {"phone": "13911111111"})
    bad = Change("devx", 2, "devx.1", "put", "child", "nosuch", "li", 2, {"phone": "13911111111"})
    assert [v.seq for v in town.hub.push(session, [good, bad])] == [1, 2]
    assert "phone" not in town.store.states([record])[record].values


def test_what_the_hub_writes_itself_is_stamped_in_order():
    town, _, li, *_ = make("li")
    with li.together():
        for name in ("甲", "乙", "丙"):
            child(li, name=name, id_number="11010519491231002X")
    town.sync("li")
    own = [e for e in _log(town) if e.change.device == "hub" and e.change.kind == "duplicate"]
    assert len(own) == 3
    stamps = [e.stamp for e in _log(town) if e.change.device == "hub"]
    assert stamps == sorted(set(stamps))
    assert [e.seq for e in _log(town)] == list(range(1, town.store.head() + 1))


def test_only_a_delete_hides_a_record_whatever_a_device_calls_it():
    town, record, *_ = make("li", "sup")
    li, sup = (Session(u, f"dev{u}x", town.grants[u]) for u in ("li", "sup"))
    hidden = {"_deleted": "没了"}
    changes = [
        Change("devlix", 1, "t1", "put", "child", record, "li", 1, hidden),
        Change(
            "devlix",
            2,
            "t2",
            "create",
            "child",
            "new1",
            "li",
            2,
            {"name": "甲", "village": "111", **hidden},
        ),
        Change("devlix", 3, "t3", "undelete", "child", record, "li", 3, hidden),
        Change("devlix", 4, "t4", "delete", "child", record, "li", 4, {**hidden, "phone": "1"}),
        Change("devlix", 5, "t5", "put", "child", record, "li", 5, {"identity": {"phone": "1"}}),
        Change("devlix", 6, "t6", "resolve", "child", record, "li", 6, {"phone": "1"}),
    ]
    assert [v.seq for v in town.hub.push(li, changes)] == [1, 2, 3, 4, 5, 6]
    decided = Change("devsupx", 1, "t1", "resolve", "child", record, "sup", 1, hidden)
    assert [v.code for v in town.hub.push(sup, [decided])] == ["bad_op"]
    assert not town.store.states([record])[record].is_deleted


def test_a_number_no_database_holds_stops_nobody_else():
    town, record, *_ = make("li")
    session = Session("li", "devx", town.grants["li"])
    changes = [
        Change("devx", 1 << 70, "t1", "put", "child", record, "li", 1, {"phone": "13911111111"}),
        Change("devx", 2, "t2", "put", "child", record, "li", 1 << 80, {"phone": "13911111111"}),
        Change("devx", 3, "t3", "put", "child", record, "li", 3, {"phone": "13922222222"}),
    ]
    assert [v.code for v in town.hub.push(session, changes)] == ["bad_number"] * 2
    assert town.store.states([record])[record].values["phone"] == "13922222222"


def test_a_base_that_no_database_holds_and_a_day_that_is_none_stop_nobody_else():
    town, record, *_ = make("li")
    session = Session("li", "devx", town.grants["li"])
    far = "devx." + "9" * 400
    new, seen = {"phone": "13911111111"}, {"seen": "not a date"}
    changes = [
        Change("devx", 1, "t1", "put", "child", record, "li", 1, new, {"phone": far}),
        Change("devx", 2, "t2", "put", "child", record, "li", 2, new, **seen),
        Change("devx", 3, "t3", "reopen", "child", record, "li", 3, {"phone": None}, names=[far]),
        Change("devx", 4, "t4", "put", "child", record, "li", 4, {"note": "都好。"}),
    ]
    verdicts = town.hub.push(session, changes)
    assert [(v.seq, v.code) for v in verdicts] == [(2, "bad_date")]
    assert town.store.states([record])[record].values["note"] == "都好。"
