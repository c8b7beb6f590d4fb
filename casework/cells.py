"""One cell of a roster to a value: dates in every spelling, spoiled ID numbers, phones, several
values in one cell."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Any

from msgspec import Struct

from schema import idnumber
from schema.types import Name, Phone

_EMPTY = frozenset(
    "- -- --- — —— ———— － / // \\ | . 。 、 , ， * ? ？ ?? 无 暂无 没有 空 空白 不详 未知 不清楚 不知道 未填 null none nan n/a na"
    " #n/a #ref! #value! #name? #div/0! #null! #num! 〇".split()
)
_DITTO = frozenset(("同上", "〃", "″", '"', "”"))
_NOTHING = frozenset("否 × ✗ x 没有 无 不是 0".split())
_PHONE = re.compile(
    r"(?<!\d)(?:\+?86[- ]?)?(1[3-9](?:[ \-]?\d){9})(?!\d)|(?<!\d)(0\d{2,3}[- ]?\d{7,8})(?!\d)"
)
_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])")
_EPOCH = datetime.date(1899, 12, 30)
"""Day 0 of spreadsheet serial numbers, as they count since March 1900."""


def text_of(cell: Any) -> str:
    """What the cell shows, on one line where it is one value; empty for what means nothing: —, 无,
    /."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        cell = int(cell) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        is_day = cell.time() == datetime.time(0)
        return cell.date().isoformat() if is_day else cell.isoformat(" ", "minutes")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    text = re.sub(r"[\u200b-\u200f\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", str(cell))
    text = text.replace("\xa0", " ").replace("\r\n", "\n").strip(" \t\n\r\u3000'’‘`")
    return text if not is_empty(text) else ""


def is_empty(text: str) -> bool:
    """True for blanks and for the signs people put where they have nothing to say."""
    folded = re.sub(r"\s+", "", text).lower()
    return not folded or folded in _EMPTY


def is_ditto(cell: Any) -> bool:
    """True for 同上."""
    return isinstance(cell, str) and cell.strip() in _DITTO


def says_nothing(text: str) -> bool:
    """True for 否 and × in a column of free text: 残疾类别 否."""
    return text.strip().lower() in _NOTHING


# -- dates


class BadDate(ValueError):
    """Text that is no date, or a day that never was."""


def date_of(cell: Any) -> str | None:
    """`YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where no more is said; None when empty.

    Raises:
        BadDate: there is no such day.

    >>> date_of("2014年3月"), date_of(20140713.0), date_of(41834)
    ('2014-03', '2014-07-13', '2014-07-14')
    """
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat()
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if isinstance(cell, float) and not cell.is_integer() and 1900 <= cell < 2101:
            month = f"{cell:.2f}".split(".")[1]
            # 2014.1 may be January or what became of 2014.10: only the year is sure.
            return str(int(cell)) if month == "10" else _checked(int(cell), int(month.rstrip("0")))
        return _of_digits(str(int(cell)))
    text = unicodedata.normalize("NFKC", text_of(cell))
    text = re.sub(r"[\s]+\d{1,2}:\d{2}(:\d{2})?(\.\d+)?$|T\d{2}:\d{2}.*$", "", text)
    text = re.sub(r"出生|生于|阳历|公历|约|生$|份$|\(.*?\)|。$", "", text).strip()
    if is_empty(text):
        return None
    if re.fullmatch(r"\d+(\.0+)?", text):
        return _of_digits(text.split(".")[0])
    found = re.fullmatch(
        r"(\d{4})\s*[-/.年、,\s]\s*(\d{1,2})\s*(?:[-/.月、,\s]\s*(?:(\d{1,2})\s*[日号]?)?)?", text
    )
    if found:
        return _checked(*(int(p) for p in found.groups() if p))
    if found := re.fullmatch(r"(\d{4})年", text):
        return _checked(int(found[1]))
    if found := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text):
        first, second, year = map(int, found.groups())
        return _checked(year, second, first) if first > 12 else _checked(year, first, second)
    if found := re.fullmatch(r"(\d{2})[-/.年](\d{1,2})(?:[-/.月](?:(\d{1,2})日?)?)?", text):
        year, *rest = (int(p) for p in found.groups() if p)
        return _checked(2000 + year if year < 50 else 1900 + year, *rest)
    raise BadDate(text)


