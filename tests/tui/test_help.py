"""Help: every key of the place one came from, the marks, and no change to anything."""

from __future__ import annotations

from typing import Any

import pytest
from dump import screen_text
from playing import play, shown
from village import Village

from sync.language import _
from tui import actions


@pytest.mark.parametrize("place", ["home", "records"])
def test_every_key_of_the_place_is_told(village: Village, place: str) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press(*(["f7"] if place == "records" else []), "f1")
        told = await shown(app, pilot)
        await pilot.press(*["down"] * 20)
        told += await shown(app, pilot)
        for action in actions.at(place):
            if action.keys:
                key = actions.key_name(action.keys[0])
                lines = [line for line in told.split("\n") if key in line]
                words = (_(action.help), _(action.hint))
                assert any(w in line for line in lines for w in words), action.id

    play(village, story)


def test_marks_and_the_word_about_input_methods_stand_without_scrolling(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "f1")
        told = await shown(app, pilot)
        assert "▲ 险情" in told
        assert "? 两种说法" in told
        assert "输入法开着时" in told

    play(village, story)


def test_escape_and_f1_both_close_it(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        before = screen_text(app)
        for key in ("escape", "f1"):
            await pilot.press("f1")
            assert "在这里能做的事" in await shown(app, pilot)
            await pilot.press(key)
            await pilot.pause()
            assert screen_text(app) == before

    play(village, story)


@pytest.mark.parametrize("theme", ["dark", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_row_fills_the_screen(village: Village, theme: str, size: tuple[int, int]) -> None:
    async def story(_app: Any, pilot: Any) -> None:
        await pilot.press("f7", "f1", "down")

    play(village, story, theme=theme, size=size)
