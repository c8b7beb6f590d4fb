"""The county's organisation: the tree from a division list, schools and classes added later."""

from __future__ import annotations

import csv
import datetime
import gzip
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from schema import grade
from schema.kinds import KINDS
from schema.kinds.unit import LEVELS, STAGES
from schema.problems import InvalidValue, Problem
from server.store.sqlite import SqliteStore
from sync.change import State
from sync.hub import Hub
from sync.language import N_

COLUMNS = ("code", "name", "level", "parent_code")
_CHINA = datetime.timezone(datetime.timedelta(hours=8))

Unit = dict[str, Any]


def _invalid(problem: str, message: str, /, **args: object) -> InvalidValue:
    return InvalidValue(Problem(problem, message, args=tuple((k, str(v)) for k, v in args.items())))


# -------------------------------------------------------------- divisions


def read_divisions(path: Path, county: str = "") -> list[Unit]:
    """The units of one county from a CSV of divisions (also .gz), each after its parent.

    Raises:
        InvalidValue: no division list, not exactly one county (unless `county` names one), a hole
            in the tree.
    """
    rows = _rows(path)
    counties = [r for r in rows if r["level"] == "county" and county in ("", r["code"])]
    if len(counties) != 1:
        raise _invalid(
            "one_county",
            "{file} 里有 {n} 个县，要正好一个。用 --county 代码 选一个。",
            file=path.name,
            n=len(counties),
        )
    below: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        below.setdefault(row["parent_code"], []).append(row)
    found: list[Unit] = []
    waiting = [(counties[0], "")]
    while waiting:
        row, parent = waiting.pop(0)
        unit = {"code": row["code"], "name": row["name"], "level": row["level"], "parent": parent}
        found.append(_checked({k: v for k, v in unit.items() if v}))
        waiting += [(child, row["code"]) for child in below.get(row["code"], ())]
    _check_whole(rows, found, is_chosen=bool(county))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError) as error:
        raise _invalid("file_unreadable", "读不了文件 {file}。", file=path.name) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", errors="replace")
    reader = csv.DictReader(text.splitlines())
    if not set(COLUMNS) <= {(n or "").strip() for n in reader.fieldnames or ()}:
        raise _invalid(
            "not_divisions",
            "{file} 不是区划表：第一行要有 code,name,level,parent_code。",
            file=path.name,
        )
    return [
        {name: (row.get(name) or "").strip() for name in COLUMNS}
        for row in reader
        if (row.get("code") or "").strip()
    ]


def _check_whole(rows: list[dict[str, str]], found: list[Unit], *, is_chosen: bool) -> None:
    codes = [u["code"] for u in found]
    if len(set(codes)) != len(codes):
        twice = next(c for n, c in enumerate(codes) if c in codes[:n])
        raise _invalid("code_twice", "区划表里代码 {code} 出现了不止一次。", code=twice)
    lost = {r["code"] for r in rows if r["level"] in LEVELS.by_code} - set(codes)
    if lost and not is_chosen:
        raise _invalid("parent_missing", "区划表里 {code} 的上级不在表里。", code=min(lost))


def _checked(unit: Unit) -> Unit:
    kind = KINDS["unit"]
    for field, problem in kind.problems(unit):
        if not problem.is_doubt:
            raise _invalid(
                "bad_unit", "单位 {code} 的「{field}」不对。", code=unit["code"], field=field
            )
    for field in kind.missing(unit):
        raise _invalid(
            "bad_unit", "单位 {code} 的「{field}」不对。", code=unit["code"], field=field
        )
    return unit


def write_units(store: SqliteStore, hub: Hub, units: Iterable[Unit]) -> None:
    with store.write():
        for unit in units:
            hub.write("unit", unit["code"], unit)


def all_units(store: SqliteStore) -> dict[str, Unit]:
    with store.read():
        codes = list(store.parents())
        states: dict[str, State] = store.states(codes)
    return {code: states[code].values for code in codes if code in states}


# -------------------------------------------------------- schools, classes


def add_school(store: SqliteStore, hub: Hub, name: str, township: str, stage: str = "") -> str:
    """A new school in a township; its code."""
    with store.write():
        above = _unit(store, township, "township", N_("{code} 不是乡镇的代码。"))
        unit: Unit = {"level": "school", "parent": above["code"], "name": name}
        chosen = stage or _stage_of_school(name)
        if chosen:
            unit["stage"] = chosen
        return _add(store, hub, unit, f"{township}S", 3)


