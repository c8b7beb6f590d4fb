"""Review: what was told two ways is decided by one key, by those who may, and never by accident."""

from __future__ import annotations

from typing import Any

import pytest
from dump import screen_cells, screen_text
from playing import play, shown
from village import Village, at

from casework import told
from tui.screens.review import ReviewPlace
from tui.screens.review_table import ASKED

REVIEWER = "刘国强"


def queue(village: Village, user: str = REVIEWER) -> list[str]:
    return [c.slot for c in told.queue(village.replicas[user])]


def value(village: Village, kind: str, id: str, field: str) -> Any:
    view = village.replicas[REVIEWER].get(id, kind)
    assert view is not None
    return view.values.get(field)


async def opened(app: Any, pilot: Any) -> None:
    app.go(ReviewPlace())
    await pilot.pause()


def test_a_danger_comes_before_phones_and_addresses_and_these_before_the_rest(
    village: Village,
) -> None:
    assert queue(village)[0] == "lives_with"
    assert set(queue(village)[1:3]) == {"address", "phone"}
    assert queue(village)[3] == "hobbies"


def test_both_tellings_stand_with_author_time_and_the_note_of_their_visit(
    village: Village,
) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        rows = await shown(app, pilot)
        for words in (
            "独自一人",
            "亲戚",
            "爷爷奶奶",
            "何秀英",
            "周晓燕",
            "昨天 17:40",
            "11月9日 谈心",
        ):
            assert words in rows
        assert "门敲了十分钟才开" in rows
        assert "她说周末去姑姑家" in rows

    play(village, story, user=REVIEWER)


