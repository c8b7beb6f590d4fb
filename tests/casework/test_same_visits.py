"""Two people who wrote down the same visit: both accounts stay, and each names the other."""

from __future__ import annotations

from casework import visits
from tests.sync.town import Town, child, contact


def test_a_visit_told_by_two_people_names_the_other_and_opens_no_conflict() -> None:
    town = Town("li", "tea", "adm")
    li, tea, adm = (town.replicas[name] for name in ("li", "tea", "adm"))
    record = child(li)
    town.rest()
    mine, again = contact(li, record), contact(li, record)
    theirs = contact(tea, record)
    contact(tea, record, on="2026-11-02")
    contact(tea, record, kind="talk")
    town.rest()
    same = visits.same_visits(adm, record)
    assert {id_: sorted(others) for id_, others in same.items()} == {
        mine: [theirs],
        again: [theirs],
        theirs: sorted((mine, again)),
    }
    assert adm.conflicts() == []
    assert len(adm.children_of("contact", record)) == 5
