"""One reviewer takes a merge back while another makes it: settled in words that a clerk reads."""

from __future__ import annotations

import datetime

import pytest

from casework import told
from schema.kinds import KINDS
from sync import merges
from tests.sync.town import Town, child
from tui.commands import tellings

TODAY = datetime.date(2026, 11, 18)


@pytest.mark.parametrize("takes", ["winner", "loser"])
def test_a_merge_taken_back_and_made_is_asked_in_words_and_settled_either_way(takes: str) -> None:
    town = Town("adm", "sup")
    adm, sup = town.replicas["adm"], town.replicas["sup"]
    kept, away = child(adm, name="罗静"), child(adm, name="罗婧")
    town.sync("adm", "sup")
    merge = merges.merge(adm, kept, away)
    merges.merge(sup, kept, away)
    town.sync("adm", "sup")
    merges.unmerge(adm, merge)
    town.sync("adm", "sup")
    (conflict,) = told.queue(sup)
    pointer = KINDS["child"].pointer
    assert conflict.slot == pointer
    line = tellings.line(
        sup, conflict.id, conflict.kind, away, pointer, (h.value for h in conflict.heads)
    )
    assert "合不合成一份" in line
    said = {told.head(sup, conflict, n, TODAY).text for n in (0, 1)}
    assert said == {"不合，各是一份", "合到「罗静」那一份"}
    assert all(text in line for text in said) and pointer not in line
    assert not told.is_harmless(conflict)
    value = conflict.heads[takes == "loser"].value
    sup.resolve(conflict.id, takes)
    town.rest()
    for replica in (adm, sup):
        assert replica.conflicts() == []
        assert replica.kept(away) == (value or away)
