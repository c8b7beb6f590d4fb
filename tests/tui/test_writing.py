"""File, form and visit: what is typed is stored, a draft outlives Esc, several children keep one
visit."""

from __future__ import annotations

from typing import Any

from playing import play, shown
from village import Village


def test_a_file_shows_people_phones_worries_and_the_year(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter")
        told = await shown(app, pilot)
        assert "王桂兰" in told and "139 0000 2741" in told
        assert "■ 高" in told and "爷爷奶奶" in told
        assert "最长空档" in told and "一年来的记录" in told
        await pilot.press("2")
        told = await shown(app, pilot)
        assert "510811********0029" in told and "510811201503080029" not in told
        await pilot.press("s")
        assert "510811201503080029" in await shown(app, pilot)
        await pilot.press("9")
        assert "何秀英" not in told and "陈德福" in await shown(app, pilot)

    play(village, story)


def test_an_edit_is_one_change_of_one_field(village: Village) -> None:
    he = village.replicas["何秀英"]
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"李佳琪", "enter", "f4")
        for _ in range(2):
            await pilot.press("tab")
        await pilot.press(*"佳佳")
        await pilot.press("ctrl+s")
        assert "存好了" in await shown(app, pilot)

    play(village, story)
    assert he.pending_count() == before + 1
    (change,) = (p for p in he.pending() if p.id == village.ids["李佳琪"])
    assert change.fields == {"small_name": "佳佳"}


def test_escape_keeps_a_draft_and_writes_nothing(village: Village) -> None:
    he = village.replicas["何秀英"]
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"李佳琪", "enter", "f4", "tab", *"旧名", "escape")
        assert "先放着了" in await shown(app, pilot)
        await pilot.press("f4")
        assert "旧名" in await shown(app, pilot)

    play(village, story)
    assert he.pending_count() == before


def test_a_wrong_date_is_said_and_nothing_is_written(village: Village) -> None:
    he = village.replicas["何秀英"]
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"李佳琪", "enter", "f4", "tab", "tab", "tab", "tab")
        for _ in range(12):
            await pilot.press("backspace")
        await pilot.press(*"2018-02-30", "ctrl+s")
        told = await shown(app, pilot)
        assert "2018-02-30" in told and "什么都没写进去" in told

    play(village, story)
    assert he.pending_count() == before


def test_codes_are_chosen_by_digit_and_a_new_child_gets_a_file(village: Village) -> None:
    he = village.replicas["何秀英"]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", "escape", "f9")
        await pilot.press(*"万俟雪", "tab", "tab", "tab", "2")
        for _ in range(7):
            await pilot.press("tab")
        await pilot.press(*"冯家岭")
        told = await shown(app, pilot)
        assert "卫子镇 ‹ 昭化区" in told
        await pilot.press("ctrl+s")
        assert "万俟雪" in await shown(app, pilot)

    play(village, story)
    (child,) = he.select("child", {"name": "万俟雪"})
    assert child["sex"] == "female" and child["village"] == "510811101201"


def test_a_visit_to_two_children_is_two_records_of_one_visit(village: Village) -> None:
    he = village.replicas["何秀英"]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "f2", *"作业有人看了")
        await pilot.press("f9")
        await pilot.pause(0.2)
        assert "罗静、罗浩 各一条" in await shown(app, pilot)
        await pilot.press("tab", "1")
        await pilot.press("ctrl+s")
        assert "记好了 2 条" in await shown(app, pilot)

    play(village, story)
    made = [r for r in he.select("contact", {"on": "2026-11-18"}) if r["visit"]]
    assert {r["child"] for r in made} == {village.ids["罗静"], village.ids["罗浩"]}
    assert len({r["visit"] for r in made}) == 1
    assert {r["summary"] for r in made} == {"作业有人看了"}
    assert [r["life"] for r in made].count("fine") == 1


def test_a_visit_half_written_is_there_again(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "f2", *"写到一半", "escape")
        await pilot.press("f2")
        told = await shown(app, pilot)
        assert "写到一半" in told and "先放着的" in told

    play(village, story)


def test_english_is_equal(village: Village) -> None:
    from sync import language

    async def story(app: Any, pilot: Any) -> None:
        language.use("en")
        await pilot.press("f7", *"lj")
        told = await shown(app, pilot)
        assert "Help" in told and "帮助" not in told and "姓名" not in told
        await pilot.press("enter", "2")
        told = await shown(app, pilot)
        assert "性别" not in told and "概况" not in told

    play(village, story)


def test_who_may_be_on_file_already_is_named_while_a_child_is_entered(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        from tui.screens.form import FormPlace

        app.go(FormPlace("child"))
        await pilot.pause()
        await pilot.press(*"罗婧", "tab")
        assert "像已有的" not in await shown(app, pilot)
        for _ in range(8):
            if getattr(app.focused, "field", None) and app.focused.field.name == "birth_date":
                break
            await pilot.press("tab")
        await pilot.press(*"20150308", "tab")
        told = await shown(app, pilot)
        assert "像已有的「罗静」" in told and "同音" in told and "同一天生" in told

    play(village, story)
