"""A record's history from before a laptop was set up is fetched when asked for, and kept."""

from __future__ import annotations

from pathlib import Path

from county import TOWNSHIP, County, Laptop


def texts(laptop: Laptop, child: str) -> list[str]:
    return [step["value"] for step in laptop("history", child, "note", "--json").json]


def test_a_new_laptop_asks_the_county_for_what_came_before(county: County, tmp_path: Path) -> None:
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    first = county.laptop("何秀英").login()
    child = first.add("child", "name=安小雨", f"village={village}", "note=头一句")
    for text in ("第二句", "第三句"):
        first("set", child, f"note={text}")
        first("sync")
    late = Laptop(tmp_path / "late", "何秀英", county).login()
    beyond = Laptop(tmp_path / "beyond", "何秀英", county).login()
    beyond("logout")
    alone = beyond("history", child, "note", "--json")
    assert [step["value"] for step in alone.json] == ["第三句"]
    assert "起是全的" in alone.err
    assert texts(late, child) == ["头一句", "第二句", "第三句"]
    said = late("history", child, "note")
    assert said.err == ""
    late("set", child, "note=第四句")
    late("sync")
    assert texts(late, child) == ["头一句", "第二句", "第三句", "第四句"]
    late("check")
