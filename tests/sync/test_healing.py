"""A laptop's records that differ from the county's are noticed, found, fetched alone, and it is on
record."""

from __future__ import annotations

import msgspec
import pytest

from sync import branches, healing, scrub
from sync.verify import problems_of
from tests.sync.town import Town, child, contact, value

MANY = 2000


@pytest.fixture(scope="module")
def many():
    """A village of many children; the tests leave it as they found it."""
    town = Town("li", "tea")
    li = town.replicas["li"]
    with li.together():
        ids = [child(li, name=f"甲{n}", phone=f"139{n:08d}") for n in range(MANY)]
    for id_ in ids[:50]:
        contact(li, id_)
    town.rest()
    return town, ids


ALTERED = [
    ("UPDATE r_child SET phone = '13000000000' WHERE id = ?", 1),
    ("UPDATE r_child SET phone = NULL, name = '' WHERE id = ?", 1),
    ("DELETE FROM r_child WHERE id = ?", 1),
    ("UPDATE r_child SET village = '112' WHERE id = ?", 1),
    ("UPDATE r_child SET _meta = x'00' WHERE id = ?", 1),
    ("UPDATE r_child SET _seq = 999999 WHERE id = ?", 0),
    ("UPDATE r_child SET _seq = 0, name = '错' WHERE id = ?", 1),
]


@pytest.mark.parametrize(("statement", "records"), ALTERED)
def test_a_record_altered_beside_the_program_is_healed_by_the_next_synchronisation(
    many, statement, records
):
    town, ids = many
    li, held = town.replicas["li"], town.replicas["tea"]
    li.connection.execute(statement, (ids[7],))
    report = town.sync("li")
    assert report.in_step
    assert report.healed == records
    assert report.bytes_up + report.bytes_down < 20_000
    for field in ("name", "phone", "village"):
        assert value(li, ids[7], field) == value(held, ids[7], field)
    assert li.get(ids[7]).kind == "child"
    if records:
        event = healing.events(li)[0]
        assert (event.records, event.is_whole) == ((ids[7],), True)
        assert event.mine != event.theirs
    assert problems_of(li) == []
    again = town.sync("li")
    assert (again.round_trips, again.healed) == (1, 0)


def test_a_record_added_beside_the_program_goes_and_nothing_else(many):
    town, ids = many
    li = town.replicas["li"]
    names = [r[1] for r in li.connection.execute("PRAGMA table_info('r_child')")]
    listed = ", ".join(f'"{n}"' for n in names[2:])
    li.connection.execute(
        f"INSERT INTO r_child SELECT 'strange', 'strange', {listed} FROM r_child WHERE id = ?",
        (ids[3],),
    )
    report = town.sync("li")
    assert (report.in_step, report.healed) == (True, 1)
    assert li.get("strange") is None
    assert li.count("child") == MANY
    assert healing.events(li)[0].records == ("strange",)


def test_unsent_work_on_an_altered_record_is_kept_and_laid_over_what_is_healed():
    town = Town("li", "tea")
    li = town.replicas["li"]
    record, other = child(li, phone="13900000001"), child(li)
    town.rest()
    li.save("child", {"hobbies": "画画"}, record)
    li.connection.execute("UPDATE shadow SET body = x'00'")
    li.connection.execute("UPDATE r_child SET phone = '0' WHERE id = ?", (other,))
    town.replicas["tea"].save("child", {"school": "s1"}, record)
    town.sync("tea")
    waiting = [(p.id, p.fields) for p in li.pending()]
    town.hub.push, push = (lambda *_: []), town.hub.push  # a server that takes nothing just now
    report = town.sync("li")
    assert report.in_step
    assert [(p.id, p.fields) for p in li.pending()] == waiting or not li.pending()
    town.hub.push = push
    town.rest()
    assert value(li, record, "phone") == "13900000001"
    assert value(li, record, "school") == "s1"
    assert value(town.replicas["tea"], record, "hobbies") == "画画"


