"""Laptops made from one disk: each change of each is in the county once, whoever comes first."""

from __future__ import annotations

import itertools

import pytest

from tests.sync.town import Town, child, contact, value


@pytest.fixture
def town():
    town = Town("li", "tea")
    return town


def summaries(town):
    """What the county holds, by the log: every visit's summary, sorted."""
    held = town.store.states([r for (r,) in town.connection.execute("SELECT id FROM record")])
    return sorted(s.values["summary"] for s in held.values() if s.kind == "contact")


def devices(town, *names):
    return {town.replicas[name].identity.device for name in names}


@pytest.mark.parametrize("order", list(itertools.permutations(("li", "twin", "third"))))
def test_whatever_laptops_of_one_disk_write_is_in_the_county_once(town, order):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    contact(li, record, summary="抄盘前。")
    for name in ("twin", "third"):
        town.clone("li", name)
    for name, n in itertools.product(("li", "twin", "third"), range(3)):
        contact(town.replicas[name], record, summary=f"{name}{n}。")
    for name in order:
        assert town.sync(name).rejected == 0
    town.rest()
    everything = [f"{name}{n}。" for name in ("li", "twin", "third") for n in range(3)]
    assert summaries(town) == sorted(["抄盘前。", *everything])
    assert len(devices(town, *order)) == 3
    for name in ("li", "twin", "third", "tea"):
        replica = town.replicas[name]
        assert sorted(r["summary"] for r in replica.select("contact")) == summaries(town)
        assert (replica.pending_count(), replica.returned()) == (0, [])


def test_edits_of_one_field_on_both_laptops_open_one_conflict_and_lose_nothing(town):
    li = town.replicas["li"]
    record = child(li, phone="13900000000")
    town.rest()
    twin = town.clone("li", "twin")
    for replica, phones in ((li, "12"), (twin, "34")):
        for n in phones:
            replica.save("child", {"phone": f"1390000000{n}"}, record)
    town.sync("li", "twin", "li")
    town.rest()
    (conflict,) = town.replicas["tea"].conflicts()
    assert {h.value for h in conflict.heads} == {"13900000002", "13900000004"}


def test_a_chain_of_edits_keeps_its_order_under_the_new_id(town):
    twin = town.clone("li", "twin")
    child(town.replicas["li"])
    record = child(twin, name="甲")
    twin.save("child", {"hobbies": "画画"}, record)
    twin.save("child", {"hobbies": "唱歌"}, record)
    twin.delete(record, "写错了")
    town.sync("li", "twin")
    town.rest()
    state = town.store.states([record])[record]
    assert (state.values["hobbies"], state.is_deleted) == ("唱歌", True)
    assert not any(s.conflict for s in state.slots.values())


def test_a_form_open_while_the_laptop_took_its_new_id_overwrites_only_what_it_showed(town):
    li = town.replicas["li"]
    record = child(li, hobbies="跑步")
    town.rest()
    twin = town.clone("li", "twin")
    li.save("child", {"hobbies": "下棋"}, record)
    twin.save("child", {"hobbies": "画画"}, record)
    form = twin.get(record)
    town.sync("li", "twin")
    twin.save("child", {"hobbies": "唱歌"}, record, base=form)
    town.rest()
    (conflict,) = town.replicas["tea"].conflicts()
    assert {h.value for h in conflict.heads} == {"下棋", "唱歌"}


def test_a_twin_that_first_hears_of_the_others_work_never_takes_its_number(town):
    li = town.replicas["li"]
    twin = town.clone("li", "twin")
    record = child(li, hobbies="画画")
    town.sync("li", "twin")
    assert value(twin, record, "hobbies") == "画画"
    twin.save("child", {"hobbies": "唱歌"}, record)
    li.save("child", {"phone": "13900000001"}, record)
    town.sync("twin", "li")
    town.rest()
    assert value(li, record, "hobbies") == "唱歌"
    assert value(li, record, "phone") == "13900000001"
    assert town.replicas["tea"].conflicts() == []


