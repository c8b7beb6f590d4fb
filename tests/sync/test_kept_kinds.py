"""Kinds that are only added to, that few may read; rules that hold on laptop and hub."""

from __future__ import annotations

import msgspec
import pytest

from schema.record import DELETED
from sync.change import Grant
from sync.replica import InvalidRecord, Refused
from tests.sync.town import Town, child, contact, value

SEEN = {"seen_at": "2026-11-17 19:40", "cause": "alone", "seen": "屋里只有她一人"}
TOLD = {"at": "2026-11-17 20:05", "step": "police_told", "told": "派出所", "how": "phone"}


@pytest.fixture
def town():
    town = Town("sup", "li", "tea", "adm")
    town.grants["cou"] = (Grant("counsellor", "11"),)
    town.add("cou")
    return town


def forged(town, name, record, fields, op="put", kind="case", base=None):
    """A change that no laptop of ours would write, sent as it is."""
    replica = town.replicas[name]
    replica.connection.execute("DELETE FROM outbox")
    other = contact(replica, town.known)
    change = replica.records.unsent([other])[other][0]
    change = msgspec.structs.replace(
        change, op=op, kind=kind, id=record, fields=fields, base=base or {}
    )
    return town.hub.push(town.session(name), [change], "")[0]


def opened(town, name="li"):
    replica = town.replicas[name]
    town.known = child(replica)
    case = replica.save("case", {"child": town.known, **SEEN})
    step = replica.save("case_step", {"child": town.known, "case": case, **TOLD})
    town.sync(name)
    return case, step


def test_a_step_of_a_case_is_never_changed_or_deleted_on_a_laptop(town):
    _case, step = opened(town)
    for name in ("li", "adm"):
        town.sync(name)
        replica = town.replicas[name]
        for act in (
            lambda r=replica: r.save("case_step", {"outcome": "别的"}, id=step),
            lambda r=replica: r.delete(step, "记错了"),
            lambda r=replica: r.undelete(step),
        ):
            with pytest.raises(Refused, match="append_only"):
                act()


def test_an_unsent_step_cannot_be_withdrawn_by_its_author_either(town):
    li = town.replicas["li"]
    case = li.save("case", {"child": child(li), **SEEN})
    with pytest.raises(Refused, match="append_only"):
        li.delete(case, "记错了")


@pytest.mark.parametrize("op", ["put", "delete", "resolve", "create"])
def test_the_county_refuses_every_change_of_a_case(town, op):
    case, _step = opened(town)
    fields = {DELETED: "x"} if op == "delete" else {"seen": "什么也没有"}
    if op == "create":
        fields = {"child": town.known, **SEEN, "seen": "什么也没有"}
    verdict = forged(town, "li", case, fields, op)
    assert (verdict.status, verdict.code) == ("invalid", "append_only")
    town.sync("sup")
    assert value(town.replicas["sup"], case, "seen") == SEEN["seen"]


def test_a_child_with_a_case_is_not_deleted_by_anyone(town):
    opened(town)
    town.sync("adm")
    with pytest.raises(Refused, match="kept"):
        town.replicas["adm"].delete(town.known, "建错了")
    verdict = forged(town, "adm", town.known, {DELETED: "建错了"}, "delete", "child")
    assert (verdict.status, verdict.code) == ("invalid", "kept")


def test_a_child_whose_only_case_is_unsent_is_not_withdrawn(town):
    li = town.replicas["li"]
    id_ = child(li)
    li.save("case", {"child": id_, **SEEN})
    with pytest.raises(Refused, match="kept"):
        li.delete(id_, "建错了")


def test_a_report_on_a_child_deleted_meanwhile_is_taken_and_seen(town):
    li, adm = town.replicas["li"], town.replicas["adm"]
    id_ = child(li)
    town.sync("li", "adm")
    case = li.save("case", {"child": id_, **SEEN})
    adm.delete(id_, "重复")
    town.sync("adm", "li", "sup")
    assert town.quarantined() == []
    assert value(town.replicas["sup"], case, "seen") == SEEN["seen"]


def test_a_bound_reporter_hands_a_case_on_and_does_not_keep_it(town):
    tea = town.replicas["tea"]
    id_ = child(town.replicas["li"])
    town.sync("li", "tea")
    case = tea.save("case", {"child": id_, **SEEN})
    tea.save("case_step", {"child": id_, "case": case, **TOLD})
    town.sync("tea", "sup", "li")
    assert tea.pending_count() == 0
    assert tea.returned() == []
    assert tea.count("case") == tea.count("case_step") == 0
    for name in ("sup", "li"):
        assert town.replicas[name].count("case_step") == 1
    town.rest()


