"""Every rule of the child's case, broken and kept: between fields, and over several records."""

from __future__ import annotations

import pytest

from casework import agreements, assessments, calls, cases, moments, pairings, rules
from schema.instruments import INSTRUMENTS, judge
from schema.kinds import KINDS
from schema.kinds.assessment import ASSESSMENT
from schema.types import Choice
from sync.replica import InvalidRecord
from tests.sync.town import Town, child

SIGNED = {
    "carer": "王桂兰", "status": "signed", "harmed": False, "addicted": False, "neglected": False,
    "child_heard": "agrees", "signed_on": "2026-03-02", "until": "2027-03-01",
}  # fmt: skip
PAIR = {"form": "one_to_one", "from_on": "2026-03-08"}
PLAN = {"aim": "数学跟上", "services": ["homework"], "from_on": "2026-10-08", "status": "stopped"}
STEP = {"at": "2026-11-18 09:00"}
BROKEN = [
    # kind, values that keep every rule, what breaks one, field at fault, code
    ("agreement", SIGNED, {"harmed": True}, "harmed", "carer_disqualified"),
    ("agreement", SIGNED, {"addicted": True}, "addicted", "carer_disqualified"),
    ("agreement", SIGNED, {"neglected": True}, "neglected", "carer_disqualified"),
    ("agreement", SIGNED, {"unsuitable": True}, "unsuitable", "carer_disqualified"),
    ("agreement", SIGNED, {"neglected": None}, "neglected", "not_screened"),
    ("agreement", SIGNED, {"child_heard": None}, "child_heard", "child_not_heard"),
    ("agreement", SIGNED, {"child_heard": "not_yet"}, "child_heard", "child_not_heard"),
    ("agreement", SIGNED, {"until": None}, "until", "needed"),
    ("agreement", SIGNED, {"until": "2026-03-01"}, "until", "dates_out_of_order"),
    ("agreement", SIGNED, {"status": "ended"}, "ended_on", "needed"),
    ("helper", {"name": "蒲家", "sort": "family", "leader": "蒲春兰"}, {"leader": None}, "leader", "group_without_leader"),
    ("helper", {"name": "蒲春兰", "sort": "five_olds"}, {"screening": "passed"}, "screened_on", "needed"),
    ("pairing", PAIR, {"until": "2026-03-01"}, "until", "dates_out_of_order"),
    ("pairing", PAIR, {"form": "three_plus_one"}, "role", "role_needed"),
    ("pairing", PAIR, {"check_result": "good"}, "check_result", "check_without_day"),
    ("pairing", PAIR, {"end_reason": "搬走"}, "end_reason", "end_without_day"),
    ("need", {"service": "legal_aid", "noticed_on": "2026-10-01"}, {"met_on": "2026-09-01"}, "met_on", "dates_out_of_order"),
    ("need", {"service": "legal_aid", "noticed_on": "2026-10-01"}, {"how_met": "律师"}, "how_met", "met_without_day"),
    ("help_plan", PLAN, {"sort": "individual"}, "reasons", "reason_needed"),
    ("help_plan", PLAN, {"status": "running"}, "review_on", "review_needed"),
    ("help_plan", PLAN, {"status": "done", "reviewed_on": "2026-12-01"}, "result", "result_needed"),
    ("help_plan", PLAN, {"review_on": "2026-10-01"}, "review_on", "dates_out_of_order"),
    ("assessment", {"on": "2026-09-12", "instrument": "study"}, {"instrument": "qianxi"}, "body", "item_open"),
    ("assessment", {"on": "2026-09-12", "instrument": "study"}, {"instrument": "hardship"}, "points", "item_open"),
    ("assessment", {"on": "2026-09-12", "instrument": "study"}, {"instrument": "four_colours"}, "risk_guardianship", "item_open"),
    ("assessment", {"on": "2026-09-12", "instrument": "study"}, {"instrument": "guardianship"}, "rating", "item_open"),
    ("assessment", {"on": "2026-09-12", "instrument": "study"}, {"level": "high"}, "assessed_by", "assessor_needed"),
    ("psych_record", {"on": "2026-10-01", "sort": "game"}, {"sort": "referral"}, "referred_to", "referral_needed"),
    ("psych_record", {"on": "2026-10-01", "sort": "game"}, {"concern": "self_harm"}, "plan", "plan_needed"),
    ("psych_record", {"on": "2026-10-01", "sort": "game"}, {"next_on": "2026-09-30"}, "next_on", "dates_out_of_order"),
    ("absence", {"from_on": "2026-11-02"}, {"persuaded_on": "2026-11-05"}, "persuaded_on", "not_registered"),
    ("absence", {"from_on": "2026-11-02"}, {"registered_on": "2026-11-01"}, "registered_on", "dates_out_of_order"),
    ("absence", {"from_on": "2026-11-02"}, {"persuasion": "agreed"}, "persuasion", "not_persuaded"),
    ("absence", {"from_on": "2026-11-02", "registered_on": "2026-11-03", "persuaded_on": "2026-11-05", "persuasion": "agreed"}, {"reported_on": "2026-11-09"}, "reported_on", "persuasion_first"),
    ("absence", {"from_on": "2026-11-02", "registered_on": "2026-11-03", "persuaded_on": "2026-11-05"}, {"persuasion": "failed"}, "persuaded_by", "who_persuaded"),
    ("absence", {"from_on": "2026-11-02"}, {"reported_to": ["township"]}, "reported_to", "not_reported"),
    ("absence", {"from_on": "2026-11-02"}, {"legal_on": "2026-11-20"}, "legal_on", "report_first"),
    ("incident", {"at": "2026-11-02 07:40", "sort": "injury"}, {"parents_told_at": "2026-11-02 07:10"}, "parents_told_at", "dates_out_of_order"),
    ("incident", {"at": "2026-11-02 07:40", "sort": "injury"}, {"told_by": "何秀英"}, "told_by", "told_without_time"),
    ("incident", {"at": "2026-11-02 07:40", "sort": "injury"}, {"severity": "grave"}, "parents_told_at", "parents_not_told"),
    ("diary", {"on": "2026-10-20", "sort": "habits"}, {"sort": "growth"}, "text", "empty_diary"),
    ("diary", {"on": "2026-10-20", "sort": "habits"}, {"sort": "study"}, "subject", "mark_needed"),
    ("diary", {"on": "2026-10-20", "sort": "habits"}, {"place": 3}, "place", "place_without_mark"),
    ("paper", {"sort": "photo"}, {"until": "2027-01-01"}, "until", "not_signed"),
    ("paper", {"sort": "photo", "signed_on": "2026-05-05"}, {"until": "2026-01-01"}, "until", "dates_out_of_order"),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "police_told"}, "told", "told_whom"),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "placement"}, "placed_with", "placed_where"),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "missed_report"}, "missed_by", "missed_by_whom"),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "intervention"}, "dispositions", "disposition_needed"),
    ("case_step", {**STEP, "step": "looked_again"}, {"dispositions": ["revocation"]}, "ground", "ground_needed"),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "closed"}, "closed_as", "closed_why"),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "correction"}, "outcome", "correction_empty"),
    ("case_step", {**STEP, "step": "looked_again", "placed_from": "2026-11-18"}, {"placed_until": "2026-11-17"}, "placed_until", "dates_out_of_order"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "kept", "broken", "field", "code"), BROKEN)
