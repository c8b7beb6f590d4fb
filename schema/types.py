"""Field types: what a value is, how typed text becomes one, what is wrong with it, how it merges.

Stored values are plain JSON: text, `YYYY-MM-DD`, int, bool, a code, or a sorted list of codes.
None always means empty.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from schema import idnumber
from schema.codes import CodeList
from schema.problems import InvalidValue, Problem

Merge = Literal["last", "set", "text"]
"""How concurrent values of a field meet: last writer wins, three-way set, three-way text."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""What no text holds: control characters, and halves of a character, which no store can write."""
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")
_PHONE = re.compile(r"1[3-9]\d{9}|(0\d{2,3}-?)?\d{7,8}(-\d{1,6})?|1\d{2,4}|[48]00\d{7}")


def _refuse(code: str, message: str, **args: object) -> InvalidValue:
    return InvalidValue(Problem(code, message, args=tuple((k, str(v)) for k, v in args.items())))


def _is_plain_day(text: str) -> bool:
    """True for a day as `YYYY-MM-DD` in plain digits."""
    if not (len(text) == 10 and text[4] == text[7] == "-" and text.isascii()):
        return False  # Python 3.11 takes other ways of writing a day for one, too
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class FieldType:
    """Base of all types. `parse` takes what people type, `check` what is about to be stored."""

    merge: ClassVar[Merge] = "last"
    sql: ClassVar[type] = str
    json: ClassVar[dict[str, Any]] = {"type": "string"}

    def parse(self, text: str) -> Any:
        """The value for typed `text`; None for blank text.

        Raises:
            InvalidValue: the text means nothing for this type.
        """
        text = text.strip()
        return self.clean(text) if text else None

    def clean(self, text: str) -> Any:
        """Non-blank text to a value; the part of `parse` that types override."""
        return text

    def check(self, value: Any) -> Problem | None:
        """What is wrong with a stored value, or None. A doubt (`is_doubt`) may be stored."""
        return None if isinstance(value, str) and value else _kind_problem(self, value)

    def show(self, value: Any) -> str:
        """Text that `parse` reads back; screens word codes through `schema.wording`."""
        return "" if value is None else str(value)


def _kind_problem(field_type: FieldType, value: object) -> Problem:
    return Problem(
        "wrong_type",
        "这一格不能放这样的值（{type}）。",
        args=(("type", f"{type(field_type).__name__}/{type(value).__name__}"),),
    )


@dataclass(frozen=True)
class Text(FieldType):
    """One line of text."""

    limit: int = 200

    def clean(self, text: str) -> Any:
        return re.sub(r"[\r\n\t]+", " ", text)

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, str) or not value:
            return _kind_problem(self, value)
        if len(value) > self.limit:
            return Problem(
                "too_long", "太长了，最多 {limit} 个字。", args=(("limit", str(self.limit)),)
            )
        # `isprintable` first: it is true of nearly all, and five times as fast.
        if not value.isprintable() and (_CONTROL.search(value) or "\n" in value):
            return Problem("control_character", "里面有看不见的控制字符。")
        return None


@dataclass(frozen=True)
class Name(Text):
    """A person's name: kept as typed, `·`, rare characters and all; spaces inside Chinese names
    go."""

    limit: int = 60

    def clean(self, text: str) -> Any:
        text = re.sub(r"\s+", " ", text)
        # 张　玲 is a two-character name set wide, not two words.
        return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", text)


@dataclass(frozen=True)
class LongText(FieldType):
    """Several lines; edits of different sentences merge."""

    merge: ClassVar[Merge] = "text"
    limit: int = 20_000

    def clean(self, text: str) -> Any:
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, str) or not value:
            return _kind_problem(self, value)
        if len(value) > self.limit:
            return Problem(
                "too_long", "太长了，最多 {limit} 个字。", args=(("limit", str(self.limit)),)
            )
        if _CONTROL.search(value):
            return Problem("control_character", "里面有看不见的控制字符。")
        return None


