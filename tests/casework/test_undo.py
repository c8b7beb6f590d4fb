"""A batch taken back: every child and value it brought, except where someone has edited since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casework import batches, rosters
from casework.rosters import Rehearsal
from sync.replica import Refused, Replica
from tests.casework import made_rosters as made
from tests.casework.counties import ROSTERS, County, school
from tests.casework.test_rosters import LUO, OWN, SCHOOL, contents, imported, rows_of


def first_import(laptop: Replica, roster: str = "village-ledger.xlsx") -> batches.Batch:
    return rosters.write(laptop, rosters.rehearse(laptop, ROSTERS / roster))


def the_child(laptop: Replica, name: str = "罗静") -> dict[str, Any]:
    (row,) = laptop.select("child", {"name": name})
    return row


@pytest.fixture
def county() -> County:
    return County("510811", OWN, school("s2", "卫子镇中心小学", "510811101"))


def written(laptop: Replica, folder: Path, *rows: list[Any]) -> batches.Batch:
    made.write_xlsx(folder / "a.xlsx", {"表": rows_of(*rows)})
    return rosters.write(laptop, rosters.rehearse(laptop, folder / "a.xlsx"))


def test_a_batch_leaves_nothing_behind_here_or_in_the_county(county: County) -> None:
    laptop = county.laptop()
    batch = first_import(laptop)
    county.sync()
    other = county.laptop("刘国强", "supervisor", "510811101")
    assert other.count("child") > 10
    undone = rosters.undo(laptop, batch.id)
    assert (undone.taken_back, list(undone.kept)) == (120, [])
    county.sync()
    for replica in (laptop, other):
        assert [replica.count(k) for k in ("child", "family", "contact")] == [0, 0, 0]
        assert replica.returned() == []


def test_what_someone_has_edited_since_stays_and_is_listed(county: County, tmp_path: Path) -> None:
    laptop = county.laptop()
    batch = written(laptop, tmp_path, LUO, ["曾娜", "女", "2016-01-02", None, "冯家岭村", None])
    county.sync()
    director = county.laptop("何秀英", "director", "510811101206")
    director.save("child", {"hobbies": "画画"}, id=the_child(director)["id"])
    county.sync("何秀英", "陈德福")
    undone = rosters.undo(laptop, batch.id)
    assert undone.taken_back == 1
    assert [(k.id, k.field) for k in undone.kept] == [(the_child(laptop)["id"], "hobbies")]
    county.sync("陈德福", "何秀英")
    for replica in (laptop, director):
        assert [c["name"] for c in replica.select("child")] == ["罗静"]
        assert the_child(replica)["hobbies"] == "画画"


def test_a_child_visited_since_is_not_taken_back(county: County, tmp_path: Path) -> None:
    laptop = county.laptop()
    batch = written(laptop, tmp_path, LUO)
    child = the_child(laptop)["id"]
    visit = laptop.save("contact", {"child": child, "on": "2026-11-01", "kind": "home_visit"})
    undone = rosters.undo(laptop, batch.id)
    assert [k.id for k in undone.kept] == [visit]
    assert laptop.count("child") == 1
    assert laptop.count("contact") == 1


def test_values_of_a_child_known_before_are_as_they_were(county: County, tmp_path: Path) -> None:
    laptop = county.laptop()
    child = laptop.save(
        "child",
        {"name": "罗静", "sex": "female", "birth_date": "2015-03-08", "village": "510811101206"},
    )
    laptop.save("family", {"child": child, "role": "mother", "name": "周小梅"})
    before = contents(laptop)
    made.write_xlsx(
        tmp_path / "a.xlsx",
        {
            "表": [
                ["姓名", "出生日期", "村", "母亲姓名", "母亲电话", "爱好", "走访日期", "走访情况"],
                [
                    "罗静",
                    "2015-03-08",
                    "冯家岭村",
                    "周小梅",
                    "15000006641",
                    "画画",
                    "2026-10-01",
                    "还好",
                ],
            ]
        },
    )
    rehearsal: Rehearsal = rosters.rehearse(laptop, tmp_path / "a.xlsx")
    assert rehearsal.counts["updated"] == 1
    batch = rosters.write(laptop, rehearsal)
    assert contents(laptop) != before
    assert list(rosters.undo(laptop, batch.id).kept) == []
    assert contents(laptop) == before


def test_of_a_known_child_only_what_was_edited_since_stays(county: County, tmp_path: Path) -> None:
    laptop = county.laptop()
    child = laptop.save(
        "child", {"name": "罗静", "birth_date": "2015-03-08", "village": "510811101206"}
    )
    made.write_xlsx(
        tmp_path / "a.xlsx",
        {
            "表": [
                ["姓名", "出生日期", "村", "爱好", "民族"],
                ["罗静", "2015-03-08", "冯家岭村", "画画", "汉族"],
            ]
        },
    )
    batch = rosters.write(laptop, rosters.rehearse(laptop, tmp_path / "a.xlsx"))
    laptop.save("child", {"hobbies": "唱歌"}, id=child)
    undone = rosters.undo(laptop, batch.id)
    assert [k.field for k in undone.kept] == ["hobbies"]
    held = the_child(laptop)
    assert (held["hobbies"], held["ethnicity"]) == ("唱歌", None)


def test_a_teacher_may_take_back_their_own_import(county: County) -> None:
    teacher = county.laptop("周晓燕", "teacher", SCHOOL)
    batch = first_import(teacher, "school-roster.xlsx")
    county.sync()
    undone = rosters.undo(teacher, batch.id)
    assert (undone.taken_back, list(undone.kept)) == (177, [])
    county.sync()
    assert teacher.count("child") == 0
    assert teacher.returned() == []


def test_taking_back_twice_does_nothing_more(county: County, tmp_path: Path) -> None:
    laptop = county.laptop()
    batch = written(laptop, tmp_path, LUO)
    rosters.undo(laptop, batch.id)
    pending = laptop.pending_count()
    again = rosters.undo(laptop, batch.id)
    assert (again.taken_back, list(again.kept), laptop.pending_count()) == (0, [], pending)


def test_a_roster_taken_back_can_be_imported_again(county: County, tmp_path: Path) -> None:
    laptop = county.laptop()
    rosters.undo(laptop, written(laptop, tmp_path, LUO).id)
    assert imported(laptop, tmp_path, LUO).counts["created"] == 1
    assert laptop.count("child") == 1


def test_an_unknown_batch_is_refused(county: County) -> None:
    with pytest.raises(Refused):
        rosters.undo(county.laptop(), "nothing")


@pytest.mark.parametrize(("order", "left"), [((1, 0), 0), ((0, 1), 1)])
def test_two_batches_over_each_other_never_lose_the_later_one(
    tmp_path: Path, order: tuple[int, ...], left: int
) -> None:
    laptop = County("510811").laptop()
    phones = ("13900002741", "13900002742")
    done = [written(laptop, tmp_path, [*LUO[:5], phone]).id for phone in phones]
    first = rosters.undo(laptop, done[order[0]])
    assert bool(first.kept) == bool(left)  # the earlier one: the later has written over it
    assert laptop.select("family")[0]["phone"] == phones[1 - order[0]]
    rosters.undo(laptop, done[order[1]])
    assert laptop.count("child") == left
