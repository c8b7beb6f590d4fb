"""Who belongs on the ledger is proposed with its reason; one key accepts, nothing is written before."""

from __future__ import annotations

from typing import Any

from playing import play, shown
from village import Village


def test_a_proposal_is_read_and_accepted_by_keys(village: Village) -> None:
    he = village.replicas["何秀英"]
    wang = he.save("child", {"name": "王大山", "birth_date": "2010-03-01", "status": "open",
                             "village": "510811101201"})  # fmt: skip
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f10", *"建档结案", "enter")
        told = await shown(app, pilot)
        assert "王大山" in told and "建议结案" in told and "2026-03-01 满 16 岁" in told
        assert "2024 年全国口径" in told
        assert he.pending_count() == before
        while app.screen.lines[app.screen.at].child != wang:
            await pilot.press("down")
        await pilot.press("ctrl+s")
        told = await shown(app, pilot)
        assert "王大山：照这样改了" in told
        assert wang not in [p.child for p in app.screen.lines]

    play(village, story)
    assert he.rows("child", [wang])[0]["close_reason"] == "turned_16"
