"""Code lists: the closed sets of words a field can hold.

A code is retired, never removed, so that an old value from a laptop that was away still lands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list."""

    code: str
    label: str
    """Chinese label and gettext message id."""
    synonyms: tuple[str, ...] = ()
    """Other words that mean it in spreadsheets."""
    rank: int = 0
    """How worrying the value is (0 = not at all); used only by fields on the safety list."""
    mark: str = ""
    """Name of the mark drawn before it (`danger`, `high`, `look`, `calm`), see tui/marks.py."""
    is_retired: bool = False


@dataclass(frozen=True)
class CodeList:
    """A named list of codes in the order in which people read them."""

    name: str
    codes: tuple[Code, ...]

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)

    @cached_property
    def by_code(self) -> dict[str, Code]:
        return {c.code: c for c in self.codes}

    @cached_property
    def order(self) -> dict[str, int]:
        return {c.code: n for n, c in enumerate(self.codes)}

    @cached_property
    def by_word(self) -> dict[str, str]:
        """Every label, synonym and code to its code."""
        words: dict[str, str] = {}
        for c in self.codes:
            for word in (c.code, c.label, *c.synonyms):
                words.setdefault(word, c.code)
        return words

    def find(self, word: str) -> str | None:
        """The code meant by `word` (code, label or synonym), or None."""
        return self.by_word.get(word.strip())

    @property
    def live(self) -> tuple[Code, ...]:
        """What a form offers: everything not retired."""
        return tuple(c for c in self.codes if not c.is_retired)


def codes(name: str, *entries: Code | tuple[str, str] | tuple[str, str, str]) -> CodeList:
    """A list from short forms: `("male", "男")` or `("male", "男", "男性 男孩")` or a `Code`."""
    made = []
    for entry in entries:
        if isinstance(entry, Code):
            made.append(entry)
        else:
            code, label, *more = entry
            made.append(Code(code, label, tuple(more[0].split()) if more else ()))
    return CodeList(name, tuple(made))
