"""Rosters in: the three samples as their truth says, another county's in other shapes, twice, and
taken back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from casework import rosters
from casework.rosters import Rehearsal, Unreadable
from schema import idnumber
from schema.problems import Problem
from sync.replica import Refused, Replica
from tests.casework import made_rosters as made
from tests.casework.counties import ROSTERS, County, class_of, school

SCHOOL = "510811105-s1"
OWN = school(SCHOOL, "太公镇中心小学", "510811105")
SCHOOL_PROBLEMS = {
    10: "id_check_digit", 16: "name_missing", 18: "sex_contradicts_id", 47: "id_check_digit",
    75: "name_missing", 84: "id_check_digit", 85: "sex_contradicts_id", 121: "id_check_digit",
    134: "name_missing", 152: "sex_contradicts_id", 158: "id_check_digit",
}  # fmt: skip


def told(rehearsal: Rehearsal) -> dict[int, str]:
    """Row number to the code of its one problem."""
    found: dict[int, str] = {}
    for p in rehearsal.problems:
        assert p.row not in found, (p.row, p.code, found[p.row])
        found[p.row] = p.code
    return found


def test_what_cannot_be_stored_is_said_by_the_names_that_people_know(laptop: Replica) -> None:
    rehearsal = rosters.rehearse(laptop, ROSTERS / "school-roster.xlsx", school=SCHOOL)
    wrong = Problem("phone", "号码不对。")
    laptop.rules = lambda _replica, kind, _values, _id: (
        [("phone", wrong), ("workplace", wrong)] if kind.name == "family" else []
    )
    rosters.write(laptop, rehearsal)
    said = {p.problem.text(str) for p in rehearsal.problems if p.code == "not_stored"}
    assert said == {"有一项存不下，这一行跳过：电话、在哪里 号码不对。"}


def counts(rehearsal: Rehearsal) -> tuple[int, int, int, int, int]:
    """rows, created, updated, same, skipped; the first is the sum of the others."""
    c = rehearsal.counts
    assert c["rows"] == c["created"] + c["updated"] + c["same"] + c["skipped"]
    return (c["rows"], c["created"], c["updated"], c["same"], c["skipped"])


def contents(replica: Replica) -> list[Any]:
    """Everything a person could see, without the ids of this device."""
    children = {r["id"]: r for r in replica.select("child")}
    rows: list[Any] = []
    for kind in ("child", "family", "contact"):
        for row in replica.select(kind):
            plain = {k: v for k, v in row.items() if v is not None and k not in ("id", "child")}
            owner = children.get(row.get("child", row["id"]), {}).get("name")
            rows.append((kind, owner, sorted((k, str(v)) for k, v in plain.items() if k[0] != "_")))
    return sorted(rows, key=str)


@pytest.fixture
def laptop() -> Replica:
    return County("510811", OWN).laptop()


# -- the samples


def test_the_school_roster_imports_as_its_truth_says(laptop: Replica) -> None:
    rehearsal = rosters.rehearse(laptop, ROSTERS / "school-roster.xlsx", school=SCHOOL)
    assert told(rehearsal) == SCHOOL_PROBLEMS
    assert counts(rehearsal) == (180, 177, 0, 0, 3)
    assert rehearsal.unrecognised == []
    assert laptop.count("child") == 0  # a rehearsal writes nothing
    rosters.write(laptop, rehearsal)
    children = laptop.select("child")
    assert len(children) == 177
    assert {c["school"] for c in children} == {SCHOOL}
    assert all(laptop.units()[c["village"]]["level"] == "village" for c in children)
    assert all(c["id_number"] is None or idnumber.is_valid(c["id_number"]) for c in children)
    assert (
        sum(c["id_number"] is None for c in children) == 5 + 4
    )  # wrong last digits, and empty cells


def test_a_sex_that_contradicts_a_good_number_gives_way_to_it(laptop: Replica) -> None:
    rehearsal = rosters.rehearse(laptop, ROSTERS / "school-roster.xlsx", school=SCHOOL)
    row = next(r for r in rehearsal.rows if r.row == 152)
    assert row.plan is not None
    assert row.plan.values["sex"] == "female"


def test_numbers_turned_to_floats_are_reported_and_never_stored(laptop: Replica) -> None:
    rehearsal = rosters.rehearse(laptop, ROSTERS / "village-ledger.xlsx")
    assert set(told(rehearsal).values()) == {"id_damaged"}
    assert len(told(rehearsal)) == 11
    assert counts(rehearsal) == (120, 120, 0, 0, 0)
    rosters.write(laptop, rehearsal)
    assert sum(c["id_number"] is None for c in laptop.select("child")) == 11


def test_the_township_table_in_gb18030_imports_whole(laptop: Replica) -> None:
    rehearsal = rosters.rehearse(laptop, ROSTERS / "township-summary.csv")
    assert told(rehearsal) == {}
    assert counts(rehearsal) == (240, 240, 0, 0, 0)


def test_the_24_children_of_both_rosters_are_met_again(laptop: Replica) -> None:
    rosters.write(laptop, rosters.rehearse(laptop, ROSTERS / "school-roster.xlsx", school=SCHOOL))
    rehearsal = rosters.rehearse(laptop, ROSTERS / "village-ledger.xlsx")
    rows, created, updated, same, skipped = counts(rehearsal)
    assert (rows, skipped) == (120, 0)
    assert updated + same >= 24
    rosters.write(laptop, rehearsal)
    assert laptop.count("child") == 177 + created
    numbers = Counter(c["id_number"] for c in laptop.select("child") if c["id_number"])
    assert max(numbers.values()) == 1


@pytest.mark.parametrize(
    "roster", ["school-roster.xlsx", "village-ledger.xlsx", "township-summary.csv"]
)
def test_importing_twice_changes_nothing(laptop: Replica, roster: str) -> None:
    rosters.write(laptop, rosters.rehearse(laptop, ROSTERS / roster))
    before, pending = contents(laptop), laptop.pending_count()
    again = rosters.rehearse(laptop, ROSTERS / roster)
    rows, created, updated, same, skipped = counts(again)
    assert (created, updated) == (0, 0)
    assert same == rows - skipped
    rosters.write(laptop, again)
    assert (contents(laptop), laptop.pending_count()) == (before, pending)


def test_one_child_is_one_txn(laptop: Replica) -> None:
    rosters.write(laptop, rosters.rehearse(laptop, ROSTERS / "township-summary.csv"))
    rows = laptop.connection.execute("SELECT txn, count(*) FROM outbox GROUP BY txn").fetchall()
    assert len(rows) == 240
    assert {n for _, n in rows} <= {2, 3, 4}


def test_what_was_imported_reaches_the_county_and_a_second_laptop() -> None:
    county = County("510811", OWN)
    laptop = county.laptop()
    rosters.write(laptop, rosters.rehearse(laptop, ROSTERS / "village-ledger.xlsx"))
    county.sync()
    assert laptop.returned() == []
    other = county.laptop("刘国强", "supervisor", "510811101")
    wanted = [c for c in laptop.select("child") if str(c["village"]).startswith("510811101")]
    assert other.count("child") == len(wanted) > 10


# -- another county


@pytest.fixture(scope="module")
def gaozhou() -> County:
    return County(
        made.COUNTY,
        school("g1", "潘州街道第一小学", "440981007"),
        class_of("g1", "primary", 2023, "2"),
    )


FILES = ("xlsx", "hidden", "xls", "utf-8", "utf-8-sig", "gb18030", "tab")


def save(folder: Path, file: str, rows: list[made.Row]) -> Path:
    path = (
        folder / f"名册.{file if file.startswith('xls') else 'xlsx' if file == 'hidden' else 'csv'}"
    )
    if file in ("xlsx", "hidden"):
        made.write_xlsx(path, {"Sheet1": rows}, hidden="CG" if file == "hidden" else "")
    elif file == "xls":
        made.write_xls(path, {"Sheet1": rows})
    else:
        made.write_csv(
            path, rows, "utf-8" if file == "tab" else file, "\t" if file == "tab" else ","
        )
    return path


def expected(shape: str, p: made.Person) -> tuple[dict[str, Any], set[tuple[Any, ...]]]:
    """The child's values and (role, name, phone) of the family that this shape tells."""
    child = {"name": p.name, "sex": p.sex, "birth_date": p.birth.isoformat(), "id_number": p.number}
    carer = (p.relation_code, p.carer, p.carer_phone)
    parents = {("father", p.father, p.father_phone), ("mother", p.mother, p.mother_phone)}
    if shape == "combined":
        return child, {carer, ("father", None, None), ("mother", None, None)}
    if shape == "plain":
        return child, {carer}
    return child, parents | ({carer} if shape == "grouped" else set())


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("shape", made.SHAPES)
def test_another_countys_rosters_import_whole(
    gaozhou: County, tmp_path: Path, shape: str, file: str
) -> None:
    laptop = gaozhou.laptop()
    some = made.people(25, seed=len(shape) * 100 + len(file))
    path = save(tmp_path, file, made.SHAPES[shape](some))
    rehearsal = rosters.rehearse(laptop, path)
    problems = [(p.row, p.code) for p in rehearsal.problems if p.code != "unit_ambiguous"]
    assert problems == []
    assert counts(rehearsal) == (25, 25, 0, 0, 0)
    rosters.write(laptop, rehearsal)
    children = {c["id_number"]: c for c in laptop.select("child")}
    assert len(children) == 25
    for p in some:
        held = children[p.number]
        values, family = expected(shape, p)
        assert {k: held[k] for k in values} == values
        told_ = {
            (f["role"], f["name"], f["phone"]) for f in laptop.children_of("family", held["id"])
        }
        assert told_ == family
        if p.place in ("石龙村",) or shape == "grouped":
            assert held["village"] == p.village or held["village"] == p.unit["parent"]
        else:
            assert held["village"] == p.village, (p.township, p.unit["name"])


