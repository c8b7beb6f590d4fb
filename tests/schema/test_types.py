"""Every field type: what it shows it reads back, what it reads it may store, whatever people
type."""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schema.codes import codes
from schema.problems import InvalidValue
from schema.types import (
    Choice,
    Choices,
    Date,
    FieldType,
    Id,
    IdNumber,
    Integer,
    LongText,
    Money,
    Name,
    Phone,
    Ref,
    Text,
    UnitRef,
    YesNo,
)

COLOURS = codes("colour", ("red", "红", "大红"), ("green", "绿"), ("blue", "蓝"))
TYPES: dict[str, FieldType] = {
    "text": Text(),
    "name": Name(),
    "long": LongText(),
    "date": Date(),
    "partial": Date(partial=True),
    "choice": Choice(COLOURS),
    "choices": Choices(COLOURS),
    "yesno": YesNo(),
    "integer": Integer(0, 500),
    "money": Money(),
    "phone": Phone(),
    "id_number": IdNumber(),
    "ref": Ref("child"),
    "unit": UnitRef(levels=("village",)),
    "id": Id(),
}

typed = st.text(max_size=60) | st.text(alphabet="0123456789-年月日./ ．１９2元,¥+x×Xx", max_size=20)
"""What hands and clipboards bring: anything, and things that look like dates, numbers and
phones."""
of_type = st.sampled_from(sorted(TYPES))


def parsed(field_type: FieldType, text: str) -> object:
    """The value of `text`, None where the type refuses it or may not store it."""
    try:
        value = field_type.parse(text)
    except InvalidValue:
        return None
    problem = None if value is None else field_type.check(value)
    return None if problem and not problem.is_doubt else value


@given(of_type, typed)
@example("yesno", "☑")
@example("integer", "٣")
@example("integer", "1_0")
@example("integer", "9" * 5000)
@example("date", "²⁰²⁶-01-01")
@example("money", "٣元")
@example("date", "2026-02-30")
@example("date", "0000-01-01")
@example("text", "{name}")
@example("yesno", "{}")
@example("choice", "{x")
@example("name", "\ud800")
def test_whatever_is_typed_is_a_value_or_a_refusal(which, text):
    try:
        TYPES[which].parse(text)
        problem = None
    except InvalidValue as error:
        problem = error.problem
    assert problem is None or (problem.code and problem.text() and not problem.is_doubt)


@given(of_type, typed)
@example("name", "a\u3000b")
@example("phone", "0839 - 552 1234")
@example("phone", "t¨")
@example("long", " 一行\r\n两行\r三行 ")
@example("text", "一\t二\n\n三")
def test_what_is_shown_is_read_back(which, text):
    value = parsed(TYPES[which], text)
    assert TYPES[which].parse(TYPES[which].show(value)) == value


@given(of_type, typed)
@example("text", "a\x0bb")
@example("text", "a\x85b")
@example("text", "a\u2028b")
@example("phone", "１３９００００２７４１")
@example("integer", "501")
def test_what_is_read_is_either_storable_or_says_why_not(which, text):
    """Types that refuse while reading hand out nothing that storing then refuses; texts may
    still."""
    field_type = TYPES[which]
    try:
        value = field_type.parse(text)
    except InvalidValue:
        return
    problem = None if value is None else field_type.check(value)
    if problem and not problem.is_doubt:
        assert isinstance(field_type, Text | LongText | Phone | IdNumber | Ref | Id)
        assert problem.code in {"too_long", "control_character", "wrong_type"}


stored = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.lists(st.text(max_size=5) | st.integers(), max_size=3)
    | st.dictionaries(st.text(), st.text(), max_size=2)
)
"""What a message of another laptop may hold."""


@given(of_type, stored)
def test_checking_what_another_laptop_sent_never_fails(which, value):
    problem = TYPES[which].check(value)
    assert problem is None or problem.text()


@pytest.mark.parametrize("which", sorted(TYPES))
@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\t\n"])
def test_blank_is_empty(which, blank):
    assert TYPES[which].parse(blank) is None
    assert TYPES[which].show(None) == ""


@pytest.mark.parametrize("which", sorted(set(TYPES) - {"integer", "money"}))
@pytest.mark.parametrize("wrong", [7, 1.5, {}])
def test_a_value_of_another_type_cannot_be_stored(which, wrong):
    problem = TYPES[which].check(wrong)
    assert problem
    assert not problem.is_doubt


@pytest.mark.parametrize("wrong", [True, "7", 1.5, []])
@pytest.mark.parametrize("which", ["integer", "money"])
def test_a_number_is_neither_a_text_nor_a_claim(which, wrong):
    assert TYPES[which].check(wrong)


# Dates


@st.composite
def near_days(draw):
    """A day of which some characters are others."""
    day = list(str(draw(st.dates())))
    for place in draw(st.lists(st.integers(0, 9), max_size=3)):
        day[place] = draw(st.sampled_from("0139-W２٣ \ud800"))
    return "".join(day)


@given(near_days() | st.from_regex(r"[0-9]{4}-?W?[0-9]{2}-?[0-9]{0,2}", fullmatch=True))
@example("2026-W05-1")
@example("20260228")
@example("２０２６-02-28")
@example("0000-01-01")
@example("2026-02-29")
@example("2026-02-28\n")
def test_a_day_is_four_digits_two_and_two_whatever_else_python_takes_for_one(text):
    try:
        year, month, day = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text).groups()  # type: ignore[union-attr]
        is_day = bool(datetime.date(int(year), int(month), int(day)))
    except (AttributeError, ValueError):
        is_day = False
    assert (Date().check(text) is None) == is_day


