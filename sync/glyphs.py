"""How names look: one character written otherwise, and characters the eye mistakes for each other.

The table (sync/data/glyphs.txt.gz, made by tools/build_glyphs.py) has traditional and regional forms
with the usual one, and families of characters in use that differ in one radical or one stroke.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("data") / "glyphs.txt.gz"


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[int, str], dict[str, set[int]]]:
    """Other form to usual form, for `str.translate`; character to the numbers of its families."""
    import gzip

    with gzip.open(_TABLE, "rt", encoding="utf-8") as file:
        forms, _, families = file.read().partition("\n\n")
    usual = {ord(line[0]): line[1:] for line in forms.splitlines()}
    found: dict[str, set[int]] = {}
    for number, family in enumerate(families.splitlines()):
        for character in family:
            found.setdefault(character, set()).add(number)
    return usual, found


@lru_cache(maxsize=100_000)
def fold(name: str) -> str:
    """A name without what is only a way of writing it: width, traditional and other forms, spaces,
    the dot of a transcribed name (吐尔逊·买买提), case."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(c for c in plain if c.isalnum()).translate(_tables()[0]).lower()


def look_alike(a: str, b: str) -> bool:
    """True when the two characters are easily taken for each other: 晴 and 睛, 己 and 已."""
    families = _tables()[1]
    return not families.get(a, set()).isdisjoint(families.get(b, ()))
