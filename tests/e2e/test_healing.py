"""A record altered on a laptop beside the program comes back from the county, and it is on record."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from county import PASSPHRASE, TOWNSHIP, County, Laptop


@pytest.fixture(scope="module")
def laptop(county: County, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    made = Laptop(tmp_path_factory.mktemp("laptop"), "何秀英", county).login()
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    for name in ("张梓涵", "李雨桐", "王浩然"):
        made.add("child", f"name={name}", f"village={village}", "phone=13800000001")
    made.sync()
    return made


def alter(laptop: Laptop, statement: str, *values: Any) -> None:
    """As somebody would who has the store's key."""
    from sync.home import Home

    home = Home(laptop.folder)
    session = home.unlock(home.account(), PASSPHRASE)
    assert session.replica.connection.execute(statement, values).rowcount == 1
    session.close()


def listed(laptop: Laptop) -> dict[str, str]:
    return {row["name"]: row["id"] for row in laptop("list", "child", "--json").json}


def test_an_altered_value_is_back_after_the_next_synchronisation(
    county: County, laptop: Laptop
) -> None:
    id_ = listed(laptop)["李雨桐"]
    alter(laptop, "UPDATE r_child SET phone = '13999999999' WHERE id = ?", id_)
    report = laptop.sync()
    assert (report["healed"], report["in_step"]) == (1, True)
    assert laptop.show(id_)["phone"] == "13800000001"
    assert laptop("status", "--json").json["healed"] >= 1
    told = laptop("check", "--json").json
    assert (told["ok"], told["compared"]) == (True, True)
    assert told["healed"][0]["records"] == [id_]
    at_county = county("check", "--json").json
    assert at_county["ok"]
    assert (at_county["healed"][0]["user"], at_county["healed"][0]["records"]) == ("何秀英", [id_])


def test_check_heals_by_itself_and_without_a_line_says_what_it_found(
    county: County, laptop: Laptop, tmp_path: Path
) -> None:
    id_ = listed(laptop)["王浩然"]
    alter(laptop, "DELETE FROM r_child WHERE id = ?", id_)
    away = Laptop(shutil.copytree(laptop.folder, tmp_path / "away"), laptop.user, county)
    county.stop()
    found = away("check", "--json", expect=1).json
    assert (found["ok"], found["compared"]) == (False, False)
    assert {p["code"] for p in found["problems"]} == {"digest", "search"}
    county.start()
    laptop.county.address = county.address
    told = laptop("check", "--json").json
    assert told["ok"] and told["healed"][0]["records"] == [id_]
    assert id_ in listed(laptop).values()