def test_one_key_decides_and_the_next_slides_up(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("2")
        rows = await shown(app, pilot)
        assert "定了：陈嘉怡" in rows
        assert "第 1 处，共 3" in rows
        assert "罗静" in screen_text(app)[2]

    play(village, story, user=REVIEWER)
    assert "lives_with" not in queue(village)
    village.sync(REVIEWER, "何秀英", "周晓燕")
    assert "lives_with" not in queue(village, "何秀英")
    assert value(village, "child", village.ids["陈嘉怡"], "lives_with") == "alone"


def test_a_less_worrying_value_asks_for_a_sentence_first(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("3", "enter")
        assert "写一句为什么" in await shown(app, pilot)
        assert "lives_with" in queue(village)
        await pilot.press("escape")
        await pilot.pause()
        assert "lives_with" in queue(village)
        await pilot.press("3", *"she moved", "enter")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    chen = village.ids["陈嘉怡"]
    assert value(village, "child", chen, "lives_with") == "relatives"
    steps = village.replicas[REVIEWER].history(chen, "lives_with")
    assert steps[-1].note == "she moved"


def test_another_value_is_chosen_as_in_a_form(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("4")
        rows = await shown(app, pilot)
        assert "4 爷爷奶奶" in rows
        field = app.screen.query_one("Typed")
        assert field.region.y < app.size.height // 2
        await pilot.press("7", "enter")
        assert "为什么" in screen_text(app)[ASKED + 1]
        await pilot.press(*"boards since Monday", "enter")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    assert value(village, "child", village.ids["陈嘉怡"], "lives_with") == "boarding"


def test_what_makes_no_sense_is_said_and_not_stored(village: Village) -> None:
    yang = village.ids["杨𬭎"]
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    he.save("child", {"opened_on": "2026-01-05"}, yang)
    zhou.save("child", {"opened_on": "2026-01-06"}, yang)
    village.sync("何秀英", "周晓燕", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        while app.screen.conflict.slot != "opened_on":
            await pilot.press("6")
        await pilot.press("4")
        app.screen.query_one("Typed").value = "2026-11-31"
        await pilot.press("enter")
        assert "没有这一天" in await shown(app, pilot)
        assert "opened_on" in queue(village)
        app.screen.query_one("Typed").value = "2026-11-30"
        await pilot.press("enter")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    assert value(village, "child", yang, "opened_on") == "2026-11-30"


def test_a_group_is_asked_for_member_by_member_and_stored_whole(village: Village) -> None:
    yang = village.ids["杨𬭎"]
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    he.save("child", {"disability_type": "听力", "disability_grade": "二级"}, yang)
    zhou.save("child", {"disability_type": "言语"}, yang)
    village.sync("何秀英", "周晓燕", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        while app.screen.conflict.slot != "disability":
            await pilot.press("6")
        await pilot.press("4")
        app.screen.query_one("Typed").value = "听力言语"
        await pilot.press("enter")
        await pilot.pause()
        assert "disability" in queue(village)
        app.screen.query_one("Typed").value = "三级"
        await pilot.press("enter")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    assert value(village, "child", yang, "disability_type") == "听力言语"
    assert value(village, "child", yang, "disability_grade") == "三级"


def test_from_a_file_what_concerns_that_child_comes_first(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        app.go(ReviewPlace(village.ids["杨𬭎"]))
        await pilot.pause()
        assert "杨𬭎" in screen_text(app)[2]
        assert "第 1 处，共 4" in screen_text(app)[2]

    play(village, story, user=REVIEWER)


def test_a_doubtful_phone_is_taken_only_when_said_twice(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        while app.screen.conflict.slot != "phone":
            await pilot.press("6")
        await pilot.press("4")
        app.screen.query_one("Typed").value = "13"
        await pilot.press("enter")
        assert "再按一次 Enter" in await shown(app, pilot)
        assert "phone" in queue(village)
        await pilot.press("enter")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    assert value(village, "family", village.ids["mother"], "phone") == "13"


def test_later_and_escape_decide_nothing(village: Village) -> None:
    before = queue(village)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("6", "6", "down", "up", "4", "escape", "f4", "escape", "escape")
        await pilot.pause()
        assert app.screen.place == "home"

    play(village, story, user=REVIEWER)
    assert queue(village) == before
    assert village.replicas[REVIEWER].pending_count() == 0


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "7"])
def test_a_teacher_may_look_but_nothing_is_decided(village: Village, key: str) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        assert "由督导员或县里定" in await shown(app, pilot)
        await pilot.press(key)
        assert "不归您办" in await shown(app, pilot) or key == "7"

    before = queue(village, "周晓燕")
    play(village, story, user="周晓燕")
    assert queue(village, "周晓燕") == before
    assert village.replicas["周晓燕"].pending_count() == 0


def test_long_texts_told_two_ways_can_both_be_kept(village: Village) -> None:
    yang = village.ids["杨𬭎"]
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    he.save("child", {"study": "数学好"}, yang)
    village.sync("何秀英", "周晓燕", REVIEWER)
    village.now = at(18, 11)
    he.save("child", {"study": "数学很好，爱看书"}, yang)
    zhou.save("child", {"study": "数学差了一些"}, yang)
    village.sync("何秀英", "周晓燕", REVIEWER)
    conflict = next(c for c in told.queue(village.replicas[REVIEWER]) if c.slot == "study")
    kept = told.both(conflict, 1)
    assert kept is not None

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        while app.screen.conflict.slot != "study":
            await pilot.press("6")
        await pilot.pause()
        assert "7 都要" in await shown(app, pilot)
        await pilot.press("7")
        await pilot.pause()

    play(village, story, user=REVIEWER)
    told_now = value(village, "child", yang, "study")
    assert "数学很好，爱看书" in told_now
    assert "数学差了一些" in told_now


def test_differing_digits_are_underlined_in_the_queue(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        rows = screen_cells(app)
        y = next(n for n, row in enumerate(screen_text(app)) if "150 0000 6614" in row)
        marked = "".join(text for text, style in rows[y] if style.underline)
        assert marked == "4214"

    play(village, story, user=REVIEWER)


def test_what_differs_at_the_end_of_a_long_value_is_not_cut_off_in_the_queue(
    village: Village,
) -> None:
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    for replica, last in ((he, "东头"), (zhou, "西头")):
        address = f"板石沟村三组老供销社旁边那排瓦房{last}"
        replica.save("child", {"address": address}, village.ids["刘洁"])
    village.sync("何秀英", "周晓燕", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        rows = await shown(app, pilot)
        assert "…排瓦房西头" in rows and "…排瓦房东头" in rows

    play(village, story, user=REVIEWER)


def test_who_was_asked_and_has_not_answered_is_said(village: Village) -> None:
    village.tell_question()

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        while app.screen.conflict.slot != "phone":
            assert "还没答" not in await shown(app, pilot)
            await pilot.press("6")
        assert "问了何秀英，还没答。" in await shown(app, pilot)

    play(village, story, user=REVIEWER)


@pytest.mark.parametrize("theme", ["dark", "light", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_row_fills_the_screen(village: Village, theme: str, size: tuple[int, int]) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        for _n in range(4):
            await pilot.press("6")
            await pilot.pause()
            screen_text(app)
        await pilot.press("4")

    play(village, story, user=REVIEWER, theme=theme, size=size)


def test_a_decision_is_taken_back_with_one_key(village: Village) -> None:
    before = queue(village)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("2", "2", "ctrl+z")
        rows = await shown(app, pilot)
        assert "撤销了：罗静，又等人定。" in rows
        assert "罗静" in screen_text(app)[2]  # it is at hand again
        await pilot.press("ctrl+z", "ctrl+z")
        assert "定过的" in await shown(app, pilot)

    play(village, story, user=REVIEWER)
    assert queue(village) == before
    assert not village.replicas[REVIEWER].conflict("")


def test_small_ones_are_settled_together_and_none_that_matters(village: Village) -> None:
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    for name in ("李佳琪", "廖金凤", "刘洁"):
        for replica, words in ((he, "画画"), (zhou, "跳绳")):
            replica.save("child", {"hobbies": words}, village.ids[name])
    for replica, name, number in ((he, "李佳奇", 1), (zhou, "李佳棋", 2)):
        child = village.ids["李佳琪"]
        replica.save("child", {"name": name, "id_number": f"HK{number}", "id_type": "other"}, child)
    village.sync("何秀英", "周晓燕", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("space")
        assert "这一处要单独看" in await shown(app, pilot)
        await pilot.press("f9")
        assert "4 处小事标上了" in await shown(app, pilot)
        await pilot.press("f9")
        assert "4 处小事按现在的定了" in await shown(app, pilot)
        left = ["address", "identity", "lives_with", "name", "phone"]
        assert sorted(queue(village)) == left
        await pilot.press("ctrl+z")
        assert len(queue(village)) == 6

    play(village, story, user=REVIEWER)


def test_only_what_speaks_of_the_typed_words_is_in_the_queue(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        for words, slots in (
            ("板石沟", {"hobbies"}),
            ("电话", {"phone"}),
            ("家人", {"phone"}),
            ("cjy", {"lives_with"}),
            ("蒲春兰", set()),
            ("周晓燕 住址", {"address"}),
        ):
            await pilot.press("f7", "ctrl+a", "ctrl+k", *words, "enter")
            await pilot.pause()
            assert {c.slot for c in app.screen.queue} == slots, words
        assert "没有说到「周晓燕 住址」" not in await shown(app, pilot)
        await pilot.press("f7")
        assert "就看这些" in await shown(app, pilot)
        await pilot.press("ctrl+a", "ctrl+k", *"没这个", "enter")
        assert "没有说到「没这个」的" in await shown(app, pilot)
        await pilot.press("f7", "ctrl+a", "ctrl+k", "enter")
        await pilot.pause()
        assert len(app.screen.queue) == 4

    play(village, story, user=REVIEWER)


def test_nobody_decides_alone_about_a_danger_they_wrote_of(village: Village) -> None:
    liu = village.replicas[REVIEWER]
    he = village.replicas["何秀英"]
    child = village.ids["刘洁"]
    liu.save("child", {"risk_level": "low"}, child)
    he.save("child", {"risk_level": "critical"}, child)
    village.sync("何秀英", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press("f7", *"刘洁", "enter", "2")
        assert "紧急的一处不能由写它的人自己定" in await shown(app, pilot)

    play(village, story, user=REVIEWER)
    assert "risk_level" in queue(village)


def test_the_conflicts_of_one_child_stand_together(village: Village) -> None:
    he, zhou = village.replicas["何秀英"], village.replicas["周晓燕"]
    for replica, words in ((he, "画画"), (zhou, "跳绳")):
        replica.save("child", {"hobbies": words}, village.ids["陈嘉怡"])
    village.sync("何秀英", "周晓燕", REVIEWER)
    assert queue(village)[:2] == ["lives_with", "hobbies"]


def test_of_what_an_admin_may_not_read_they_see_how_many_where_and_since_when(
    village: Village,
) -> None:
    for n, unit in enumerate(("510811101", "510811101", "510811")):
        given = {"unit": unit, "opened": f"2026-11-{n + 3:02d}"}
        village.hub.write("withheld", f"withheld{n}", given)
    village.sync("陈德福", REVIEWER)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.pause()
        assert "3 处限看的两种说法，由看得到的人定" in await shown(app, pilot)
        await pilot.press("f6")
        words = "限看的 3 处，由看得到的人定，最早 11月3日：卫子镇 2  昭化区 1"
        assert words in await shown(app, pilot)
        await pilot.press("f7", *"nobody", "enter")
        assert words in await shown(app, pilot)

    play(village, story, user="陈德福")

    async def nothing(app: Any, pilot: Any) -> None:
        await pilot.press("f6")
        assert "限看的" not in await shown(app, pilot)

    play(village, nothing, user=REVIEWER)
