"""Who counts as left behind is proposed with its reason; a person accepts, and the history stays."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from test_duties import Village

from casework.eligibility import accept, proposals
from schema.settings import SETTINGS
from sync.replica import Refused
from sync.settings import record_id

Day = datetime.date
TODAY = Day(2026, 11, 18)


def told(village: Village, today: Day = TODAY) -> list[tuple[str, str, str]]:
    return [(p.child, p.action, p.reason) for p in proposals(village.replica, today)]


def child(village: Village, **values: Any) -> str:
    made = {"opened_on": None, "birth_date": "2015-03-08", **values}
    return village.child(**made)


def choose(village: Village, number: int) -> None:
    setting = SETTINGS["eligibility"]
    village.put("setting", record_id(setting), name="eligibility", value=number)


def test_a_child_whose_parents_left_half_a_year_ago_is_proposed_with_the_reason() -> None:
    village = Village()
    child(village, both_parents_away=True, left_since="2026-03")
    (proposal,) = proposals(village.replica, TODAY)
    assert (proposal.action, proposal.reason) == ("open", "left_behind")
    assert proposal.why == "父母双方从 2026-03 起在外" and proposal.on == "2026-03-01"
    assert told(village, Day(2026, 8, 30)) == []  # not yet six months
    choose(village, 4)  # three months, 6 to 14 years
    assert told(village, Day(2026, 8, 30)) == [("luo", "open", "left_behind")]


def test_one_parent_away_counts_only_where_the_other_cannot_be_guardian() -> None:
    village = Village()
    child(village, left_since="2026-01-01")
    village.put("family", child="luo", role="father", is_away=True)
    assert told(village) == []
    village.put("family", child="luo", role="mother", is_away=False, ability="poor")
    assert told(village) == [("luo", "open", "left_behind")]
    choose(village, 3)  # both must be away
    assert told(village) == []


def test_a_mother_who_came_back_proposes_to_close() -> None:
    village = Village()
    child(village, status="open", both_parents_away=None)
    mother = village.put("family", child="luo", role="mother", name="赵燕", is_away=True)
    assert told(village) == []
    village.replica.save("family", {"is_away": False}, id=mother)
    (proposal,) = proposals(village.replica, TODAY)
    assert (proposal.action, proposal.reason) == ("close", "parent_returned")
    assert proposal.why.startswith("妈妈") and proposal.why.endswith("回来了") and proposal.on


def test_the_sixteenth_birthday_proposes_to_close_on_the_day() -> None:
    village = Village()
    child(village, status="open", birth_date="2010-11-18")
    assert told(village, Day(2026, 11, 17)) == []
    assert told(village, TODAY) == [("luo", "close", "turned_16")]
    assert proposals(village.replica, TODAY)[0].on == "2026-11-18"


def test_a_child_born_on_29_february_turns_16_on_1_march_of_a_common_year() -> None:
    village = Village()
    choose(village, 3)  # counts to 16: closes at 17
    child(village, status="open", birth_date="2008-02-29")
    assert told(village, Day(2025, 2, 28)) == []
    assert told(village, Day(2025, 3, 1)) == [("luo", "close", "turned_16")]


def test_a_school_stage_that_ended_is_proposed_once() -> None:
    village = Village()
    village.put("unit", "k9", code="k9", name="六年级1班", level="class", parent="s1",
                stage="primary", entry_year=2020)  # fmt: skip
    child(village, status="open", birth_date="2014-03-08", schooling="primary", **{"class": "k9"})
    (proposal,) = proposals(village.replica, TODAY)
    assert (proposal.action, proposal.on) == ("stage", "2026-09-01")
    accept(village.replica, proposal.id, TODAY)
    held = village.replica.rows("child", ["luo"])[0]
    assert held["schooling"] == "junior" and held["class"] is None
    assert proposals(village.replica, TODAY) == []


def test_accepting_writes_what_was_said_and_the_history_stays() -> None:
    village = Village()
    child(village, status="open", birth_date="2010-01-01")
    (proposal,) = proposals(village.replica, TODAY)
    accept(village.replica, proposal.id, TODAY)
    held = village.replica.rows("child", ["luo"])[0]
    assert (held["status"], held["closed_on"], held["close_reason"]) == (
        "closed", "2026-11-18", "turned_16"
    )  # fmt: skip
    assert village.replica.history("luo", "status")
    with pytest.raises(Refused):
        accept(village.replica, proposal.id, TODAY)
    assert proposals(village.replica, TODAY) == []


def test_a_closed_file_opens_again_when_the_parents_leave_again() -> None:
    village = Village()
    child(village, status="closed", close_reason="parent_returned", both_parents_away=True,
          left_since="2026-02")  # fmt: skip
    assert told(village) == [("luo", "open", "left_behind")]
    village.put("child", "luo", name="罗静", village="v1", status="closed", close_reason="died",
                both_parents_away=True, left_since="2026-02", birth_date="2015-03-08")  # fmt: skip
    assert told(village) == []


def test_a_hardship_the_county_counts_needs_no_parent_away() -> None:
    village = Village()
    child(village, hardship=["migrant"])
    assert told(village) == []
    choose(village, 5)
    assert told(village) == [("luo", "open", "also")]
