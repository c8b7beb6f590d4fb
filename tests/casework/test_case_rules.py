"""Every rule of the child's case, broken and kept: between fields, and over several records."""

from __future__ import annotations

import pytest

from casework import agreements, pairings, rules
from casework.views import views_of
from schema.kinds import KINDS
from sync.replica import InvalidRecord
from tests.sync.town import Town, child

SIGNED = {
    "carer": "王桂兰",
    "status": "signed",
    "harmed": False,
    "addicted": False,
    "neglected": False,
    "child_heard": "agrees",
    "signed_on": "2026-03-02",
    "until": "2027-03-01",
}
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
    (
        "helper",
        {"name": "蒲家", "sort": "family", "leader": "蒲春兰"},
        {"leader": None},
        "leader",
        "group_without_leader",
    ),
    (
        "helper",
        {"name": "蒲春兰", "sort": "five_olds"},
        {"screening": "passed"},
        "screened_on",
        "needed",
    ),
    ("pairing", PAIR, {"until": "2026-03-01"}, "until", "dates_out_of_order"),
    ("pairing", PAIR, {"form": "three_plus_one"}, "role", "role_needed"),
    ("pairing", PAIR, {"check_result": "good"}, "check_result", "check_without_day"),
    ("pairing", PAIR, {"end_reason": "搬走"}, "end_reason", "end_without_day"),
    (
        "need",
        {"service": "legal_aid", "noticed_on": "2026-10-01"},
        {"met_on": "2026-09-01"},
        "met_on",
        "dates_out_of_order",
    ),
    (
        "need",
        {"service": "legal_aid", "noticed_on": "2026-10-01"},
        {"how_met": "律师"},
        "how_met",
        "met_without_day",
    ),
    ("help_plan", PLAN, {"sort": "individual"}, "reasons", "reason_needed"),
    ("help_plan", PLAN, {"status": "running"}, "review_on", "review_needed"),
    ("help_plan", PLAN, {"status": "done", "reviewed_on": "2026-12-01"}, "result", "result_needed"),
    ("help_plan", PLAN, {"review_on": "2026-10-01"}, "review_on", "dates_out_of_order"),
    (
        "assessment",
        {"on": "2026-09-12", "instrument": "study"},
        {"instrument": "qianxi"},
        "body",
        "item_open",
    ),
    (
        "assessment",
        {"on": "2026-09-12", "instrument": "study"},
        {"instrument": "hardship"},
        "points",
        "item_open",
    ),
    (
        "assessment",
        {"on": "2026-09-12", "instrument": "study"},
        {"instrument": "four_colours"},
        "risk_guardianship",
        "item_open",
    ),
    (
        "assessment",
        {"on": "2026-09-12", "instrument": "study"},
        {"instrument": "guardianship"},
        "rating",
        "item_open",
    ),
    (
        "assessment",
        {"on": "2026-09-12", "instrument": "study"},
        {"level": "high"},
        "assessed_by",
        "assessor_needed",
    ),
    (
        "psych_record",
        {"on": "2026-10-01", "sort": "game"},
        {"sort": "referral"},
        "referred_to",
        "referral_needed",
    ),
    (
        "psych_record",
        {"on": "2026-10-01", "sort": "game"},
        {"concern": "self_harm"},
        "plan",
        "plan_needed",
    ),
    (
        "psych_record",
        {"on": "2026-10-01", "sort": "game"},
        {"next_on": "2026-09-30"},
        "next_on",
        "dates_out_of_order",
    ),
    (
        "absence",
        {"from_on": "2026-11-02"},
        {"persuaded_on": "2026-11-05"},
        "persuaded_on",
        "not_registered",
    ),
    (
        "absence",
        {"from_on": "2026-11-02"},
        {"registered_on": "2026-11-01"},
        "registered_on",
        "dates_out_of_order",
    ),
    ("absence", {"from_on": "2026-11-02"}, {"persuasion": "agreed"}, "persuasion", "not_persuaded"),
    (
        "absence",
        {
            "from_on": "2026-11-02",
            "registered_on": "2026-11-03",
            "persuaded_on": "2026-11-05",
            "persuasion": "agreed",
        },
        {"reported_on": "2026-11-09"},
        "reported_on",
        "persuasion_first",
    ),
    (
        "absence",
        {"from_on": "2026-11-02", "registered_on": "2026-11-03", "persuaded_on": "2026-11-05"},
        {"persuasion": "failed"},
        "persuaded_by",
        "who_persuaded",
    ),
    (
        "absence",
        {"from_on": "2026-11-02"},
        {"reported_to": ["township"]},
        "reported_to",
        "not_reported",
    ),
    ("absence", {"from_on": "2026-11-02"}, {"legal_on": "2026-11-20"}, "legal_on", "report_first"),
    (
        "incident",
        {"at": "2026-11-02 07:40", "sort": "injury"},
        {"parents_told_at": "2026-11-02 07:10"},
        "parents_told_at",
        "dates_out_of_order",
    ),
    (
        "incident",
        {"at": "2026-11-02 07:40", "sort": "injury"},
        {"told_by": "何秀英"},
        "told_by",
        "told_without_time",
    ),
    (
        "incident",
        {"at": "2026-11-02 07:40", "sort": "injury"},
        {"severity": "grave"},
        "parents_told_at",
        "parents_not_told",
    ),
    ("diary", {"on": "2026-10-20", "sort": "habits"}, {"sort": "growth"}, "text", "empty_diary"),
    ("diary", {"on": "2026-10-20", "sort": "habits"}, {"sort": "study"}, "subject", "mark_needed"),
    ("diary", {"on": "2026-10-20", "sort": "habits"}, {"place": 3}, "place", "place_without_mark"),
    ("paper", {"sort": "photo"}, {"until": "2027-01-01"}, "until", "not_signed"),
    (
        "paper",
        {"sort": "photo", "signed_on": "2026-05-05"},
        {"until": "2026-01-01"},
        "until",
        "dates_out_of_order",
    ),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "police_told"}, "told", "told_whom"),
    (
        "case_step",
        {**STEP, "step": "looked_again"},
        {"step": "placement"},
        "placed_with",
        "placed_where",
    ),
    (
        "case_step",
        {**STEP, "step": "looked_again"},
        {"step": "missed_report"},
        "missed_by",
        "missed_by_whom",
    ),
    (
        "case_step",
        {**STEP, "step": "looked_again"},
        {"step": "intervention"},
        "dispositions",
        "disposition_needed",
    ),
    (
        "case_step",
        {**STEP, "step": "looked_again"},
        {"dispositions": ["revocation"]},
        "ground",
        "ground_needed",
    ),
    ("case_step", {**STEP, "step": "looked_again"}, {"step": "closed"}, "closed_as", "closed_why"),
    (
        "case_step",
        {**STEP, "step": "looked_again"},
        {"step": "correction"},
        "outcome",
        "correction_empty",
    ),
    (
        "case_step",
        {**STEP, "step": "looked_again", "placed_from": "2026-11-18"},
        {"placed_until": "2026-11-17"},
        "placed_until",
        "dates_out_of_order",
    ),
]


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
    next_ = {
        **SIGNED,
        "child": one,
        "carer": "何桂芳",
        "signed_on": "2026-09-02",
        "until": "2027-09-01",
    }
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