def test_many_altered_records_are_all_healed():
    town = Town("li", "tea")
    li = town.replicas["li"]
    ids = [child(li, name=f"甲{n}") for n in range(700)]
    town.rest()
    li.connection.execute("UPDATE r_child SET name = '错'")
    report = town.sync("li")
    assert report.in_step
    assert report.healed == 700
    assert value(li, ids[600], "name") == "甲600"
    # The names can be found again too: what is indexed follows what is shown.
    assert problems_of(li) == []


def test_news_that_arrives_in_the_middle_of_a_healing_is_taken_and_the_healing_goes_on():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    ids = [child(li, name=f"甲{n}") for n in range(300)]
    town.rest()
    li.connection.execute("UPDATE r_child SET name = '错' WHERE id = ?", (ids[5],))
    pull, calls = town.hub.pull, []

    def busy(*words):
        calls.append(1)
        if len(calls) == 3:
            tea.save("child", {"hobbies": "画画"}, ids[6])
            town.hub.push(
                town.session("tea"), [c for v in tea.records.unsent().values() for c in v]
            )
        return pull(*words)

    town.hub.pull = busy
    report = town.sync("li")
    town.hub.pull = pull
    assert report.in_step
    assert (value(li, ids[5], "name"), value(li, ids[6], "hobbies")) == ("甲5", "画画")


def test_what_cannot_be_mended_is_said_and_not_tried_for_ever():
    town = Town("li", "tea")
    li = town.replicas["li"]
    child(li)
    town.rest()
    town.store.add_to_buckets({("child", ("111",)): 1})  # the county's own sum is wrong
    report = town.sync("li")
    assert not report.in_step
    assert not healing.events(li)[0].is_whole
    again = town.sync("li")
    assert (again.round_trips, again.in_step) == (1, False)
    assert len(healing.events(li)) == 1


def test_a_healing_tells_nothing_of_what_is_out_of_scope():
    town = Town("li", "wu", "adm")
    secret = child(town.replicas["wu"], "112", name="别村")
    town.rest()
    li = town.replicas["li"]
    cursor = li.get_state("cursor")
    asked = branches.Compare(["", *(f"{n:02x}" for n in range(31))], [secret, "1"])
    answer = town.hub.pull(town.session("li"), cursor, 0, 100, compare=asked)
    whole = msgspec.json.encode(answer).decode()
    assert "别村" not in whole
    assert answer.absent == [secret]
    listed = {id_ for b in answer.branches for id_, _ in b.leaves}
    assert secret not in listed
    everything = town.hub.pull(
        town.session("adm"), town.replicas["adm"].get_state("cursor"), 0, 100, compare=asked
    )
    assert everything.absent == []


def test_a_child_granted_by_itself_is_compared_too():
    town = Town("li")
    record = child(town.replicas["li"])
    contact(town.replicas["li"], record)
    town.rest()
    from sync.change import Grant

    town.grants["cou"] = (Grant("counsellor", "", record),)
    cou = town.add("cou")
    town.sync("cou")
    cou.connection.execute("UPDATE r_contact SET summary = '错'")
    report = town.sync("cou")
    assert (report.in_step, report.healed) == (True, 1)


def test_the_program_itself_is_no_other_hand():
    town = Town("li", "tea")
    li = town.replicas["li"]
    record = child(li)
    contact(li, record)
    town.rest()
    town.replicas["tea"].save("child", {"hobbies": "画画"}, record)
    town.rest()
    assert not scrub.is_due(li)
    assert li.connection.execute("SELECT count(*) FROM hand").fetchone()[0] == 0


def test_sums_are_taken_anew_once_a_day():
    town = Town("li", "tea")
    li = town.replicas["li"]
    record = child(li)
    town.rest()
    li.connection.execute("INSERT INTO hand VALUES ('ours')")  # as a fault of our own would
    li.connection.execute("UPDATE r_child SET name = '错' WHERE id = ?", (record,))
    li.connection.execute("DELETE FROM hand")
    assert town.sync("li").healed == 0
    town.now_ms += 25 * 3600 * 1000
    assert town.sync("li").healed == 1
    assert value(li, record, "name") == "罗静"
