"""Duties follow the rules, the contact log and the calendar, and nothing of them is stored."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import cadences
from casework.calendar import Calendar, Span, is_arranged
from casework.duties import Duty, duties
from casework.putting_off import put_off, write_done
from schema.cadences import CADENCES
from sync.change import Grant, Mark, State
from sync.replica import InvalidRecord, Refused, Replica
from sync.storage import open_plain, transaction
from sync.views import Identity

Day = datetime.date
TODAY = Day(2026, 11, 18)
"""A Wednesday in term."""
HE, ZHOU = "何秀英", "周晓燕"


class Village:
    """One village, one school, a director and a class teacher; what stands in it is told by each test."""

    def __init__(self, role: str = "director", unit: str = "v1", user: str = HE) -> None:
        self.replica = Replica(open_plain(":memory:"), wall_ms=lambda: 1_795_000_000_000)
        self.replica.become(Identity(user, "d1", (Grant(role, unit),), name=user))
        self.count = 0
        for code, level, parent in (
            ("51", "county", None), ("t1", "township", "51"), ("v1", "village", "t1"),
            ("v2", "village", "t1"), ("s1", "school", "t1"), ("k1", "class", "s1"),
        ):  # fmt: skip
            self.put("unit", code, code=code, name=code, level=level, parent=parent)
        self.put("user", "he", login="he", name=HE, posts="director@v1")
        self.put("user", "zhou", login="zhou", name=ZHOU, posts="class-teacher@k1 teacher@s1")

    def put(self, kind: str, id: str = "", /, **values: Any) -> str:
        self.count += 1
        id = id or f"{kind}{self.count}"
        mark = Mark("hub.1", "server", 1)
        root = "" if kind in ("unit", "user", "rule", "calendar") else values.get("child", id)
        held = {k: v for k, v in values.items() if v is not None}
        with transaction(self.replica.connection):
            self.replica.records.put([(State(kind, id, root, mark, mark, held, {}, 1), 0)])
            self.replica.records.settle()
        self.replica.forget_units()
        return id

    def child(self, id: str = "luo", **values: Any) -> str:
        made = {"name": "罗静", "village": "v1", "opened_on": "2026-01-05", **values}
        return self.put("child", id, **made)

    def visit(self, on: str, child: str = "luo", **values: Any) -> None:
        self.put("contact", child=child, on=on, **{"kind": "home_visit", "done_by": HE, **values})

    def only(self, code: str, **values: Any) -> None:
        """Switch every rule off but one."""
        for rule in CADENCES:
            self.put("rule", cadences.record_id(rule["code"]), code=rule["code"], is_on=False)
        self.put("rule", cadences.record_id(code), code=code, is_on=True, **values)

    def due(self, today: Day = TODAY) -> list[tuple[str, str, str]]:
        return [(d.subject, d.due, d.state) for d in duties(self.replica, today)]


def test_a_monthly_visit_is_due_a_month_after_the_last() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.visit("2026-10-18")
    assert village.due() == [("luo", "2026-11-18", "due")]
    assert village.due(Day(2026, 11, 11)) == [("luo", "2026-11-18", "soon")]
    assert village.due(Day(2026, 11, 10)) == []
    assert village.due(Day(2026, 11, 20)) == [("luo", "2026-11-18", "overdue")]
    (duty,) = duties(village.replica, TODAY)
    assert duty.duty == "d3:luo" and duty.name == "罗静" and "10月18日" in duty.why


def test_what_was_done_this_month_is_said_to_be_done() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.visit("2026-11-16")
    assert village.due() == [("luo", "2026-12-16", "done")]
    assert village.due(Day(2026, 12, 1)) == []


def test_who_was_never_visited_is_due_a_period_after_the_file_was_opened() -> None:
    village = Village()
    village.only("d4")
    village.child(opened_on="2026-08-20")
    assert village.due() == [("luo", "2026-11-20", "soon")]


@pytest.mark.parametrize(
    ("risk", "codes"),
    [(None, {"d4"}), ("low", {"d4"}), ("medium", {"d3"}), ("high", {"d2"}), ("critical", {"d1"})],
)
def test_the_default_set_asks_more_of_those_at_higher_risk(risk: str | None, codes: set[str]) -> None:
    village = Village()
    village.child(risk_level=risk)
    village.put("assessment", child="luo", on="2026-09-10")
    found = duties(village.replica, Day(2027, 1, 31))
    assert {d.rule for d in found if d.rule in ("d1", "d2", "d3", "d4")} == codes


def test_nobody_at_home_is_no_visit() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.visit("2026-10-18")
    village.visit("2026-11-17", outcome="nobody_home")
    assert village.due() == [("luo", "2026-11-18", "due")]


def test_a_teachers_visit_does_not_do_the_directors_duty() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.visit("2026-10-18")
    village.visit("2026-11-10", done_by=ZHOU)
    assert village.due() == [("luo", "2026-11-18", "due")]
    village.visit("2026-11-12", done_by="王主任")  # whoever that is: nobody is called late for a name
    assert village.due() == [("luo", "2026-12-12", "done")]


def test_twice_a_month_counts_from_the_second_last() -> None:
    village = Village()
    village.only("d3", least=2)
    village.child(risk_level="medium")
    for day in ("2026-10-20", "2026-11-02"):
        village.visit(day)
    assert village.due() == [("luo", "2026-11-20", "soon")]


def test_children_of_other_villages_and_closed_files_are_nobodys_duty_here() -> None:
    village = Village()
    village.only("d4")
    village.child("other", village="v2")
    village.child("closed", status="closed")
    assert village.due() == []


def test_assessments_are_due_in_march_and_september_and_late_until_done() -> None:
    village = Village()
    village.only("d7")
    village.child()
    assert village.due(Day(2026, 9, 1)) == []
    assert village.due(Day(2026, 9, 25)) == [("luo", "2026-09-30", "soon")]
    assert village.due(Day(2026, 11, 18)) == [("luo", "2026-09-30", "overdue")]
    village.put("assessment", child="luo", on="2026-11-10")
    assert village.due(Day(2026, 11, 18)) == [("luo", "2027-03-31", "done")]


def test_a_child_who_came_on_file_after_the_round_is_not_late_for_it() -> None:
    village = Village()
    village.only("d7")
    village.child(opened_on="2026-10-05")
    assert village.due() == []


def test_a_class_teachers_home_visit_falls_within_the_term() -> None:
    village = Village("class-teacher", "k1", ZHOU)
    village.only("d6")
    village.child(**{"class": "k1", "school": "s1"})
    assert village.due(Day(2027, 1, 15)) == [("luo", "2027-01-20", "soon")]
    village.visit("2026-10-01", done_by=ZHOU)
    assert village.due(Day(2027, 1, 15)) == []
    assert village.due(Day(2027, 7, 5)) == [("luo", "2027-07-05", "due")]


def test_the_county_sets_its_own_terms() -> None:
    village = Village("class-teacher", "k1", ZHOU)
    village.only("d6")
    village.child(**{"class": "k1"})
    village.put("calendar", "term", what="term", from_on="2026-08-31", until="2027-01-08")
    assert village.due(Day(2027, 1, 8)) == [("luo", "2027-01-08", "due")]


def test_no_school_duty_falls_due_in_the_holidays() -> None:
    village = Village("class-teacher", "k1", ZHOU)
    village.only("c03")
    village.child(**{"class": "k1"})
    village.visit("2027-01-18", kind="talk", done_by=ZHOU)
    assert village.due(Day(2027, 2, 1)) == []
    assert village.due(Day(2027, 2, 22)) == [("luo", "2027-02-22", "due")]


def test_no_duty_falls_due_on_a_public_holiday() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.visit("2026-09-02")
    assert village.due(Day(2026, 10, 1)) == [("luo", "2026-10-04", "soon")]
    assert Calendar().is_off(Day(2026, 10, 2)) and not Calendar().is_off(Day(2026, 10, 4))


def test_a_major_event_asks_for_a_visit_within_a_day() -> None:
    village = Village()
    village.only("d5")
    village.child()
    village.put("incident", child="luo", at="2026-11-17T15:00", sort="injury", severity="grave")
    assert village.due() == [("luo", "2026-11-18", "due")]
    village.visit("2026-11-18")
    assert village.due() == [("luo", "2026-11-18", "done")]


def test_a_promise_is_a_duty_until_the_next_contact() -> None:
    village = Village()
    village.only("d4")
    village.child()
    village.visit("2026-11-10", follow_up="问妈妈何时回家", follow_up_by="2026-11-17")
    found = [d for d in duties(village.replica, TODAY) if d.rule == "promise"]
    assert [(d.duty, d.due, d.state) for d in found] == [("promise:luo", "2026-11-17", "overdue")]
    assert "问妈妈何时回家" in found[0].why
    village.visit("2026-11-18")
    assert not [d for d in duties(village.replica, TODAY) if d.rule == "promise"]


def test_three_to_five_children_a_week_are_counted_per_teacher() -> None:
    village = Village("teacher", "s1", ZHOU)
    village.only("c01")
    for n in range(4):
        village.child(f"c{n}", school="s1")
    for n in range(2):
        village.visit("2026-11-17", f"c{n}", kind="talk", done_by=ZHOU)
    (duty,) = duties(village.replica, Day(2026, 11, 19))
    assert (duty.subject, duty.due, duty.state) == (ZHOU, "2026-11-20", "soon")
    village.visit("2026-11-18", "c2", kind="talk", done_by=ZHOU)
    (duty,) = duties(village.replica, Day(2026, 11, 20))
    assert duty.state == "done"


def test_a_unit_does_its_duty_by_writing_it_down() -> None:
    village = Village("supervisor", "t1")
    village.only("c48")
    assert village.due(Day(2026, 11, 28)) == [("t1", "2026-11-30", "soon")]
    write_done(village.replica, "c48:t1", Day(2026, 11, 28), "11 月月报")
    assert village.due(Day(2026, 11, 28)) == [("t1", "2026-12-30", "done")]


def test_a_deferred_duty_falls_due_again_and_a_visit_ends_it() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.visit("2026-10-18")
    made, day = put_off(village.replica, "d3:luo", "去了，没人", TODAY)
    assert day == "2026-11-21" and village.replica.rows("deferral", [made])
    (duty,) = duties(village.replica, TODAY)
    assert (duty.due, duty.state) == ("2026-11-21", "soon") and "去了，没人" in duty.why
    village.visit("2026-11-20")
    assert village.due(Day(2026, 11, 20)) == [("luo", "2026-12-20", "done")]


def test_deferring_asks_for_a_reason_and_a_duty_that_is_there() -> None:
    village = Village()
    village.child()
    with pytest.raises(InvalidRecord):
        put_off(village.replica, "d4:luo", "  ", TODAY)
    for duty in ("d4:nobody", "nothing:luo", "luo"):
        with pytest.raises(Refused):
            put_off(village.replica, duty, "没人", TODAY)
    assert village.replica.pending_count() == 0


def test_the_most_at_risk_come_first_within_what_is_late() -> None:
    village = Village()
    village.child("calm", name="甲", risk_level="low", opened_on="2025-01-01")
    village.child("grave", name="乙", risk_level="critical", opened_on="2025-01-01")
    found = [d for d in duties(village.replica, TODAY) if d.state == "overdue"]
    assert found[0].subject == "grave" and found[-1].subject == "calm"


def test_reckoning_writes_nothing() -> None:
    village = Village()
    village.child()
    before = village.replica.connection.total_changes
    assert duties(village.replica, TODAY)
    assert village.replica.connection.total_changes == before


def test_every_rule_of_the_seeds_is_shipped_switched_off_and_one_set_is_on() -> None:
    codes = [rule["code"] for rule in CADENCES]
    assert len(codes) == len(set(codes))
    assert {f"c{n:02}" for n in range(1, 63)} <= set(codes)
    assert {r["source"] for r in CADENCES if r.get("is_on")} == {"default"}
    for rule in CADENCES:
        assert cadences.RULE.problems(rule) == []


def test_a_rule_without_a_number_is_shown_as_having_no_cadence() -> None:
    rules = {r.code: r for r in cadences.rules(Village().replica)}
    assert cadences.words(rules["c31"]) == "没定周期"
    assert cadences.words(rules["d3"]) == "每月 1 次"


def test_only_the_admin_changes_a_rule() -> None:
    with pytest.raises(Refused):
        cadences.change(Village().replica, "d3", {"least": 2})
    county = Village("admin", "51", "陈德福")
    cadences.change(county.replica, "d3", {"least": 2})
    cadences.change(county.replica, "own1", {"label": "县里的", "per": "month", "is_on": True})
    rules = {r.code: r for r in cadences.rules(county.replica)}
    assert rules["d3"].least == 2 and rules["d3"].per == "month"
    assert rules["own1"].label == "县里的"


days = st.dates(Day(2020, 1, 1), Day(2039, 12, 31))


@given(days, st.sampled_from(["day", "week", "two_weeks", "month", "quarter"]))
def test_a_period_later_is_later_and_never_longer_than_the_period(day: Day, per: str) -> None:
    longest = {"day": 1, "week": 7, "two_weeks": 14, "month": 31, "quarter": 92}[per]
    assert 1 <= (cadences.add(day, per) - day).days <= longest


@given(days)
def test_a_moved_day_is_no_holiday_and_every_day_has_a_term(day: Day) -> None:
    calendar = Calendar()
    assert not calendar.is_off(calendar.moved(day))
    assert calendar.is_school_day(calendar.moved(day, school=True))
    assert calendar.term_at(day).first <= day


def test_the_published_year_and_one_not_yet_published() -> None:
    calendar = Calendar()
    assert is_arranged(2026) and not is_arranged(2035)
    assert calendar.is_worked(Day(2026, 2, 14))  # a Saturday worked for the Spring Festival
    assert not calendar.is_worked(Day(2026, 2, 17))
    assert not calendar.is_worked(Day(2035, 10, 1))
    own = Calendar(off=[Span(Day(2026, 11, 18), Day(2026, 11, 18))])
    assert own.is_off(TODAY)


def test_a_duty_is_told_with_all_its_parts() -> None:
    assert Duty.__struct_fields__[:7] == ("duty", "rule", "subject", "name", "due", "state", "why")


def test_what_a_record_asks_for_by_itself_is_a_duty_until_it_is_done() -> None:
    village = Village()
    village.only("d4")
    village.child()
    village.put("agreement", child="luo", carer="奶奶", status="running", until="2026-11-21")
    village.put("help_plan", child="luo", aim="补课", from_on="2026-09-01", review_on="2026-11-10")
    village.put("absence", child="luo", from_on="2026-11-09")
    found = {d.rule: d for d in duties(village.replica, TODAY) if "." in d.rule}
    assert {r: (d.due, d.state) for r, d in found.items()} == {
        "agreement.until": ("2026-11-21", "soon"),
        "help_plan.review_on": ("2026-11-10", "overdue"),
        "absence.from_on": ("2026-11-12", "overdue"),
    }
    assert found["agreement.until"].why.startswith("委托书到期")
    put_off(village.replica, "help_plan.review_on:luo", "等期中成绩", TODAY)
    (plan,) = (d for d in duties(village.replica, TODAY) if d.rule == "help_plan.review_on")
    assert (plan.due, plan.state) == ("2026-11-21", "soon")
    village.put("absence", "gone", child="luo", from_on="2026-11-09", returned_on="2026-11-16")
    village.put("agreement", "far", child="luo", carer="爷爷", status="running", until="2027-11-21")
    assert len([d for d in duties(village.replica, TODAY) if d.rule == "agreement.until"]) == 1


def test_a_merged_away_file_has_no_duties_of_its_own() -> None:
    village = Village()
    village.only("d3")
    village.child(risk_level="medium")
    village.child("twin", risk_level="medium", merged_into="luo")
    village.visit("2026-10-18")
    assert village.due() == [("luo", "2026-11-18", "due")]


@pytest.mark.parametrize(("per", "due"), [("month", "2026-12-31"), ("week", "2026-12-06")])
def test_months_in_which_a_rule_does_not_hold_make_nothing_late(per: str, due: str) -> None:
    village = Village()
    village.only("d4", per=per, months=["jan", "dec"], risk=[])
    village.child()
    assert village.due(Day(2026, 11, 30)) == []
    assert [(d[1], d[2]) for d in village.due(Day(2026, 12, 4))] == (
        [(due, "soon")] if per == "week" else []
    )
    late = village.due(Day(2027, 1, 20))
    assert [(d[1], d[2]) for d in late] == [(due, "overdue")]
    village.visit("2027-01-20")
    assert [d for d in village.due(Day(2027, 1, 20)) if d[2] == "overdue"] == []
    assert village.due(Day(2027, 2, 28)) == []


def test_a_signed_agreement_with_an_unfit_carer_is_late_at_once() -> None:
    village = Village()
    village.only("d4")
    village.child()
    signed = {"child": "luo", "carer": "王二", "status": "signed", "signed_on": "2026-11-01"}
    village.put("agreement", "one", **signed, unsuitable=True, until="2027-11-01")
    found = [d for d in duties(village.replica, TODAY) if d.rule == "agreement.signed_on"]
    assert found[0].why.startswith("照护人不合格，要换人：") and "别的不宜情形" in found[0].why
    assert [(d.due, d.state) for d in found] == [("2026-11-01", "overdue")]
    village.put("agreement", "one", **signed, until="2027-11-01", unsuitable=False)
    assert not [d for d in duties(village.replica, TODAY) if d.rule == "agreement.signed_on"]


def test_a_duty_after_an_event_says_what_happened() -> None:
    village = Village()
    village.only("d5")
    village.child()
    village.put("incident", child="luo", at="2026-11-16 15:00", sort="injury", severity="grave")
    [duty] = duties(village.replica, TODAY)
    assert duty.why == "有大事 24 小时内走访：11月16日 受伤"
