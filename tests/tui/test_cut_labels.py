"""No label, heading, answer or hint of key is cut in its middle at 80 by 24, in either language."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from cuts import CATALOGUE, watching
from rich.cells import cell_len
from tour import TOURS, Tour, fill_all
from village import Village

from casework.columns import columns_of
from schema.kinds import KINDS
from schema.types import Choice
from sync import language
from sync.language import _
from tui import actions, offers
from tui.editors import FieldEditor
from tui.records import RecordList
from tui.screens import form, palette

LANGUAGES = ("zh", "en")


@pytest.fixture(params=LANGUAGES)
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    language.use(request.param)
    yield request.param
    language.use(None)


@pytest.mark.parametrize("user", TOURS)
def test_nothing_of_the_programs_words_is_cut_or_written_over(spoken: str, user: str) -> None:
    stories, goes = TOURS[user]

    async def story() -> dict[str, str]:
        with watching(spoken, CATALOGUE) as watch:
            village = Village()
            for told in stories:
                getattr(village, f"tell_{told}")()
            made = fill_all(village)
            app = village.program(user)
            async with app.run_test(size=(80, 24)) as pilot:
                await pilot.pause()
                tour = Tour(app, pilot, watch, village, made)
                tour.look("first")
                await goes(tour)
        return watch.found

    found = asyncio.run(story())
    assert not found, "\n".join(f"{step}: {what}" for what, step in found.items())


def test_every_hint_fits_its_place_and_every_command_its_line(spoken: str) -> None:
    room = palette.WIDEST - palette.FACTS - 3
    for action in actions.ACTIONS:
        name = actions.key_name(action.keys[0]) if action.keys else ""
        wide = 12 - cell_len(name) - 1 if name else palette.FACTS - palette.NAME - 1
        assert cell_len(_(action.hint)) <= wide, action.hint
        assert cell_len(_(action.help)) <= room - (8 if name else 0), action.help


def test_every_answer_of_every_field_stands_whole_below_its_form(spoken: str) -> None:
    village = Village()
    he = village.replicas["何秀英"]
    for kind in KINDS.values():
        for field in kind.fields:
            if isinstance(field.type, Choice):
                editor = FieldEditor(field, None, he, None)  # type: ignore[arg-type]
                shown = offers.lines(editor, 80)
                assert len(shown) <= 24 - form.FRAME - form.LEAST_FIELDS, (kind.name, field.name)
                assert all(x + cell_len(t) <= 77 for line in shown for x, t, _s in line)


def test_lists_show_whole_columns(spoken: str) -> None:
    """What has no room is left out, from the right; a child's list shows all of its columns."""
    for kind in KINDS.values():
        if kind.can_add_by_hand and kind.list_columns:
            columns = columns_of(kind)
            places = RecordList(kind.name)._places(80)
            for column, (_x, width) in zip(columns, places, strict=False):
                assert cell_len(_(column.label)) <= width, (kind.name, column.name)
                assert all(cell_len(_(a)) <= width for a in column.answers), (kind.name, column.name)
            assert len(places) >= min(len(columns), 3), kind.name
            assert kind.name != "child" or len(places) == len(columns)
