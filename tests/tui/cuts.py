"""Watches what is painted: words that were cut in the middle, and words written over others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dump import screen_text
from rich.cells import cell_len
from textual.widgets import Input

from sync import language
from tui import canvas
from tui.canvas import Row

CATALOGUE = Path(language.__file__).parent / "locale" / "en" / "LC_MESSAGES" / "cuncao.po"
PLACEHOLDER = re.compile(r"\{\w*\}")
WORD = re.compile(r"[A-Za-z]{2}")
HAN = re.compile(r"[\u3400-\U0003ffff]")


@dataclass
class Watch:
    """What was found while it was watched, each with the step at which it was."""

    language: str
    words: set[str]
    patterns: list[re.Pattern[str]]
    found: dict[str, str] = field(default_factory=dict)
    """What was cut or written over, to where."""
    _cut: dict[str, str] = field(default_factory=dict)
    _over: dict[str, str] = field(default_factory=dict)

    def is_ours(self, text: str) -> bool:
        """True for words of the program. In English those of Latin letters: the data are Chinese."""
        if self.language == "en":
            return bool(WORD.search(text))
        return text in self.words or any(p.fullmatch(text) for p in self.patterns)

    def is_lost(self, text: str, shown: str) -> bool:
        """True when words of the program are cut. Of what is mixed with data, only the data may
        be, and no word in its middle."""
        kept = shown.rstrip("….")
        lost = text[len(kept) :]
        if self.language == "en" and HAN.search(text):
            return bool(re.search(r"[A-Za-z]$", kept) and re.match(r"[A-Za-z]", lost))
        if self.language == "zh" and re.search(r"\s{2}", text):
            parts = [part.lstrip("123456789 ") for part in re.split(r"\s{2,}", text)]
            return any(part in self.words and part not in kept for part in parts)
        return self.is_ours(text)

    def look(self, app: Any, step: str) -> None:
        """Judge what was painted since the last look; a text that stands whole elsewhere on the
        screen was cut as a preview."""
        painted = re.sub(r"\s", "", "".join(screen_text(app)))
        for text, shown in self._cut.items():
            if self.is_lost(text, shown) and re.sub(r"\s", "", text) not in painted:
                self.found.setdefault(f"{text!r} as {shown!r}", step)
        for both in self._over:
            self.found.setdefault(both, step)
        for typed in app.screen.query(Input):
            text = typed.value or typed.placeholder
            parts = re.split(r"、|, ", text)
            is_whole = all(re.sub(r"\s", "", part) in painted for part in parts)
            if cell_len(text) > typed.size.width > 0 and self.is_ours(text) and not is_whole:
                self.found.setdefault(f"{text!r} in a field of {typed.size.width}", step)
        self._cut.clear()
        self._over.clear()


@contextmanager
def watching(lang: str, catalogue: Path) -> Iterator[Watch]:
    """Every `fit` and `put` of the program is noted."""
    language.use(lang)
    words = set(re.findall(r'^msgid "(.+)"$', catalogue.read_text(encoding="utf-8"), re.MULTILINE))
    patterns = [
        re.compile(".*?".join(re.escape(part) for part in PLACEHOLDER.split(word)))
        for word in words
        if PLACEHOLDER.search(word) and len(PLACEHOLDER.split(word)[-1]) > 1
    ]
    watch = Watch(lang, words, patterns)
    fit, put = canvas.fit, Row.put

    def noted_fit(text: str, width: int, end: str = "…") -> str:
        shown = fit(text, width, end)
        if shown != text:
            watch._cut[text] = shown
        return shown

    def noted_put(row: Row, x: int, text: str, *more: Any, **named: Any) -> int:
        before = list(row.cells)
        after = put(row, x, text, *more, **named)
        lost = [
            old[0] for old, new in zip(before, row.cells, strict=True)
            if old[0].strip() and old[0] != new[0]
        ]  # fmt: skip
        if lost and text.strip():
            watch._over[f"{text!r} over {''.join(lost)!r}"] = ""
        return after

    holders = [m for name, m in sys.modules.items() if name.startswith("tui") and getattr(m, "fit", None) is fit]
    for module in holders:
        module.fit = noted_fit  # type: ignore[attr-defined]
    Row.put = noted_put  # type: ignore[method-assign, assignment]
    try:
        yield watch
    finally:
        for module in holders:
            module.fit = fit  # type: ignore[attr-defined]
        Row.put = put  # type: ignore[method-assign]
        language.use(None)
