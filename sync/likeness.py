"""How like two files of children are: whether they may be of one child, and why.

Evidence for and against is added up, each piece weighted by how much more often it is met between
two files of one child than between two children (Fellegi and Sunter, 1969; the weights are
binary logarithms set by hand, rounded to halves). Chinese names are compared by character, sound
and look, never by edit distance: twins named 子涵 and 子轩 are one edit apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from schema import idnumber
from sync import glyphs, pinyin

ENOUGH = 7.0
"""Weight from which a person is asked: about 128 : 1 against chance."""
FULL = 17.0
"""Weight that scores 95; more is never 100, which is for equal valid numbers."""
MOST_KEYS = 16
"""Of one file in the index: a name with many readings would fill it."""

WEIGHTS = {
    "same_name": 5.0,
    "name_looks_alike": 4.0,
    "same_sound": 3.5,
    "former_name": 4.0,
    "small_name": 3.0,
    "nearly_same_sound": 2.5,
    "name_reordered": 2.0,
    "name_shortened": 2.0,
    "other_surname": 1.0,
    "other_name": -12.0,
    "same_birth": 6.0,
    "birth_digit": 3.0,
    "birth_swapped": 3.0,
    "same_birth_month": 3.0,
    "same_birth_year": 1.0,
    "birth_unknown": 0.0,
    "other_birth": -6.0,
    "id_digit": 6.0,
    "other_id": -10.0,
    "other_sex": -3.0,
    "same_village": 2.5,
    "other_village": -1.0,
    "same_school": 1.0,
    "same_phone": 4.0,
    "phone_digit": 2.0,
    "other_phone": -1.0,
    "same_parent": 3.0,
    "parent_sounds_alike": 2.0,
    "other_parents": -2.5,
    "same_elder": 2.0,
}
SINGLE = -1.0
"""Added to an equal or like name of two characters: a surname and one more is soon met twice."""

_NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"))
"""Initials that many dialects do not keep apart; so also final ng and n after a, e and i, and hu, f."""


PARENTS = ("father", "mother")
ELDERS = (
    "grandfather", "grandmother", "maternal_grandfather", "maternal_grandmother", "uncle", "aunt",
    "other",
)  # fmt: skip
"""Who else brings a child up; brothers and sisters have files of their own, of the same people."""


class Facts(Struct, frozen=True, array_like=True, dict=True):
    """What is compared of one file: the child and those around it."""

    id: str
    name: str = ""
    other_names: tuple[str, ...] = ()
    """Former name first, small name second; empty where unknown."""
    sex: str = ""
    birth: str = ""
    """YYYY, YYYY-MM or YYYY-MM-DD."""
    number: str = ""
    village: str = ""
    school: str = ""
    phones: tuple[str, ...] = ()
    """The child's and its family's."""
    parents: tuple[str, ...] = ()
    """Names of father and mother."""
    elders: tuple[str, ...] = ()
    """Names of the other grown-ups around the child."""

    @cached_property
    def folded(self) -> str:
        return glyphs.fold(self.name)

    @cached_property
    def has_number(self) -> bool:
        return idnumber.is_valid(self.number)


class Likeness(Struct, frozen=True):
    """What two files have in common."""

    score: int
    """0 to 100; 100 only for one valid ID number and one name."""
    reasons: tuple[str, ...]
    """Codes, those that speak for it first."""

    @property
    def is_certain(self) -> bool:
        return self.score == 100


def facts(
    child: Mapping[str, Any], family: Iterable[Mapping[str, Any]] = (), id: str = ""
) -> Facts:
    """What is compared of a child's record and the records of its family."""
    people = list(family)
    phones = [child.get("phone"), *(p.get(f) for p in people for f in ("phone", "other_phone"))]
    number = str(child.get("id_number") or "")
    born = idnumber.birth_date(number) if idnumber.is_valid(number) else None
    return Facts(
        id or str(child.get("id") or ""),
        str(child.get("name") or ""),
        (str(child.get("former_name") or ""), str(child.get("small_name") or "")),
        str(child.get("sex") or ""),
        str(child.get("birth_date") or born or ""),
        number,
        str(child.get("village") or ""),
        str(child.get("school") or ""),
        tuple(dict.fromkeys(str(p) for p in phones if p)),
        *(
            tuple(str(p["name"]) for p in people if p.get("name") and p.get("role") in roles)
            for roles in (PARENTS, ELDERS)
        ),
    )


