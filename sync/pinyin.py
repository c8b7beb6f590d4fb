"""How names sound: initials for searching, keys for sorting, equality of sound; from a table,
without pypinyin.

The table (sync/data/pinyin.txt.gz, made by tools/build_pinyin.py) holds every reading of every
character; importing pypinyin would cost 125 ms at each start.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, product
from pathlib import Path

_TABLE = Path(__file__).with_name("data") / "pinyin.txt.gz"
MAX_VARIANTS = 8
"""Initials kept for one name with characters of several readings."""
KEPT = 2_000
"""Names remembered: a screen asks for the same few again; a county's would stay in memory, 10 MB."""

SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "盖": "ge", "区": "ou", "朴": "piao",
    "任": "ren", "华": "hua", "缪": "miao", "尹": "yin", "繁": "po", "晁": "chao", "乐": "yue", "员": "yun",
    "贠": "yun", "覃": "qin", "召": "shao", "冼": "xian", "折": "she", "纪": "ji", "郇": "xun", "翟": "zhai",
    "柏": "bai", "宓": "mi", "秘": "bi", "重": "chong", "祭": "zhai", "黑": "he", "盛": "sheng", "薄": "bo",
    "石": "shi", "万": "wan", "俞": "yu", "佘": "she", "车": "che", "种": "chong", "教": "jiao", "能": "nai",
}  # fmt: skip
"""Characters that sound otherwise as a surname."""

DOUBLE_SURNAMES = {
    "欧阳": "ou yang", "上官": "shang guan", "尉迟": "yu chi", "万俟": "mo qi", "司马": "si ma",
    "诸葛": "zhu ge", "皇甫": "huang fu", "长孙": "zhang sun", "令狐": "ling hu", "慕容": "mu rong",
    "宇文": "yu wen", "澹台": "tan tai", "单于": "chan yu", "公孙": "gong sun", "夏侯": "xia hou",
    "东方": "dong fang", "司徒": "si tu", "端木": "duan mu", "独孤": "du gu", "呼延": "hu yan",
}  # fmt: skip


@lru_cache(maxsize=1)
def _table() -> str:
    """A line for each set of readings: the readings, a tab, the characters that read so.

    Searched as it is: as a dict of 40,000 characters it would take 5 MB and 20 ms to build."""
    import gzip

    with gzip.open(_TABLE, "rt", encoding="utf-8") as file:
        return "\n" + file.read()


@lru_cache(maxsize=10_000)
def readings(character: str) -> tuple[str, ...]:
    """Every reading of one character, the most usual first; a Latin letter reads as itself."""
    table = _table()
    at = -1 if character.isascii() else table.find(character)
    if at >= 0:
        line = table[table.rindex("\n", 0, at) + 1 : at]
        return tuple(line.partition("\t")[0].split(" "))
    return (character.lower(),) if character.isalnum() else ()


@lru_cache(maxsize=KEPT)
def syllables(name: str) -> tuple[tuple[str, ...], ...]:
    """Per character its readings; surnames by their own."""
    return _syllables(name)


def _syllables(name: str) -> tuple[tuple[str, ...], ...]:
    parts: list[tuple[str, ...]] = []
    rest = name
    if name[:2] in DOUBLE_SURNAMES:
        parts += [(s,) for s in DOUBLE_SURNAMES[name[:2]].split()]
        rest = name[2:]
    elif name[:1] in SURNAMES:
        first = SURNAMES[name[0]]
        parts.append((first, *(r for r in readings(name[0]) if r != first)))
        rest = name[1:]
    parts += [found for c in rest if (found := readings(c))]
    return tuple(parts)


def _told(parts: Sequence[tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    """Of characters: their most usual readings, a space before each; with which letters each may
    begin."""
    key = "".join([" " + readings[0] for readings in parts])
    return key, tuple(["".join(dict.fromkeys(r[0] for r in readings)) for readings in parts])


@lru_cache(maxsize=KEPT)
def _surname(name: str) -> tuple[str, tuple[str, ...]]:
    return _told(_syllables(name))


@lru_cache(maxsize=10_000)
def _character(character: str) -> tuple[str, tuple[str, ...]]:
    found = readings(character)
    return _told([found] if found else [])


def sounds(name: str) -> tuple[str, str]:
    """`initials` and `sort_key`, not remembered: for whoever goes through many names once."""
    head = 2 if name[:2] in DOUBLE_SURNAMES else 1
    key, letters = _surname(name[:head])
    for character in name[head:]:
        sound, begins = _character(character)
        key += sound
        letters += begins
    first = "".join(letters)
    if len(first) > len(letters):  # two names of five: a character of several readings
        first = " ".join(map("".join, islice(product(*letters), MAX_VARIANTS)))
    return first, f"{key[1:]}\t{name}"


_sounds = lru_cache(maxsize=KEPT)(sounds)


def initials(name: str) -> str:
    """First letters, all variants, separated by spaces: 曾 reads zeng and ceng, so 曾静 is `zj cj`."""
    return _sounds(name)[0]


def sort_key(name: str) -> str:
    """Sorts names as a phone book does: by syllable, then by the characters."""
    return _sounds(name)[1]


def same_sound(a: str, b: str) -> bool:
    """True when two names can be read the same way."""
    first, second = syllables(a), syllables(b)
    return (
        bool(first)
        and len(first) == len(second)
        and all(set(x) & set(y) for x, y in zip(first, second, strict=True))
    )
