"""Builds sync/data/pinyin.txt.gz from pypinyin: every reading of every Chinese character,
without tones.

Run by hand when pypinyin has a new table: `python -m tools.build_pinyin`.
"""

from __future__ import annotations

import gzip
from pathlib import Path

TARGET = Path(__file__).parent.parent / "sync" / "data" / "pinyin.txt.gz"
RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))

SAME_AS = {"𠮷": "吉", "㐂": "喜"}
"""Characters of names that pypinyin does not know, and those of which they are another form
(Unihan)."""


def lines() -> list[str]:
    """`readings<TAB>characters`: characters with the same readings share a line."""
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    found: dict[str, list[str]] = {}
    for low, high in RANGES:
        for point in range(low, high):
            marked = PINYIN_DICT.get(point) or PINYIN_DICT.get(ord(SAME_AS.get(chr(point), "\0")))
            if marked:
                plain = dict.fromkeys(
                    to_normal(r, v_to_u=False).replace("ü", "v").replace("ê", "e")
                    for r in marked.split(",")
                )
                readings = [r for r in plain if r.isascii() and r.isalpha()]
                if readings:
                    found.setdefault(" ".join(readings), []).append(chr(point))
    return [f"{readings}\t{''.join(chars)}" for readings, chars in sorted(found.items())]


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    with open(TARGET, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("\n".join(lines()).encode("utf-8"))
