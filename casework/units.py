"""Finding the organisation unit that loosely written text means: 元坝镇柳桥村村2组 is 柳桥村村民委员会.

A village is known by its stem (柳桥) and its sort (village or community). The township written with
it binds; other texts of the row (`hints`) decide only where two units fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from schema.problems import Problem

UNKNOWN = Problem("unit_unknown", "没有找到「{text}」这个村，先放在{unit}。")
AMBIGUOUS = Problem("unit_ambiguous", "「{text}」不止一个，先放在{unit}。")

_COMMITTEE = re.compile(
    r"(社区居民委员会|社区居委会|居民委员会|居委会|居委|社区)$|(村村民委员会|村民委员会|村村委会|村委会|村委|村)$"
)
_SORT = re.compile(
    r"(社区居民委员会|社区居委会|居民委员会|居委会|居委|社区|居)"
    r"|(村村民委员会|村民委员会|村村委会|村村委|村委会|村委|村村|村)"
)
_TOWNSHIP_END = re.compile(r"(镇人民政府|乡人民政府|街道办事处|街道办|街道|镇|乡)$")
_BOUNDARY = re.compile(
    r"$|[\d一二三四五六七八九十两第组社队屯路街巷号院栋楼东西南北上下,，;；、。()\-/]"
)
"""What may follow a bare stem: 冯家岭4组 is 冯家岭, 石龙坑 is not 石龙."""
_SEPARATORS = re.compile(r"[\s·•_>|\\]+")
_PREFIX = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{1,9}?(?:自治州|地区|盟|市))?"
    r"(?:[\u4e00-\u9fff]{1,9}?(?:自治县|县|(?<!社)区|旗|市))?"
)
_CITY_AND_COUNTY = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}?省)?[\u4e00-\u9fff]{2,8}?市[\u4e00-\u9fff]{1,6}?(?:县|(?<!社)区)"
)
_OTHER_TOWNSHIP = re.compile(r"[\u4e00-\u9fff]{1,6}?(?:镇|乡|街道办事处|街道)")
PROVINCES = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林",
    "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西",
    "37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南",
    "50": "重庆", "51": "四川", "52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃",
    "63": "青海", "64": "宁夏", "65": "新疆",
}  # fmt: skip
"""First two digits of a division's code to the name of its province."""


class Found(Struct, frozen=True):
    """What a text means."""

    code: str | None
    """The unit, or None when no unit or several fit."""
    nearest: str | None
    """The unit itself, else the smallest unit that surely holds it; None when nothing is known."""
    candidates: tuple[str, ...] = ()
    problem: Problem | None = None


class _Village(Struct, frozen=True):
    code: str
    township: str
    sort: str