def test_a_rule_is_kept_and_broken(kind, kept, broken, field, code):
    assert KINDS[kind].problems(kept) == []
    assert KINDS[kind].broken(kept, kept) == []
    values = {n: v for n, v in {**kept, **broken}.items() if v is not None}
    found = [(f, p.code) for f, p in KINDS[kind].broken(values, broken)]
    assert (field, code) in found


def test_every_rule_is_in_the_table():
    codes = {(kind, code) for kind, _kept, _broken, _field, code in BROKEN}
    named = {
        (k.name, r.problem.code)
        for k in KINDS.values()
        for r in k.rules
        if r.problem.code not in ("dates_out_of_order", "needed")
    }
    assert named <= codes


def test_a_carer_who_turned_out_unfit_can_be_written_down_when_it_ends():
    ended = {**SIGNED, "status": "ended", "ended_on": "2026-09-01", "end_reason": "carer_unfit"}
    assert KINDS["agreement"].broken({**ended, "addicted": True}, ("addicted",)) == []


def test_what_another_left_broken_does_not_stop_a_save_of_something_else():
    held = {"sort": "family", "name": "蒲家", "phone": "13800001234"}
    assert KINDS["helper"].broken(held, ("phone",)) == []


# Over several records


@pytest.fixture
def li():
    replica = Town("li").replicas["li"]
    replica.rules = rules.problems
    return replica


def codes_of(call):
    with pytest.raises(InvalidRecord) as caught:
        call()
    return [(f, p.code) for f, p in caught.value.problems]


def helper(li, **values):
    given = {"name": "蒲春兰", "sort": "five_olds", "village": "111"}
    fit = {"screening": "passed", "screened_on": "2026-02-20"}
    return li.save("helper", {**given, **fit, **values})


