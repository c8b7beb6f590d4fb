"""A question to the one who knows: it reaches them alone, and their answer closes what they saw."""

from __future__ import annotations

from typing import Any

import pytest

from casework import questions
from schema.settings import SETTINGS
from server.check import check
from sync import decisions
from sync.change import Grant
from sync.replica import Refused
from tests.sync.town import Town, child, standing, value

NAMES = ("adm", "sup", "li", "wu", "tea")


@pytest.fixture
def town() -> Town:
    town = Town(*NAMES)
    for name in NAMES:
        town.hub.write("user", name, {"login": name, "name": name})
    town.sync(*NAMES)
    return town


def meet(town: Town, slot: str, li: Any, tea: Any) -> str:
    record = child(town.replicas["sup"])
    town.sync("sup", "li", "tea")
    for name, written in (("li", li), ("tea", tea)):
        town.now_ms += 1000
        town.replicas[name].save("child", {slot: written}, record)
    town.sync("li", "tea", "li", "sup", "adm")
    return record


def asked(town: Town, whom: str = "li", words: str = "哪个对？") -> str:
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    made = questions.ask(sup, conflict.id, whom, words)
    town.sync("sup", *NAMES)
    return made


def asked_only(town: Town, whom: str) -> str:
    """As `asked`, and nobody else synchronises."""
    sup = town.replicas["sup"]
    made = questions.ask(sup, sup.conflicts()[0].id, whom)
    town.sync("sup", whom)
    return made


def faults(town: Town) -> list[str]:
    """What the county's check finds; the users of a town have no accounts."""
    return [fault.code for fault in check(town.store).faults if fault.code != "user"]


def mine(town: Town, name: str) -> list[str]:
    return [q.id for q in questions.for_me(town.replicas[name])]


def test_a_question_reaches_the_one_asked_with_the_values(town: Town) -> None:
    meet(town, "address", "2组", "5组")
    made = asked(town)
    assert [mine(town, n) for n in NAMES] == [[], [], [made], [], []]
    (question,) = questions.for_me(town.replicas["li"])
    assert [h.value for h in question.conflict.heads] == ["5组", "2组"]
    assert (question.words, question.asked_by) == ("哪个对？", "sup")


def test_an_answer_given_offline_closes_the_conflict_in_the_name_of_who_gave_it(
    town: Town,
) -> None:
    record = meet(town, "address", "2组", "5组")
    questions.answer(town.replicas["li"], asked(town), "3组")
    assert mine(town, "li") == []
    town.sync("li", *NAMES)
    town.rest()
    for name in ("adm", "sup", "li", "tea"):
        replica = town.replicas[name]
        assert replica.conflicts() == []
        assert value(replica, record, "address") == "3组"
    decided = decisions.decisions(town.replicas["sup"].connection)
    assert [d.author for d in decided] == ["li"]
    assert faults(town) == []
    town.replicas["sup"].undo(decided[0].version)
    town.sync("sup", *NAMES)
    assert standing(town.replicas["li"], record, "address") == ["5组", "2组"]


def test_an_answer_closes_only_what_was_seen(town: Town) -> None:
    record = child(town.replicas["sup"])
    town.sync("sup", *NAMES)
    for name, written in (("li", "2组"), ("tea", "5组"), ("adm", "7组")):
        town.now_ms += 1000
        town.replicas[name].save("child", {"address": written}, record)
    town.sync("li", "tea", "li", "sup")
    made = asked_only(town, "li")
    questions.answer(town.replicas["li"], made, "2组")
    town.sync("adm", "li", *NAMES)  # a third value comes before the answer that never saw it
    town.rest()
    assert sorted(standing(town.replicas["sup"], record, "address")) == ["2组", "7组"]