def test_what_is_saved_while_the_answer_travels_is_not_taken_for_the_twins(town, monkeypatch):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    twin = town.clone("li", "twin")
    contact(li, record, summary="李。")
    town.sync("li")
    line, honest = town.line("twin"), type(town.line("twin")).post

    def post(self, *given, **more):
        answer = honest(self, *given, **more)
        if twin.pending_count() == 0 and not summaries(town).count("双。"):
            contact(twin, record, summary="双。")
        return answer

    monkeypatch.setattr(type(line), "post", post)
    town.sync("twin")
    assert twin.pending_count() <= 1
    town.rest()
    assert summaries(town) == sorted(["双。", "李。"])


def test_pages_and_repeats_double_nothing(town):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    twin = town.clone("li", "twin")
    for replica, name in ((li, "李"), (twin, "双")):
        for n in range(7):
            contact(replica, record, summary=f"{name}{n}。")
    town.sync("li", limit=2)
    for pages in (0, 1, 2, 3):
        town.break_off("twin", pages, limit=2)
    town.sync("twin", limit=1)
    town.rest()
    assert summaries(town) == sorted(f"{name}{n}。" for name in "李双" for n in range(7))


def test_a_number_that_only_the_twin_has_sent_is_not_taken_for_ones_own(town):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    town.restore(town.backup(), "e2")
    contact(li, record, summary="抄盘前。")
    twin = town.clone("li", "twin")
    town.break_off("li", 2, limit=1)  # in the middle of being filled anew
    twin.save("child", {"hobbies": "画画"}, record)
    town.sync("twin")
    contact(li, record, summary="李。")
    town.sync("li", limit=1)  # hears of its next number before it has sent it
    town.rest()
    assert summaries(town) == sorted(["抄盘前。", "李。"])
    assert value(li, record, "hobbies") == "画画"


@pytest.mark.parametrize("is_by_hand", [False, True])
def test_work_that_was_unsent_when_the_disk_was_copied_comes_once_whatever_its_id(town, is_by_hand):
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    copy = town.backup()
    twin = town.clone("li", "twin")
    contact(li, record, summary="李。")
    contact(twin, record, summary="双。")
    town.sync("li")
    third = town.clone("twin", "third")
    third.save("child", {"hobbies": "画画"}, record)
    town.sync("third")  # sends the twin's visit under an id of its own
    town.restore(copy, "" if is_by_hand else "e2")
    town.sync("twin")  # first in the new log: here the visit has the old id
    town.sync("third", "li")
    third.save("child", {"hobbies": "唱歌"}, record)
    town.rest()
    assert summaries(town) == sorted(["双。", "李。"])
    assert value(li, record, "hobbies") == "唱歌"
    assert town.replicas["tea"].conflicts() == []


def test_work_under_the_old_id_is_sent_again_after_a_restore(town):
    li = town.replicas["li"]
    copy = town.backup()
    record = child(li)
    town.sync("li")
    twin = town.clone("li", "twin")
    contact(twin, record, summary="双。")
    town.sync("twin")  # first: it keeps the id
    contact(li, record, summary="李。")
    town.sync("li")
    assert li.identity.device != twin.identity.device
    town.restore(copy, "e2")
    for name in ("li", "twin"):
        town.sync(name)
    town.rest()
    assert summaries(town) == sorted(["双。", "李。"])
    assert li.returned() == twin.returned() == []


def test_two_laptops_of_one_person_that_do_the_same_at_the_same_time_are_not_one(town):
    li = town.replicas["li"]
    record = child(li)
    other = town.add("li2", "li")
    town.rest()
    other.set_state(device_seq=li.get_state("device_seq"))  # as many saves on either
    li.save("child", {"hobbies": "画画"}, record)
    other.save("child", {"hobbies": "画画"}, record)
    town.sync("li", "li2")
    assert town.split == []
    town.rest()