def test_case_and_psychological_records_are_only_on_the_laptops_of_those_who_may_read(town):
    case, _step = opened(town)
    cou = town.replicas["cou"]
    town.sync("cou")
    talk = cou.save("psych_record", {"child": town.known, "on": "2026-11-18", "sort": "individual"})
    for name in ("cou", "sup", "li", "tea", "adm"):
        town.sync(name)
    held = {n: (r.count("case"), r.count("psych_record")) for n, r in town.replicas.items()}
    assert held == {"cou": (1, 1), "sup": (1, 1), "li": (1, 0), "adm": (1, 0), "tea": (0, 0)}
    assert value(town.replicas["sup"], case, "cause") == "alone"
    assert value(town.replicas["sup"], talk, "sort") == "individual"
    town.rest()


def test_a_psychological_record_is_written_by_a_counsellor_and_no_teacher(town):
    id_ = child(town.replicas["li"])
    town.sync("li", "tea")
    with pytest.raises(Refused, match="not_permitted"):
        town.replicas["tea"].save(
            "psych_record", {"child": id_, "on": "2026-11-18", "sort": "individual"}
        )


def test_a_rule_holds_on_the_laptop_and_at_the_county(town):
    li = town.replicas["li"]
    town.known = child(li)
    away = {"child": town.known, "from_on": "2026-11-02"}
    with pytest.raises(InvalidRecord) as caught:
        li.save("absence", {**away, "persuaded_on": "2026-11-05"})
    assert [(f, p.code) for f, p in caught.value.problems] == [("persuaded_on", "not_registered")]
    id_ = li.save("absence", away)
    town.sync("li")
    verdict = forged(town, "li", id_, {"legal_on": "2026-11-09"}, "put", "absence")
    assert (verdict.status, verdict.code, verdict.field) == ("invalid", "report_first", "legal_on")


def test_a_rule_asks_the_whole_record_not_only_what_is_written_now(town):
    li = town.replicas["li"]
    id_ = li.save("absence", {"child": child(li), "from_on": "2026-11-02"})
    li.save("absence", {"registered_on": "2026-11-03"}, id=id_)
    li.save("absence", {"persuaded_on": "2026-11-05"}, id=id_)
    with pytest.raises(InvalidRecord):
        li.save("absence", {"registered_on": None}, id=id_)
    with pytest.raises(InvalidRecord):
        li.save("absence", {"registered_on": "2026-11-06"}, id=id_)


def test_a_doubt_is_said_and_kept(town):
    li = town.replicas["li"]
    fall = {"child": child(li), "at": "2026-11-17 08:10", "sort": "injury", "severity": "grave"}
    assert li.save("incident", fall)
    assert [p.code for _f, p in li.doubts("incident", fall)] == ["parents_not_told"]


def test_steps_that_two_laptops_add_unseen_by_each_other_both_stand_and_nothing_is_to_be_settled(
    town,
):
    case, _step = opened(town)
    town.sync("sup")
    for name, words in (("li", "又去看了一次。"), ("sup", "派出所来电。")):
        step = {"child": town.known, "case": case, "at": "2026-11-18 09:00", "step": "looked_again"}
        town.replicas[name].save("case_step", {**step, "outcome": words})
    town.sync("li", "sup", "li")
    for name in ("li", "sup"):
        replica = town.replicas[name]
        outcomes = {s.get("outcome") for s in replica.select("case_step", {"case": case})}
        assert outcomes == {None, "又去看了一次。", "派出所来电。"}
        assert replica.conflicts() == []


CLEAN = {"status": "signed", "harmed": False, "addicted": False, "neglected": False,
         "child_heard": "agrees", "signed_on": "2026-11-01", "until": "2027-11-01"}  # fmt: skip


@pytest.mark.parametrize("order", [("li", "tea"), ("tea", "li")])
def test_a_carer_found_unfit_by_one_while_another_signs_is_heard_by_everybody(town, order):
    """Neither saw the other's: what is worse is never turned away, nor is the signature lost."""
    li, tea = town.replicas["li"], town.replicas["tea"]
    town.known = child(li)
    agreement = li.save("agreement", {"child": town.known, "carer": "王二", "status": "draft"})
    town.sync("li", "tea", "sup")
    li.save("agreement", CLEAN, id=agreement)
    tea.save("agreement", {"unsuitable": True}, id=agreement)
    town.sync(*order, "li", "tea", "sup")
    assert li.returned() == [] or order[0] == "tea"
    for name in ("li", "tea", "sup"):
        assert value(town.replicas[name], agreement, "unsuitable") is True
    if order[0] == "li":
        assert {value(town.replicas[n], agreement, "status") for n in order} == {"signed"}


def test_who_knows_both_is_still_stopped_by_the_law(town):
    li = town.replicas["li"]
    town.known = child(li)
    agreement = li.save("agreement", {"child": town.known, "carer": "王二", "status": "draft"})
    with pytest.raises(InvalidRecord):
        li.save("agreement", {**CLEAN, "harmed": True}, id=agreement)
    town.sync("li")
    verdict = forged(town, "li", agreement, {**CLEAN, "harmed": True}, "put", "agreement")
    assert (verdict.status, verdict.code) == ("invalid", "carer_disqualified")
