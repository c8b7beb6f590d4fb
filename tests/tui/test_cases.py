"""The child's case on the screen: pages of the file, a case with its chain, the alarm of the first place."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play, shown
from village import Village


@pytest.fixture
def village() -> Village:
    return Village()


def test_an_open_case_stands_on_the_first_place_with_one_key_to_go_on(village: Village) -> None:
    village.tell_danger()

    async def story(app: Any, pilot: Any) -> None:
        told = await shown(app, pilot)
        assert "▲ 险情  陈嘉怡" in told and "独自居住，无人照料" in told
        assert "告知乡镇政府" in told and "还剩 8 小时 58 分" in told
        await pilot.press("f8")
        told = await shown(app, pilot)
        assert "先打这些电话" in told and "15 小时 02 分" in told
        assert "√ 发现" in told and "▲ 告知" in told and "● 应急处置" in told
        assert "138 0000 4471" in told and "没接" in told
        assert "临时安置" in told and "邻居何桂芳家" in told

    play(village, story)


def test_without_a_case_the_first_place_has_no_band(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        assert "▲ 险情" not in await shown(app, pilot)

    play(village, story)


def test_a_step_is_added_by_a_form_and_never_changed(village: Village) -> None:
    case = village.tell_danger()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f8", "f2")
        told = await shown(app, pilot)
        assert "2026-11-18 10:42" in told and "告知乡镇政府" in told
        app.screen.editors["told"].value = "刘国强 13800002051"
        app.screen.editors["how"].chosen = ["phone"]
        app.screen.editors["how"].value = "打电话"
        await pilot.press("ctrl+s")
        told = await shown(app, pilot)
        assert "√ 告知" in told and "刘国强 13800002051" in told and "调查评估" in told
        await pilot.press("down", "down", "down", "down", "down", "down", "enter")
        await pilot.press("f4")
        assert "只能添" in await shown(app, pilot)

    play(village, story)
    he = village.replicas["何秀英"]
    assert [s["step"] for s in he.select("case_step", {"case": case})][-1] == "township_told"


def test_a_danger_is_reported_from_the_file_of_the_child(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"刘洁", "enter", "f8")
        told = await shown(app, pilot)
        assert "险情 › 添一条" in told and "2026-11-18 10:42" in told
        app.screen.editors["cause"].chosen = ["injury"]
        app.screen.editors["cause"].value = "受伤可疑"
        app.screen.editors["seen"].text = "胳膊上有几处旧伤"
        await pilot.press("ctrl+s", "f8")
        told = await shown(app, pilot)
        assert "受伤可疑" in told and "120" in told and "马上" in told

    play(village, story)
    assert village.replicas["何秀英"].count("case") == 1


def test_the_file_has_what_hangs_on_the_child_by_pages(village: Village) -> None:
    village.tell_help()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "5")
        told = await shown(app, pilot)
        assert "委托协议 1" in told and "王桂兰" in told and "已签" in told
        assert "纸面材料 2" in told and "委托照护确认书" in told
        await pilot.press("6")
        told = await shown(app, pilot)
        assert "想有人教数学" in told and "数学跟上班里" in told and "蒲春兰  爱心妈妈" in told
        await pilot.press("7")
        told = await shown(app, pilot)
        # age 11 → 10, healthy 10, troubled 0, no misconduct 5, a hazard 0, below the allowance 0
        assert "得分 25" in told and "算出来 ■ 高" in told
        assert "奶奶摔伤住院" in told and "还没有缺课" in told and "心理记录" not in told

    play(village, story)


def test_f9_adds_to_the_block_under_the_cursor(village: Village) -> None:
    village.tell_help()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "7", "down", "down", "f9")
        assert "缺课 › 添一条" in await shown(app, pilot)
        app.screen.editors["from_on"].value = "11-16"
        await pilot.press("ctrl+s")
        assert "缺课 1" in await shown(app, pilot)

    play(village, story)


def test_a_rule_broken_is_said_beside_what_was_typed_and_nothing_is_lost(village: Village) -> None:
    village.tell_help()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "5", "enter", "pagedown", "1", "ctrl+s")
        told = await shown(app, pilot)
        assert "曾侵害虐待" in told and "法律不许委托这样的人" in told

    play(village, story)
    rows = village.replicas["何秀英"].select("agreement")
    assert [r["harmed"] for r in rows] == [False]


def test_a_helper_is_chosen_by_name_in_the_form_of_a_pair(village: Village) -> None:
    village.tell_help()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"刘洁", "enter", "6", "down", "down", "f9")
        await pilot.press(*"蒲春")
        assert "1 蒲春兰" in await shown(app, pilot)
        await pilot.press("1")
        app.screen.editors["form"].chosen = ["one_to_one"]
        app.screen.editors["form"].value = "一对一"
        app.screen.editors["from_on"].value = "今天"
        await pilot.press("ctrl+s")
        assert "蒲春兰  一对一" in await shown(app, pilot)

    play(village, story)


def test_every_kind_has_a_list_of_its_own(village: Village) -> None:
    village.tell_danger()
    village.tell_help()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f10", *"帮扶人", "enter")
        told = await shown(app, pilot)
        assert "蒲春兰" in told and "1/2" in told
        await pilot.press("escape", "f10", *"委托", "down", "enter")
        assert "王桂兰" in await shown(app, pilot)

    play(village, story)


def test_a_teacher_sees_no_case_and_can_report_one(village: Village) -> None:
    village.tell_danger()
    village.sync("周晓燕")

    async def story(app: Any, pilot: Any) -> None:
        assert "险情" not in await shown(app, pilot)
        await pilot.press("f7", *"陈嘉怡", "enter", "8")
        told = await shown(app, pilot)
        assert "还没有险情" in told and "邻居何桂芳家" not in told

    play(village, story, user="周晓燕")


def test_a_field_that_is_missing_on_another_page_is_gone_to(village: Village) -> None:
    village.tell_help()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "5", "f9", *"张大娘", "ctrl+s")
        told = await shown(app, pilot)
        assert "罗静 › 委托协议" in told
        assert "状态：这一项不能空着。" in told and "签字日期" in told
        assert app.screen.editors["status"].has_focus

    play(village, story)


def test_whoever_reports_sees_the_numbers_to_call_at_once(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "f8")
        assert "其他" not in (await shown(app, pilot)).splitlines()[2]
        await pilot.press("tab", "1", "tab", "tab", *"手上有伤")
        await pilot.press("ctrl+s")
        told = await shown(app, pilot)
        assert "先打 110" in told and "先打这些电话" in told and "下一步  报警" in told

    play(village, story)
