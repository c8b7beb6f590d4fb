"""Opening the store and the first login, by keyboard, against the real server core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dump import screen_text

from casework.search import Indexer
from sync.home import Home
from tui.program import CuncaoApp

PASSPHRASE = "一个够长的口令哦"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path, indexers=[Indexer()])
    session = made.make("何秀英", PASSPHRASE)
    session.account.card.pending = 3
    session.account.card.name = "何秀英"
    from sync.folders import write_card

    write_card(session.account)
    session.close()
    return made


def _run(home: Home, story: Callable[[Any, Any], Any]) -> None:
    async def go() -> None:
        app = CuncaoApp(home, None)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await story(app, pilot)

    asyncio.run(go())


def test_a_wrong_passphrase_says_what_to_try_and_the_right_one_opens(home: Home) -> None:
    async def story(app: Any, pilot: Any) -> None:
        told = "\n".join(screen_text(app))
        assert "何秀英" in told and "3 条未上传" in told
        await pilot.press(*"wrong one", "enter")
        told = "\n".join(screen_text(app))
        assert "口令不对" in told and "大写锁定" in told
        await pilot.press(*PASSPHRASE, "enter")
        await pilot.pause(0.2)
        assert type(app.screen).__name__ == "HomePlace"
        await pilot.press("f12")
        assert type(app.screen).__name__ == "UnlockPlace" and app.session is None

    _run(home, story)


def test_a_passphrase_is_never_shown(home: Home) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press(*"secret words")
        assert "secret" not in "\n".join(screen_text(app))

    _run(home, story)


def test_a_first_login_without_a_network_says_so_and_makes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "new", indexers=[Indexer()])

    async def story(app: Any, pilot: Any) -> None:
        for name, text in (
            ("server", "http://127.0.0.1:9"), ("user", "何秀英"), ("password", "password"),
            ("passphrase", PASSPHRASE), ("again", PASSPHRASE),
        ):  # fmt: skip
            app.screen.lines[name].value = text
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "没连上县里" in "\n".join(screen_text(app))

    _run(home, story)
    assert not list((tmp_path / "new").rglob("store.db"))


def test_two_passphrases_that_differ_are_asked_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "new", indexers=[Indexer()])

    async def story(app: Any, pilot: Any) -> None:
        for name, text in (
            ("server", "http://127.0.0.1:9"), ("user", "u"), ("password", "password"),
            ("passphrase", PASSPHRASE), ("again", "another passphrase"),
        ):  # fmt: skip
            app.screen.lines[name].value = text
        await pilot.press("enter")
        assert "两遍口令不一样" in "\n".join(screen_text(app))

    _run(home, story)


def test_who_shares_the_laptop_is_chosen_from_a_list_by_keyboard(home: Home) -> None:
    home.make("周晓燕", "another 口令哦").close()

    async def story(app: Any, pilot: Any) -> None:
        rows = screen_text(app)
        assert any("▌" in r and "何秀英" in r for r in rows)
        assert any("周晓燕" in r and "▌" not in r for r in rows)
        await pilot.press("down")
        await pilot.pause()
        assert any("▌" in r and "周晓燕" in r for r in screen_text(app))
        await pilot.press(*"another 口令哦", "enter")
        await pilot.pause(0.2)
        assert app.session.account.card.user == "周晓燕"
        await pilot.press("f12")
        await pilot.pause()
        await pilot.press("up")
        await pilot.pause()
        await pilot.press(*PASSPHRASE, "enter")
        await pilot.pause(0.2)
        assert app.session.account.card.user == "何秀英"

    _run(home, story)


def test_whom_to_call_stands_there_while_locked(home: Home) -> None:
    async def story(app: Any, pilot: Any) -> None:
        told = "\n".join(screen_text(app))
        for number in ("110", "120", "12345", "12355"):
            assert number in told

    _run(home, story)
