"""How many second files were met before they were made, and how many after."""

from __future__ import annotations

from village import Village

from casework.duplicate_figures import figures
from casework.duplicates import pairs
from sync import merges


def test_pairs_are_counted_by_what_became_of_them(village: Village) -> None:
    second = village.tell_twice()
    chen = village.replicas["陈德福"]
    before = figures(chen)
    assert before["after_entry"] == 1 and before["certain"] == 1 and before["open"] == 1
    assert before["by_reason"] == {"same_id_number_and_name": 1}
    (pair,) = (p for p in pairs(chen) if second in (p.a, p.b))
    merges.merge(chen, village.ids["罗静"], second)
    village.sync("陈德福")
    after = figures(chen)
    assert (after["merged"], after["open"], after["not_same"]) == (1, 0, 0)
    assert pair.certain and after["before_entry"] == 0
