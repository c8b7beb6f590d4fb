"""Three-way merges of sets and of text; pure functions.

Text merges by whole sentences and lines, never inside one, and only where the two edits do not
touch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

_PIECE = re.compile(r"[^。！？；!?;\n]*(?:[。！？；!?;]+[”」』）)\"]*\n?|\n|$)")


def merge_sets(base: Iterable[str], ours: Iterable[str], theirs: Iterable[str]) -> set[str]:
    """What both sides added, without what either took out."""
    base, ours, theirs = set(base), set(ours), set(theirs)
    return (base & ours & theirs) | (ours - base) | (theirs - base)


def pieces(text: str) -> list[str]:
    """Sentences and lines with their ends; joined they give the text back.

    >>> pieces("腿好了。作业没人看")
    ['腿好了。', '作业没人看']
    """
    return [p for p in _PIECE.findall(text) if p]


def _edits(base: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, list[str]]]:
    """(start, end, replacement) over the pieces of `base`."""
    matcher = SequenceMatcher(None, base, new, autojunk=False)
    return [(a, b, list(new[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Both edits in one text, or None when they touch the same sentence or the same gap.

    An edit beside another (one ends where the other starts) counts as touching: two sentences added
    in the same place are for a person to put in order.
    """
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    old = pieces(base)
    left, right = _edits(old, pieces(ours)), _edits(old, pieces(theirs))
    for a, b, _ in left:
        for c, d, _ in right:
            if a <= d and c <= b:
                return None
    merged: list[str] = []
    at = 0
    for start, end, new in sorted(left + right, key=lambda e: (e[0], e[1])):
        merged += old[at:start] + new
        at = end
    merged += old[at:]
    return "".join(merged)
