"""How it looks, as claims: colours that can be read, hints that stay, fields one sees without
colours."""

from __future__ import annotations

from typing import Any

import pytest
from dump import screen_cells
from playing import play, shown
from village import Village

from tui.look import TOKENS

READ = ("text", "dim", "accent", "red", "amber")
"""Tokens in which something is written that must be read."""


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", sorted(TOKENS))
@pytest.mark.parametrize("back", ["bg", "bar", "field", "raise", "tint"])
@pytest.mark.parametrize("fore", READ)
def test_every_text_can_be_read_on_every_background(theme: str, back: str, fore: str) -> None:
    tokens = TOKENS[theme]
    assert contrast(tokens[fore], tokens[back]) >= 4.5


def test_a_field_and_its_cursor_show_without_colours(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "l", "j")
        await pilot.pause()
        field = app.screen.field.region
        cells = screen_cells(app)[field.y][field.x : field.right]
        assert all(style.underline for _text, style in cells)
        assert [n for n, (_text, style) in enumerate(cells) if style.reverse] == [2]

    play(village, story, theme="plain")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_hints_stay_however_tall_a_form_is(village: Village, size: tuple[int, int]) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "f2", "f9")
        await pilot.pause()
        await pilot.pause()
        rows = (await shown(app, pilot)).splitlines()
        assert "罗浩" in "".join(rows)
        assert "^S 保存" in rows[-1] and "F1 帮助" in rows[-1]

    play(village, story, size)


def test_the_history_masks_numbers_until_asked(village: Village) -> None:
    number = "510811201503080029"

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "9")
        masked = await shown(app, pilot)
        assert "510811********0029" in masked and number not in masked
        await pilot.press("s")
        assert number in await shown(app, pilot)

    play(village, story)


def test_a_key_in_the_search_lays_nothing_out_anew(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7")
        await pilot.pause()
        layouts: list[int] = []
        screen = app.screen
        lay_out = screen._refresh_layout
        screen._refresh_layout = lambda *a, **k: (layouts.append(1), lay_out(*a, **k))
        await pilot.press(*"lj", "backspace", "backspace", *"罗")
        await pilot.pause()
        assert screen.list.total == 3, "罗静、罗浩、罗俊豪"
        assert not layouts

    play(village, story)


@pytest.mark.parametrize("theme", ["dark", "light", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (64, 20)])
def test_every_row_of_every_place_is_as_wide_as_the_screen(
    village: Village, theme: str, size: tuple[int, int]
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        for keys in ("f7 escape enter 2 3 4 5 f4 escape escape escape", "ctrl+r escape", "f6 6 f1"):
            for key in keys.split():
                await pilot.press(key)
                await pilot.pause()
                assert all(len(row) == size[0] for row in screen_cells(app)), key

    play(village, story, size, user="刘国强", theme=theme)


def test_marked_children_are_recorded_as_one_visit(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "escape")
        app.screen.list.ask("罗")
        await pilot.press("space", "space", "f2")
        await pilot.pause()
        assert len(app.screen.roots) == 2
        await pilot.press(*"都好", "ctrl+s")
        await pilot.pause()

    before = village.replicas["何秀英"].count("contact")
    play(village, story)
    rows = village.replicas["何秀英"].select("contact", order=("-on",), limit=40)
    made = [r for r in rows if r["summary"] == "都好"]
    assert village.replicas["何秀英"].count("contact") == before + 2
    assert len(made) == 2 and len({r["visit"] for r in made}) == 1


def test_by_urgency_the_most_worrying_come_first(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "escape")
        place = app.screen
        place.do_sort()
        screen = await shown(app, pilot)
        ranks = [r["risk_level"] for r, _cells in place.list._page]
        assert ranks[:4] == ["critical", "high", "high", "high"]
        assert "按 风险" in screen
        place.do_sort()
        assert "按 姓名" in await shown(app, pilot)

    play(village, story)