def test_the_classes_of_the_school_are_found_by_grade_of_this_year(
    gaozhou: County, tmp_path: Path
) -> None:
    laptop = gaozhou.laptop()
    made.write_xlsx(tmp_path / "a.xlsx", {"四2": made.school_sheet(made.people(4))})
    rosters.write(laptop, rosters.rehearse(laptop, tmp_path / "a.xlsx", school="g1"))
    assert {(c["school"], c["class"]) for c in laptop.select("child")} == {
        ("g1", "g1-primary-2023-2")
    }


def test_every_sheet_with_a_header_is_read_and_the_cover_is_passed_over(
    gaozhou: County, tmp_path: Path
) -> None:
    laptop = gaozhou.laptop()
    some = made.people(30, seed=7)
    cover = [["高州市留守儿童摸底工作"], ["说明：请各镇于10月30日前报送。"], [], ["联系人：办公室"]]
    sheets = {"封面": cover, "甲镇": made.plain(some[:12]), "乙镇": made.combined(some[12:])}
    made.write_xlsx(tmp_path / "a.xlsx", sheets)
    rehearsal = rosters.rehearse(laptop, tmp_path / "a.xlsx")
    assert counts(rehearsal)[:2] == (30, 30)
    assert {r.sheet for r in rehearsal.rows} == {"甲镇", "乙镇"}
    assert rehearsal.passed_over == ["封面"]
    assert rehearsal.rows[0].row == 2
    assert rehearsal.rows[12].row == 4


