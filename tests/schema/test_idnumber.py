"""Resident identity numbers: every mistyped digit is noticed, nobody is turned away for one."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schema import idnumber
from schema.types import IdNumber

VECTOR = "11010519491231002X"
"""The example of GB 11643-1999 itself."""

places = st.integers(110000, 659000).map(str)
birthdays = st.dates(datetime.date(1900, 1, 1), datetime.date(2026, 11, 22))


@st.composite
def numbers(draw):
    first17 = f"{draw(places)}{draw(birthdays):%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first17 + idnumber.check_character(first17)


def test_the_example_of_the_standard_is_valid():
    assert idnumber.is_valid(VECTOR)
    assert idnumber.birth_date(VECTOR) == "1949-12-31"
    assert idnumber.sex(VECTOR) == "female"


@given(numbers())
def test_a_number_made_by_the_rule_is_valid_and_says_birthday_and_sex(number):
    assert idnumber.problem(number) is None
    assert idnumber.birth_date(number) == f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    assert idnumber.sex(number) == ("male" if int(number[16]) % 2 else "female")


@given(st.from_regex(r"[0-9]{4}(0[0-9]|1[0-3])[0-3][0-9]", fullmatch=True))
def test_a_birthday_is_a_day_of_the_calendar(digits):
    try:
        day = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        day = None
    first17 = f"110105{digits}002"
    number = first17 + idnumber.check_character(first17)
    assert idnumber.birth_date(number) == day
    assert idnumber.is_valid(number) == (day is not None)


@given(st.just(VECTOR) | numbers(), st.integers(0, 16), st.sampled_from("0123456789"))
def test_any_one_changed_digit_is_noticed(number, place, digit):
    assume(number[place] != digit)
    assert idnumber.problem(number[:place] + digit + number[place + 1 :])


@given(st.just(VECTOR) | numbers(), st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_noticed(number, place):
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert idnumber.problem(swapped)


@pytest.mark.parametrize(
    "typed",
    ["11010519491231002x", "110105 19491231 002X", "110105-19491231-002X", "'11010519491231002X",
     "１１０１０５１９４９１２３１００２Ｘ", "\u300011010519491231002X "],
)  # fmt: skip
def test_however_typed_it_is_one_number(typed):
    assert IdNumber().parse(typed) == VECTOR


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_more(text):
    once = idnumber.normalise(text)
    assert idnumber.normalise(once) == once


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105194912310021", "id_check_digit"),
        ("110105194902300022", "id_birth"),
        ("110105491231002", "id_shape"),  # the 15 digits of before 1999
        ("11010519491231002", "id_shape"),
        ("X10105194912310021", "id_shape"),
        ("没有", "id_shape"),
    ],
)
def test_a_doubtful_number_is_kept_with_a_reason(number, code):
    problem = IdNumber().check(number)
    assert problem
    assert (problem.code, problem.is_doubt) == (code, True)
    assert not idnumber.is_valid(number)


@pytest.mark.parametrize("number", ["", "1234", "٣" * 17 + "X", "110105194902300022"])
def test_what_is_no_number_says_neither_birthday_nor_makes_a_fuss(number):
    assert idnumber.birth_date(number) is None
    assert idnumber.sex(number) in (None, "male", "female")


def test_no_number_is_no_valid_number():
    assert not idnumber.is_valid(None)
    assert not idnumber.is_valid("")


@given(numbers())
def test_a_masked_number_hides_birthday_and_sex(number):
    shown = idnumber.masked(number)
    assert len(shown) == 18
    assert shown[:6] + shown[-4:] == number[:6] + number[-4:]
    assert shown[6:14] == "********"


def test_a_short_number_is_shown_whole_rather_than_garbled():
    assert idnumber.masked("12345") == "12345"
