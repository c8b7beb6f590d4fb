"""A device's chain of edits to one field is one head of a conflict, its last (decision 0005)."""

from __future__ import annotations

import pytest

from tests.sync.town import Town, child, standing, value


@pytest.fixture
def town():
    return Town("li", "tea")


def meeting(town, field, one, another):
    """Two laptops write a field unseen by each other, and both hear of it."""
    li, tea = town.replicas["li"], town.replicas["tea"]
    town.record = child(li, **{field: "13900000000"})
    town.rest()
    li.save("child", {field: one}, town.record)
    tea.save("child", {field: another}, town.record)
    town.rest()
    assert sorted(standing(li, town.record, field)) == [one, another]
    return li, tea



def test_who_sees_the_other_value_stand_and_writes_again_is_one_head_not_two(town):
    li, tea = meeting(town, "phone", "13900000001", "13900000002")
    li.save("child", {"phone": "13900000003"}, town.record)
    town.rest()
    assert li.conflicts() == tea.conflicts() == []
    assert value(tea, town.record, "phone") == "13900000003"


def test_a_chain_of_one_device_beside_an_unseen_value_has_its_last_as_head(town):
    li, tea = meeting(town, "phone", "13900000001", "13900000002")
    form = li.get(town.record)
    tea.save("child", {"phone": "13900000004"}, town.record)  # li has not heard of it
    li.save("child", {"phone": "13900000003"}, town.record, base=form)
    town.rest()
    assert sorted(standing(li, town.record, "phone")) == ["13900000003", "13900000004"]


def test_a_form_open_before_ones_own_save_opens_no_conflict_with_oneself(town):
    li = town.replicas["li"]
    record = child(li, phone="13900000000", note="一。二。三。")
    form = li.get(record)
    li.save("child", {"phone": "13900000001", "note": "一。二。改三。"}, record)
    town.rest()
    li.save("child", {"phone": "13900000002", "note": "改一。二。三。"}, record, base=form)
    town.rest()
    assert li.conflicts() == []
    assert value(li, record, "phone") == "13900000002"
    assert value(li, record, "note") == "改一。二。改三。"


def test_the_same_person_on_two_laptops_is_two_heads(town):
    li = town.replicas["li"]
    record = child(li, phone="13900000000")
    other = town.add("li2", "li")
    town.rest()
    li.save("child", {"phone": "13900000001"}, record)
    other.save("child", {"phone": "13900000002"}, record)
    town.rest()
    assert len(standing(li, record, "phone")) == 2
