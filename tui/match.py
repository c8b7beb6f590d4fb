"""Where a typed text is found in a Chinese one: as characters, pinyin initials, pinyin, or a
mixture."""

from __future__ import annotations

from sync import pinyin


def span(text: str, wanted: str) -> tuple[int, int] | None:
    """First and one-past-last character of the match, or None."""
    wanted = "".join(wanted.lower().split())
    if not wanted:
        return (0, 0)
    lowered = text.lower()
    at = lowered.find(wanted)
    if at >= 0:
        return at, at + len(wanted)
    if not wanted.isascii():
        return None
    for start in range(len(text)):
        end = _sounds(text, start, wanted)
        if end is not None and pinyin.readings(text[start]):
            return start, end
    return None


def _sounds(text: str, at: int, wanted: str) -> int | None:
    """Where the characters from `at` on end that sound like `wanted`."""
    if not wanted:
        return at
    if at >= len(text):
        return None
    found = pinyin.readings(text[at])
    if not found:  # a space or a comma is passed over
        return _sounds(text, at + 1, wanted)
    for reading in found:
        if reading.startswith(wanted):
            return at + 1
        for taken in (reading, reading[0]):
            if wanted.startswith(taken):
                end = _sounds(text, at + 1, wanted[len(taken) :])
                if end is not None:
                    return end
    return None
