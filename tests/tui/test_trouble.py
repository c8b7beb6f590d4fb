"""A full disk keeps the form on the screen; a fault of the program tells no child's data."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playing import play, shown
from village import Village


class _Full(Exception):
    sqlite_errorname = "SQLITE_FULL"


def test_a_full_disk_is_said_and_the_words_stay_on_the_screen(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    he = village.replicas["何秀英"]
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "f2", *"写了半天的话")

        def full(*_args: object, **_named: object) -> str:
            raise _Full

        monkeypatch.setattr(he, "save", full)
        await pilot.press("ctrl+s")
        told = await shown(app, pilot)
        assert "磁盘满了" in told and "写了半天的话" in told
        monkeypatch.undo()
        await pilot.press("ctrl+s")
        assert "记好了 1 条" in await shown(app, pilot)

    play(village, story)
    assert he.pending_count() == before + 1


def test_a_fault_of_the_program_names_no_child(
    village: Village, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = village.program()

    def broken() -> None:
        name_of_a_child = "罗静"
        raise KeyError(name_of_a_child)

    async def go() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            monkeypatch.setattr(app, "do_sync_centre", broken)
            await pilot.press("ctrl+r")
            await pilot.pause()

    with pytest.raises(KeyError):
        asyncio.run(go())
    told = "\n".join(str(r) for r in app._exit_renderables) + capsys.readouterr().err
    assert "罗静" not in told


def test_a_busy_store_is_told_and_a_fault_is_not_taken_for_the_network(village: Village) -> None:
    from sync import errors

    class Busy(Exception):
        sqlite_errorname = "SQLITE_BUSY"

    async def story(app: Any, pilot: Any) -> None:
        app.background.done(app.session, Busy(), is_asked=True)
        assert errors.sentence("busy") in await shown(app, pilot)
        with pytest.raises(KeyError):
            app.background.done(app.session, KeyError("x"), is_asked=True)

    play(village, story)
