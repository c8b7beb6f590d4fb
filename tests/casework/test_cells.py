"""Single cells of rosters: dates in every spelling, spoiled ID numbers, phones, several values in
one."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import cells
from schema import idnumber


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("20140713", "2014-07-13"),
        (20140713.0, "2014-07-13"),
        ("2014年3月", "2014-03"),
        ("2016/09/11", "2016-09-11"),
        ("2012.8.17", "2012-08-17"),
        ("2014年 3月 5日", "2014-03-05"),
        ("２０１５年３月", "2015-03"),
        (datetime.datetime(2015, 3, 8), "2015-03-08"),  # noqa: DTZ001 (as a spreadsheet holds it)
        (datetime.date(2015, 3, 8), "2015-03-08"),
        (41834.0, "2014-07-14"),
        ("2014.10", "2014-10"),
        (2014.1, "2014"),
        ("不详", None),
        (None, None),
    ],
)
def test_dates_in_every_spelling(cell: Any, value: str | None) -> None:
    assert cells.date_of(cell) == value


@pytest.mark.parametrize("cell", ["2018-02-30", "2015/13/01", "10岁", 99999.0])
def test_a_day_that_never_was_is_no_date(cell: Any) -> None:
    with pytest.raises(cells.BadDate):
        cells.date_of(cell)


@given(st.dates(datetime.date(1995, 1, 1), datetime.date(2026, 12, 31)))
def test_a_serial_number_is_the_day_the_spreadsheet_shows(day: datetime.date) -> None:
    serial = (day - datetime.date(1899, 12, 30)).days
    assert cells.date_of(float(serial)) == day.isoformat()


numbers = st.builds(
    lambda day, n: (first := f"510811{day:%Y%m%d}{n:03d}") + idnumber.check_character(first),
    st.dates(datetime.date(2008, 1, 1), datetime.date(2025, 12, 31)),
    st.integers(0, 999),
)


@given(numbers)
def test_a_number_that_was_a_float_is_never_stored(number: str) -> None:
    digits = number.replace("X", "0")
    as_float = float(digits)
    for cell in (
        as_float,
        int(as_float),
        f"{as_float:.5E}",
        repr(as_float),
        digits[:15],
        digits[:17],
    ):
        read = cells.id_of(cell)
        assert (read.number, read.problem) == (None, "id_damaged"), cell


@given(numbers, st.sampled_from(["{}", "'{}", " {} ", "{}\t"]))
def test_a_good_number_survives_its_dress(number: str, dress: str) -> None:
    assert cells.id_of(dress.format(number)).number == number
    assert cells.id_of(number.lower()).number == number


@given(numbers, st.integers(1, 9))
def test_a_wrong_last_digit_is_told(number: str, by: int) -> None:
    wrong = number[:17] + str((int(number[17].replace("X", "0")) + by) % 10)
    if not idnumber.is_valid(wrong):
        assert cells.id_of(wrong).number is None
        assert cells.id_of(wrong).problem in ("id_check_digit", "id_damaged")


@pytest.mark.parametrize(
    ("cell", "phones"),
    [
        (13819552354.0, ["13819552354"]),
        ("138 1955 2354", ["13819552354"]),
        ("+86 138-1955-2354", ["13819552354"]),
        ("13819552354/13911112222", ["13819552354", "13911112222"]),
        ("0839-8612345", ["0839-8612345"]),
        ("无", []),
        ("1.38E+10", []),
    ],
)
def test_phones_as_people_and_programs_write_them(cell: Any, phones: list[str]) -> None:
    assert cells.phones_of(cell) == phones


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("张　玲", "张玲"),
        ("—", None),
        ("无", None),
        ("/", None),
        ("杨𬭎", "杨𬭎"),
        ("阿依古丽·买买提",) * 2,
    ],
)
def test_names_lose_their_padding_and_nothing_else(cell: str, name: str | None) -> None:
    assert cells.name_of(cell) == name
