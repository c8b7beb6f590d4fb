"""The sample rosters through the command, as a careful import finds them; twice, and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from county import ROSTERS, County, Laptop

TRUTH = {
    10: "id_check_digit", 16: "name_missing", 18: "sex_contradicts_id", 47: "id_check_digit",
    75: "name_missing", 84: "id_check_digit", 85: "sex_contradicts_id", 121: "id_check_digit",
    134: "name_missing", 152: "sex_contradicts_id", 158: "id_check_digit",
}  # fmt: skip
"""Row to code in school-roster.xlsx."""


@pytest.fixture(scope="module")
def school(county: County) -> str:
    words = ("school", "add", "太公镇中心小学", "--township", "510811105", "--json")
    return str(county(*words).json["code"])


@pytest.fixture(scope="module")
def admin(county: County, school: str) -> Laptop:
    return county.laptop("陈德福").login()


def test_rosters_one_after_another_give_each_child_one_file(admin: Laptop, school: str) -> None:
    roster = str(ROSTERS / "school-roster.xlsx")
    looked = admin("import", roster, "--school", school, "--dry-run", "--json", expect=1).json
    assert admin("status", "--json").json["records"]["child"] == 0
    first = admin("import", roster, "--school", school, "--json", expect=1).json
    assert {k: looked[k] for k in ("rows", "created", "skipped")} == {
        k: first[k] for k in ("rows", "created", "skipped")
    }
    assert first["rows"] == 180 and first["created"] == 177 and first["skipped"] == 3
    assert {p["row"]: p["code"] for p in first["problems"]} == TRUTH
    assert len(first["problems"]) == len(TRUTH)
    assert all(p["sheet"] == "花名册" and p["field"] and p["message"] for p in first["problems"])

    again = admin("import", roster, "--school", school, "--json", expect=1).json
    assert again["created"] == again["updated"] == 0 and again["same"] == 177

    ledger = admin("import", str(ROSTERS / "village-ledger.xlsx"), "--json", expect=1).json
    assert ledger["rows"] == 120 and ledger["created"] == 96
    assert ledger["updated"] + ledger["same"] == 24
    assert sum(p["code"] == "id_damaged" for p in ledger["problems"]) == 11

    summary = admin("import", str(ROSTERS / "township-summary.csv"), "--json", expect=None).json
    assert summary["rows"] == 240
    assert summary["rows"] == sum(summary[k] for k in ("created", "updated", "same", "skipped"))

    children = admin("list", "child", "--json").json
    assert len(children) == 177 + 96 + summary["created"]
    assert all(c.get("village") for c in children)
    assert not [c for c in children if len(c.get("id_number", "x" * 18)) != 18]
    pupils = [c for c in children if c.get("school") == school]
    assert len(pupils) >= 177


def test_a_batch_is_taken_back_except_where_someone_edited(
    county: County, admin: Laptop, tmp_path: Path
) -> None:
    roster = tmp_path / "名册.csv"
    roster.write_text(
        "姓名,性别,所在村\n甲一,男,冯家岭村\n乙二,女,冯家岭村\n", encoding="utf-8-sig"
    )
    batch = admin("import", str(roster), "--json").json
    assert batch["created"] == 2 and batch["problems"] == []
    kept = admin("find", "甲一", "--json").json[0]["id"]
    admin("set", kept, "hobbies=下棋")
    undone = admin("import", "--undo", batch["batch"], "--json", expect=None)
    assert admin("find", "乙二", "--json").json == []
    assert json.loads(undone.out)


def test_a_file_that_is_no_roster_is_said_and_nothing_is_written(
    admin: Laptop, tmp_path: Path
) -> None:
    before = admin("status", "--json").json
    for name, content in (("a.xlsx", b"no workbook"), ("b.csv", b""), ("c.txt", b"\x00\x01")):
        path = tmp_path / name
        path.write_bytes(content)
        done = admin("import", str(path), "--json", expect=2)
        assert done.out == "" and done.err
    admin("import", str(tmp_path / "missing.xlsx"), expect=2)
    assert admin("status", "--json").json == before
