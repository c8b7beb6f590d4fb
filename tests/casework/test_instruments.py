"""What the risk instruments add up to and propose; an emergency overrides every total."""

from __future__ import annotations

import pytest

from casework import assessments
from schema.instruments import INSTRUMENTS, judge
from schema.kinds import KINDS
from schema.kinds.assessment import ASSESSMENT
from schema.types import Choice
from tests.sync.town import Town, child


@pytest.fixture
def li():
    return Town("li").replicas["li"]


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
        (
            "qianxi",
            {**QIANXI, "mind": "troubled", "behaviour": ["theft"], "hazards": ["gas"]},
            13,
            30,
            "medium",
        ),
        ("qianxi", {**QIANXI, "is_problem_family": True}, 12, 50, "medium"),
        ("qianxi", QIANXI, None, None, None),
        ("hardship", {"points": 26}, 9, 26, "critical"),
        ("hardship", {"points": 25}, 9, 25, "high"),
        ("hardship", {"points": 15}, 9, 15, "medium"),
        ("hardship", {"points": 5}, 9, 5, "low"),
        (
            "four_colours",
            {"risk_guardianship": "low", "risk_body": "high", "risk_behaviour": "none"},
            9,
            3,
            "high",
        ),
        (
            "four_colours",
            {"risk_guardianship": "none", "risk_body": "none", "risk_behaviour": "none"},
            9,
            0,
            "low",
        ),
        ("guardianship", {"rating": "poor"}, 9, 2, "high"),
        ("guardianship", {"rating": "fair"}, 9, 1, "medium"),
        ("study", {}, 9, None, None),
    ],
)
def test_an_instrument_adds_up_and_proposes(name, answers, years, points, level):
    found = judge(name, answers, years)
    assert (found.points, found.level, found.is_emergency) == (points, level, False)


@pytest.mark.parametrize("name", ["qianxi", "hardship", "four_colours", "guardianship", "study"])
@pytest.mark.parametrize(
    "emergency", [c.code for c in ASSESSMENT.by_name["emergencies"].type.codes]
)
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
    made = li.save(
        "assessment",
        {
            "child": one,
            "on": "2026-09-12",
            "instrument": "qianxi",
            **QIANXI,
            "emergencies": ["runaway"],
        },
    )
    found = assessments.proposal(li, li.rows("assessment", [made])[0])
    assert (found.points, found.level) == (50, "critical")
    assert li.rows("child", [one])[0]["risk_level"] == "low"
    assert [p.kind for p in li.pending()].count("child") == 1