# -- who is the same child


def rows_of(*rows: list[Any]) -> list[list[Any]]:
    return [["姓名", "性别", "出生日期", "身份证号", "村", "监护人电话"], *map(list, rows)]


def imported(laptop: Replica, folder: Path, *rows: list[Any], **more: Any) -> Rehearsal:
    path = folder / "行.xlsx"
    made.write_xlsx(path, {"表": rows_of(*rows)})
    rehearsal = rosters.rehearse(laptop, path, **more)
    rosters.write(laptop, rehearsal)
    return rehearsal


LUO = ["罗静", "女", "2015-03-08", None, "冯家岭村", "13900002741"]


def test_the_same_person_twice_in_a_file_is_one_child(laptop: Replica, tmp_path: Path) -> None:
    rehearsal = imported(
        laptop, tmp_path, LUO, ["曾娜", "女", "2016-01-02", None, "卫子村", None], LUO
    )
    assert told(rehearsal) == {4: "duplicate_in_file"}
    assert laptop.count("child") == 2


def test_names_that_only_sound_alike_are_never_joined(laptop: Replica, tmp_path: Path) -> None:
    imported(laptop, tmp_path, LUO)
    second = ["罗婧", *LUO[1:]]
    rehearsal = imported(laptop, tmp_path, second)
    assert told(rehearsal) == {2: "duplicate_in_store"}
    assert counts(rehearsal) == (1, 1, 0, 0, 0)
    assert laptop.count("child") == 2


