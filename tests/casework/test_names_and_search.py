"""How names sound, and finding people by name, initials, phone, number and village."""

from __future__ import annotations

import subprocess
import sys

import pytest

from casework import search
from sync import merges, pinyin
from tests.casework.counties import County


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("单雄信", "sxx"), ("曾静", "zj"), ("解小梅", "xxm"), ("仇红", "qh"), ("查良", "zl"), ("盖伟", "gw"),
        ("区静", "oj"), ("朴春花", "pch"), ("尉迟恭", "ycg"), ("万俟明", "mqm"), ("欧阳晨曦", "oycx"),
        ("上官若兰", "sgrl"), ("杨𬭎", "yh"), ("𠮷田", "jt"), ("赵㐂", "zx"), ("阿依古丽·买买提", "aygl"),
    ],
)  # fmt: skip
def test_initials_are_those_people_type(name: str, letters: str) -> None:
    assert any(v.startswith(letters) for v in pinyin.initials(name).split()), pinyin.initials(name)


def test_names_of_one_sound_are_told_from_others() -> None:
    assert pinyin.same_sound("罗静", "罗婧")
    assert pinyin.same_sound("曾丽", "曾莉")
    assert not pinyin.same_sound("罗静", "罗浩")
    assert not pinyin.same_sound("罗静", "罗静静")
    assert not pinyin.same_sound("", "")


def test_lists_run_by_sound() -> None:
    names = ["赵㐂", "曾娜", "欧阳晨曦", "单红", "陈磊", "陈波"]
    assert sorted(names, key=pinyin.sort_key) == [
        "陈波",
        "陈磊",
        "欧阳晨曦",
        "单红",
        "曾娜",
        "赵㐂",
    ]


def test_the_program_that_makes_the_table_is_not_imported() -> None:
    code = (
        "import sys, sync.pinyin as p; p.initials('罗静'); sys.exit('pypinyin' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(scope="module")
def county() -> County:
    county = County("510811")
    laptop = county.laptop()
    for name, village, number in (
        ("罗静", "510811101206", "510811201503080029"),
        ("罗婧", "510811101206", None),
        ("曾静", "510811100001", None),
        ("杨_𬭎%", "510811100001", None),
    ):
        child = laptop.save("child", {"name": name, "village": village, "id_number": number})
        if name == "罗静":
            laptop.save("family", {"child": child, "role": "grandmother", "phone": "13900002741"})
    return county


def names(county: County, text: str) -> list[str]:
    laptop = county.laptops["陈德福"]
    hits = search.find(laptop, "child", text)
    return [str(r["name"]) for r in laptop.rows("child", [h.id for h in hits])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("罗静", ["罗静"]),
        ("lj", ["罗静", "罗婧"]),
        ("zj", ["曾静"]),
        ("13900002741", ["罗静"]),
        ("139 0000 2741", ["罗静"]),
        ("510811201503080029", ["罗静"]),
        ("冯家岭", ["罗静", "罗婧"]),
        ("冯家岭 婧", ["罗婧"]),
        ("%", ["杨_𬭎%"]),
        ("_", ["杨_𬭎%"]),
        ("没有这个人", []),
    ],
)
def test_a_child_is_found_by(county: County, text: str, found: list[str]) -> None:
    assert sorted(names(county, text)) == sorted(found)


def test_a_whole_name_comes_before_initials(county: County) -> None:
    hits = search.find(county.laptops["陈德福"], "child", "罗静")
    assert hits[0].score == 100


def test_what_is_hidden_or_renamed_is_no_longer_found(county: County) -> None:
    laptop = county.laptops["陈德福"]
    child = laptop.save("child", {"name": "凌霞", "village": "510811100001"})
    assert names(county, "凌霞") == ["凌霞"]
    laptop.save("child", {"name": "凌云"}, id=child)
    assert (names(county, "凌霞"), names(county, "ly")) == ([], ["凌云"])
    laptop.delete(child, "重复")
    assert names(county, "凌云") == []
    assert search.count(laptop, "child") == 4


def test_a_kept_file_is_found_by_what_its_other_file_says() -> None:
    county = County("510811")
    laptop = county.laptop()
    kept, other = (
        laptop.save("child", {"name": name, "village": "510811101206"}) for name in ("秦岚", "江晚")
    )
    merge = merges.merge(laptop, kept, other)
    assert [names(county, text) for text in ("秦岚", "江晚", "jw")] == [["秦岚"]] * 3
    merges.unmerge(laptop, merge)
    assert [names(county, text) for text in ("秦岚", "江晚", "jw")] == [["秦岚"], ["江晚"], ["江晚"]]


def test_an_edit_of_what_nobody_searches_leaves_the_search_as_it_is(county: County) -> None:
    laptop = county.laptops["陈德福"]
    child = laptop.save("child", {"name": "凌霜", "village": "510811100001"})
    written: list[str] = []
    laptop.connection.set_trace_callback(written.append)
    laptop.save("child", {"hobbies": "下棋"}, id=child)
    laptop.connection.set_trace_callback(None)
    assert not [s for s in written if "search" in s and not s.startswith("SELECT")]
    laptop.delete(child, "重复")


@pytest.mark.parametrize("text", ["", "罗", "l", "1"])
def test_a_page_and_the_count_of_what_comes_after_it_are_all(county: County, text: str) -> None:
    laptop = county.laptops["陈德福"]
    every = search.ids(laptop, "child", text, 100)
    assert every
    for size in range(1, len(every) + 1):
        page = search.ids(laptop, "child", text, size)
        rest = search.count(laptop, "child", text, after=page[-1])
        assert len(page) + rest == search.count(laptop, "child", text) == len(every)