def test_where_the_county_says_so_an_answer_is_offered_to_the_reviewer(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    town.hub.write("setting", "setting:answers_close", {"name": "answers_close", "value": 0})
    assert SETTINGS["answers_close"].default == 1
    questions.answer(town.replicas["li"], asked(town), "2组")
    town.sync("li", "sup")
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    assert [(q.whom, q.answer) for q in questions.answers_to(sup, conflict)] == [("li", "2组")]
    sup.resolve(conflict.id, "value", "2组")
    town.sync("sup", "li")
    assert value(town.replicas["li"], record, "address") == "2组"


def test_about_a_danger_they_wrote_of_the_one_asked_only_advises(town: Town) -> None:
    meet(town, "risk_level", "critical", "low")
    questions.answer(town.replicas["li"], asked(town), "high")
    town.sync("li", "sup")
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    assert [q.answer for q in questions.answers_to(sup, conflict)] == ["high"]


def test_nobody_is_asked_about_what_they_may_not_read(town: Town) -> None:
    meet(town, "address", "2组", "5组")
    town.connection.execute("INSERT INTO user (name, display, password, created) VALUES ('wu','wu','',0)")
    town.connection.execute("INSERT INTO user_grant VALUES ('wu', 'director', '112', '')")
    asked(town, "wu")
    assert [r.code for r in town.replicas["sup"].returned()] == ["cannot_be_asked"]
    assert mine(town, "wu") == []


POSTS = {
    "adm": "admin@1", "sup": "supervisor@11", "li": "director@111", "wu": "director@112",
    "tea": "teacher@11", "cou": "counsellor@", "ins": "inspector@1", "gone": "director@111",
}  # fmt: skip


def test_who_cannot_see_the_child_is_not_asked_and_who_can_is_named(town: Town) -> None:
    meet(town, "address", "2组", "5组")
    for login, posts in POSTS.items():
        is_gone = login == "gone" or None
        told = {"login": login, "name": login, "posts": posts, "is_disabled": is_gone}
        town.hub.write("user", login, {k: v for k, v in told.items() if v})
    town.sync("sup")
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    may = [login for login, _name in questions.who_may_be_asked(sup, conflict)]
    assert may == ["tea", "li", "adm", "cou"]
    pending = sup.pending_count()
    for blind in ("wu", "ins", "gone"):
        with pytest.raises(Refused, match="asks_blind tea、li、adm、cou"):
            questions.ask(sup, conflict.id, blind)
    assert sup.pending_count() == pending
    for login in may:
        questions.ask(sup, conflict.id, login)


def test_of_a_record_that_few_may_read_one_of_them_is_asked_and_nobody_else_hears_of_it(
    town: Town,
) -> None:
    town.grants |= {"cou": (Grant("counsellor", "11"),), "xin": (Grant("counsellor", "1"),)}
    for name in ("cou", "xin"):
        town.add(name)
    posts = {"adm": "admin@1", "sup": "supervisor@11", "li": "director@111", "cou": "counsellor@11",
             "xin": "counsellor@1", "tea": "teacher@", "wu": "director@112"}  # fmt: skip
    for login, held in posts.items():
        town.hub.write("user", login, {"login": login, "name": login, "posts": held})
    town.sync("sup", "cou", "xin")
    record = child(town.replicas["sup"])
    town.sync("sup", "cou", "xin")
    cou, sup = town.replicas["cou"], town.replicas["sup"]
    talk = cou.save("psych_record", {"child": record, "on": "2026-11-01", "sort": "individual"})
    town.sync("cou", "sup", "xin")
    cou.save("psych_record", {"done_by": "苏老师"}, talk)
    sup.save("psych_record", {"done_by": "刘老师"}, talk)
    town.sync("cou", "sup", "cou")
    (conflict,) = sup.conflicts()
    assert [login for login, _name in questions.who_may_be_asked(sup, conflict)] == ["cou", "xin"]
    for blind in ("adm", "li", "tea"):
        with pytest.raises(Refused, match="asks_blind"):
            questions.ask(sup, conflict.id, blind)
    made = questions.ask(sup, conflict.id, "xin", "那天是谁？")
    town.rest()
    holders = [name for name, r in town.replicas.items() if r.get(made, "counsel_question")]
    assert holders == ["sup", "cou", "xin"]
    assert all(r.get(made, "question") is None for r in town.replicas.values())
    (asked,) = questions.for_me(town.replicas["xin"])
    questions.answer(town.replicas["xin"], asked.id, "苏老师")
    town.rest()
    assert sup.conflicts() == [] and value(sup, talk, "done_by") == "苏老师"
    assert faults(town) == []


def test_who_is_not_asked_does_not_answer_and_who_may_not_review_does_not_ask(
    town: Town,
) -> None:
    meet(town, "address", "2组", "5组")
    made = asked(town)
    with pytest.raises(Refused, match="not_permitted"):
        questions.answer(town.replicas["tea"], made, "2组")
    (conflict,) = town.replicas["li"].conflicts()
    with pytest.raises(Refused, match="not_permitted"):
        questions.ask(town.replicas["li"], conflict.id, "tea")
    with pytest.raises(Refused, match="not_found"):
        questions.ask(town.replicas["sup"], conflict.id, "nobody")


def test_a_question_settled_meanwhile_is_gone(town: Town) -> None:
    meet(town, "address", "2组", "5组")
    asked(town)
    sup = town.replicas["sup"]
    sup.resolve(sup.conflicts()[0].id, "winner")
    town.sync("sup", "li")
    assert mine(town, "li") == []


def test_an_identity_is_asked_and_answered_whole(town: Town) -> None:
    numbers = [{"id_type": "resident", "id_number": n} for n in ("11010519491231002X", "x1")]
    record = child(town.replicas["sup"])
    town.sync("sup", "li", "tea")
    for name, number in zip(("li", "tea"), numbers, strict=True):
        town.replicas[name].save("child", {**number, "id_type": "other"}, record)
    town.sync("li", "tea", "li", "sup")
    questions.answer(town.replicas["li"], asked(town), numbers[0])
    town.sync("li", "sup")
    assert value(town.replicas["sup"], record, "id_number") == "11010519491231002X"
    assert town.replicas["sup"].conflicts() == []


def test_an_answer_is_offered_for_the_conflict_it_was_given_about_and_for_no_other(
    town: Town,
) -> None:
    town.hub.write("setting", "setting:answers_close", {"name": "answers_close", "value": 0})
    asked_of = {}
    for slot, mine, other in (("address", "2组", "5组"), ("hobbies", "篮球", "象棋")):
        record = meet(town, slot, mine, other)
        (conflict,) = town.replicas["sup"].conflicts(record)
        asked_of[questions.ask(town.replicas["sup"], conflict.id, "li")] = conflict
    town.sync("sup", "li")
    first, second = asked_of
    sup, li = town.replicas["sup"], town.replicas["li"]
    assert [q.id for q in questions.unanswered(sup, asked_of[first])] == [first]
    questions.answer(li, first, "2组")
    town.sync("li", "sup")
    assert [q.answer for q in questions.answers_to(sup, asked_of[first])] == ["2组"]
    assert questions.answers_to(sup, asked_of[second]) == []
    assert [q.id for q in questions.unanswered(sup, asked_of[second])] == [second]


def asked_two(town: Town) -> dict[str, str]:
    """Two directors of the village are asked about the one open conflict, and both hear of it."""
    town.grants["wu"] = town.grants["li"]
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    made = {whom: questions.ask(sup, conflict.id, whom) for whom in ("li", "wu")}
    town.sync("sup", "li", "wu")
    return made


def offered(town: Town, name: str = "sup") -> list[tuple[str, Any]]:
    """Who answered what, as the reviewer of the one open conflict sees it."""
    replica = town.replicas[name]
    (conflict,) = replica.conflicts()
    return sorted((q.whom, q.answer) for q in questions.answers_to(replica, conflict))


@pytest.mark.parametrize("order", [("li", "wu"), ("wu", "li")])
def test_two_who_answer_differently_are_both_put_before_the_reviewer(
    town: Town, order: tuple[str, str]
) -> None:
    record = meet(town, "address", "2组", "5组")
    made, said = asked_two(town), {"li": "3组", "wu": "7组"}
    for whom in order:
        questions.answer(town.replicas[whom], made[whom], said[whom])
    town.sync(order[0], "sup")
    assert town.replicas["sup"].conflicts() == []
    assert value(town.replicas["sup"], record, "address") == said[order[0]]
    town.sync(order[1])
    town.rest()
    assert offered(town) == sorted(said.items())
    assert sorted(standing(town.replicas["tea"], record, "address")) == ["2组", "5组"]
    assert faults(town) == []
    sup = town.replicas["sup"]
    sup.resolve(sup.conflicts()[0].id, "value", "7组")
    town.rest()
    assert {value(r, record, "address") for r in town.replicas.values()} == {"7组"}
    assert all(r.conflicts() == [] for r in town.replicas.values())


def test_two_who_answer_the_same_close_the_conflict_once(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    made = asked_two(town)
    for whom in made:
        questions.answer(town.replicas[whom], made[whom], "3组")
    town.sync("li", "wu")
    town.rest()
    assert town.replicas["sup"].conflicts() == []
    assert value(town.replicas["sup"], record, "address") == "3组"


def test_a_third_answer_does_not_decide_between_two_and_who_gives_in_does(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    made = asked_two(town)
    sup = town.replicas["sup"]
    third = questions.ask(sup, sup.conflicts()[0].id, "adm")
    town.sync("sup", "adm")
    for whom, said in (("li", "3组"), ("wu", "7组")):
        questions.answer(town.replicas[whom], made[whom], said)
        town.sync(whom)
    questions.answer(town.replicas["adm"], third, "3组")
    town.sync("adm", "sup", "wu")
    assert [said for _whom, said in offered(town)] == ["3组", "3组", "7组"]
    questions.answer(town.replicas["wu"], made["wu"], "3组")
    town.sync("wu")
    town.rest()
    assert town.replicas["sup"].conflicts() == []
    assert value(town.replicas["sup"], record, "address") == "3组"


def test_who_thinks_again_after_another_agreed_opens_it_again(town: Town) -> None:
    meet(town, "address", "2组", "5组")
    made = asked_two(town)
    questions.answer(town.replicas["li"], made["li"], "3组")
    questions.answer(town.replicas["li"], made["li"], "4组")
    questions.answer(town.replicas["wu"], made["wu"], "3组")
    town.sync("wu", "li")
    town.rest()
    assert offered(town) == [("li", "4组"), ("wu", "3组")]
    assert faults(town) == []


def test_of_a_danger_the_more_worrying_counts_until_the_reviewer_has_read_both_answers(
    town: Town,
) -> None:
    record = meet(town, "risk_level", "critical", "low")
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    town.grants["wu"] = town.grants["li"]
    made = {whom: questions.ask(sup, conflict.id, whom) for whom in ("adm", "wu")}
    town.sync("sup", "adm", "wu")
    for whom, said in (("adm", "low"), ("wu", "high")):
        questions.answer(town.replicas[whom], made[whom], said)
        town.sync(whom)
    town.sync("sup")
    assert offered(town) == [("adm", "low"), ("wu", "high")]
    assert value(sup, record, "risk_level") == "critical"


def test_who_thinks_better_of_an_answer_before_it_is_sent_is_heard(town: Town) -> None:
    record = meet(town, "address", "2组", "5组")
    made = asked(town)
    for said in ("3组", "4组", "5组"):
        questions.answer(town.replicas["li"], made, said)
    town.sync("li", *NAMES)
    for name in ("sup", "li", "tea"):
        assert value(town.replicas[name], record, "address") == "5组"
    newest, *_ = decisions.decisions(town.replicas["sup"].connection)
    town.replicas["sup"].undo(newest.version)
    town.sync("sup", *NAMES)
    assert sorted(standing(town.replicas["li"], record, "address")) == ["2组", "5组"]
    with pytest.raises(Refused):
        town.replicas["sup"].undo(newest.version)
    assert faults(town) == []
