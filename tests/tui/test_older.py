"""What the county does not leave on laptops is told of in the child's file, and fetched with a key."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play, shown
from village import Village

from sync import window
from sync.change import Mark, State
from sync.older import Older
from sync.storage import transaction


def bounded(village: Village) -> Any:
    he = village.replicas["何秀英"]
    mark = Mark("hub.9", "server", 1)
    values = {"name": "window", "value": 202411}
    with transaction(he.connection):
        state = State("setting", window.RECORD, "", mark, mark, values, {}, 9)
        he.records.put([(state, 0)])
        he.records.settle()
    return he


def test_the_file_says_where_older_visits_are_and_one_key_fetches_them(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(village)
    asked: list[str] = []

    async def story(app: Any, pilot: Any) -> None:
        from tui.background import Background

        def fetch(self: Background, root: str) -> None:
            asked.append(root)
            self.done(app.session, Older(3, "2024-11"), is_asked=True)

        monkeypatch.setattr(Background, "fetch_older", fetch)
        from tui.screens.file import FilePlace

        app.go(FilePlace("child", village.ids["罗静"]))
        await pilot.pause()
        await pilot.press("4")
        rows = await shown(app, pilot)
        assert "2024-11 以前的在县里，o 取回。" in rows
        await pilot.press("o")
        assert "更早的取回了 3 条" in await shown(app, pilot)
        assert asked == [village.ids["罗静"]]

    play(village, story)


def test_a_history_that_does_not_reach_back_says_since_when_and_one_key_fetches_it(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    he, record = village.replicas["何秀英"], village.ids["罗静"]
    with transaction(he.connection):
        he.connection.execute("DELETE FROM log WHERE record = ?", (record,))
    asked: list[str] = []

    async def story(app: Any, pilot: Any) -> None:
        from tui.background import Background
        from tui.screens.file import FilePlace

        monkeypatch.setattr(Background, "fetch_history", lambda self, id_: asked.append(id_))
        app.go(FilePlace("child", record))
        await pilot.pause()
        await pilot.press(str(len(app.screen.pages)))
        assert "起是全的；更早的在县里，o 取回。" in await shown(app, pilot)
        await pilot.press("o")
        assert asked == [record]

    play(village, story)
