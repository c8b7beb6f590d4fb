"""Whose value does not count is told, everywhere and only where it should be, and can ask back."""

from __future__ import annotations

from typing import Any

import pytest

from sync import notices
from sync.notices import Notice
from sync.replica import Refused, Replica
from tests.sync.town import Town, child, standing, value


def told(town: Town, name: str) -> list[tuple[Any, Any, str, str]]:
    return [(n.mine, n.standing, n.by, n.meeting) for n in notices.notices(town.replicas[name])]


def only(replica: Replica) -> Notice:
    (found,) = notices.notices(replica)
    return found


def two_addresses(town: Town, slot: str = "address", li: Any = "2组", tea: Any = "5组") -> str:
    """li and tea write one field, neither having seen the other's; tea's comes later."""
    record = child(town.replicas["adm"])
    town.sync("adm", *town.replicas)
    town.replicas["li"].save("child", {slot: li}, record)
    town.now_ms += 1000
    town.replicas["tea"].save("child", {slot: tea}, record)
    town.sync("li", "tea", *town.replicas)
    return record


@pytest.fixture
def town() -> Town:
    return Town("adm", "sup", "li", "tea")


def test_the_loser_of_a_contest_is_told_and_nobody_else(town: Town) -> None:
    two_addresses(town)
    assert told(town, "li") == [("2组", "5组", "tea", "contested")]
    assert [told(town, n) for n in ("tea", "adm", "sup")] == [[], [], []]


def test_whoever_writes_knowingly_tells_nobody(town: Town) -> None:
    record = child(town.replicas["adm"])
    town.sync("adm", "li")
    town.replicas["li"].save("child", {"address": "2组"}, record)
    town.sync("li", "tea")
    town.replicas["tea"].save("child", {"address": "5组"}, record)
    town.sync("tea", "li")
    assert told(town, "li") == []


def test_a_value_ranked_below_a_more_worrying_one_is_told_at_once(town: Town) -> None:
    two_addresses(town, "risk_level", li="critical", tea="low")
    assert told(town, "tea") == [("low", "critical", "li", "critical")]
    assert told(town, "li") == []


def test_a_decision_against_ones_value_is_told(town: Town) -> None:
    record = two_addresses(town)
    notices.put_away(town.replicas["li"], only(town.replicas["li"]).id)
    (conflict,) = town.replicas["sup"].conflicts()
    town.replicas["sup"].resolve(conflict.id, "value", "3组", "问过了")
    town.sync("sup", "li", "tea")
    assert told(town, "li") == [("2组", "3组", "sup", "decided")]
    assert told(town, "tea") == [("5组", "3组", "sup", "decided")]
    assert value(town.replicas["li"], record, "address") == "3组"


def test_a_decision_for_ones_value_ends_the_notice(town: Town) -> None:
    two_addresses(town)
    (conflict,) = town.replicas["sup"].conflicts()
    town.replicas["sup"].resolve(conflict.id, "loser")
    town.sync("sup", "li", "tea")
    assert told(town, "li") == []
    assert told(town, "tea") == [("5组", "2组", "sup", "decided")]


def test_an_identity_is_told_whole(town: Town) -> None:
    record = child(town.replicas["adm"])
    town.sync("adm", "li", "tea")
    for name, number in (("li", "11010519491231002X"), ("tea", "440524188001010014")):
        town.now_ms += 1000
        town.replicas[name].save("child", {"id_type": "resident", "id_number": number}, record)
    town.sync("li", "tea", "li")
    found = only(town.replicas["li"])
    assert found.slot == "identity"
    assert found.mine == {"id_type": "resident", "id_number": "11010519491231002X"}
    notices.claim(town.replicas["li"], found.id, "看了户口本")
    town.sync("li", "sup")
    assert standing(town.replicas["sup"], record, "identity")[1] == found.mine


def test_two_laptops_of_one_person_show_and_put_away_the_same(town: Town) -> None:
    town.add("li2", "li")
    town.sync("li2")
    two_addresses(town)
    town.sync("li", "li2")
    assert told(town, "li2") == told(town, "li") != []
    assert only(town.replicas["li"]).id == only(town.replicas["li2"]).id
    notices.put_away(town.replicas["li2"], only(town.replicas["li2"]).id)
    town.sync("li2", "li")
    assert told(town, "li2") == told(town, "li") == []


def test_a_laptop_set_up_later_shows_what_is_open(town: Town) -> None:
    two_addresses(town)
    town.add("li2", "li")
    town.sync("li2")
    assert told(town, "li2") == told(town, "li") != []
    assert only(town.replicas["li"]).cause == only(town.replicas["li2"]).cause