def keys(of: Facts) -> list[str]:
    """What two files of one child share at least one of; asked of an index."""
    found = [f"i{of.number}"] if of.has_number else []
    found += [f"p{phone}" for phone in of.phones[:4]]
    for surname in _near_sounds(of.folded[:1])[:2]:
        if len(of.birth) == 10:
            found.append(f"b{of.birth}{surname}")
        if of.village and of.birth:
            found.append(f"v{of.village}{of.birth[:4]}{surname}")
    for name in _names_of(of):
        found += [f"n{sound}" for sound in _near_sounds(name)[:4]]
    return list(dict.fromkeys(found))[:MOST_KEYS]


def compare(a: Facts, b: Facts) -> Likeness | None:
    """How like two files are; None when nobody need be asked."""
    if a.has_number and a.number == b.number:
        if a.folded == b.folded:
            return Likeness(100, ("same_id_number_and_name",))
        return Likeness(90, ("same_id_number",))
    name = _names(a, b)
    if name == "other_name":  # saves most of the work: no other evidence outweighs it
        return None
    found = [name, *_births(a.birth, b.birth), *_numbers(a, b), *_places(a, b), *_people(a, b)]
    if name == "other_surname" and not {"same_phone", "same_parent"} & set(found):
        return None
    total = sum(WEIGHTS[reason] for reason in found) + SINGLE * (
        min(len(a.folded), len(b.folded)) < 3
    )
    if total < ENOUGH:
        return None
    score = min(97, round(60 + (total - ENOUGH) * 35 / (FULL - ENOUGH)))
    return Likeness(score, tuple(sorted(found, key=lambda r: -WEIGHTS[r])))


def may_be_one_name(name: str, other: str) -> bool:
    """True when two names are one by character, sound or look; cheap enough for every file."""
    return _by_character(glyphs.fold(name), glyphs.fold(other)) != "other_name"


