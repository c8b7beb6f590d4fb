"""Asking the one who knows: chosen by typing, answered with one key, and the answer settles it."""

from __future__ import annotations

from typing import Any

from playing import play, shown
from village import Village

from casework import questions, told
from tui.screens.review import ReviewPlace

REVIEWER = "刘国强"


def phone(village: Village) -> str:
    return next(c.id for c in told.queue(village.replicas[REVIEWER]) if c.slot == "phone")


def test_who_is_asked_is_found_by_typing_and_gets_the_question(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        app.go(ReviewPlace())
        await pilot.pause()
        await pilot.press("6", "5")
        rows = await shown(app, pilot)
        assert "何秀英" in rows.split("问谁")[1]  # who last saw the child is offered first
        await pilot.press(*"zxy", "enter")
        assert "问了周晓燕" in await shown(app, pilot)

    play(village, story, user=REVIEWER)
    village.sync(REVIEWER, "周晓燕", "何秀英")
    (asked,) = questions.for_me(village.replicas["周晓燕"])
    assert asked.conflict.id == phone(village)
    assert questions.for_me(village.replicas["何秀英"]) == []


def test_the_one_asked_sees_it_first_and_answers_with_one_key(village: Village) -> None:
    conflict = phone(village)
    questions.ask(village.replicas[REVIEWER], conflict, "何秀英", "哪个打得通？")
    village.sync(REVIEWER, "何秀英")

    async def story(app: Any, pilot: Any) -> None:
        assert "1 处问您哪个对   ^B" in await shown(app, pilot)
        await pilot.press("ctrl+b")
        rows = await shown(app, pilot)
        assert "刘国强问您：哪个打得通？" in rows
        assert "150 0000 6614" in rows
        await pilot.press("3")
        assert "答了：罗静 妈妈电话。还没到服务器上。" in await shown(app, pilot)
        assert "没有问您的。" in await shown(app, pilot)

    play(village, story)
    village.sync("何秀英", REVIEWER)
    reviewer = village.replicas[REVIEWER]
    assert reviewer.conflict(conflict) is None
    mother = reviewer.get(village.ids["mother"])
    assert mother is not None and mother.values["phone"] == "15000006614"
    assert mother.author("phone") == "何秀英"


def test_an_answer_on_offer_is_taken_with_one_key(village: Village) -> None:
    conflict = phone(village)
    setting = {"name": "answers_close", "value": 0}
    village.hub.write("setting", "setting:answers_close", setting)
    questions.ask(village.replicas[REVIEWER], conflict, "何秀英")
    village.sync(REVIEWER, "何秀英")
    (asked,) = questions.for_me(village.replicas["何秀英"])
    questions.answer(village.replicas["何秀英"], asked.id, "15000006699")
    village.sync("何秀英", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        app.go(ReviewPlace())
        await pilot.pause()
        await pilot.press("6")
        rows = await shown(app, pilot)
        assert "问过何秀英，答的是：150 0000 6699" in rows
        assert "5 按答的" in rows
        await pilot.press("5")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    mother = village.replicas[REVIEWER].get(village.ids["mother"])
    assert mother is not None and mother.values["phone"] == "15000006699"


def test_two_who_answered_differently_stand_both_before_the_reviewer(village: Village) -> None:
    conflict, reviewer = phone(village), village.replicas[REVIEWER]
    told = {"何秀英": "15000006699", "周晓燕": "15000006688"}
    for whom in told:
        questions.ask(reviewer, conflict, whom)
    village.sync(REVIEWER, *told)
    for whom, said in told.items():
        (asked,) = questions.for_me(village.replicas[whom])
        questions.answer(village.replicas[whom], asked.id, said)
    village.sync(*told, REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        app.go(ReviewPlace())
        await pilot.pause()
        await pilot.press("6")
        rows = await shown(app, pilot)
        assert "问过何秀英，答的是：150 0000 6699" in rows
        assert "问过周晓燕，答的是：150 0000 6688" in rows
        assert "5 问人" in rows
        await pilot.press("5")
        assert "问谁" in await shown(app, pilot)
        await pilot.press("escape")

    play(village, story, user=REVIEWER)
    assert reviewer.conflict(conflict) is not None


def test_escape_answers_nothing(village: Village) -> None:
    questions.ask(village.replicas[REVIEWER], phone(village), "何秀英")
    village.sync(REVIEWER, "何秀英")

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+b", "4", *"139", "escape", "escape")
        await pilot.pause()
        assert app.screen.place == "home"

    play(village, story)
    assert len(questions.for_me(village.replicas["何秀英"])) == 1
