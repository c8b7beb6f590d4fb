"""The sync centre: what lies only here, what came back and why, and figures that are true."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from dump import screen_text
from playing import play, shown
from village import Village, at

from casework import returns
from sync.client import SyncReport


async def opened(app: Any, pilot: Any) -> str:
    await pilot.press("ctrl+r")
    return await shown(app, pilot)


def send_back(village: Village, code: str, field: str = "", status: str = "invalid") -> None:
    """The oldest unsent change of the director came back from the county."""
    connection = village.replicas["何秀英"].connection
    seq, record, body = connection.execute(
        "SELECT seq, record, body FROM outbox ORDER BY seq LIMIT 1"
    ).fetchone()
    connection.execute(
        "INSERT INTO returned VALUES (?, ?, ?, ?, ?, ?, ?)",
        (seq, record, status, code, field, village.now, body),
    )


def test_unsent_work_is_told_newest_first_with_whose_and_what(village: Village) -> None:
    he = village.replicas["何秀英"]
    village.now = at(18, 10, 50)
    he.save("family", {"workplace": "深圳"}, village.ids["mother"])

    async def story(app: Any, pilot: Any) -> None:
        rows = (await opened(app, pilot)).split("\n")
        unsent = [r for r in rows if r.strip(" ▌").startswith("↑")]
        assert [r.split()[-1] for r in unsent] == ["10:50", "10:12", "08:40"]
        assert "罗静" in unsent[0]  # the child, though the record is its mother's
        assert "妈妈 改了在哪里" in unsent[0]
        assert "打给父母" in unsent[1]
        assert "改了住址" in unsent[2]

    play(village, story)


def test_what_came_back_says_why_in_a_sentence(village: Village) -> None:
    send_back(village, "out_of_scope", status="quarantined")

    async def story(app: Any, pilot: Any) -> None:
        rows = await opened(app, pilot)
        assert "被退回  1" in rows
        assert "没有丢。 (302)" in rows

    play(village, story)


def test_a_returned_value_is_explained_by_its_own_declaration(village: Village) -> None:
    he = village.replicas["何秀英"]
    he.save("child", {"id_number": "510811201503080028"}, village.ids["李佳琪"])
    body = he.connection.execute("SELECT seq, body FROM outbox ORDER BY seq DESC").fetchone()
    code = next(p.code for _f, p in he.doubts("child", {"id_number": "510811201503080028"}))
    he.connection.execute(
        "INSERT INTO returned VALUES (?, ?, 'invalid', ?, 'id_number', ?, ?)",
        (body[0], village.ids["李佳琪"], code, village.now, body[1]),
    )

    async def story(app: Any, pilot: Any) -> None:
        rows = await opened(app, pilot)
        assert code not in rows
        assert "最后一位" in rows or "校验" in rows

    play(village, story)


def test_enter_on_what_came_back_opens_it_with_the_words_kept(village: Village) -> None:
    send_back(village, "invalid", field="address")

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press(*["down"] * 5, "enter")
        await pilot.pause()
        assert app.screen.place == "form"

    play(village, story)
    assert len(village.replicas["何秀英"].returned()) == 1


def test_words_that_are_nowhere_else_are_let_go_only_with_a_reason(village: Village) -> None:
    send_back(village, "invalid", field="address")
    he = village.replicas["何秀英"]

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press(*["down"] * 5, "f4")
        assert "不要了 ›" in await shown(app, pilot)
        await pilot.press("ctrl+s")
        assert "要写原因" in await shown(app, pilot)
        await pilot.press("escape")
        assert returns.values_of(he.returned()[0]) == {"address": "板石沟 5组"}
        await pilot.press("f4", *"写错了人", "ctrl+s")
        assert "原话和原因都留着" in await shown(app, pilot)

    play(village, story)
    assert he.returned() == []
    ((reason, body),) = he.connection.execute("SELECT reason, body FROM let_go").fetchall()
    assert reason == "写错了人" and "板石沟 5组" in bytes(body).decode()


def test_figures_of_the_last_contact_outlive_the_program(village: Village) -> None:
    report = SyncReport(12, 31, 0, 0, "c", 1, True, 1200, 4096, 5120)
    he = village.replicas["何秀英"]
    he.set_state(last_report=msgspec.json.encode(report).decode(), in_step=1)

    async def story(app: Any, pilot: Any) -> None:
        rows = await opened(app, pilot)
        assert "1 次往返，9 KB，1.2 秒" in rows
        assert "√ 12 条，县里都收下了" in rows
        assert "↓ 31 条" in rows
        assert "孩子 18、家人 3" in rows
        assert "完全一样" in rows

    play(village, story)


@pytest.mark.parametrize(
    ("offset", "words"), [(-240_000, "快了 4 分钟"), (90_000, "慢了"), (30_000, "")]
)
def test_a_clock_more_than_a_minute_off_is_told(village: Village, offset: int, words: str) -> None:
    he = village.replicas["何秀英"]
    he.set_state(offset=offset)
    he.reload()

    async def story(app: Any, pilot: Any) -> None:
        rows = await opened(app, pilot)
        assert words in rows
        assert bool(words) == ("不用管" in rows)

    play(village, story)


def test_with_nothing_unsent_it_says_so(village: Village) -> None:
    village.sync("何秀英")

    async def story(app: Any, pilot: Any) -> None:
        assert "都在服务器上了" in await opened(app, pilot)

    play(village, story)


@pytest.mark.parametrize("theme", ["dark", "light", "plain"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_row_fills_the_screen(village: Village, theme: str, size: tuple[int, int]) -> None:
    send_back(village, "out_of_scope", status="quarantined")
    he = village.replicas["何秀英"]
    for n in range(30):
        he.save("child", {"hobbies": f"第 {n} 样"}, village.ids["罗静"])

    async def story(app: Any, pilot: Any) -> None:
        await opened(app, pilot)
        await pilot.press(*["down"] * 40)
        await pilot.pause()
        assert any("黎君" in row and row.strip()[0] in "▌>" for row in screen_text(app))

    play(village, story, theme=theme, size=size)
