"""Figures about what was told two ways."""

from __future__ import annotations

from casework.conflict_figures import figures
from tests.sync.town import Town, child


def test_opened_settled_reversed_and_by_whom() -> None:
    town = Town("adm", "sup", "li", "tea")
    sup = town.replicas["sup"]
    records = [child(sup), child(sup)]
    town.sync("sup", "li", "tea")
    for record in records:
        town.replicas["li"].save("child", {"address": "2组"}, record)
        town.now_ms += 1000
        town.replicas["tea"].save("child", {"address": "5组"}, record)
    town.sync("li", "tea", "sup")
    town.now_ms += 3 * 3_600_000
    first, second = sup.conflicts()
    sup.resolve(first.id, "winner")
    sup.resolve(second.id, "winner")
    sup.undo(second.id)
    town.sync("sup", "sup")
    found = figures(sup)
    assert (found["opened"], found["settled"], found["open"]) == (2, 1, 1)
    assert found["share_reversed"] == 0.5
    assert round(found["median_hours_to_settle"]) == round(found["median_hours_open"]) == 3
    assert found["by_field"] == {"child.address": 2}
    assert found["by_unit"] == {"111": 2}
    assert found["by_pair"] == [{"people": ["li", "tea"], "count": 2}]