@pytest.mark.parametrize(
    ("kind", "view", "inside", "outside"),
    [
        (
            "agreement",
            "not_told",
            SIGNED,
            {**SIGNED, "school_told_on": "2026-03-05", "village_told_on": "2026-03-05"},
        ),
        (
            "agreement",
            "ending",
            {**SIGNED, "until": "2026-03-03"},
            {**SIGNED, "until": "2199-01-01"},
        ),
        (
            "helper",
            "unfit",
            {"name": "甲", "sort": "teacher"},
            {"name": "甲", "sort": "teacher", "screening": "passed", "screened_on": "2026-01-01"},
        ),
        (
            "helper",
            "untrained",
            {"name": "甲", "sort": "teacher"},
            {"name": "甲", "sort": "teacher", "trained_on": "2026-01-01"},
        ),
        (
            "need",
            "unmet",
            {"service": "life", "noticed_on": "2026-01-01"},
            {"service": "life", "noticed_on": "2026-01-01", "met_on": "2026-02-01"},
        ),
        (
            "help_plan",
            "to_review",
            {**PLAN, "status": "running", "review_on": "2026-10-09"},
            {**PLAN, "status": "running", "review_on": "2199-01-01"},
        ),
        (
            "absence",
            "away",
            {"from_on": "2026-11-02"},
            {"from_on": "2026-11-02", "returned_on": "2026-11-06"},
        ),
        (
            "incident",
            "parents_not_told",
            {"at": "2026-11-02", "sort": "injury", "severity": "grave"},
            {"at": "2026-11-02", "sort": "injury", "severity": "small"},
        ),
    ],
)
def test_a_view_shows_what_waits_and_nothing_else(li, kind, view, inside, outside):
    where = next(v.where for v in views_of(KINDS[kind]) if v.name == view)
    found = []
    for values in (inside, outside):
        whose = {"village": "111"} if KINDS[kind].scope == "root" else {"child": child(li)}
        found.append(li.save(kind, {**values, **whose}))
    rows = li.connection.execute(f"SELECT id FROM r_{kind} WHERE _deleted IS NULL AND ({where})")
    assert [row[0] for row in rows] == found[:1]