def pair(li, child_id, helper_id, **values):
    return li.save("pairing", {"child": child_id, "helper": helper_id, **PAIR, **values})


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"screening": "pending"}, "helper_not_screened"),
        ({"screening": "refused"}, "helper_refused"),
        ({"status": "left"}, "helper_left"),
    ],
)
def test_only_a_screened_helper_who_is_there_is_paired(li, values, code):
    unfit = helper(li, **values)
    assert codes_of(lambda: pair(li, child(li), unfit)) == [("helper", code)]
    assert pair(li, child(li), helper(li))


def test_a_love_counsellor_helps_two_children_and_not_three(li):
    she = helper(li, sort="love_counsellor")
    kept = [pair(li, child(li), she) for _ in range(2)]
    assert codes_of(lambda: pair(li, child(li), she)) == [("helper", "helper_full")]
    assert pairings.helped(li, [she], "2026-11-18") == {she: 2}
    li.save("pairing", {"until": "2026-06-30"}, id=kept[0])
    assert pair(li, child(li), she, from_on="2026-07-01")


def test_a_number_of_their_own_goes_before_that_of_the_sort(li):
    she = helper(li, sort="love_counsellor", most_children=1)
    pair(li, child(li), she)
    assert codes_of(lambda: pair(li, child(li), she)) == [("helper", "helper_full")]


def test_one_to_one_means_one_and_nobody_is_paired_twice(li):
    one, other, she = child(li), helper(li, name="乙"), helper(li)
    pair(li, one, she)
    assert ("helper", "paired_already") in codes_of(lambda: pair(li, one, she))
    assert codes_of(lambda: pair(li, one, other)) == [("form", "one_already")]
    assert pair(li, one, other, form="several_to_one")


def test_a_three_plus_one_says_who_is_still_missing(li):
    one = child(li)
    team = {"child": one, "form": "three_plus_one", "from_on": "2026-03-08"}
    for n, role in enumerate(pairings.TEAM):
        values = {**team, "helper": helper(li, name=role), "role": role}
        said = [p.code for _f, p in li.doubts("pairing", values)]
        assert said == (["team_incomplete"] if n < 2 else [])
        li.save("pairing", values)


def test_one_agreement_is_in_force_at_a_time_and_a_carer_is_changed_by_ending_it(li):
    one = child(li)
    first = li.save("agreement", {**SIGNED, "child": one})
    next_ = {**SIGNED, "child": one, "carer": "何桂芳", "signed_on": "2026-09-02", "until": "2027-09-01"}
    assert codes_of(lambda: li.save("agreement", next_)) == [("status", "agreement_in_force")]
    li.save(
        "agreement",
        {"status": "ended", "ended_on": "2026-09-01", "end_reason": "carer_changed"},
        id=first,
    )
    second = li.save("agreement", {**next_, "replaces": first})
    assert agreements.is_in_force(li.rows("agreement", [second])[0], "2026-11-18")
    assert not agreements.is_in_force(li.rows("agreement", [second])[0], "2027-09-02")


def test_an_expired_agreement_does_not_stand_in_the_way(li):
    one = child(li)
    li.save("agreement", {**SIGNED, "child": one})
    later = {**SIGNED, "child": one, "signed_on": "2027-03-02", "until": "2028-03-01"}
    assert li.save("agreement", later)


def test_school_and_village_not_told_in_writing_is_said_until_they_are(li):
    values = {**SIGNED, "child": child(li)}
    assert [p.code for _f, p in li.doubts("agreement", values)] == ["not_told_in_writing"]
    told = {"school_told_on": "2026-03-05", "village_told_on": "2026-03-05"}
    assert li.doubts("agreement", {**values, **told}) == []


# Instruments

QIANXI = {"body": "healthy", "mind": "well", "income": "double"}


