"""Rows are exactly as wide as the screen, whatever is written over what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.canvas import Row, fit, wrap
from tui.look import MARKS, THEMES, Look

TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from("罗静𠮷𬭎㐂·…▲阿依古丽买提é\u0301"),
    st.characters(min_codepoint=32, max_codepoint=0x9FFF, blacklist_categories=("Cc", "Cs", "Cn", "Co")),
    ),
    max_size=30,
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 90), TEXT), max_size=6), st.sampled_from(THEMES))
def test_a_row_never_shrinks_or_grows(puts: list[tuple[int, str]], theme: str) -> None:
    row = Row(Look(theme), 80)
    for x, text in puts:
        row.put(x, text)
    strip = row.strip()
    assert sum(cell_len(s.text) for s in strip) == 80


@given(TEXT, st.integers(1, 40))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) <= width


@given(TEXT, st.integers(4, 40))
def test_wrapping_loses_no_character(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_plain_draws_nothing_of_doubtful_width() -> None:
    plain = Look("plain")
    for name in MARKS:
        assert plain.mark(name).isascii(), name
    assert plain.text("阿依古丽·买买提").count("·") == 0


def test_no_colour_keeps_the_shapes(monkeypatch: object) -> None:
    look = Look("dark", has_colour=False)
    assert look.mark("danger") == "▲"
    assert look.style("red bold on raise").color is None
    assert look.style("text on raise").reverse


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("父母在成都市务工，每月来电。奶奶说好。", ["父母在成都市务", "工，每月来电。", "奶奶说好。"]),
        ("父母在成都市双流，每月来电。", ["父母在成都市双", "流，每月来电。"]),
        ("她说今天很开心「谢谢老师」。", ["她说今天很开心", "「谢谢老师」。"]),
        ("今天她说过的话「谢谢」。", ["今天她说过的话", "「谢谢」。"]),
        ("。。。。。。。。。。", ["。。。。。。。", "。。。"]),
    ],
)
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(text, lines):
    assert wrap(text, 14) == lines