def add_class(
    store: SqliteStore,
    hub: Hub,
    name: str,
    school: str,
    stage: str = "",
    today: datetime.date | None = None,
) -> str:
    """A new class in a school; its code. The name says stage, year of entry and number."""
    with store.write():
        above = _unit(store, school, "school", N_("{code} 不是学校的代码。"))
        read = read_class(
            name,
            stage or str(above.get("stage") or ""),
            today or datetime.datetime.now(_CHINA).date(),
        )
        unit: Unit = {"level": "class", "parent": above["code"], "name": name, **read}
        return _add(store, hub, unit, f"{school}C", 2)


def _unit(store: SqliteStore, code: str, level: str, message: str) -> Unit:
    state = store.states([code]).get(code)
    if state is None or state.kind != "unit" or state.values.get("level") != level:
        raise _invalid("unknown_unit", message, code=code)
    return state.values


def _add(store: SqliteStore, hub: Hub, unit: Unit, prefix: str, digits: int) -> str:
    units = all_units(store)
    for code, other in units.items():
        if (other.get("parent"), other.get("name")) == (unit["parent"], unit["name"]):
            raise _invalid(
                "unit_exists", "已经有「{name}」了，代码 {code}。", name=unit["name"], code=code
            )
    number = 1
    while (code := f"{prefix}{number:0{digits}d}") in units or store.states([code]):
        number += 1
    hub.write("unit", code, _checked({"code": code, **unit}))
    return code


_SCHOOL_STAGES = (
    ("kindergarten", "幼儿园|幼稚园|学前"),
    ("vocational", "职业|中职|职高|技工|中专"),
    ("primary", "小学|村小|教学点|完小"),
    ("senior", "高级中学|高中"),
    ("junior", "初级中学|初中"),
)


def _stage_of_school(name: str) -> str:
    """What a school's name says; '' where it teaches several stages or does not say."""
    if re.search("九年|一贯|完全中学|十二年", name):
        return ""
    return next((stage for stage, words in _SCHOOL_STAGES if re.search(words, name)), "")


_NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"十": 10}
_N = "[一二三四五六七八九十0-9]{1,3}"
_CLASS = re.compile(
    rf"(?:(?P<year>(?:19|20)\d\d)级?"
    rf"|(?P<stage>小学|初中|高中|职高|中职|初|高)(?P<g1>[一二三四五六1-6])(?:年级)?"
    rf"|(?P<g2>[一二三四五六七八九1-9])年级?"
    rf"|(?P<young>[小中大])班?"
    rf"|(?P<g3>[一二三四五六七八九1-9])(?=[(\-.]))"
    rf"[(\-.]?(?P<number>{_N})?\)?班?$"
)
_STAGES = {
    "小学": "primary",
    "初中": "junior",
    "初": "junior",
    "高中": "senior",
    "高": "senior",
} | {
    "职高": "vocational",
    "中职": "vocational",
}


def read_class(name: str, stage: str, today: datetime.date) -> Unit:
    """Stage, year of entry and number out of a class's name; what it does not say is left out.

    `stage`: of the school, for names that leave it open (2023级2班, 一年级 of a junior school).
    """
    text = re.sub(r"\s", "", name).translate(str.maketrans("（）．－", "().-"))
    found = _CLASS.match(text)
    if found is None:
        return {"stage": stage} if stage in STAGES.by_code else {}
    said = found.groupdict()
    number = said["number"] and str(_numeral(said["number"]))
    year: int | None = None
    if said["year"]:
        year = int(said["year"])
    elif said["young"]:
        stage = "kindergarten"
        year = grade.entry_year(stage, "小中大".index(said["young"]) + 1, today)
    else:
        step = _numeral(said["g1"] or said["g2"] or said["g3"])
        if said["stage"]:
            stage = _STAGES[said["stage"]]
        elif step > 6:
            stage, step = "junior", step - 6
        elif stage not in ("junior", "senior", "vocational") or step > grade.YEARS[stage]:
            stage = "primary"
        year = grade.entry_year(stage, step, today)
    unit = {"stage": stage or None, "entry_year": year, "class_number": number}
    return {k: v for k, v in unit.items() if v is not None}


def _numeral(text: str) -> int:
    """一 … 九十九, or digits."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _NUMERALS.get(text, 0)
    return (_NUMERALS.get(tens, 1) if tens else 1) * 10 + (_NUMERALS.get(ones, 0) if ones else 0)
