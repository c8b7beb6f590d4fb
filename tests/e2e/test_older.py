"""The county bounds the months of contacts that laptops hold."""

from __future__ import annotations

from pathlib import Path

from county import TOWNSHIP, County, Laptop


def test_older_visits_stay_at_the_county_and_come_when_asked_for(
    county: County, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "laptop", "何秀英", county).login()
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    child = laptop.add("child", "name=张梓涵", f"village={village}")
    for on in ("2001-05-01", "2001-06-01", "2026-09-01"):
        laptop.add("contact", f"child={child}", f"on={on}", "kind=home_visit")
    laptop.sync()
    assert laptop("status", "--json").json["records"]["contact"] == 3
    county("settings", "set", "contact_months", "24")
    assert laptop.sync()["in_step"]
    assert laptop("status", "--json").json["records"]["contact"] == 1
    other = Laptop(tmp_path / "other", "周晓燕", county).login()
    assert other("status", "--json").json["records"]["contact"] == 1
    came = other("older", child, "--json").json
    assert came["fetched"] == 2 and came["before"] < "2026-09"
    assert other("status", "--json").json["records"]["contact"] == 3
    assert other("check", "--json").json["ok"] and laptop("check", "--json").json["ok"]
    county.stop()
    told = other("older", child, expect=3)
    assert "(417)" in told.err and len(told.err.strip().splitlines()) == 1
    county.start()
    county("settings", "set", "contact_months", "0")
    assert laptop.sync()["in_step"]
    assert laptop("status", "--json").json["records"]["contact"] == 3
    assert county("check", "--json").json["ok"]