@dataclass(frozen=True)
class Date(FieldType):
    """A plain date `YYYY-MM-DD`; with `partial`, also `YYYY-MM` and `YYYY` (papers often say no
    more)."""

    partial: bool = False
    json: ClassVar[dict[str, Any]] = {"type": "string", "format": "date"}

    def clean(self, text: str) -> Any:
        folded = unicodedata.normalize("NFKC", text)
        found = re.fullmatch(
            r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?|(\d{4})(\d{2})(\d{2})",
            folded,
        )
        if not found:
            raise _refuse("bad_date", "「{text}」不是日期。日期写成 2026-11-18 这样。", text=text)
        parts = [p for p in found.groups() if p]
        value = "-".join([parts[0], *(p.zfill(2) for p in parts[1:])])
        problem = self.check(value)
        if problem:
            raise InvalidValue(problem)
        return value

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, str):
            return _kind_problem(self, value)
        if _is_plain_day(value):  # nearly all
            return None
        if not _DAY.fullmatch(value) or (len(value) < 10 and not self.partial):
            return Problem(
                "bad_date",
                "「{text}」不是日期。日期写成 2026-11-18 这样。",
                args=(("text", value),),
            )
        year, month, day = (*(int(p) for p in value.split("-")), 1, 1)[:3]
        try:
            datetime.date(year, month, day)
        except ValueError:
            return Problem("bad_date", "{text} 没有这一天。", args=(("text", value),))
        return None


@dataclass(frozen=True)
class Choice(FieldType):
    """One code of a list."""

    codes: CodeList

    def clean(self, text: str) -> Any:
        code = self.codes.find(text)
        if code is None:
            raise InvalidValue(self._unknown(text))
        return code

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, str):
            return _kind_problem(self, value)
        return None if value in self.codes.by_code else self._unknown(value)

    def _unknown(self, value: object) -> Problem:
        allowed = "、".join(c.code for c in self.codes.live)
        return Problem(
            "not_in_list",
            "「{text}」不在可选的里面：{allowed}。",
            args=(("text", str(value)), ("allowed", allowed)),
        )


class Choices(Choice):
    """A set of codes, stored as a list in the order of the code list; concurrent edits merge as
    sets."""

    merge: ClassVar[Merge] = "set"

    def clean(self, text: str) -> Any:
        words = [w for w in re.split(r"[,，、;；\s]+", text) if w]
        found = {word: self.codes.find(word) for word in words}
        for word, code in found.items():
            if code is None:
                raise InvalidValue(self._unknown(word))
        return self.sorted(c for c in found.values() if c)

    def sorted(self, values: Any) -> list[str] | None:
        """The canonical form: no doubles, list order, None when empty."""
        order = self.codes.order
        return sorted(set(values), key=lambda c: (order.get(c, len(order)), c)) or None

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, list) or not all(isinstance(c, str) for c in value):
            return _kind_problem(self, value)
        for code in value:
            if code not in self.codes.by_code:
                return self._unknown(code)
        return (
            None if value == self.sorted(value) else Problem("not_sorted", "集合要去重、按次序。")
        )

    def show(self, value: Any) -> str:
        return ",".join(value or ())


class YesNo(FieldType):
    """True, False or empty."""

    sql: ClassVar[type] = int
    json: ClassVar[dict[str, Any]] = {"type": "boolean"}
    YES: ClassVar[frozenset[str]] = frozenset("yes y true 1 是 √ ✓ ✔ 有 对 v ☑".split())
    NO: ClassVar[frozenset[str]] = frozenset("no n false 0 否 × ✗ ✘ 无 没有 不是 x ☐".split())

    def clean(self, text: str) -> Any:
        word = text.lower()
        if word in self.YES:
            return True
        if word in self.NO:
            return False
        raise _refuse("not_yes_no", "「{text}」看不出是「是」还是「否」。", text=text)

    def check(self, value: Any) -> Problem | None:
        return None if isinstance(value, bool) else _kind_problem(self, value)

    def show(self, value: Any) -> str:
        return "" if value is None else "yes" if value else "no"


@dataclass(frozen=True)
class Integer(FieldType):
    """A whole number within bounds."""

    low: int = 0
    high: int = 1_000_000
    sql: ClassVar[type] = int
    json: ClassVar[dict[str, Any]] = {"type": "integer"}

    def clean(self, text: str) -> Any:
        try:
            value = int(unicodedata.normalize("NFKC", text))
        except ValueError:
            raise _refuse("not_a_number", "「{text}」不是整数。", text=text) from None
        problem = self.check(value)
        if problem:
            raise InvalidValue(problem)
        return value

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return _kind_problem(self, value)
        if not self.low <= value <= self.high:
            return Problem(
                "out_of_range",
                "应在 {low} 到 {high} 之间。",
                args=(("low", str(self.low)), ("high", str(self.high))),
            )
        return None


