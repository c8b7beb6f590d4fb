"""The safeguarding chain: its order, its deadlines, what is late, whom to call."""

from __future__ import annotations

import pytest

from casework import calls, cases, moments, rules
from casework.views import views_of
from schema.kinds import KINDS
from sync.replica import InvalidRecord
from tests.sync.town import Town, child


@pytest.fixture
def li():
    replica = Town("li").replicas["li"]
    replica.rules = rules.problems
    return replica


HOUR = 3_600_000
SEEN = {"seen_at": "2026-11-17 19:40", "cause": "alone", "seen": "屋里只有她一人"}
SEEN_MS = moments.ms_of(SEEN["seen_at"])
AT = "2026-11-17 20:05"
TOLD = {"told": "派出所", "how": "phone"}
CHAIN = [
    {"step": "police_told", **TOLD},
    {"step": "township_told", **TOLD},
    {"step": "response"},
    {"step": "assessment"},
    {"step": "support"},
    {"step": "intervention", "dispositions": ["admonished"]},
    {"step": "closed", "closed_as": "safe"},
]
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
        (CHAIN[3], "应急处置"),
        (CHAIN[4], "调查评估"),
        (CHAIN[5], "调查评估"),
        (CHAIN[6], "报警、告知乡镇政府、应急处置、调查评估"),
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
    li.save(
        "family",
        {
            "child": one,
            "role": "neighbour",
            "name": "何桂芳",
            "phone": "13500002086",
            "is_carer": True,
        },
    )
    numbers = [c.number for c in calls.first(li, one, "alone")]
    assert numbers == ["110", "13500002086", "13800004471", "12355", "12348"]
    assert [c.number for c in calls.first(li, one, "injury")][:2] == ["110", "120"]


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "0 小时 00 分"), (15 * HOUR + 7 * 60_000, "15 小时 07 分"), (50 * HOUR, "2 天 2 小时")],
)
def test_a_span_is_told_in_its_two_greatest_units(ms, words):
    assert moments.span_text(ms) == words


def test_a_moment_is_the_countys_whatever_the_machine_says():
    assert moments.ms_of("1970-01-01 08:00") == 0
    assert moments.now_text(moments.ms_of("2026-11-17 19:40")) == "2026-11-17 19:40"
    assert moments.ms_of("2026-11-17") == moments.ms_of("2026-11-17 00:00")


def test_the_list_of_open_cases_leaves_closed_ones_out_until_they_are_opened_again(li):
    where = next(v.where for v in views_of(KINDS["case"]) if v.name == "open")
    one, case = case_of(li)

    def is_listed():
        rows = li.connection.execute(f"SELECT id FROM r_case WHERE {where}")
        return [row[0] for row in rows] == [case]

    assert is_listed()
    add(li, one, case, {"step": "closed", "closed_as": "unfounded"})
    assert not is_listed()
    add(li, one, case, {"step": "reopened"}, "2026-11-17 21:20")
    assert is_listed()
