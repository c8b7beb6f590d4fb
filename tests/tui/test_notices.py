"""The place of notices: told on every screen, one key asks back, one puts away."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play, shown
from village import Village

from sync import notices


def loser(village: Village) -> str:
    """Who lost something in the village's story."""
    return next(n for n, r in village.replicas.items() if notices.notices(r))


def test_who_lost_is_told_in_the_title_and_on_the_first_place(village: Village) -> None:
    who = loser(village)
    count = len(notices.notices(village.replicas[who]))

    async def story(app: Any, pilot: Any) -> None:
        rows = await shown(app, pilot)
        assert f"? {count} 条告知" in rows
        assert f"{count} 处您写的不算数了，看看，能要回   ^G" in rows

    play(village, story, user=who)

    async def quiet(app: Any, pilot: Any) -> None:
        assert "告知" not in await shown(app, pilot)
        await pilot.press("ctrl+g")
        assert "您写的都算数，没有人另说。" in await shown(app, pilot)

    play(village, quiet, user="陈德福")


def test_a_notice_shows_both_values_and_who_says_so(village: Village) -> None:
    who = loser(village)
    first = notices.notices(village.replicas[who])[0]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+g")
        rows = (await shown(app, pilot)).split("\n")
        mine, standing = app.screen.texts_of(first)
        assert any("您写的" in r and mine in r for r in rows)
        assert any("先算数" in r and standing in r and first.by in r for r in rows)

    play(village, story, user=who)


def test_one_key_and_a_sentence_ask_it_back(village: Village) -> None:
    who = loser(village)
    replica = village.replicas[who]
    first = notices.notices(replica)[0]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+g", "f9", *"我见过", "escape")
        assert len(notices.notices(replica)) == app.notice_count  # Esc asked for nothing
        await pilot.press("f9", *"我见过", "enter")
        assert "要回了，等人重新核对" in await shown(app, pilot)

    before = len(notices.notices(replica))
    play(village, story, user=who)
    assert len(notices.notices(replica)) == before - 1
    village.sync(who, "陈德福")
    admin = village.replicas["陈德福"]
    conflict = next(c for c in admin.conflicts(first.record) if c.slot == first.slot)
    assert [n.note for n in admin.notes_on(conflict)] == ["我见过"]


@pytest.mark.parametrize("theme", ["dark", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_seen_ones_go_and_every_row_fits(
    village: Village, theme: str, size: tuple[int, int]
) -> None:
    who = loser(village)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+g", "down", "up", "f4")
        await pilot.pause()
        assert app.notice_count == len(notices.notices(village.replicas[who]))
        await pilot.press("f9", "escape")

    before = len(notices.notices(village.replicas[who]))
    play(village, story, user=who, theme=theme, size=size)
    assert len(notices.notices(village.replicas[who])) == before - 1
