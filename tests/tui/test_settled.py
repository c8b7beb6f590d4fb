"""What was settled stands in a list with its author, time and note, and is taken back by one key."""

from __future__ import annotations

from typing import Any

from playing import play, shown
from village import Village

from casework import duplicates, settled, told
from sync import merges

ADMIN = "陈德福"


def test_every_kind_of_decision_is_listed_and_taken_back(village: Village) -> None:
    admin = village.replicas[ADMIN]
    one, second = village.ids["罗静"], village.tell_twice()
    hobbies = next(c for c in told.queue(admin) if c.slot == "hobbies")
    admin.resolve(hobbies.id, "winner", note="问过了")
    village.now += 60_000
    far = village.ids["李佳琪"]
    pair = next(p for p in duplicates.pairs(admin) if {p.a, p.b} == {one, second})
    duplicates.say(admin, pair.id, duplicates.NOT_SAME)
    village.now += 60_000
    merges.merge(admin, village.ids["上官若兰"], far)
    village.sync(ADMIN)
    assert [s.what for s in settled.settled(admin)] == ["merged", "not_same", "decided"]

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f6", "ctrl+z")
        rows = await shown(app, pilot)
        for words in (
            "定过的", "第 1 条，共 3", "上官若兰", "和另一份 李佳琪 合成一份", "罗静 和 罗静", "不是同一个孩子",
            "杨𬭎", "爱好：", "陈德福 今天",
        ):  # fmt: skip
            assert words in rows, words
        await pilot.press("end")
        assert "为什么：问过了" in await shown(app, pilot)
        await pilot.press("ctrl+z", "f4")
        assert "撤销了：杨𬭎 爱好" in await shown(app, pilot)
        assert "已经撤销了" in await shown(app, pilot)
        await pilot.press("f4")
        assert "已经撤销过了" in await shown(app, pilot)
        await pilot.press("home", "f4")
        assert "第 1 条，共 2" in await shown(app, pilot)
        await pilot.press("f4")
        assert "第 1 条，共 1" in await shown(app, pilot)

    play(village, story, user=ADMIN)
    assert admin.kept(far) == far
    assert "hobbies" in [c.slot for c in told.queue(admin)]
    assert pair.id in [p.id for p in duplicates.pairs(admin)]


def test_a_batch_is_one_and_goes_back_as_one(village: Village) -> None:
    admin = village.replicas[ADMIN]
    village.tell_twice()
    numbers = {"上官若兰": "510811201911210027", "张梓涵": "510811201611190024"}
    for name, number in numbers.items():
        for replica in (admin, village.replicas["周晓燕"]):
            given = {"name": f"{name}儿", "school": "s1", "id_type": "resident"}
            replica.save("child", {**given, "id_number": _valid(number)})
    village.sync(ADMIN, "周晓燕", ADMIN)
    _batch, made = duplicates.merge_certain(admin)
    assert len(made) == 3
    (one,) = settled.settled(admin)
    assert (one.what, one.other) == ("merged", "3")
    village.sync(ADMIN)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+o", "ctrl+z")
        assert "等 3 对合成一份，一批" in await shown(app, pilot)
        await pilot.press("f4")
        assert "还没有定过什么" in await shown(app, pilot)

    play(village, story, user=ADMIN)
    assert merges.merges(admin) == []
    assert len(duplicates.certain(admin)) == 3


def _valid(number: str) -> str:
    """The same with the check digit that it should have."""
    from schema import idnumber

    return next(n for c in "0123456789X" if idnumber.is_valid(n := number[:17] + c))