def fold(text: str) -> str:
    """Full-width folded, blanks and ornament out."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))


def stem_and_sort(name: str) -> tuple[str, str]:
    """柳桥村村民委员会 is 柳桥, a village; 文村社区居民委员会 is 文村, a community.

    >>> stem_and_sort("石龙居委会")
    ('石龙', 'community')
    """
    found = _COMMITTEE.search(name)
    if not found or found.start() == 0:
        return name, ""
    return name[: found.start()], "community" if found[1] else "village"


class UnitFinder:
    """Looks units up in loosely written text. Made once for an import; 20,000 look-ups take under a
    second."""

    def __init__(self, units: Mapping[str, Mapping[str, Any]], default: str | None = None) -> None:
        self.units = units
        self.counties = {
            c: fold(str(u["name"])) for c, u in units.items() if u["level"] == "county"
        }
        self.default = default or (min(self.counties) if self.counties else None)
        self._townships: dict[str, list[str]] = {}
        self._township_stems: dict[str, list[str]] = {}
        self._villages: dict[str, list[_Village]] = {}
        self._schools: dict[str, list[str]] = {}
        for code, unit in sorted(units.items()):
            name, level = fold(str(unit["name"])), unit["level"]
            if level == "township":
                self._townships.setdefault(name, []).append(code)
                stem = _TOWNSHIP_END.sub("", name)
                if len(stem) > 1:
                    self._township_stems.setdefault(stem, []).append(code)
                    if name.endswith("街道"):
                        self._townships.setdefault(stem + "街道办", []).append(code)
            elif level == "village":
                stem, sort = stem_and_sort(name)
                village = _Village(code, str(unit.get("parent") or ""), sort)
                self._villages.setdefault(stem, []).append(village)
                above = fold(str(units.get(village.township, {}).get("name") or ""))
                if above and stem.startswith(above) and len(stem) > len(above) + 1:
                    self._villages.setdefault(stem[len(above) :], []).append(village)
            elif level == "school":
                self._schools.setdefault(name, []).append(code)
        self._longest_township = max(map(len, self._townships), default=0)
        self._longest_stem = max(map(len, self._villages), default=0)
        self._known: dict[tuple[str, tuple[str, ...]], Found] = {}

    # -- questions

    def find(self, text: str, hints: Sequence[str] = (), default: str | None = None) -> Found:
        """The village (township, county) that `text` means.

        `hints`: other texts of the row, surest first; a township in them decides between two
        villages.
        """
        folded = fold(text)
        key = (folded, tuple(hints))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(folded, hints)
        if found.problem is None:
            return found
        nearest = found.nearest or default or self.default
        name = str(self.units.get(nearest or "", {}).get("name") or "")
        worded = Problem(
            found.problem.code,
            found.problem.message,
            is_doubt=True,
            args=(("text", text.strip()), ("unit", name)),
        )
        return Found(None, nearest, found.candidates, worded)

    def township_in(self, text: str) -> str | None:
        """The one township named anywhere in `text` (红岩镇中心小学 is in 红岩镇)."""
        for _, _, codes in self._townships_in(fold(text)):
            if len(codes) == 1:
                return codes[0]
        return None

    def school(self, text: str, hints: Sequence[str] = ()) -> str | None:
        """The school that `text` names, with or without the county and township before its name."""
        folded = fold(text)
        if not folded:
            return None
        exact = self._schools.get(folded, [])
        if len(exact) == 1:
            return exact[0]
        fitting = exact or [
            code
            for name, codes in self._schools.items()
            for code in codes
            if self._is_same_school(folded, name, code)
        ]
        if len(fitting) > 1:
            for hint in (text, *hints):
                township = self.township_in(hint)
                inside = [c for c in fitting if self.units[c].get("parent") == township]
                if township and len(inside) == 1:
                    return inside[0]
        return fitting[0] if len(fitting) == 1 else None

    def school_in(self, text: str) -> str | None:
        """The one school whose whole name stands in a title."""
        folded = fold(text)
        found = {c for name, codes in self._schools.items() if name in folded for c in codes}
        return found.pop() if len(found) == 1 else None

    def _is_same_school(self, text: str, name: str, code: str) -> bool:
        longer, shorter = (text, name) if len(text) >= len(name) else (name, text)
        if longer in (shorter + "校", shorter + "学校"):
            return True
        if not longer.endswith(shorter):
            return False
        before = longer[: -len(shorter)]
        township = str(self.units.get(str(self.units[code].get("parent")), {}).get("name") or "")
        allowed = {fold(township), _TOWNSHIP_END.sub("", fold(township))}
        for county in self.counties.values():
            before = before.removeprefix(county).removeprefix(county[:-1])
        rest = _PREFIX.match(before)
        return before in allowed | {""} or bool(rest and before[rest.end() :] in allowed | {""})

    # -- the search

    def _townships_in(self, text: str) -> Iterable[tuple[int, int, list[str]]]:
        """Townships named in full in `text`, from left to right, the longest name at each place."""
        for start in range(len(text) - 1):
            for end in range(min(len(text), start + self._longest_township), start + 1, -1):
                codes = self._townships.get(text[start:end])
                if codes:
                    yield start, end, codes
                    break

    def _find(self, text: str, hints: Sequence[str]) -> Found:
        if not text:
            return Found(None, None, problem=UNKNOWN)
        whole = self._whole_unit(text)
        if whole:
            return Found(whole, whole, (whole,))
        if self._is_in_other_province(text):
            return Found(None, self._hinted(hints), problem=UNKNOWN)
        named = self._match(text, None)
        if named and self.units[named[0].code]["name"] == text:
            return self._choose(named, hints)
        for start, end, codes in self._townships_in(text):
            if not self._is_prefix(text[:start]):
                continue
            found = self._in_township(
                text[end:], self._by_county(codes, text[:start], hints), hints
            )
            if found.code or not self._names_other_county(text):
                return found  # a county's former name is no other county
        if self._names_other_county(text):
            return Found(None, self._hinted(hints), problem=UNKNOWN)
        return self._anywhere(text, hints)

    def _whole_unit(self, text: str) -> str | None:
        """A text that is nothing but a township or the county, perhaps with what it lies in."""
        for code, name in self.counties.items():
            if text == name or (text.endswith(name) and self._is_prefix(text[: -len(name)])):
                return code
        prefix = _PREFIX.match(text)
        for rest in {text, text[prefix.end() :] if prefix else text, self._after_county(text)}:
            codes = self._townships.get(rest, [])
            if len(codes) == 1:
                return codes[0]
        return None

    def _after_county(self, text: str) -> str:
        for name in self.counties.values():
            at = text.find(name)
            if at >= 0:
                return text[at + len(name) :]
        return text

    def _is_prefix(self, text: str) -> bool:
        """True for what may stand before a township: province, city, county, or nothing."""
        if not text:
            return True
        rest = self._after_county(text)
        if not rest:
            return True
        found = _PREFIX.fullmatch(text)
        short = any(text.endswith(n[:-1]) for n in self.counties.values() if len(n) > 2)
        return bool(found) or short

    def _names_other_county(self, text: str) -> bool:
        is_ours = any(n in text for n in self.counties.values())
        return not is_ours and bool(_CITY_AND_COUNTY.match(text))

    def _is_in_other_province(self, text: str) -> bool:
        provinces = {PROVINCES.get(c[:2], "") for c in self.counties}
        for name in PROVINCES.values():
            if text.startswith(name):
                after = text[len(name) : len(name) + 1]
                if after in ("省", "市") or name in ("内蒙古", "广西", "西藏", "宁夏", "新疆"):
                    return bool(provinces - {""}) and name not in provinces
        return False

    def _by_county(self, codes: list[str], before: str, hints: Sequence[str]) -> list[str]:
        """Townships of one name in several counties: the county written before them decides."""
        if len(codes) > 1:
            for text in (before, *map(fold, hints)):
                named = {c for c, n in self.counties.items() if n in text}
                inside = [c for c in codes if self.units[c].get("parent") in named]
                if inside:
                    return inside
        return codes

    def _in_township(self, rest: str, townships: list[str], hints: Sequence[str]) -> Found:
        rest = re.sub(r"^(人民政府|办事处|办|政府)", "", rest)
        nearest = townships[0] if len(townships) == 1 else self._common(townships)
        matched = self._match(rest, set(townships))
        if matched:
            return self._choose(matched, hints)
        return Found(None, nearest, problem=UNKNOWN)

    def _anywhere(self, text: str, hints: Sequence[str]) -> Found:
        """No township written in full: at the beginning, or after province, city, county, an old
        township."""
        starts = dict.fromkeys([0, len(text) - len(self._after_county(text))])
        for pattern in (_PREFIX, _OTHER_TOWNSHIP):
            for start in tuple(starts):
                found = pattern.match(text, start)
                if found:
                    starts[found.end()] = None
        for county in self.counties.values():
            if len(county) > 2 and text.startswith(county[:-1]):
                starts[len(county) - 1] = None
        for start in tuple(starts):
            for length in range(2, 6):
                codes = self._township_stems.get(text[start : start + length])
                matched = self._match(text[start + length :], set(codes)) if codes else []
                if matched:
                    return self._choose(matched, hints)
        for start in starts:
            matched = self._match(text[start:], None)
            if matched:
                return self._choose(matched, hints)
        hinted = self._hinted(hints)
        return Found(None, hinted, problem=UNKNOWN)

    def _hinted(self, hints: Sequence[str]) -> str | None:
        return next((t for t in map(self.township_in, hints) if t), None)

    def _match(self, text: str, townships: set[str] | None) -> list[_Village]:
        """Villages whose stem begins `text`, the longest stem first; those of the sort written, if
        any."""
        for length in range(min(self._longest_stem, len(text)), 0, -1):
            villages = self._villages.get(text[:length])
            if not villages:
                continue
            if townships is not None:
                villages = [v for v in villages if v.township in townships]
            sort = _SORT.match(text, length)
            is_bounded = length > 1 and _BOUNDARY.match(text, length)
            is_bounded = is_bounded or any(not v.sort for v in villages)  # a whole name
            if villages and (sort or is_bounded or length == len(text)):
                wanted = ("community" if sort[1] else "village") if sort else ""
                return [v for v in villages if v.sort == wanted] or villages
        return []

    def _choose(self, villages: list[_Village], hints: Sequence[str]) -> Found:
        codes = tuple(v.code for v in villages)
        if len(villages) == 1:
            return Found(codes[0], codes[0], codes)
        for hint in hints:
            for _, _, townships in self._townships_in(fold(hint)):
                inside = [v for v in villages if v.township in townships]
                if len(inside) == 1:
                    return Found(inside[0].code, inside[0].code, codes)
                if inside:
                    nearest = self._common([v.township for v in inside])
                    return Found(None, nearest, tuple(v.code for v in inside), AMBIGUOUS)
        nearest = self._common([v.township for v in villages])
        return Found(None, nearest or self._hinted(hints), codes, AMBIGUOUS)

    def _common(self, codes: Sequence[str]) -> str | None:
        """The smallest unit that holds all of `codes`, if that is below the county or the only
        county."""
        paths = [self._path(c) for c in codes]
        shared = [c for c in paths[0] if all(c in p for p in paths)] if paths else []
        return shared[0] if shared else None

    def _path(self, code: str) -> list[str]:
        found: list[str] = []
        unit: str | None = code
        while unit and unit in self.units and unit not in found:
            found.append(unit)
            unit = self.units[unit].get("parent")
        return found
