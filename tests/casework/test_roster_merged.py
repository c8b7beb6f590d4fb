"""A roster that speaks of a file merged into another one: its words land on the child that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework import rosters
from sync import merges
from tests.casework import made_rosters as made
from tests.casework.counties import County

VILLAGE, OTHER_VILLAGE = "510811101200", "510811101201"
NUMBER = "510811201503080027"
AWAY = {"name": "罗子静", "birth_date": "2015-03-09", "sex": "female"}


@pytest.fixture
def county() -> County:
    county = County("510811")
    admin = county.laptop()
    villages = [u["code"] for u in admin.select("unit") if u["level"] == "village"]
    county.villages = villages[:2]  # type: ignore[attr-defined]
    return county


def merged(county: County, **away: str) -> tuple[str, str]:
    """Kept and merged-away file on the admin's laptop."""
    admin = county.laptops["陈德福"]
    here, there = county.villages  # type: ignore[attr-defined]
    kept = {"name": "罗梓静", "birth_date": "2015-03-08", "sex": "female", "village": here}
    one = admin.save("child", kept)
    other = admin.save("child", {**AWAY, "village": there, **away})
    merges.merge(admin, one, other)
    return one, other


def roster(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "名册.csv"
    head = ("姓名", "性别", "出生日期", "身份证号", "爱好")
    made.write_csv(path, [list(head), *map(list, rows)], "utf-8")
    return path


@pytest.mark.parametrize(
    ("away", "row"),
    [
        ({"id_number": NUMBER, "id_type": "resident"}, ("罗子静", "女", "", NUMBER, "象棋")),
        ({}, ("罗子静", "女", "2015-03-09", "", "象棋")),
        ({}, ("罗梓静", "女", "2015-03-08", "", "象棋")),
    ],
)
def test_a_row_of_a_merged_away_file_is_the_kept_child(
    county: County, tmp_path: Path, away: dict[str, str], row: tuple[str, ...]
) -> None:
    admin = county.laptops["陈德福"]
    one, other = merged(county, **away)
    rehearsal = rosters.rehearse(admin, roster(tmp_path, row))
    assert [(r.status, r.id) for r in rehearsal.rows] == [("updated", one)]
    rosters.write(admin, rehearsal)
    county.sync()
    (child,) = admin.select("child")
    assert (child["id"], child["name"], child["hobbies"]) == (one, "罗梓静", "象棋")
    again = rosters.rehearse(admin, roster(tmp_path, row))
    assert [r.status for r in again.rows] == ["same"]
    assert admin.get(other).values.get("hobbies") is None  # type: ignore[union-attr]


def test_a_roster_read_before_the_merge_was_heard_of_lands_there_too_and_once(
    county: County, tmp_path: Path
) -> None:
    admin, late = county.laptops["陈德福"], county.laptop("何秀英", "director")
    here, there = county.villages  # type: ignore[attr-defined]
    one = admin.save("child", {"name": "罗梓静", "birth_date": "2015-03-08", "village": here})
    other = admin.save("child", {**AWAY, "village": there})
    county.sync()
    merge = merges.merge(admin, one, other)
    county.sync("陈德福")
    path = roster(tmp_path, ("罗子静", "女", "2015-03-09", "", "象棋"))
    batch = rosters.write(late, rosters.rehearse(late, path))
    county.sync("何秀英", "陈德福", "何秀英")
    for replica in (admin, late):
        (child,) = replica.select("child")
        assert (child["id"], child["hobbies"]) == (one, "象棋")
    merges.unmerge(admin, merge)
    county.sync("陈德福", "何秀英")
    hobbies = {c["id"]: c.get("hobbies") for c in late.select("child")}
    assert hobbies == {one: None, other: "象棋"}
    rosters.undo(late, batch.id)
    county.sync("何秀英", "陈德福")
    assert {c["id"]: c.get("hobbies") for c in admin.select("child")} == {one: None, other: None}