def test_a_notice_goes_with_its_record(town: Town) -> None:
    record = two_addresses(town)
    town.replicas["adm"].save("child", {"village": "112"}, record)
    town.sync("adm", "li")
    assert told(town, "li") == []


def test_asking_back_reopens_what_was_decided_with_the_note(town: Town) -> None:
    town.add("li2", "li")
    town.sync("li2")
    record = two_addresses(town)
    sup = town.replicas["sup"]
    (conflict,) = sup.conflicts()
    sup.resolve(conflict.id, "value", "3组")
    town.sync("sup", "li", "li2")
    li = town.replicas["li"]
    notices.claim(li, only(li).id, "我上周去过，就是2组")
    assert standing(li, record, "address") == ["3组", "2组"]  # before anybody was asked
    assert told(town, "li") == []
    town.sync("li", "li2", "sup", "adm")
    for name in ("li", "li2", "sup", "adm"):
        assert standing(town.replicas[name], record, "address") == ["3组", "2组"]
    assert told(town, "li2") == []
    (again,) = sup.conflicts()
    assert [(n.author, n.note) for n in sup.notes_on(again)] == [("li", "我上周去过，就是2组")]
    sup.resolve(again.id, "loser")
    town.sync("sup", "li")
    assert value(li, record, "address") == "2组"
    town.rest()


def test_asking_back_while_it_is_open_only_adds_the_note(town: Town) -> None:
    record = two_addresses(town)
    li = town.replicas["li"]
    (before,) = town.replicas["sup"].conflicts()
    notices.claim(li, only(li).id, "门牌我看见了")
    town.sync("li", "sup")
    (after,) = town.replicas["sup"].conflicts()
    assert (after.id, after.heads) == (before.id, before.heads)
    assert [n.note for n in town.replicas["sup"].notes_on(after)] == ["门牌我看见了"]
    assert told(town, "li") == []
    town.replicas["sup"].resolve(after.id, "winner")
    town.sync("sup", "li")
    assert told(town, "li") == [("2组", "5组", "sup", "decided")]  # the answer to the asking
    assert value(li, record, "address") == "5组"


def test_nobody_asks_for_the_value_of_somebody_else(town: Town) -> None:
    record = two_addresses(town)
    tea = town.replicas["tea"]
    foreign = next(h.mark.version for c in tea.conflicts() for h in c.heads[1:])
    tea.reopen(record, "address", [foreign], "")
    town.sync("tea")
    assert town.quarantined() == ["not_permitted"]


def test_there_is_no_asking_without_a_notice(town: Town) -> None:
    with pytest.raises(Refused):
        notices.claim(town.replicas["li"], "nothing", "")


@pytest.mark.parametrize("later", ["sup", "adm"])
@pytest.mark.parametrize("first", ["sup", "adm"])
def test_of_two_decisions_unseen_by_each_other_the_one_that_lost_is_told(
    town: Town, first: str, later: str
) -> None:
    two_addresses(town)
    earlier = {"sup": "adm", "adm": "sup"}[later]
    (conflict,) = town.replicas["sup"].conflicts()
    for name in (earlier, later):
        town.now_ms += 1000
        town.replicas[name].resolve(conflict.id, "value", name)
    second = {"sup": "adm", "adm": "sup"}[first]
    town.sync(first, second, first, second)
    assert told(town, earlier) == [(earlier, later, later, "decided")]
    assert told(town, later) == []
    notices.claim(town.replicas[earlier], only(town.replicas[earlier]).id, "我问过")
    town.sync(earlier, later)
    (again,) = town.replicas[later].conflicts()
    assert [h.value for h in again.heads] == [later, earlier]


def test_two_decisions_of_one_mind_tell_no_reviewer(town: Town) -> None:
    two_addresses(town)
    (conflict,) = town.replicas["sup"].conflicts()
    for name in ("sup", "adm"):
        town.replicas[name].resolve(conflict.id, "winner")
    town.sync("sup", "adm", "sup", "adm")
    assert told(town, "sup") == told(town, "adm") == []


@pytest.mark.parametrize("whose", ["li", "tea"])
def test_what_is_asked_back_has_one_id_before_and_after_it_is_sent(town: Town, whose: str) -> None:
    two_addresses(town)
    mine = town.replicas[whose]
    (conflict,) = town.replicas["sup"].conflicts()
    town.replicas["sup"].resolve(conflict.id, "value", "3组")
    town.sync("sup", whose)
    notices.claim(mine, only(mine).id, "我问过")
    (again,) = mine.conflicts()
    town.sync(whose, "sup")
    assert [c.id for c in mine.conflicts()] == [again.id]
    assert [c.id for c in town.replicas["sup"].conflicts()] == [again.id]
    assert again.base_value == conflict.base_value
