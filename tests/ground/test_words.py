"""Words fit where they stand, in both languages: footers, forms, lists."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from schema.kinds import KINDS
from sync import language
from tui.actions import ACTIONS, key_name

HINT = 12
"""Cells of one footer place at 80 columns: the key, a space, the word."""
LABEL = 12
"""Letters of an English label; a Chinese one is at most nine characters (tests/schema)."""


@pytest.fixture(params=language.LANGUAGES)
def spoken(request):
    language.use(request.param)
    yield request.param
    language.use(None)


def test_every_hint_fits_into_its_place_of_the_footer(spoken):
    hints = [f"{key_name(a.keys[0])} {language._(a.hint)}" for a in ACTIONS if a.keys]
    assert [hint for hint in hints if cell_len(hint) > HINT] == []


def test_an_english_label_is_as_short_as_a_form_allows():
    language.use("en")
    try:
        labels = {language._(f.label) for kind in KINDS.values() for f in kind.fields}
    finally:
        language.use(None)
    assert {label for label in labels if len(label) > LABEL} == set()


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_no_two_labels_of_a_form_read_the_same(spoken, kind):
    labels = [language._(f.label) for f in kind.fields if not f.is_hidden]
    assert len(labels) == len(set(labels))