@pytest.mark.parametrize(
    ("name", "answers", "years", "points", "level"),
    [
        # age 10 + body 10 + mind 5 + behaviour 5 + hazards 10 + income 10
        ("qianxi", QIANXI, 12, 50, "low"),
        # age 5 instead of 10
        ("qianxi", QIANXI, 8, 45, "low"),
        # age 3, ill 0, troubled 0, behaviour 5, hazards 10, income 5
        ("qianxi", {"body": "ill", "mind": "troubled", "income": "above"}, 4, 23, "high"),
        # age 10, body 10, mind 0, behaviour 0, hazards 0, income 10
        ("qianxi", {**QIANXI, "mind": "troubled", "behaviour": ["theft"], "hazards": ["gas"]}, 13, 30, "medium"),
        ("qianxi", {**QIANXI, "is_problem_family": True}, 12, 50, "medium"),
        ("qianxi", QIANXI, None, None, None),
        ("hardship", {"points": 26}, 9, 26, "critical"),
        ("hardship", {"points": 25}, 9, 25, "high"),
        ("hardship", {"points": 15}, 9, 15, "medium"),
        ("hardship", {"points": 5}, 9, 5, "low"),
        ("four_colours", {"risk_guardianship": "low", "risk_body": "high", "risk_behaviour": "none"}, 9, 3, "high"),
        ("four_colours", {"risk_guardianship": "none", "risk_body": "none", "risk_behaviour": "none"}, 9, 0, "low"),
        ("guardianship", {"rating": "poor"}, 9, 2, "high"),
        ("guardianship", {"rating": "fair"}, 9, 1, "medium"),
        ("study", {}, 9, None, None),
    ],
)  # fmt: skip
def test_an_instrument_adds_up_and_proposes(name, answers, years, points, level):
    found = judge(name, answers, years)
    assert (found.points, found.level, found.is_emergency) == (points, level, False)


@pytest.mark.parametrize("name", ["qianxi", "hardship", "four_colours", "guardianship", "study"])
@pytest.mark.parametrize("emergency", [c.code for c in ASSESSMENT.by_name["emergencies"].type.codes])
def test_an_emergency_overrides_any_score(name, emergency):
    answers = {**QIANXI, "points": 0, "rating": "good", "emergencies": [emergency]}
    found = judge(name, answers, 12)
    assert (found.level, found.is_emergency) == ("critical", True)


def test_an_instrument_asks_only_what_an_assessment_holds():
    risk = KINDS["child"].by_name["risk_level"].type
    assert isinstance(risk, Choice)
    for instrument in INSTRUMENTS.values():
        for item in instrument.items:
            if item.field != "~age":
                field = ASSESSMENT.by_name[item.field].type
                given = set(item.points) - {None, ""}
                assert not isinstance(field, Choice) or given <= set(field.codes.by_code)
        assert {level for _least, level in instrument.bounds} <= set(risk.codes.by_code)


def test_the_level_is_proposed_and_the_childs_own_is_left_to_a_person(li):
    one = child(li, birth_date="2015-03-08", risk_level="low")
    made = li.save("assessment", {
        "child": one, "on": "2026-09-12", "instrument": "qianxi", **QIANXI, "emergencies": ["runaway"],
    })  # fmt: skip
    found = assessments.proposal(li, li.rows("assessment", [made])[0])
    assert (found.points, found.level) == (50, "critical")
    assert li.rows("child", [one])[0]["risk_level"] == "low"
    assert [p.kind for p in li.pending()].count("child") == 1


# The chain

HOUR = 3_600_000
SEEN = {"seen_at": "2026-11-17 19:40", "cause": "alone", "seen": "屋里只有她一人"}
SEEN_MS = moments.ms_of(SEEN["seen_at"])
AT = "2026-11-17 20:05"
TOLD = {"told": "派出所", "how": "phone"}
CHAIN = [
    {"step": "police_told", **TOLD}, {"step": "township_told", **TOLD}, {"step": "response"},
    {"step": "assessment"}, {"step": "support"},
    {"step": "intervention", "dispositions": ["admonished"]}, {"step": "closed", "closed_as": "safe"},
]  # fmt: skip
STAGES = ["seen", "told", "response", "assessment", "support", "intervention", "closed"]


def case_of(li, **values):
    one = child(li)
    return one, li.save("case", {"child": one, **SEEN, **values})


def standing(li, case, hours=1.5):
    [found] = cases.standings(li, li.rows("case", [case]), SEEN_MS + int(hours * HOUR))
    return found


def add(li, one, case, values, at=AT):
    return li.save("case_step", {"child": one, "case": case, "at": at, **values})


def test_a_case_goes_through_the_chain_in_order(li):
    one, case = case_of(li)
    assert standing(li, case).stage == "seen"
    stages = []
    for values in CHAIN:
        add(li, one, case, values)
        stages.append(standing(li, case).stage)
    assert stages == STAGES
    assert cases.alarms(li, SEEN_MS) == []


@pytest.mark.parametrize(
    ("step", "lacking"),
    [
        (CHAIN[3], "response"),
        (CHAIN[4], "assessment"),
        (CHAIN[5], "assessment"),
        (CHAIN[6], "police_told、township_told、response、assessment"),
    ],
)
def test_a_step_before_its_time_is_refused_and_says_what_is_missing(li, step, lacking):
    one, case = case_of(li)
    with pytest.raises(InvalidRecord) as caught:
        add(li, one, case, step)
    [(field, problem)] = caught.value.problems
    assert (field, problem.code, dict(problem.args)["steps"]) == ("step", "out_of_order", lacking)


