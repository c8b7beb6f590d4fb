"""Units from loosely written text, over every village of two real counties."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.units import UnitFinder
from casework.units_names import short_name
from tests.casework.counties import Unit, school, units_of

COUNTIES = ("510811", "440981")
FINDERS = {code: UnitFinder(units_of(code)) for code in COUNTIES}


def villages(county: str) -> list[Unit]:
    return [u for u in units_of(county).values() if u["level"] == "village"]


def township_of(county: str, unit: Unit) -> str:
    return str(units_of(county)[unit["parent"]]["name"])


@pytest.mark.parametrize("county", COUNTIES)
@pytest.mark.parametrize("shape", ["{t}{n}", "{c}{t}{n}", "{t}{n}3组", "{t} {n}", "{t}{n}12号"])
def test_every_village_is_found_by_its_whole_name_and_township(county: str, shape: str) -> None:
    units = units_of(county)
    for unit in villages(county):
        text = shape.format(
            c=units[county]["name"], t=units[unit["parent"]]["name"], n=unit["name"]
        )
        assert FINDERS[county].find(text).code == unit["code"], text


def test_every_village_of_a_county_without_namesakes_is_found_by_its_short_name() -> None:
    for unit in villages("510811"):
        for text in (short_name(unit["name"]), short_name(unit["name"]) + "村2组".lstrip("村")):
            assert FINDERS["510811"].find(text).code == unit["code"], text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("青梅路社区", "510811100001"),
        ("元坝镇柳桥村村2组", "510811100214"),
        ("昭化区红岩镇红寨村村民委员会", "510811107202"),
        ("冯家岭村", "510811101206"),
        ("冯家岭", "510811101206"),
        ("四川省广元市昭化区卫子镇冯家岭村4组12号", "510811101206"),
        ("卫子冯家岭村委会", "510811101206"),
        ("卫子镇\u3000冯家岭村", "510811101206"),
        ("冯家岭村４组", "510811101206"),
        ("卫子镇", "510811101"),
        ("昭化区", "510811"),
    ],
)
def test_loose_words_find_their_unit(text: str, code: str) -> None:
    found = FINDERS["510811"].find(text)
    assert (found.code, found.problem) == (code, None)


def test_the_township_in_the_row_decides_between_two_villages_of_one_name() -> None:
    finder = FINDERS["440981"]
    assert finder.find("石龙村委会").problem is not None
    for hint in ("荷塘镇中心小学", "高州市荷塘镇人民政府", "荷塘镇"):
        found = finder.find("石龙村委会", (hint,))
        assert (found.code, found.problem) == ("440981126203", None)
    assert finder.find("长坡镇石龙村").code == "440981129222"


def test_two_fitting_units_are_ambiguous_and_the_nearest_holds_both() -> None:
    finder = FINDERS["440981"]
    found = finder.find("石龙村委会")
    assert found.problem is not None
    assert found.problem.code == "unit_ambiguous"
    assert found.code is None
    assert found.nearest == "440981"
    assert set(found.candidates) == {"440981126203", "440981129222"}
    same_township = finder.find("谢鸡镇谢鸡")
    assert same_township.problem is not None
    assert (same_township.problem.code, same_township.nearest) == ("unit_ambiguous", "440981100")


def test_a_community_and_a_village_of_one_stem_are_told_apart_by_their_sort() -> None:
    finder = FINDERS["440981"]
    assert finder.find("谢鸡居委会").code == "440981100001"
    assert finder.find("谢鸡村委会").code == "440981100201"
    assert finder.find("谢鸡社区").code == "440981100001"


@pytest.mark.parametrize(
    ("text", "hint", "nearest"),
    [
        ("没有这个村", "", "510811"),
        ("卫子镇杨树湾", "", "510811101"),
        ("杨树湾", "卫子镇中心小学", "510811101"),
        ("广东省东莞市虎门镇", "", "510811"),
        ("", "", "510811"),
    ],
)
def test_an_unknown_place_is_kept_under_the_nearest_unit_known(
    text: str, hint: str, nearest: str
) -> None:
    found = FINDERS["510811"].find(text, (hint,) if hint else ())
    assert found.problem is not None
    assert (found.problem.code, found.code, found.nearest) == ("unit_unknown", None, nearest)


def test_the_importers_own_unit_takes_what_is_unknown() -> None:
    assert FINDERS["510811"].find("杨树湾", default="510811101").nearest == "510811101"


def test_a_village_of_another_province_is_not_ours_because_its_name_is() -> None:
    assert FINDERS["510811"].find("广东省茂名市高州市冯家岭村").code is None


def test_a_school_is_found_with_and_without_what_stands_before_its_name() -> None:
    own = school("s1", "太公镇中心小学", "510811105")
    finder = UnitFinder(units_of("510811", [own, school("s2", "卫子镇中心小学", "510811101")]))
    for text in ("太公镇中心小学", "昭化区太公镇中心小学", "广元市昭化区太公镇中心小学"):
        assert finder.school(text) == "s1", text
    assert finder.school("红岩镇中心小学") is None
    assert finder.school("中心小学") is None


words = st.lists(
    st.sampled_from(
        ["昭化区", "高州市", "卫子镇", "元坝", "村", "社区", "居委会", "3组", "石龙", "谢鸡", "广东省", " ",
         "冯家岭", "青梅路", "金山", "镇", "路", "-", "（", "𬭎"]
    )
    | st.text(max_size=4),
    max_size=7,
).map("".join)  # fmt: skip


@given(text=words, hint=words, county=st.sampled_from(COUNTIES))
def test_whatever_is_written_a_child_is_never_under_none(text: str, hint: str, county: str) -> None:
    found = FINDERS[county].find(text, (hint,))
    assert found.nearest in FINDERS[county].units
    assert (found.code is None) == (found.problem is not None)
    if found.code:
        assert found.code == found.nearest


@given(
    village=st.sampled_from(villages("440981")),
    tail=st.sampled_from(["", "3组", "村民小组", "12号", "(东)", "学校旁"]),
)
def test_words_after_a_whole_name_never_change_the_unit(village: Unit, tail: str) -> None:
    text = township_of("440981", village) + village["name"] + tail
    assert FINDERS["440981"].find(text).code == village["code"]


def test_twenty_thousand_looks_take_under_two_seconds() -> None:
    finder = UnitFinder(units_of("440981"))
    begun = time.process_time()
    for number in range(20_000):
        finder.find(
            f"高州市谢鸡镇谢鸡居委会{number % 8000}号"
        )  # households with two or three children
    assert time.process_time() - begun < 2
