"""How it looks: the three themes' colours by token, and the marks that go with words.

One accent, two alarms. `plain` uses the terminal's own two colours, bold, reverse and underline,
and no character of doubtful width.
"""

from __future__ import annotations

import os
from functools import lru_cache

from rich.style import Style

TOKENS: dict[str, dict[str, str]] = {
    "dark": {
        "bg": "#0F1513", "bar": "#18211D", "field": "#1D2823", "raise": "#23332B", "tint": "#34191A",
        "line": "#3A4A43", "text": "#E6ECE8", "dim": "#9FAFA7", "faint": "#7A8B83",
        "accent": "#7ED6A5", "ink": "#0B1F15", "red": "#FF8F84", "amber": "#F3C46B",
    },
    "light": {
        "bg": "#FFFFFF", "bar": "#E8F0EA", "field": "#EEF3EF", "raise": "#CDE8D8", "tint": "#FFE4E1",
        "line": "#7C8A82", "text": "#0A0F0C", "dim": "#35413B", "faint": "#4A564F",
        "accent": "#00573A", "ink": "#FFFFFF", "red": "#9C0000", "amber": "#6A3F00",
    },
}  # fmt: skip
THEMES = ("dark", "light", "plain")

MARKS: dict[str, tuple[str, str, str]] = {
    "danger": ("▲", "!", "red"),
    "high": ("■", "#", "amber bold"),
    "look": ("●", "*", "amber"),
    "medium": ("●", "*", "text"),
    "calm": ("○", "o", "dim"),
    "done": ("√", "+", "dim"),
    "marked": ("√", "+", "accent"),
    "unsent": ("↑", "^", "text bold"),
    "arrived": ("↓", "v", "dim"),
    "told_two_ways": ("?", "?", "amber"),
    "came_back": ("×", "x", "red"),
    "differs": ("≠", "x", "amber"),
    "same": ("=", "=", "faint"),
    "keep": ("►", ">", "accent"),
    "here": ("▌", ">", "accent"),
    "box": ("□", "o", "dim"),
    "rule": ("─", "-", "line"),
    "bar": ("▆", "#", "accent"),
    "track": ("▁", ".", "line"),
    "dot": ("·", ".", "text"),
    "ellipsis": ("…", "..", "text"),
}
"""Name to shape, plain shape and style. The same shape never means two things."""

SHORT_OF_PLAIN = str.maketrans({"·": ".", "—": "-", "…": ".", "“": '"', "”": '"', "›": ">"})


class Look:
    """A theme in use."""

    def __init__(self, name: str, *, has_colour: bool = True) -> None:
        self.name = name if name in THEMES else "dark"
        self.is_plain = self.name == "plain"
        self.has_colour = has_colour and not self.is_plain
        self.tokens = TOKENS.get(self.name, TOKENS["dark"])

    @classmethod
    def chosen(cls, name: str | None = None) -> Look:
        """By `name`, `CUNCAO_THEME` or dark; `NO_COLOR` keeps the shapes and drops the colours."""
        return cls(
            name or os.environ.get("CUNCAO_THEME", "dark"), has_colour="NO_COLOR" not in os.environ
        )

    def mark(self, name: str) -> str:
        """The shape of a mark in this theme; empty for an unknown one."""
        found = MARKS.get(name)
        return "" if found is None else found[1] if self.is_plain else found[0]

    @staticmethod
    def mark_style(name: str) -> str:
        return MARKS[name][2] if name in MARKS else "text"

    @lru_cache(maxsize=512)  # noqa: B019 - one look lives as long as the program
    def style(self, spec: str) -> Style:
        """`"red bold on raise"` to a style. Words: a token, bold, underline, and `on` a token."""
        words = spec.split()
        fore = next((w for w in words if w in TOKENS["dark"]), "text")
        back = words[words.index("on") + 1] if "on" in words else "bg"
        bold, underline = "bold" in words, "underline" in words
        if not self.has_colour:
            return Style(
                bold=bold or fore in ("red", "amber", "accent"),
                underline=underline or back == "field",
                reverse=back in ("raise", "accent"),
                dim=False,
            )
        return Style(
            color=self.tokens[fore], bgcolor=self.tokens[back], bold=bold, underline=underline
        )

    def text(self, text: str) -> str:
        """Text as this theme may draw it."""
        return text.translate(SHORT_OF_PLAIN) if self.is_plain else text