@given(st.dates(datetime.date(1000, 1, 1)))
def test_every_day_is_a_date_in_every_way_of_writing_it(day):
    ways = (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
    )
    assert {Date().parse(way) for way in ways} == {day.isoformat()}


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "20260230",
        "2026年2月30日",
    ],
)
def test_a_day_that_does_not_exist_is_refused(text):
    with pytest.raises(InvalidValue) as refused:
        Date(partial=True).parse(text)
    assert refused.value.problem.code == "bad_date"


@pytest.mark.parametrize(
    ("text", "value"),
    [("2015", "2015"), ("2015年", "2015"), ("2015年3月", "2015-03"), ("2015.3", "2015-03")],
)
def test_papers_that_say_only_a_year_or_a_month_are_kept_as_they_say(text, value):
    assert Date(partial=True).parse(text) == value
    with pytest.raises(InvalidValue):
        Date().parse(text)


def test_a_leap_day_is_a_day():
    assert Date().parse("2024-2-29") == "2024-02-29"


# Names


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("𠮷田", "𠮷田"),
        ("张𬭎", "张𬭎"),
        ("买买提·艾力", "买买提·艾力"),
        ("张\u3000玲", "张玲"),
        ("张 玲", "张玲"),
        (" 张玲 ", "张玲"),
        ("阿依古丽 · 买买提", "阿依古丽·买买提"),
        ("Anna Maria", "Anna Maria"),
        ("Anna  Maria", "Anna Maria"),
        ("李 Anna", "李 Anna"),
    ],
)
def test_a_name_is_kept_as_its_bearer_writes_it(typed, kept):
    assert Name().parse(typed) == kept
    assert Name().check(kept) is None


@given(st.text(max_size=30))
def test_cleaning_a_name_twice_changes_nothing_more(text):
    once = Name().parse(text)
    assert Name().parse(once or "") == once


# Phones


@pytest.mark.parametrize(
    "text",
    [
        "139 0000 2741",
        "139-0000-2741",
        "+86 139 0000 2741",
        "86 13900002741",
        "１３９００００２７４１",
        "(139)00002741",
    ],
)
def test_a_mobile_number_is_eleven_digits_however_typed(text):
    assert Phone().parse(text) == "13900002741"
    assert Phone().check("13900002741") is None
    assert Phone().grouped("13900002741") == "139 0000 2741"


@pytest.mark.parametrize(
    "number", ["0839-5521234", "08395521234", "5521234", "110", "12345", "4001234567"]
)
def test_a_land_line_a_village_number_and_a_hotline_are_phones(number):
    assert Phone().parse(number) == number
    assert Phone().check(number) is None


def test_half_a_character_is_not_text():
    """A lone surrogate comes from a broken clipboard and cannot be written as UTF-8."""
    for field_type in (Text(), Name(), LongText(), Phone(), IdNumber(), Ref("child")):
        problem = field_type.check("张\ud842")
        assert problem
        assert not problem.is_doubt


@pytest.mark.parametrize("odd", ["1390000274", "139000027411", "问奶奶", "13900002741/13900002742"])
def test_an_odd_phone_is_kept_with_a_doubt(odd):
    assert Phone().parse(odd) == odd
    problem = Phone().check(odd)
    assert problem
    assert problem.is_doubt


# Choices, claims, numbers


def test_a_code_is_found_by_code_label_and_other_words():
    assert {Choice(COLOURS).parse(word) for word in ("red", "红", "大红", " 红 ")} == {"red"}
    with pytest.raises(InvalidValue) as refused:
        Choice(COLOURS).parse("黑")
    assert "红" in refused.value.problem.text() or "red" in refused.value.problem.text()


@given(st.permutations(["red", "green", "blue"]), st.sampled_from("，,、 ;；"))
def test_a_set_is_stored_in_one_order_whatever_the_order_typed(words, between):
    assert Choices(COLOURS).parse(between.join([*words, words[0]])) == ["red", "green", "blue"]


def test_a_set_in_another_order_or_with_doubles_is_not_canonical():
    assert Choices(COLOURS).check(["green", "red"])
    assert Choices(COLOURS).check(["red", "red"])
    assert Choices(COLOURS).check([])
    assert Choices(COLOURS).check(["red", "green"]) is None
    assert Choices(COLOURS).sorted([]) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("是", True), ("√", True), ("Y", True), ("否", False), ("×", False), ("没有", False)],
)
def test_ticks_and_crosses_are_claims(text, value):
    assert YesNo().parse(text) is value


@given(st.integers(-(10**12), 10**12))
def test_money_never_loses_a_fen(fen):
    assert Money().parse(Money().show(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [("12", 1200), ("¥12.5", 1250), ("1,234.50元", 123450), ("-0.05", -5), ("１２元", 1200)],
)
def test_money_as_people_write_it(text, fen):
    assert Money().parse(text) == fen


def test_a_number_stays_in_its_bounds():
    assert Integer(0, 5).parse("５") == 5
    for text in ("6", "-1", "1.5", "一"):
        with pytest.raises(InvalidValue):
            Integer(0, 5).parse(text)