@pytest.mark.parametrize(("decision", "children"), [("same", 1), ("new", 2), ("skip", 1)])
def test_a_person_decides_about_a_doubtful_row(
    laptop: Replica, tmp_path: Path, decision: str, children: int
) -> None:
    imported(laptop, tmp_path, LUO)
    imported(laptop, tmp_path, ["罗婧", *LUO[1:]], decisions={("表", 2): decision})
    assert laptop.count("child") == children


def test_namesakes_with_other_birth_dates_or_numbers_stay_two(
    laptop: Replica, tmp_path: Path
) -> None:
    imported(laptop, tmp_path, LUO)
    rehearsal = imported(laptop, tmp_path, ["罗静", "女", "2016-03-08", None, "冯家岭村", None])
    assert counts(rehearsal)[1] == 1
    first = "51081120150308002"
    with_number = [
        "罗静",
        "女",
        "2015-03-08",
        first + idnumber.check_character(first),
        "冯家岭村",
        None,
    ]
    imported(laptop, tmp_path, with_number)
    other = "51081120150308004"
    rehearsal = imported(
        laptop,
        tmp_path,
        [*with_number[:3], other + idnumber.check_character(other), "冯家岭村", None],
    )
    assert counts(rehearsal)[1] == 1
    assert laptop.count("child") == 3


@pytest.mark.parametrize(
    ("row", "code", "level"),
    [
        (["甲", "男", "2015-01-01", None, "杨树湾", None], "unit_unknown", "county"),
        (["乙", "男", "2018-02-30", None, "冯家岭村", None], "bad_date", "village"),
        (["丙", "男", "2015-01-01", "5.10811E+17", "冯家岭村", None], "id_damaged", "village"),
        (
            ["丁", "女", "2015-01-01", 510811201501010012.0, "冯家岭村", None],
            "id_damaged",
            "village",
        ),
    ],
)
def test_a_doubtful_row_is_imported_with_its_reason(
    laptop: Replica, tmp_path: Path, row: list[Any], code: str, level: str
) -> None:
    rehearsal = imported(laptop, tmp_path, row)
    assert told(rehearsal) == {2: code}
    (child,) = laptop.select("child")
    assert laptop.units()[child["village"]]["level"] == level
    assert child["id_number"] is None


def test_a_birth_date_that_contradicts_a_good_number_is_told(
    laptop: Replica, tmp_path: Path
) -> None:
    first = "51081120150308002"
    row = ["罗静", "女", "2014-03-08", first + idnumber.check_character(first), "冯家岭村", None]
    assert told(imported(laptop, tmp_path, row)) == {2: "birth_contradicts_id"}
    assert laptop.select("child")[0]["birth_date"] == "2015-03-08"


def test_two_fitting_villages_are_named_and_the_child_is_kept_above_both(tmp_path: Path) -> None:
    laptop = County("440981").laptop()
    rehearsal = imported(laptop, tmp_path, ["甲", "男", "2015-01-01", None, "石龙村委会", None])
    assert told(rehearsal) == {2: "unit_ambiguous"}
    assert laptop.select("child")[0]["village"] == "440981"


# -- permission, damage


def test_a_teacher_imports_only_into_their_own_school(tmp_path: Path) -> None:
    county = County("510811", OWN)
    teacher = county.laptop("周晓燕", "teacher", SCHOOL)
    rehearsal = rosters.rehearse(teacher, ROSTERS / "school-roster.xlsx")
    assert counts(rehearsal)[1] == 177
    director = county.laptop("何秀英", "director", "510811101206")
    elsewhere = rosters.rehearse(director, ROSTERS / "township-summary.csv")
    assert counts(elsewhere)[1] < 10
    assert Counter(p.code for p in elsewhere.problems)["not_permitted"] > 200


def test_an_inspector_imports_nothing() -> None:
    inspector = County("510811").laptop("督导", "inspector")
    with pytest.raises(Refused):
        rosters.rehearse(inspector, ROSTERS / "township-summary.csv")


def test_a_file_without_children_is_refused_and_nothing_is_written(
    laptop: Replica, tmp_path: Path
) -> None:
    made.write_xlsx(tmp_path / "a.xlsx", {"一": [["日期", "金额"], ["2026-01-01", 12]]})
    with pytest.raises(Unreadable, match="no_header"):
        rosters.rehearse(laptop, tmp_path / "a.xlsx")
    assert laptop.pending_count() == 0
