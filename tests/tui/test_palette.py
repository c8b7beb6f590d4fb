"""The palette: what is typed finds actions and children, Enter does it, Esc decides nothing."""

from __future__ import annotations

from typing import Any

import pytest
from dump import screen_text
from playing import play, shown
from village import Village

from tui import match


@pytest.mark.parametrize("typed", ["走访", "zf", "zoufang", "zouf"])
def test_characters_initials_and_pinyin_light_up_the_same_words(typed: str) -> None:
    assert match.span("记一次走访", typed) == (3, 5)


def test_what_does_not_sound_so_is_not_matched() -> None:
    assert match.span("记一次走访", "jz") is None
    assert match.span("走访", "zoufangx") is None


def test_initials_find_an_action_and_enter_does_it(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f10", *"sfqk")
        rows = await shown(app, pilot)
        assert "收发情况" in rows
        assert "打电话，打完记下" not in rows
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.place == "sync"

    play(village, story)


def test_english_finds_an_action_in_the_chinese_program(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f10", *"english")
        assert "换成英文或中文" in await shown(app, pilot)

    play(village, story)


def test_a_child_found_by_initials_opens(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f10", *"oycx")
        assert "欧阳晨曦" in await shown(app, pilot)
        await pilot.press("enter")
        assert "欧阳晨曦" in await shown(app, pilot)
        assert app.screen.place == "file"

    play(village, story)


def test_what_cannot_be_done_comes_last_with_its_reason(village: Village) -> None:
    village.replicas["何秀英"].set_state(token="")

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f10", *"收发")
        await pilot.pause()
        rows = screen_text(app)
        head = next(n for n, row in enumerate(rows) if "现在不能用" in row)
        idle = next(n for n, row in enumerate(rows) if "要先登录" in row)
        assert head < idle
        assert "F5" in rows[idle]

    play(village, story)


def test_the_place_behind_stays_visible_and_escape_leads_back(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        before = screen_text(app)
        await pilot.press("f10")
        await pilot.pause()
        over = screen_text(app)
        assert over[0] == before[0]
        assert over[22] == before[22]
        await pilot.press(*"zf", "escape")
        await pilot.pause()
        assert screen_text(app) == before

    play(village, story)


@pytest.mark.parametrize("theme", ["dark", "light", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_row_fills_the_screen(village: Village, theme: str, size: tuple[int, int]) -> None:
    async def story(_app: Any, pilot: Any) -> None:
        await pilot.press("f7", "f10", *"l", *["down"] * 30)

    play(village, story, theme=theme, size=size)