def _of_digits(digits: str) -> str | None:
    if digits == "0":
        return None
    if len(digits) == 8:
        return _checked(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if len(digits) == 6 and 1900 <= int(digits[:4]) <= 2100:
        return _checked(int(digits[:4]), int(digits[4:]))
    if len(digits) == 4 and 1900 <= int(digits) <= 2100:
        return digits
    if len(digits) == 5 and 20_000 <= int(digits) <= 60_000:
        return (_EPOCH + datetime.timedelta(days=int(digits))).isoformat()
    raise BadDate(digits)


def _checked(year: int, month: int | None = None, day: int | None = None) -> str:
    try:
        datetime.date(year, month or 1, day or 1)
    except ValueError:
        raise BadDate(f"{year}-{month}-{day}") from None
    if not 1900 <= year <= 2100:
        raise BadDate(str(year))
    parts = [f"{year:04d}", *(f"{p:02d}" for p in (month, day) if p is not None)]
    return "-".join(parts)


# -- ID numbers


class IdReading(Struct, frozen=True):
    """An ID number that may be stored, or the code of what is wrong with it."""

    number: str | None = None
    problem: str = ""
    shown: str = ""


def id_of(cell: Any) -> IdReading:
    """An ID number; one that a spreadsheet turned into a number has lost its last digits for good.

    >>> id_of(5.108112016091176e+17).problem, id_of("510811201603301982").number
    ('id_damaged', '510811201603301982')
    """
    if isinstance(cell, bool) or cell is None:
        return IdReading()
    if isinstance(cell, (int, float)):
        return (
            IdReading(problem="id_damaged", shown=str(cell)) if abs(cell) >= 10_000 else IdReading()
        )
    text = text_of(cell)
    number = idnumber.normalise(text)
    if is_empty(number) or number in ("未办", "未办理", "未上户", "办理中", "没办"):
        return IdReading()
    if not re.fullmatch(r"\d{17}[\dX]", number) and (inside := _ID.search(number)):
        number = inside[0]
    return IdReading(None, code, text) if (code := _id_problem(number)) else IdReading(number)


def _id_problem(number: str) -> str:
    if re.fullmatch(r"\d(\.\d+)?E\+?\d{1,2}|\d{15,20}\.0+", number):
        return "id_damaged"
    if not re.fullmatch(r"\d{17}[\dX]", number):
        is_short = re.fullmatch(r"\d{8,}X?|[\d*#]{15,18}X?", number)
        return "id_damaged" if is_short else "id_shape"
    if idnumber.check_character(number[:17]) != number[17]:
        return "id_damaged" if number.endswith("000") else "id_check_digit"
    return "id_birth" if idnumber.birth_date(number) is None else ""


# -- phones, names, several values in one cell


def phones_of(cell: Any) -> list[str]:
    """Every phone number in the cell; an odd one is kept as it is."""
    text = unicodedata.normalize("NFKC", text_of(cell))
    if says_nothing(text) or re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        return []
    found = ["".join(m.groups(default="")) for m in _PHONE.finditer(text)]
    if not found and text:
        digits = re.sub(r"[\s\-.]", "", text)
        found = [digits] if re.fullmatch(r"\+?\d{5,20}", digits) else []
    return list(dict.fromkeys(Phone().parse(p) for p in found))


def name_of(cell: Any) -> str | None:
    """A person's name; 张　玲 is 张玲."""
    text = text_of(cell)
    if not text or says_nothing(text):
        return None
    return Name().parse(re.sub(r"[\s,，、;；:：]+$", "", text)) or None


_ORNAMENT = " \t\n\r\u3000,，、;；:：/|()（）[]【】-—+"


def without(text: str, *parts: str) -> str:
    """`text` without these parts and what stood around them."""
    for part in parts:
        text = text.replace(part, " ", 1)
    return re.sub(r"[（(【\[]\s*[)）】\]]", " ", text).strip(_ORNAMENT)


def take_phones(text: str) -> tuple[list[str], str]:
    """Phones in the text, and the rest of it."""
    folded = unicodedata.normalize("NFKC", text)
    phones = ["".join(m.groups(default="")) for m in _PHONE.finditer(folded)]
    rest = _PHONE.sub(" ", folded)
    rest = re.sub(r"(?:联系)?(?:电话|手机|方式|tel)\s*[:：]?", " ", rest, flags=re.IGNORECASE)
    return [Phone().parse(p) for p in phones], re.sub(r"\(\s*\)|\[\s*\]", " ", rest).strip(
        _ORNAMENT
    )


def take_id(text: str) -> tuple[str | None, str]:
    """An 18-digit number in the text, and the rest of it."""
    folded = unicodedata.normalize("NFKC", text)
    found = _ID.search(folded)
    return (found[0], without(folded, found[0])) if found else (None, text)


def people_in(text: str) -> list[tuple[str, str | None]]:
    """Names each with the phone that follows: 张三 138…、李四 139…."""
    folded = unicodedata.normalize("NFKC", text)
    people: list[tuple[str, str | None]] = []
    at = 0
    for match in _PHONE.finditer(folded):
        before = folded[at : match.start()].strip(_ORNAMENT)
        phone = Phone().parse("".join(match.groups(default="")))
        names = [n.strip(_ORNAMENT) for n in re.split(r"[、;,/\n]+", before) if n.strip(_ORNAMENT)]
        people += [(n, None) for n in names[:-1]]
        people.append((names[-1] if names else "", phone))
        at = match.end()
    rest = folded[at:].strip(_ORNAMENT)
    people += [
        (n.strip(_ORNAMENT), None) for n in re.split(r"[、;,/\n\s]+", rest) if n.strip(_ORNAMENT)
    ]
    return people
