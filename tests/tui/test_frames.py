"""What a frame may cost, counted in frames, rows and statements: seconds are measured in bench/."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dump import screen_text
from playing import play, shown
from village import FENGJIALING, Village

from casework.duties import duties
from tui.background import Background
from tui.place import QuietLine, TitleBar
from tui.program import CuncaoApp
from tui.records import RecordList
from tui.screens import home

FIRST = 60
"""Statements of the first screen and its frames; a child more must not add one."""
A_KEY = 12
"""Statements of a key in the search: its rows, their count, their columns and the peek."""


@contextmanager
def statements(village: Village, user: str) -> Iterator[list[str]]:
    """What is asked of a store; to ask whether somebody else wrote costs nothing and is left out."""
    asked: list[str] = []

    def note(statement: str) -> None:
        if not statement.startswith("PRAGMA data_version"):
            asked.append(statement)

    connection = village.replicas[user].connection
    connection.set_trace_callback(note)
    try:
        yield asked
    finally:
        connection.set_trace_callback(None)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The frames sent to the terminal and the widgets whose rows were drawn for them, in order."""
    told: list[str] = []
    for kind in (TitleBar, QuietLine, RecordList):
        drawn = kind.paint

        def paint(self: Any, y: int, row: Any, drawn: Any = drawn) -> None:
            told.append(type(self).__name__)
            drawn(self, y, row)

        monkeypatch.setattr(kind, "paint", paint)
    display = CuncaoApp._display

    def send(self: Any, screen: Any, frame: Any) -> None:
        if frame is not None:
            told.append("frame")
        display(self, screen, frame)

    monkeypatch.setattr(CuncaoApp, "_display", send)
    return told


@pytest.mark.parametrize("user", ["陈德福", "何秀英"])
def test_the_first_screen_asks_no_more_of_many_children_than_of_few(
    village: Village, user: str
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        assert app.screen.place == "home"

    for n in range(60):
        village.replicas["陈德福"].save("child", {"name": f"罗{n}", "village": FENGJIALING})
    village.sync("陈德福", user)
    with statements(village, user) as asked:
        play(village, story, user=user)
    assert len(asked) <= FIRST


def test_nothing_is_read_of_children_for_whom_a_person_has_no_duty(village: Village) -> None:
    admin = village.replicas["陈德福"]
    with statements(village, "陈德福") as asked:
        assert duties(admin, datetime.date(2026, 11, 18)) == []
    assert [s for s in asked if "r_child" in s or "r_contact" in s] == []


def test_the_first_frame_shows_the_children(village: Village, painted: list[str]) -> None:
    async def story(app: Any, pilot: Any) -> None:
        before = painted[: painted.index("frame")]
        assert "RecordList" in before, "no empty frame is sent before the one with the rows"

    play(village, story, user="陈德福")


def test_a_key_in_the_search_makes_one_frame(village: Village, painted: list[str]) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7")
        await shown(app, pilot)
        for key in ("l", "j", "backspace", "罗"):
            painted.clear()
            with statements(village, "何秀英") as asked:
                await pilot.press(key)
                await pilot.pause(0.05)  # longer than the tick of sixty a second
            assert painted.count("frame") == 1, key
            assert "TitleBar" not in painted and "QuietLine" not in painted, "only what it changes"
            assert painted.count("RecordList") <= app.screen.list.size.height
            assert len(asked) <= A_KEY, asked

    play(village, story)


def test_what_changes_is_drawn_anew_all_the_same(village: Village) -> None:
    """Rows once drawn are kept, but not when the words they would say are others."""

    async def story(app: Any, pilot: Any) -> None:
        await shown(app, pilot)
        app.say("记下了。")
        assert any("记下了。" in row for row in screen_text(app))
        app.do_language()
        assert "Today" in await shown(app, pilot)

    play(village, story)


@pytest.mark.parametrize("keys", [(), ("down", "down"), ("f7", "l")])
def test_duties_of_very_many_children_keep_nobody_waiting_and_take_nobodys_place(
    village: Village,
    painted: list[str],
    monkeypatch: pytest.MonkeyPatch,
    keys: tuple[str, ...],
) -> None:
    may_end, threads = threading.Event(), set()

    def slow(*args: Any) -> Any:
        threads.add(threading.current_thread())
        may_end.wait(20)
        return duties(*args)

    monkeypatch.setattr(home, "AT_ONCE", 3)
    monkeypatch.setattr(home, "duties", slow)
    monkeypatch.setattr(Background, "beside", lambda _self, session, work: work(session))

    async def story(app: Any, pilot: Any) -> None:
        screen = await shown(app, pilot)
        assert "正在算今天要办的事" in screen and "罗静" in screen
        await pilot.press(*keys)
        place, here = app.screen, app.screen.list.current()
        may_end.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert threading.main_thread() not in threads
        if keys:
            assert app.screen is place and place.list.current() == here
        if "down" in keys:
            told = await shown(app, pilot)
            assert "要办的事算好了" in told and "F4" in told and "罗静" in told
            app.screen.data_changed()
            assert "要办的事 " not in await shown(app, pilot)
            await pilot.press("f4")
        if app.screen.place == "home":
            assert "要办的事 " in await shown(app, pilot)

    play(village, story)
