"""A roster in: nothing is written before ctrl+s, digits decide a row, F4 takes the whole batch
back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dump import screen_text
from playing import play, shown
from village import Village

from casework import rosters
from tui.screens import roster
from tui.spreadsheets import spreadsheets

HEAD = "姓名,性别,出生日期,村,家庭住址,身份证号\n"
ROWS = (
    "孙小雨,女,2016-02-03,冯家岭村,3组,\n"
    "罗静,女,,冯家岭村,板石沟 9组,\n"
    "钱多多,男,2017-09-09,板石沟村,1组,5.10811E+17\n"
)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "冯家岭摸底表.csv"
    path.write_text(HEAD + ROWS, encoding="utf-8-sig")
    return path


def names(village: Village) -> set[str]:
    return {r["name"] for r in village.replicas["何秀英"].select("child")}


def test_a_rehearsal_writes_nothing(village: Village, sheet: Path) -> None:
    before = village.replicas["何秀英"].pending_count()

    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace(str(sheet)))
        screen = await shown(app, pilot)
        assert "还没有写入任何东西" in screen
        assert "读到 3" in screen
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.screen.place == "home"

    play(village, story)
    assert village.replicas["何秀英"].pending_count() == before
    assert "孙小雨" not in names(village)


def test_a_damaged_number_is_shown_with_its_row(village: Village, sheet: Path) -> None:
    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace(str(sheet)))
        screen = await shown(app, pilot)
        line = next(row for row in screen.splitlines() if "钱多多" in row)
        assert " 4 " in line, "the number the spreadsheet shows"
        assert "身份证" in line

    play(village, story)


def test_writing_and_taking_back_leaves_what_was_there(village: Village, sheet: Path) -> None:
    before = names(village)

    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace(str(sheet)))
        await pilot.pause()
        await pilot.press("ctrl+s")
        assert "写入了" in await shown(app, pilot)
        assert "孙小雨" in names(village)
        await pilot.press("f4", "escape")
        await pilot.pause()
        assert "孙小雨" in names(village)
        await pilot.press("f4", "ctrl+s")
        assert "整批收回了" in await shown(app, pilot)

    play(village, story)
    assert names(village) == before


def test_the_batch_of_yesterday_can_still_be_taken_back(village: Village, sheet: Path) -> None:
    he = village.replicas["何秀英"]
    before = names(village)
    rosters.write(he, rosters.rehearse(he, sheet))
    assert names(village) != before

    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace())
        assert "上次导入  冯家岭摸底表.csv" in await shown(app, pilot)
        await pilot.press("f4")
        assert "ctrl+s 整批收回" in await shown(app, pilot)
        assert names(village) != before
        await pilot.press("ctrl+s")
        assert "整批收回了" in await shown(app, pilot)

    play(village, story)
    assert names(village) == before


def test_tab_writes_the_name_out_and_enter_rehearses_it(village: Village, sheet: Path) -> None:
    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace())
        await pilot.pause()
        app.screen.field.value = str(sheet.parent / "冯家")
        await pilot.press("tab")
        assert app.screen.field.value == str(sheet)
        await pilot.press("enter")
        assert "读到 3" in await shown(app, pilot)

    play(village, story)


@pytest.mark.parametrize("theme", ["dark", "light", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_row_fills_the_screen(
    village: Village, sheet: Path, theme: str, size: tuple[int, int]
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace(str(sheet)))
        for key in ("f6", "down", "f6", "ctrl+s", "f4"):
            await pilot.pause()
            assert len(screen_text(app)) == size[1]
            await pilot.press(key)

    play(village, story, theme=theme, size=size)


def test_a_row_left_out_by_its_digit_is_not_written(village: Village, sheet: Path) -> None:
    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace(str(sheet)))
        await pilot.pause()
        await pilot.press("f6")
        place = app.screen
        place._move([r.name for r in place.rows].index("钱多多"))
        await pilot.press("3", "ctrl+s")
        await pilot.pause()

    play(village, story)
    assert "钱多多" not in names(village)
    assert "孙小雨" in names(village)


def test_a_file_that_is_no_spreadsheet_is_refused_in_words(
    village: Village, tmp_path: Path
) -> None:
    broken = tmp_path / "坏的.xlsx"
    broken.write_bytes(b"not a spreadsheet")

    async def story(app: Any, pilot: Any) -> None:
        app.go(roster.RosterPlace(str(broken)))
        await pilot.pause()
        assert app.said is not None
        assert app.screen.rehearsal is None

    play(village, story)


def test_spreadsheets_of_a_typed_folder_are_offered_newest_first(tmp_path: Path) -> None:
    import os

    for age, name in enumerate(("新.xlsx", "旧.csv", "不是.txt")):
        path = tmp_path / name
        path.write_bytes(b"")
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert [p.name for p in spreadsheets(str(tmp_path))] == ["新.xlsx", "旧.csv"]
    assert [p.name for p in spreadsheets(str(tmp_path / "旧"))] == ["旧.csv"]
