"""An answer that only a newer program's list has is shown as it is, and no form takes it away."""

from __future__ import annotations

import datetime
from typing import Any

from playing import play, shown
from village import Village

from casework import wording
from schema.kinds import KINDS

INCOME = '["of_tomorrow","wages"]'


def test_a_form_leaves_answers_alone_that_it_does_not_know(village: Village) -> None:
    he = village.replicas["何秀英"]
    child = village.ids["李佳琪"]
    he.connection.execute(
        f"UPDATE r_child SET economy = 'of_tomorrow', income = '{INCOME}' WHERE id = '{child}'"
    )
    before = he.pending_count()

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"李佳琪", "enter", "f4", "tab", "tab", *"佳佳")
        for _ in range(8):
            if "家境" in (told := await shown(app, pilot)) and "of_tomorrow" in told:
                break
            await pilot.press("pagedown")
        assert "of_tomorrow" in await shown(app, pilot)
        await pilot.press("ctrl+s")
        assert "存好了" in await shown(app, pilot)

    play(village, story)
    assert he.pending_count() == before + 1
    (change,) = (p for p in he.pending() if p.id == child)
    assert change.fields == {"small_name": "佳佳"}


def test_unknown_codes_are_shown_as_they_are(village: Village) -> None:
    he, today = village.replicas["何秀英"], datetime.date(2026, 3, 2)
    fields = KINDS["child"].by_name
    assert wording.value_text(fields["economy"], "of_tomorrow", he, today) == "of_tomorrow"
    shown_as = wording.value_text(fields["income"], ["wages", "of_tomorrow"], he, today)
    assert shown_as == "打工收入、of_tomorrow"
