"""What was written while two files were one waits, once they are two again, until a reviewer has said
whose it is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import partings
from schema.kinds import KINDS
from server.check import check
from sync import merges
from sync.change import Entry, Grant
from sync.merging import is_carried
from sync.replica import Refused
from sync.verify import problems_of
from tests.sync.test_merging_histories import at_rest, configured, edits, filed_twice, write
from tests.sync.town import Town, child, contact, value

NAMES = ("adm", "sup", "li", "wu")


@pytest.fixture
def town():
    town = Town(*NAMES)
    li, wu = town.replicas["li"], town.replicas["wu"]
    town.one = child(li, name="甲一", phone="13900000001")
    town.other = child(wu, "112", name="甲二", phone="13900000002")
    town.sync(*NAMES, *NAMES)
    town.merge = merges.merge(town.replicas["adm"], town.one, town.other)
    town.sync("adm", *NAMES)
    return town


def between(town):
    """While the two are one: a phone by the director, a visit by the other."""
    town.replicas["li"].save("child", {"phone": "13900000003"}, town.one)
    visit = contact(town.replicas["wu"], town.one, summary="合并以后写的")
    town.sync("li", "wu", "adm", "sup")
    return visit


def apart(town, *, is_told=True):
    merges.unmerge(town.replicas["adm"], town.merge)
    if is_told:
        town.sync("adm", *NAMES, *NAMES)


def waiting(town, name="adm"):
    found = partings.unplaced(town.replicas[name])
    return sorted((w.slot, w.record, w.author) for w in found)


def placed(town, goes, name="adm"):
    replica = town.replicas[name]
    for written in partings.unplaced(replica):
        partings.place(replica, written, goes)
    town.rest()
    for user, held in town.replicas.items():
        assert problems_of(held) == [], user
    assert check(town.store).faults == []


def visits(town, file, name="adm"):
    return [c["summary"] for c in town.replicas[name].children_of("contact", file)]


def test_what_was_written_meanwhile_waits_for_every_reviewer_until_one_has_placed_it(town):
    visit = between(town)
    assert waiting(town) == []
    apart(town)
    told = [("", visit, "wu"), ("phone", town.one, "li")]
    assert waiting(town) == waiting(town, "sup") == told
    assert waiting(town, "li") == []
    town.add("adm2", "adm")
    town.sync("adm2")
    assert waiting(town, "adm2") == told
    placed(town, partings.HERE, "sup")
    for name in ("adm", "adm2", "sup"):
        assert waiting(town, name) == []
    assert value(town.replicas["adm"], town.one, "phone") == "13900000003"
    assert visits(town, town.one) == ["合并以后写的"]


def test_it_waits_at_once_on_the_laptop_that_took_the_merge_back(town):
    between(town)
    apart(town, is_told=False)
    here = [w.id for w in partings.unplaced(town.replicas["adm"])]
    assert len(here) == 2
    town.sync("adm", "sup", "adm")
    assert [w.id for w in partings.unplaced(town.replicas["adm"])] == here
    assert [w.id for w in partings.unplaced(town.replicas["sup"])] == here


def test_what_belongs_to_the_other_child_goes_there_and_leaves_what_stood_before(town):
    between(town)
    apart(town)
    placed(town, partings.THERE)
    for name in ("adm", "sup"):
        replica = town.replicas[name]
        assert value(replica, town.one, "phone") == "13900000001"
        assert value(replica, town.other, "phone") == "13900000003"
        assert (visits(town, town.one, name), visits(town, town.other, name)) == (
            [],
            ["合并以后写的"],
        )
    assert waiting(town) == []


def test_what_is_of_both_stands_in_both(town):
    between(town)
    apart(town)
    placed(town, partings.BOTH)
    for file in (town.one, town.other):
        assert value(town.replicas["sup"], file, "phone") == "13900000003"
        assert visits(town, file) == ["合并以后写的"]


def test_two_reviewers_who_place_the_same_offline_make_one_copy(town):
    between(town)
    apart(town)
    for name in ("adm", "sup"):
        replica = town.replicas[name]
        for written in partings.unplaced(replica):
            partings.place(replica, written, partings.THERE)
    town.rest()
    town.rest()
    assert visits(town, town.other) == ["合并以后写的"]
    assert visits(town, town.one) == []
    assert town.replicas["adm"].conflicts() == []


def test_a_laptop_that_was_away_all_the_while_adds_to_it_when_it_comes(town):
    between(town)
    town.now_ms += 60_000
    late = contact(town.replicas["li"], town.one, summary="离线写的")
    town.now_ms += 60_000
    apart(town, is_told=False)
    town.sync("adm", "sup")
    assert len(waiting(town, "sup")) == 2
    town.sync("li", "sup", "adm")
    assert ("", late, "li") in waiting(town, "sup") and ("", late, "li") in waiting(town)


def test_what_was_written_before_the_merge_or_after_it_was_taken_back_is_clear(town):
    between(town)
    apart(town)
    placed(town, partings.HERE)
    town.replicas["li"].save("child", {"phone": "13900000009"}, town.one)
    contact(town.replicas["li"], town.one, summary="拆回以后")
    town.rest()
    assert waiting(town) == []


def test_files_that_are_one_again_have_nothing_to_be_placed(town):
    between(town)
    apart(town)
    merges.merge(town.replicas["adm"], town.one, town.other)
    assert waiting(town) == []
    town.rest()
    assert waiting(town) == []


def test_a_kept_file_merged_into_a_third_one_still_has_what_was_written_into_it(town):
    visit = between(town)
    apart(town)
    adm = town.replicas["adm"]
    third = child(adm, name="甲三")
    adm.save("child", {"phone": "13900000007"}, third)
    merges.merge(adm, third, town.one)
    assert waiting(town) == [("", visit, "wu"), ("phone", town.one, "li")]
    placed(town, partings.THERE)
    assert value(town.replicas["sup"], town.other, "phone") == "13900000003"
    assert visits(town, town.other) == ["合并以后写的"]
    assert visits(town, third) == []


def test_a_case_and_its_steps_are_copied_and_none_is_taken_away(town):
    li = town.replicas["li"]
    seen = {"seen_at": "2026-11-17 19:40", "cause": "alone", "seen": "屋里只有她一人"}
    case = li.save("case", {"child": town.one, **seen})
    step = {"at": "2026-11-17 20:05", "step": "police_told", "told": "派出所", "how": "phone"}
    li.save("case_step", {"child": town.one, "case": case, **step})
    town.sync("li", "adm")
    apart(town)
    adm = town.replicas["adm"]
    first, second = partings.unplaced(adm)
    partings.place(adm, second, partings.THERE)  # takes the case along
    partings.place(adm, first, partings.THERE)
    town.rest()
    assert [c["id"] for c in adm.children_of("case", town.one)] == [case]
    (copy,) = adm.children_of("case", town.other)
    assert copy["seen"] == seen["seen"]
    (taken,) = adm.children_of("case_step", town.other)
    assert taken["case"] == copy["id"]


def test_who_reviews_one_of_the_files_alone_places_nothing(town):
    town.grants["vil"] = (Grant("supervisor", "111"),)
    town.add("vil")
    between(town)
    apart(town)
    town.sync("vil")
    held = partings.unplaced(town.replicas["vil"])
    for written in held:
        with pytest.raises(Refused, match="not_permitted"):
            partings.place(town.replicas["vil"], written, partings.HERE)
    assert town.replicas["vil"].pending_count() == 0


@configured(12)
@given(
    unheard=st.lists(edits, max_size=4),
    heard=st.lists(edits, min_size=2, max_size=8),
    said=st.lists(st.sampled_from((partings.HERE, partings.THERE, partings.BOTH)), min_size=1),
    is_far=st.booleans(),
)
def test_whatever_is_typed_while_two_are_one_is_on_its_child_or_waits_and_goes_where_it_is_sent(
    unheard, heard, said, is_far
):
    town, files = filed_twice("sup")
    adm = town.replicas["adm"]
    merge = merges.merge(adm, files["one"], files["other"])
    town.sync("adm")
    begun = town.store.head()
    for n, edit in enumerate(unheard):
        write(town, files, edit, n)
        town.now_ms += 60_000
    if is_far:
        town.sync("tea", "wu")
    town.rest()
    for n, edit in enumerate(heard, 100):
        write(town, files, (edit[0], "one", *edit[2:]), n)
        town.now_ms += 60_000
    town.rest()
    ended = town.store.head()
    merges.unmerge(adm, merge)
    at_rest(town)
    away = town.store.states([files["other"]])[files["other"]].values
    typed = [
        entry.change
        for row in town.store.log_rows(begun, ended - begun)
        if (entry := msgspec.json.decode(town.store.bodies([row.seq])[0], type=Entry))
        and entry.change.author != "server"
        and not is_carried(entry.change.version)
    ]
    here = partings.unplaced(adm)
    assert [w.id for w in here] == [w.id for w in partings.unplaced(town.replicas["sup"])]
    waits = {(w.record, w.slot) for w in here}
    kept = adm.get(files["one"])
    for change in typed:
        if change.kind == "contact" and change.op == "create":
            is_here = change.fields["child"] == files["one"]
            assert ((change.id, "") in waits) == is_here
        elif change.id == files["one"]:
            for slot, value in change.fields.items():
                stands = any(change.version in h.ops for h in kept.slots[slot].heads)
                if stands and value != KINDS["child"].slot_value(slot, away):
                    assert (files["one"], slot) in waits, (slot, value)
    for n, written in enumerate(here):
        goes = said[n % len(said)]
        partings.place(adm, written, goes)
        if written.slot and goes != partings.HERE:
            assert value_of(adm, files["other"], written.slot) == written.value
    at_rest(town)
    assert partings.unplaced(adm) == partings.unplaced(town.replicas["sup"]) == []


def value_of(replica, record, slot):
    return KINDS["child"].slot_value(slot, replica.get(record).values)
