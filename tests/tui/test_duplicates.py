"""Two files side by side: what differs is seen, one key gives the verdict, and every verdict can be
taken back."""

from __future__ import annotations

from typing import Any

from dump import screen_cells, screen_text
from playing import play, shown
from village import Village

ADMIN = "陈德福"


def names(village: Village, user: str = ADMIN) -> list[str]:
    return [r["name"] for r in village.replicas[user].select("child") if r["name"] == "罗静"]


def of(village: Village, field: str) -> Any:
    view = village.replicas[ADMIN].get(village.ids["罗静"])
    assert view is not None
    return view.values.get(field)


async def open_queue(app: Any, pilot: Any) -> str:
    await pilot.press("ctrl+o")
    return await shown(app, pilot)


async def go_to(app: Any, pilot: Any, label: str) -> None:
    """The cursor on the row of a field."""
    for _ in range(20):
        await pilot.pause()
        if any(label in row and row[1] in "▌>" for row in screen_text(app)):
            return
        await pilot.press("down")
    raise AssertionError(f"no row {label}")


def test_both_files_stand_side_by_side_with_the_reasons_and_what_would_follow(
    village: Village,
) -> None:
    village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        rows = await open_queue(app, pilot)
        for words in (
            "第 1 对，共", "身份证和姓名相同", "罗静", "陈德福", "周晓燕", "板石沟 3组", "板石沟 3社",
            "没有填", "记录 8 + 1", "家人 3 + 0", "510811********0027", "能拆回两份",
        ):  # fmt: skip
            assert words in rows, words
        assert {len(cells) for cells in screen_cells(app)} == {80}
        lines = screen_text(app)
        assert "≠" in next(r for r in lines if "板石沟 3社" in r)
        assert "=" in next(r for r in lines if "2015-03-08" in r)

    play(village, story, user=ADMIN)


def test_a_wider_window_shows_more_of_either_value(village: Village) -> None:
    village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        rows = await open_queue(app, pilot)
        assert "东莞 电子厂" in rows
        assert {len(cells) for cells in screen_cells(app)} == {120}

    play(village, story, user=ADMIN, size=(120, 36))


def test_one_key_merges_with_the_chosen_values_and_one_takes_it_back(village: Village) -> None:
    second = village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        await open_queue(app, pilot)
        await go_to(app, pilot, "爱好")
        await pilot.press("right", "ctrl+s")
        rows = await shown(app, pilot)
        assert "合成一份了：罗静" in rows
        assert names(village) == ["罗静"]
        assert (of(village, "hobbies"), of(village, "ethnicity")) == ("画画、唱歌", "汉族")
        assert of(village, "address") == "板石沟 3组"
        await pilot.press("ctrl+z")
        rows = await shown(app, pilot)
        assert "收回了" in rows
        assert names(village) == ["罗静", "罗静"]
        assert (of(village, "hobbies"), of(village, "ethnicity")) == ("画画", None)
        await pilot.press("ctrl+s")

    play(village, story, user=ADMIN)
    village.sync(ADMIN, "何秀英")
    assert village.replicas["何秀英"].kept(second) == village.ids["罗静"]


def test_not_the_same_is_remembered_and_later_comes_last(village: Village) -> None:
    village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        rows = await open_queue(app, pilot)
        first = next(r for r in rows.split("\n") if "共" in r)
        await pilot.press("f6")
        rows = await shown(app, pilot)
        assert "不是同一个孩子" in rows
        assert first not in rows
        await pilot.press("ctrl+z")
        rows = await shown(app, pilot)
        assert "身份证和姓名相同" in rows
        await pilot.press("f4")

    play(village, story, user=ADMIN)
    from casework.duplicates import pairs

    assert pairs(village.replicas[ADMIN])[-1].verdict == "later"


def test_certain_pairs_go_together_after_a_second_word_and_escape_does_nothing(
    village: Village,
) -> None:
    village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        await open_queue(app, pilot)
        await pilot.press("f9")
        rows = await shown(app, pilot)
        assert "有 1 对" in rows
        await pilot.press("escape")
        assert len(names(village)) == 2
        await pilot.press("f9", "ctrl+s")
        rows = await shown(app, pilot)
        assert "1 对合成一份了" in rows
        assert len(names(village)) == 1
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert len(names(village)) == 2

    play(village, story, user=ADMIN)


def test_who_does_not_review_both_is_told_so(village: Village) -> None:
    village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        await open_queue(app, pilot)
        await pilot.press("ctrl+s")
        assert "不归您办" in await shown(app, pilot)

    play(village, story)
    assert len(names(village)) == 2


def test_a_file_that_was_merged_opens_as_the_kept_one_and_says_so(village: Village) -> None:
    second = village.tell_twice()

    async def story(app: Any, pilot: Any) -> None:
        from sync import merges
        from tui.screens.file import FilePlace

        merges.merge(village.replicas[ADMIN], village.ids["罗静"], second)
        app.go(FilePlace("child", second))
        rows = await shown(app, pilot)
        assert "已合到这一份" in rows
        assert app.screen.record_id == village.ids["罗静"]

    play(village, story, user=ADMIN)


def test_with_nothing_to_review_the_place_says_so(village: Village) -> None:
    async def story(app: Any, pilot: Any) -> None:
        rows = await open_queue(app, pilot)
        assert "没有像是同一个孩子的两份档案" in rows
        await pilot.press("ctrl+s", "f6", "f4", "down", "right", "pagedown")
        assert "没有像是" in await shown(app, pilot)

    play(village, story, user=ADMIN)


def test_whom_either_file_names_around_the_child_is_compared(village: Village) -> None:
    second = village.tell_twice()
    admin = village.replicas[ADMIN]
    admin.save("family", {"child": second, "role": "mother", "name": "王芳", "phone": "15000006641"})
    admin.save("need", {"child": second, "service": "homework", "noticed_on": "2026-11-12"})

    async def story(app: Any, pilot: Any) -> None:
        await open_queue(app, pilot)
        await go_to(app, pilot, "妈妈")
        row = next(r for r in screen_text(app) if r.startswith(" ▌"))
        assert "150 0000 66" in row and row.count("150 0000 66") == 2
        await pilot.press("left", "right")  # nothing to choose: both stay
        assert "►" not in next(r for r in screen_text(app) if r.startswith(" ▌"))
        (follows,) = (r for r in screen_text(app) if "合成一份后" in r)
        assert follows.rstrip().endswith("都跟到一份档案上")
        await pilot.press("escape")
        assert "像是同一个孩子" in await shown(app, pilot)

    play(village, story, user=ADMIN)
