"""Resident identity numbers (GB 11643-1999): 17 digits and a check character of ISO 7064 MOD
11-2."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from operator import mul

from schema.problems import Problem

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_BASE = ord("0") * sum(_WEIGHTS)
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")


def check_character(first17: str) -> str:
    """The check character that belongs to 17 digits.

    >>> check_character("11010519491231002")
    'X'
    """
    return _CHECK[(sum(map(mul, first17.encode(), _WEIGHTS)) - _BASE) % 11]


def normalise(text: str) -> str:
    """Spaces and dashes out, full-width characters and a small x folded."""
    import unicodedata

    folded = unicodedata.normalize("NFKC", text).upper()
    # Once more: what a space kept apart may now combine, and the same text has to give the same
    # number.
    return unicodedata.normalize("NFKC", re.sub(r"[\s\-·'’‘`]", "", folded))


def _is_day(digits: str) -> bool:
    """True when eight digits are a day."""
    try:
        datetime.date.fromisoformat(digits)
    except ValueError:
        return False
    return True


def birth_date(number: str) -> str | None:
    """The date inside the number as `YYYY-MM-DD`, or None when there is no such day."""
    if not _SHAPE.fullmatch(number):
        return None
    digits = number[6:14]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if _is_day(digits) else None


def sex(number: str) -> str | None:
    """`male` or `female` by the 17th digit, or None."""
    if not _SHAPE.fullmatch(number):
        return None
    return "male" if int(number[16]) % 2 else "female"


@lru_cache(maxsize=4096)
def problem(number: str) -> Problem | None:
    """Why a normalised number is doubtful; None when it is a valid one. Nobody is turned away for
    it."""
    if not _SHAPE.fullmatch(number):
        return Problem("id_shape", "身份证号应是 18 位，这个不是。", is_doubt=True)
    if not _is_day(number[6:14]):
        return Problem("id_birth", "身份证号里的生日没有这一天。", is_doubt=True)
    if check_character(number[:17]) != number[17]:
        return Problem("id_check_digit", "身份证号最后一位不对。", is_doubt=True)
    return None


def is_valid(number: str | None) -> bool:
    """True for a number that passes every check."""
    return bool(number) and problem(str(number)) is None


def masked(number: str) -> str:
    """The number as screens show it: first six and last four."""
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}" if len(number) > 10 else number