def test_help_that_came_before_the_call_is_written_down_all_the_same(li):
    one, case = case_of(li)
    add(li, one, case, {"step": "placement", "placed_with": "邻居", "placed_from": "2026-11-17"})
    found = standing(li, case)
    assert found.stage == "response" and "told" not in found.reached
    assert found.next is not None and found.next.step == "police_told"
    add(li, one, case, CHAIN[3])  # a placement is an emergency response


@pytest.mark.parametrize(
    ("hours", "told", "late"),
    [
        (0.5, 0, ()),
        (1.5, 0, ("police_told",)),
        (23.9, 1, ()),
        (24.1, 1, ("township_told", "response")),
        (24.1, 2, ("response",)),
        (24 * 7 + 1, 3, ("assessment",)),
        (24 * 14 + 1, 4, ("support",)),
        (24 * 99, 5, ()),
    ],
)
def test_what_is_overdue_is_named(li, hours, told, late):
    one, case = case_of(li)
    for values in CHAIN[:told]:
        add(li, one, case, values)
    assert standing(li, case, hours).late == late


def test_an_unfounded_case_is_closed_at_once_and_can_be_opened_again(li):
    one, case = case_of(li)
    add(li, one, case, {"step": "closed", "closed_as": "unfounded"})
    assert not standing(li, case).is_open
    with pytest.raises(InvalidRecord, match="case_closed"):
        add(li, one, case, CHAIN[0], "2026-11-17 21:00")
    add(li, one, case, {"step": "correction", "outcome": "是隔壁村"}, "2026-11-17 21:10")
    add(li, one, case, {"step": "reopened"}, "2026-11-17 21:20")
    assert standing(li, case).is_open
    with pytest.raises(InvalidRecord, match="not_closed"):
        add(li, one, case, {"step": "reopened"}, "2026-11-17 21:30")


def test_a_step_before_the_danger_was_seen_or_of_another_child_is_refused(li):
    one, case = case_of(li)
    with pytest.raises(InvalidRecord, match="before_seen"):
        add(li, one, case, CHAIN[0], "2026-11-17 19:39")
    with pytest.raises(InvalidRecord, match="other_child"):
        add(li, child(li), case, CHAIN[0])


def test_a_missed_report_is_on_record_with_who_did_not_report(li):
    one, case = case_of(li)
    add(li, one, case, {"step": "missed_report", "missed_by": "school"})
    assert standing(li, case).steps[0]["missed_by"] == "school"


def test_alarms_stand_with_the_overdue_first_then_the_oldest(li):
    _old, old = case_of(li, seen_at="2026-11-16 10:00")
    one, told = case_of(li, seen_at="2026-11-10 08:00")
    for values in CHAIN[:5]:
        add(li, one, told, values, "2026-11-17 09:00")
    _new, new = case_of(li)
    order = [s.case["id"] for s in cases.alarms(li, SEEN_MS + 2 * HOUR)]
    assert order == [old, new, told]


def test_the_police_come_first_then_who_is_near_then_the_lines(li):
    one = child(li)
    li.save("family", {"child": one, "role": "father", "name": "陈大军", "phone": "13800004471"})
    li.save("family", {
        "child": one, "role": "neighbour", "name": "何桂芳", "phone": "13500002086", "is_carer": True,
    })  # fmt: skip
    numbers = [c.number for c in calls.first(li, one, "alone")]
    assert numbers == ["110", "13500002086", "13800004471", "12355", "12348"]
    assert [c.number for c in calls.first(li, one, "injury")][:2] == ["110", "120"]


@pytest.mark.parametrize(
    ("ms", "words"), [(0, "0 小时 00 分"), (15 * HOUR + 7 * 60_000, "15 小时 07 分"), (50 * HOUR, "2 天 2 小时")]
)  # fmt: skip
def test_a_span_is_told_in_its_two_greatest_units(ms, words):
    assert moments.span_text(ms) == words


def test_a_moment_is_the_countys_whatever_the_machine_says():
    assert moments.ms_of("1970-01-01 08:00") == 0
    assert moments.now_text(moments.ms_of("2026-11-17 19:40")) == "2026-11-17 19:40"
    assert moments.ms_of("2026-11-17") == moments.ms_of("2026-11-17 00:00")
