"""A lease that ends: announced on every screen, then files close, and work goes on."""

from __future__ import annotations

from typing import Any

from playing import play, shown
from village import Village, at

from sync import lease
from sync.client import sync_once
from sync.replica import Replica

DAY = 86_400_000


def use(village: Village, days: int) -> Replica:
    """何秀英's laptop opened on so many days without a word from the county."""
    he = village.replicas["何秀英"]
    for n in range(1, days + 1):
        lease.note_use(he, he.clock.now_ms() + n * DAY)
    return he


def test_the_end_is_announced_a_week_before_on_every_screen(village: Village) -> None:
    use(village, 25)

    async def story(app: Any, pilot: Any) -> None:
        assert "不联系还能看 5 天" in await shown(app, pilot)
        for key in ("f7", "ctrl+r", "f1"):
            await pilot.press("escape", "escape", key)
            assert "还能看 5 天，请收发" in await shown(app, pilot)

    play(village, story)


def test_after_it_no_file_is_shown_and_whom_to_call_is(village: Village) -> None:
    use(village, 31)

    async def story(app: Any, pilot: Any) -> None:
        told = await shown(app, pilot)
        assert type(app.screen).__name__ == "ClosedPlace"
        assert "旧档案先锁上" in told and "(213)" in told and "罗静" not in told
        for number in ("110", "120", "12345", "12355"):
            assert number in told
        for key in ("f7", "f10", "ctrl+r", "f3", "f4"):
            await pilot.press(key)
            assert type(app.screen).__name__ == "ClosedPlace"
            assert "罗静" not in await shown(app, pilot)

    play(village, story)


def test_a_visit_is_written_by_the_childs_name(village: Village) -> None:
    he = use(village, 31)
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press(*"罗", "enter")
        assert "没有找到" in await shown(app, pilot)
        await pilot.press("escape", *"罗静", "enter")
        told = await shown(app, pilot)
        assert type(app.screen).__name__ == "VisitPlace"
        assert "13900002741" not in told and "岁" not in told
        await pilot.press("f4", "f9")  # as last time, and who else lives there: both are read
        told = await shown(app, pilot)
        assert "罗俊豪" not in told and "旧档案先锁上" in told
        await pilot.press("tab", *"门没开", "ctrl+s")
        assert type(app.screen).__name__ == "ClosedPlace"
        assert he.pending_count() == before + 1

    play(village, story)


def test_a_danger_is_reported_by_the_childs_name(village: Village) -> None:
    he = use(village, 31)
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f8")
        assert "先写孩子的全名" in await shown(app, pilot)
        await pilot.press(*"罗静", "f8")
        assert type(app.screen).__name__ == "FormPlace"
        assert "13900002741" not in await shown(app, pilot)
        await pilot.press(*"2026-11-18", "tab", "1", "tab", "tab", *"灶是冷的", "ctrl+s")
        await pilot.pause()
        assert type(app.screen).__name__ == "ClosedPlace"
        assert he.pending_count() == before + 1

    play(village, story)


def test_of_two_children_of_one_name_the_village_tells_which(village: Village) -> None:
    he = village.replicas["何秀英"]
    he.save(
        "child", {"name": "刘洁", "village": he.select("child", {"name": "罗静"})[0]["village"]}
    )
    use(village, 31)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press(*"刘洁", "enter")
        assert "2 个孩子叫这个名字" in await shown(app, pilot)
        await pilot.press(*" 板石沟", "enter")
        await pilot.pause()
        assert type(app.screen).__name__ == "VisitPlace"

    play(village, story)


def test_files_close_while_the_program_is_open_and_a_sync_opens_them(village: Village) -> None:
    he = use(village, 30)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("enter")
        assert type(app.screen).__name__ == "FilePlace"
        lease.note_use(he, he.clock.now_ms() + 99 * DAY)
        app._note_use()
        await pilot.pause()
        assert type(app.screen).__name__ == "ClosedPlace"
        from village import Line

        village.now = at(19, 9)
        answer = sync_once(he, Line(village, "何秀英"), "", 2000)
        app.background.done(app.session, answer, is_asked=True)
        await pilot.pause()
        assert type(app.screen).__name__ == "HomePlace"

    play(village, story)
