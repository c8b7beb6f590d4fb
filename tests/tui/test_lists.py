"""Home and the list of children: found as people type, the position told, nothing decided by
Esc."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play, shown
from village import Village


def test_home_says_what_waits_and_how_old_the_figures_are(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        told = await shown(app, pilot)
        assert "11月18日 星期三" in told and "卫子镇" in told and "18 个孩子" in told
        assert "? 4 处两种说法，镇里或县里在核" in told
        assert "↑ 2 条只在这台电脑上" in told and "↑ 2 条未上传" in told
        assert "昨天 18:20 收发过" in told
        assert "要办的事" in told and "高风险每周走访，上次 11月5日" in told
        assert "逾期 6 天" in told

    play(village, story)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("罗", ["罗浩", "罗静", "罗俊豪"]), ("lj", ["李建军", "李佳琪", "廖金凤", "梁静怡", "刘家豪", "刘洁", "罗静", "罗俊豪", "黎君"]),
     ("1390000", ["罗静"]), ("139 0000", ["罗静"]), ("板石沟", ["上官若兰"]), ("𠮷", ["𠮷田"]), ("买买提", ["阿依古丽·买买提"])],
)  # fmt: skip
def test_people_are_found_by_name_initials_phone_and_village(
    village: Village, typed: str, expected: list[str]
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *typed.replace(" ", "§").replace("§", " "))
        told = await shown(app, pilot)
        for name in expected:
            assert name in told
        if typed == "罗":
            assert "3，共 18" in told

    play(village, story, size=(80, 36))


def test_typed_initials_match_names_that_begin_so_first(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"jq")
        told = await shown(app, pilot)
        assert "李佳琪" in told  # nobody's name begins with jq, so inside names too
        await pilot.press("backspace", "backspace", *"gg")
        assert "没有找到「gg」" in await shown(app, pilot)
        await pilot.press("escape")
        assert "没有找到" not in await shown(app, pilot)

    play(village, story)


def test_views_stand_on_digits_with_counts_and_escape_gives_everyone_back(
    village: Village,
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "escape")
        app.screen.list.focus()
        await pilot.press("2")
        told = await shown(app, pilot)
        assert "2 高风险 4" in told and app.screen.list.total == 4
        assert "罗静" in told and "李佳琪" not in told
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.list.total == 18
        await pilot.press("j", "j", "k", "G", "g", "down")
        assert app.screen.list.at == 1

    play(village, story)


def test_the_peek_tells_who_to_call(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静")
        told = await shown(app, pilot)
        assert "王桂兰" in told and "139 0000 2741" in told
        assert "给爸爸打电话，说元旦回来" in told

    play(village, story)


def test_a_list_holds_a_page_and_no_more(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7")
        await pilot.pause()
        assert len(app.screen.list._page) <= app.screen.list.rows_shown < 18

    play(village, story)


def test_one_key_makes_one_frame(village: Village) -> None:
    """The row change and the typed character arrive together, as measured: three frames cost 45
    ms."""

    async def story(app: Any, pilot: Any) -> None:
        import asyncio

        from textual import events

        await pilot.press("f7")
        await pilot.pause(0.3)
        frames = []
        display = app._display

        def counted(screen: Any, renderable: Any) -> None:
            if hasattr(renderable, "render_segments"):
                frames.append(app.screen.list.total)
            display(screen, renderable)

        app._display = counted
        app.post_message(events.Key("罗", "罗"))
        await asyncio.sleep(0.4)
        assert frames and set(frames) == {3}
        assert len(frames) == 1

    play(village, story)


@pytest.mark.parametrize("theme", ["dark", "light", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_row_fits_in_every_theme(village: Village, theme: str, size: tuple[int, int]) -> None:
    async def story(app: Any, pilot: Any) -> None:
        for keys in (["f7"], ["enter"], ["2"], ["3"], ["4"], ["5"], ["escape", "escape", "f2"]):
            await pilot.press(*keys)
            await shown(app, pilot)

    play(village, story, size, theme=theme)


def test_a_filter_narrows_by_unit_and_code_and_escape_takes_it_off(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "escape", "f6", *"冯家岭", "tab", "tab", "tab", "tab", "2")
        assert "剩 6" in await shown(app, pilot)
        await pilot.press("enter")
        told = await shown(app, pilot)
        assert "筛选 村、性别" in told and "廖金凤" in told and "罗俊豪" not in told
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.list.total == 18

    play(village, story)


def test_a_duty_is_put_off_with_a_reason_and_a_visit_starts_from_it(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        told = await shown(app, pilot)
        first = app.screen.duties.here()
        await pilot.press("f9")
        assert "为什么" in await shown(app, pilot)
        await pilot.press("ctrl+s")
        assert "推后要写原因" in await shown(app, pilot)
        await pilot.press(*"去了没人", "ctrl+s")
        told = await shown(app, pilot)
        assert "推后了" in told and app.screen.place == "home"
        assert first.duty not in [d.duty for d in app.screen.duties.duties if d.state == "overdue"]
        await pilot.press("f2")
        assert app.screen.place == "visit"

    play(village, story)
    (deferral,) = village.replicas["何秀英"].select("deferral")
    assert deferral["reason"] == "去了没人"


def test_without_duties_home_shows_the_children(village: Village) -> None:
    from casework.cadences import record_id
    from schema.cadences import CADENCES

    boss = village.replicas["陈德福"]
    for rule in CADENCES:
        if rule.get("is_on"):
            code = rule["code"]
            boss.save("rule", {"code": code, "is_on": False}, new_id=record_id(code))

    async def story(app: Any, pilot: Any) -> None:
        told = await shown(app, pilot)
        assert "没定周期" in told and "罗静" in told

    play(village, story, user="陈德福")
