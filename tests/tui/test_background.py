"""Synchronising beside the work: when it begins, what it says, and that it paints under nobody's
hands."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play, shown
from village import Line, Village, at

from sync.client import sync_once
from sync.pacing import AFTER_EDIT_S, Pacing
from sync.transport import Offline, Rejected


class County:
    """What the program's thread opens: a line to the village's hub, or trouble."""

    def __init__(self, village: Village, user: str = "何秀英") -> None:
        self.village, self.user = village, user
        self.now = 0.0
        self.trouble: Exception | None = None
        self.contacts = 0
        self.app: Any = None

    def connect(self, app: Any) -> None:
        self.app = app
        app.home._open = lambda *_: self
        app.background.pacing = Pacing(lambda: self.now, lambda: 0.5)

    def sync(self) -> Any:
        self.contacts += 1
        if self.trouble is not None:
            raise self.trouble
        line = Line(self.village, self.user)
        replica = self.village.replicas[self.user]  # the village's stores stay with their thread
        return self.app.call_from_thread(lambda: sync_once(replica, line, "", 2000))

    def close(self) -> None:
        """The store is the test's."""

    async def look(self, app: Any, pilot: Any) -> str:
        """The schedule is asked, and what it begins comes to its end."""
        app.background.look()
        await app.workers.wait_for_complete()
        return await shown(app, pilot)


@pytest.fixture
def county(village: Village) -> County:
    return County(village)


def test_a_save_is_sent_by_itself_and_said_once_it_has_arrived(
    village: Village, county: County
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        county.connect(app)
        assert "2 条未上传" in await county.look(app, pilot)
        assert county.contacts == 0  # it is not yet time
        app.saved()
        county.now = AFTER_EDIT_S
        rows = await county.look(app, pilot)
        assert county.contacts == 1
        assert "未上传" not in rows
        assert "2 条到了服务器上，今天 10:42。" in rows
        county.now += 100
        await county.look(app, pilot)
        assert county.contacts == 1
        county.now += 100  # some minutes after the last one, though nothing was saved
        await county.look(app, pilot)
        assert county.contacts == 2

    play(village, story)


def test_nothing_is_painted_while_someone_types(village: Village, county: County) -> None:
    async def story(app: Any, pilot: Any) -> None:
        county.connect(app)
        await pilot.press("f7", "l")
        focused = app.focused
        painted: list[Any] = []
        for canvas in app.screen.query("Canvas"):
            canvas.refresh = lambda *_a, **_k: painted.append(1)
        county.now = AFTER_EDIT_S
        await county.look(app, pilot)
        assert county.contacts == 1
        assert village.replicas["何秀英"].pending_count() == 0
        assert painted == []
        assert app.focused is focused
        app.set_focus(None)
        for canvas in app.screen.query("Canvas"):
            del canvas.refresh
        assert "2 条到了服务器上" in await county.look(app, pilot)

    play(village, story)


def test_a_county_out_of_reach_is_told_and_tried_ever_more_rarely(
    village: Village, county: County
) -> None:
    county.trouble = Offline("ConnectError")

    async def story(app: Any, pilot: Any) -> None:
        county.connect(app)
        county.now = AFTER_EDIT_S
        assert "没连上，上次 昨天 18:20" in await county.look(app, pilot)
        gaps = []
        while len(gaps) < 6:
            began, tried = county.now, county.contacts
            while county.contacts == tried:
                county.now += 0.5
                app.saved()  # a save does not shorten the wait
                app.background.look()
                await app.workers.wait_for_complete()
            gaps.append(county.now - began)
        assert gaps == sorted(gaps)
        assert gaps[-1] > 8 * gaps[0]
        county.trouble = None
        await pilot.press("f5")  # a person need not wait
        await app.workers.wait_for_complete()
        assert "没连上" not in await shown(app, pilot)

    play(village, story)


def test_a_server_that_asks_for_a_moment_gets_it_even_from_a_person(
    village: Village, county: County
) -> None:
    county.trouble = Rejected("throttled", "", 40)

    async def story(app: Any, pilot: Any) -> None:
        county.connect(app)
        await pilot.press("f5")
        await app.workers.wait_for_complete()
        await pilot.press("f5")
        assert "县里忙，请 4" in await shown(app, pilot)
        assert county.contacts == 1
        county.now = 50.0
        county.trouble = None
        await pilot.press("f5")
        await app.workers.wait_for_complete()
        assert county.contacts == 2

    play(village, story)


def test_the_file_says_where_what_one_wrote_is(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"黎君", "enter")
        assert "存在这台电脑上，还没到服务器上" in await shown(app, pilot)
        village.now = at(18, 14, 2)
        village.sync("何秀英")
        app.saved()
        assert "您写的 今天 14:02 到了服务器上" in await shown(app, pilot)

    play(village, story)


def test_who_asks_while_searching_is_answered_there(village: Village, county: County) -> None:
    async def story(app: Any, pilot: Any) -> None:
        county.connect(app)
        await pilot.press("f7", "l", "j", "f5")
        await app.workers.wait_for_complete()
        rows = await shown(app, pilot)
        assert "交上 2 条" in rows and "未上传 0" in rows
        assert app.screen.is_typing()

    play(village, story)