class Money(FieldType):
    """An amount of yuan, stored as whole fen."""

    sql: ClassVar[type] = int
    json: ClassVar[dict[str, Any]] = {"type": "integer"}

    def clean(self, text: str) -> Any:
        folded = unicodedata.normalize("NFKC", text).replace(",", "").rstrip("元").lstrip("¥")
        found = re.fullmatch(r"(-?)(\d{1,12})(?:\.(\d{1,2}))?", folded)
        if not found:
            raise _refuse("not_money", "「{text}」不是金额。", text=text)
        sign, yuan, fen = found.groups()
        value = int(yuan) * 100 + int((fen or "").ljust(2, "0") or 0)
        return -value if sign else value

    def check(self, value: Any) -> Problem | None:
        is_int = isinstance(value, int) and not isinstance(value, bool)
        return None if is_int else _kind_problem(self, value)

    def show(self, value: Any) -> str:
        return (
            ""
            if value is None
            else f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
        )


class Phone(FieldType):
    """A phone number: digits, for a land line with its dash. An odd one is kept with a doubt."""

    def clean(self, text: str) -> Any:
        folded = unicodedata.normalize("NFKC", text)
        digits = re.sub(r"[\s()\-.]", "", folded)
        digits = re.sub(r"^(?:\+?86)(?=1\d{10}$)", "", digits)
        if re.fullmatch(r"1\d{10}", digits):
            return digits
        # Folded again: where a space went, two characters may have become one.
        return unicodedata.normalize("NFKC", re.sub(r"\s+", "", folded))

    def check(self, value: Any) -> Problem | None:
        if isinstance(value, str) and _PHONE.fullmatch(value):  # nearly all
            return None
        if not isinstance(value, str) or not 0 < len(value) <= 40 or _CONTROL.search(value):
            return _kind_problem(self, value)
        return Problem("phone_doubtful", "这个电话看着不像电话：{text}。", True, (("text", value),))

    def grouped(self, value: str) -> str:
        """As screens show it: `139 0000 2741`."""
        return f"{value[:3]} {value[3:7]} {value[7:]}" if re.fullmatch(r"1\d{10}", value) else value


class IdNumber(FieldType):
    """A resident identity number (GB 11643). A doubtful one is kept with a warning."""

    def clean(self, text: str) -> Any:
        return idnumber.normalise(text)

    def check(self, value: Any) -> Problem | None:
        if isinstance(value, str) and idnumber.is_valid(value):  # nearly all
            return None
        if not isinstance(value, str) or not 0 < len(value) <= 40 or _CONTROL.search(value):
            return _kind_problem(self, value)
        return idnumber.problem(value)


@dataclass(frozen=True)
class Ref(FieldType):
    """The id of a record of another kind."""

    kind: str

    def check(self, value: Any) -> Problem | None:
        ok = isinstance(value, str) and 0 < len(value) <= 64 and not _CONTROL.search(value)
        return None if ok else _kind_problem(self, value)


@dataclass(frozen=True)
class UnitRef(Ref):
    """The code of an organisation unit of one of `levels`."""

    kind: str = "unit"
    levels: tuple[str, ...] = ()


class Id(FieldType):
    """An opaque id shared by records made together, such as one visit's."""

    def check(self, value: Any) -> Problem | None:
        ok = isinstance(value, str) and re.fullmatch(r"[0-9a-zA-Z_.\-]{1,64}", value)
        return None if ok else _kind_problem(self, value)


class Moment(FieldType):
    """A plain moment of the county's day, `YYYY-MM-DD HH:MM`; without the time where nobody knows
    it."""

    json: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?$",
    }

    def clean(self, text: str) -> Any:
        folded = unicodedata.normalize("NFKC", text).replace("T", " ")
        found = re.fullmatch(r"(\S+?)(?:\s+(\d{1,2})(?::|点|时)(\d{2})?分?)?", folded)
        day = Date().clean(found[1]) if found else None
        if not found or day is None:
            raise _refuse("bad_moment", "「{text}」不是时间。写成 2026-11-18 19:40 这样。", text=text)
        value = day if found[2] is None else f"{day} {int(found[2]):02d}:{found[3] or '00'}"
        problem = self.check(value)
        if problem:
            raise InvalidValue(problem)
        return value

    def check(self, value: Any) -> Problem | None:
        if not isinstance(value, str):
            return _kind_problem(self, value)
        problem = Date().check(value[:10])
        if problem:
            return problem
        if value[10:] and not re.fullmatch(r" ([01]\d|2[0-3]):[0-5]\d", value[10:]):
            return Problem("bad_moment", "{text} 没有这个时间。", args=(("text", value),))
        return None
