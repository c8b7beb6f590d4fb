"""A day with three hundred things told two ways, settled by keys alone; two reviewers, one queue."""

from __future__ import annotations

from typing import Any

from playing import play
from village import Village, at

from casework import told
from tui.screens.review import ReviewPlace

FIELDS = ("address", "hobbies", "registered_place")
CHILDREN = 100


def a_day(village: Village) -> int:
    """A hundred children in whose files the director and the teacher write three fields each, neither
    having seen the other's; returns how many conflicts are open."""
    admin = village.replicas["陈德福"]
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    made = [
        admin.save("child", {"name": f"罗{chr(0x4E00 + n)}", "village": "510811101201",
                             **dict.fromkeys(FIELDS, "原来的")})
        for n in range(CHILDREN)
    ]  # fmt: skip
    village.sync("陈德福", "何秀英", "周晓燕")
    for hour, (writer, words) in enumerate(((he, "村里说"), (zhou, "学校说"))):
        village.now = at(18, 11 + hour)
        for id_ in made:
            writer.save("child", dict.fromkeys(FIELDS, words), id_)
    village.sync("何秀英", "周晓燕", "何秀英", "陈德福", "刘国强")
    return len(told.queue(village.replicas["刘国强"]))


def test_three_hundred_conflicts_take_at_most_two_keys_each(village: Village) -> None:
    before = len(told.queue(village.replicas["刘国强"]))
    assert a_day(village) == before + 300
    keys = 0

    async def story(app: Any, pilot: Any) -> None:
        nonlocal keys
        app.go(ReviewPlace())
        await pilot.pause()
        place = app.screen
        while any(c.meeting != "critical" for c in place.queue):
            if place.conflict.meeting == "critical":  # a danger wants a sentence: not for this script
                await pilot.press("6")
                continue
            left = len(place.queue)
            await pilot.press("2" if keys % 2 else "3")
            keys += 1
            assert len(place.queue) < left or keys < 2 * left

    play(village, story, user="刘国强")
    left = told.queue(village.replicas["刘国强"])
    assert {c.meeting for c in left} <= {"critical"} and len(left) < 5
    assert keys <= 2 * (before + 300)
    village.sync("刘国强", *village.replicas)
    for replica in village.replicas.values():
        assert len(replica.conflicts()) <= len(left) and replica.get_state("in_step")


def test_two_reviewers_offline_end_equal_and_see_each_others_decisions(village: Village) -> None:
    a_day(village)
    liu, chen = village.replicas["刘国强"], village.replicas["陈德福"]
    mine = [c for c in told.queue(liu) if c.slot in FIELDS]
    for n, conflict in enumerate(mine):
        liu.resolve(conflict.id, "winner" if n % 2 else "loser", note="督导员去看过")
    for n, conflict in enumerate(c for c in told.queue(chen) if c.slot in FIELDS):
        chen.resolve(conflict.id, "loser" if n % 3 else "base", note="县里打过电话")
    village.sync("刘国强", "陈德福", "刘国强", "陈德福")
    assert liu.get_state("digest") == chen.get_state("digest")
    for conflict in mine[::37]:
        for replica in (liu, chen):
            notes = {p.note for p in replica.history(conflict.record, conflict.slot)}
            assert {"督导员去看过", "县里打过电话"} <= notes
        values = {r.get(conflict.record).values.get(conflict.slot) for r in (liu, chen)}  # type: ignore[union-attr]
        assert len(values) == 1
