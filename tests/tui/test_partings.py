"""Two files that are two again: what was written meanwhile is given to either child by one key."""

from __future__ import annotations

from typing import Any

from playing import play, shown
from village import Village

from casework import partings
from sync import merges

ADMIN = "陈德福"


def apart(village: Village) -> tuple[str, str]:
    """罗静 and her second file were one while the director wrote; the two files."""
    admin, he = village.replicas[ADMIN], village.replicas["何秀英"]
    one, second = village.ids["罗静"], village.tell_twice()
    merge = merges.merge(admin, one, second)
    village.now += 60_000
    village.sync(ADMIN, "何秀英")
    village.now += 60_000
    he.save("child", {"hobbies": "下棋"}, one)
    given = {"child": one, "on": "2026-11-18", "kind": "talk", "outcome": "met", "summary": "说话少"}
    he.save("contact", given)
    village.now += 60_000
    village.sync("何秀英", ADMIN)
    village.now += 60_000
    merges.unmerge(admin, merge)
    village.sync(ADMIN, "何秀英", "刘国强")
    return one, second


def test_it_is_told_on_home_and_in_review_and_one_key_each_gives_it_away(village: Village) -> None:
    one, second = apart(village)
    admin = village.replicas[ADMIN]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.pause()
        assert "2 条合并时写的，拆回了，要分给哪个孩子" in await shown(app, pilot)
        await pilot.press("f6")
        assert "F6 拆回以后要分的 2 条" in await shown(app, pilot)
        await pilot.press("f6")
        rows = await shown(app, pilot)
        for words in ("第 1 条，共 2", "罗静", "爱好", "下棋", "何秀英", "1 留在", "2 归", "3 两份都有"):
            assert words in rows, words
        await pilot.press("2")
        assert "爱好：归 罗静" in await shown(app, pilot)
        await pilot.press("3")
        rows = await shown(app, pilot)
        assert "没有要分的" in rows

    play(village, story, user=ADMIN)
    assert admin.get(second).values["hobbies"] == "下棋"  # type: ignore[union-attr]
    assert admin.get(one).values["hobbies"] == "画画"  # type: ignore[union-attr]
    for file in (one, second):
        assert "说话少" in [c.get("summary") for c in admin.children_of("contact", file)]
    village.sync(ADMIN, "刘国强")
    assert partings.unplaced(village.replicas["刘国强"]) == []


def test_what_was_said_is_taken_back_by_one_key_and_escape_says_nothing(village: Village) -> None:
    one, second = apart(village)
    admin = village.replicas[ADMIN]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f6", "f6")
        await pilot.press("down", "2", "ctrl+z")
        assert "收回了" in await shown(app, pilot)
        assert len(app.screen.lines) == 2
        await pilot.press("1", "ctrl+z")
        await pilot.pause()
        assert len(app.screen.lines) == 2
        await pilot.press("escape")

    play(village, story, user=ADMIN)
    assert "说话少" not in [c.get("summary") for c in admin.children_of("contact", second)]
    assert "说话少" in [c.get("summary") for c in admin.children_of("contact", one)]
    assert len(partings.unplaced(admin)) == 2