class Index:
    """Files by their keys: who may be like a file, without comparing it with everyone."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[Facts]] = {}

    def add(self, one: Facts) -> None:
        for key in keys(one):
            self._by_key.setdefault(key, []).append(one)

    def like(self, one: Facts) -> list[tuple[Facts, Likeness]]:
        """Files like `one`, itself aside, the likest first."""
        near = {f.id: f for key in keys(one) for f in self._by_key.get(key, ())}
        near.pop(one.id, None)
        found = [(f, likeness) for f in near.values() if (likeness := compare(one, f))]
        return sorted(found, key=lambda pair: (-pair[1].score, pair[0].id))


def pairs(files: Iterable[Facts]) -> Iterator[tuple[Facts, Facts, Likeness]]:
    """Every pair of files that a person should look at."""
    index = Index()
    for one in files:
        for other, likeness in index.like(one):
            yield other, one, likeness
        index.add(one)


# -- names


def _names_of(of: Facts) -> list[str]:
    """Everything a child is called by, with the surname too where only a small name is known."""
    others = [glyphs.fold(name) for name in of.other_names if name]
    return [n for n in (of.folded, *others, *(of.folded[:1] + o for o in others)) if n]


def _names(a: Facts, b: Facts) -> str:
    if a.folded == b.folded and a.folded:
        return "same_name"
    best = _by_character(a.folded, b.folded)
    for code, place in (("former_name", 0), ("small_name", 1)):
        if WEIGHTS[code] > WEIGHTS[best] and (_goes_by(a, b, place) or _goes_by(b, a, place)):
            best = code
    return best


def _goes_by(a: Facts, b: Facts, place: int) -> bool:
    """True when `b` stands under a former or small name of `a`, with the surname or without."""
    other = glyphs.fold(a.other_names[place]) if place < len(a.other_names) else ""
    return len(other) > 1 and b.folded in (other, a.folded[:1] + other)


@lru_cache(maxsize=200_000)
def _by_character(a: str, b: str) -> str:
    if not a or not b:
        return "other_name"
    if len(a) != len(b):
        return "name_shortened" if _is_shortened(*sorted((a, b), key=len)) else "other_name"
    worst = "same_name"
    for x, y in zip(a, b, strict=True):
        step = _by_sound_or_look(x, y)
        if step is None:
            return _otherwise(a, b)
        if WEIGHTS[step] < WEIGHTS[worst]:
            worst = step
    return worst


def _by_sound_or_look(x: str, y: str) -> str | None:
    if x == y:
        return "same_name"
    if glyphs.look_alike(x, y):
        return "name_looks_alike"
    first, second = pinyin.readings(x), pinyin.readings(y)
    if set(first) & set(second):
        return "same_sound"
    if set(map(_near, first)) & set(map(_near, second)):
        return "nearly_same_sound"
    return None


def _otherwise(a: str, b: str) -> str:
    if len(a) > 2 and a[0] == b[0] and sorted(a) == sorted(b):
        return "name_reordered"
    if len(a) > 2 and a[1:] == b[1:]:
        return "other_surname"
    return "other_name"


def _is_shortened(short: str, long: str) -> bool:
    """True when one character of the given name was left out: 李小明, 李明."""
    if len(long) - len(short) != 1 or len(short) < 2 or short[0] != long[0]:
        return False
    return any(long[:i] + long[i + 1 :] == short for i in range(1, len(long)))


@lru_cache(maxsize=10_000)
def _near(syllable: str) -> str:
    """A syllable as one who does not keep certain sounds apart says it."""
    for one, other in _NEAR:
        if syllable.startswith(one):
            syllable = other + syllable.removeprefix(one)
            break
    if syllable.startswith("hu") and len(syllable) > 2:
        syllable = "f" + syllable[2:]
    return syllable.removesuffix("g") if syllable.endswith(("ing", "eng", "ang")) else syllable


@lru_cache(maxsize=100_000)
def _near_sounds(name: str) -> tuple[str, ...]:
    """Every way a name may sound, near sounds taken for one; few at most."""
    choices = [tuple(dict.fromkeys(map(_near, pinyin.readings(c)))) or (c,) for c in name]
    return tuple(".".join(s) for s in itertools.islice(itertools.product(*choices), 8))


# -- everything else


def _births(a: str, b: str) -> list[str]:
    if not a or not b:
        return ["birth_unknown"]
    if len(a) == len(b) == 10:
        if a == b:
            return ["same_birth"]
        if _is_digit_off(a, b):
            return ["birth_digit"]
        return ["birth_swapped"] if _is_swapped(a, b) else ["other_birth"]
    shared = min(len(a), len(b))
    if a[:shared] != b[:shared]:
        return ["other_birth"]
    return ["same_birth_month"] if shared == 7 else ["same_birth_year"]


def _is_digit_off(a: str, b: str) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _is_swapped(a: str, b: str) -> bool:
    """Two digits side by side, or month and day, changed places."""
    x, y = a.replace("-", ""), b.replace("-", "")
    if x[:4] == y[:4] and x[4:6] == y[6:] and x[6:] == y[4:6]:
        return True
    places = [i for i in range(len(x)) if x[i] != y[i]]
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    i, j = places
    return x[i] == y[j] and x[j] == y[i]


def _numbers(a: Facts, b: Facts) -> list[str]:
    if not a.number or not b.number:
        return []
    if a.has_number and b.has_number:
        return ["other_id"]
    is_near = _is_digit_off(a.number, b.number) or a.number == b.number
    return ["id_digit"] if is_near else []


def _places(a: Facts, b: Facts) -> list[str]:
    found = ["other_sex"] if a.sex and b.sex and a.sex != b.sex else []
    if a.village and b.village:
        found.append("same_village" if a.village == b.village else "other_village")
    if a.school and a.school == b.school:
        found.append("same_school")
    return found


def _people(a: Facts, b: Facts) -> list[str]:
    found: list[str] = []
    if a.phones and b.phones:
        if set(a.phones) & set(b.phones):
            found.append("same_phone")
        elif any(_is_digit_off(x, y) for x in a.phones for y in b.phones):
            found.append("phone_digit")
        else:
            found.append("other_phone")
    if a.parents and b.parents:
        alike = [
            _by_character(glyphs.fold(x), glyphs.fold(y)) for x in a.parents for y in b.parents
        ]
        if "same_name" in alike:
            found.append("same_parent")
        else:
            is_close = {"same_sound", "name_looks_alike", "nearly_same_sound"} & set(alike)
            found.append("parent_sounds_alike" if is_close else "other_parents")
    if not _folded(a.elders, a.parents).isdisjoint(_folded(b.elders)) or not _folded(
        a.elders
    ).isdisjoint(_folded(b.parents)):
        found.append("same_elder")
    return found


def _folded(*names: Iterable[str]) -> set[str]:
    """Names without what is only a way of writing them."""
    return {folded for some in names for n in some if (folded := glyphs.fold(n))}
