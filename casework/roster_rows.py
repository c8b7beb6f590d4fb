"""The data rows of a roster: every sheet's blocks under their headers, each row's cells sorted by
what they say.

Titles, totals, form lines, notes, examples and repeated headers are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from casework import cells
from casework.headings import CARER, NAME, PARENTS, Column, Header, Target, find_header
from casework.sheets import Sheet
from schema.kinds.child import CHILD, SEX
from schema.kinds.family import ROLE
from schema.types import Choice, Date, IdNumber, Phone

_TOTAL = re.compile(
    r"^(合计|小计|总计|共计|总数|总人数|人数合计|本页|累计|汇总|平均)|^(本表)?共\s*\d*\s*[人名个]"
)
_NOTE = re.compile(
    r"^[(（]?(说明|注|备注|填表|填报|制表|审核|审批|负责人|单位负责|经办|联系人|联系电话|日期|附|提示|温馨提示|要求|填写|盖章|报送|核实人|统计时间|领导)"
    r"(?:.*[:：]|\d|$|说明|单位|人)"
)
_EXAMPLE = re.compile(r"^[(（]?(示例|样例|例如|举例|例[:：]|填写示例|范例)")
_FORM = re.compile(
    r"盖章|签字|签名|填报单位|填表人|填报人|审核人|制表人|填报时间|填表时间|填表日期"
)


class Entry(Struct):
    """One data row: raw cells by what they say."""

    sheet: str
    row: int
    child: dict[str, Any] = field(default_factory=dict)
    family: dict[str, dict[str, Any]] = field(default_factory=dict)
    contact: dict[str, Any] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    """school, grade, class as text."""
    place: dict[str, str] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)
    """Field of the child (or `class`) to the heading it stood under, for what goes into the
    note."""
    around: tuple[str, ...] = ()
    """Sheet name, titles, divider rows: they decide between places when the row does not."""


class Block(Struct):
    """One header with the rows under it."""

    sheet: Sheet
    header: Header
    stop: int
    titles: tuple[str, ...]


def blocks(sheets: Sequence[Sheet]) -> Iterator[Block]:
    """Every block of every sheet that has a recognisable header."""
    for sheet in sheets:
        header = find_header(sheet.rows, 0)
        titles = _titles(sheet, 0, header.first) if header else ()
        while header:
            following = find_header(sheet.rows, header.after)
            stop = following.first if following else len(sheet.rows)
            sheet.fill_down(header.after, stop)
            yield Block(sheet, header, stop, titles)
            header = following


def _titles(sheet: Sheet, start: int, stop: int) -> tuple[str, ...]:
    texts = [cells.text_of(c) for row in sheet.rows[start:stop] for c in row]
    return tuple(dict.fromkeys(t for t in texts if t and len(t) < 200))[:10]


def entries(block: Block) -> Iterator[Entry]:
    """The block's data rows in order."""
    previous: dict[int, Any] = {}
    divider: tuple[str, ...] = ()
    columns = [c for c in block.header.columns if c.targets[0].kind != "ignored"]
    for index in range(block.header.after, block.stop):
        row = block.sheet.rows[index]
        kind = row_kind(row, columns)
        if kind == "divider":
            divider = tuple(cells.text_of(c) for c in row if cells.text_of(c))
        if kind != "data":
            continue
        around = (*divider, block.sheet.name, *block.titles)
        entry = Entry(block.sheet.name, block.sheet.number(index), around=around)
        for column in columns:
            cell = row[column.index] if column.index < len(row) else None
            if cells.is_ditto(cell):
                cell = previous.get(column.index)
            previous[column.index] = cell
            if cells.text_of(cell) or (str(cell or "").strip() and _takes_no(column)):
                _sort_cell(entry, column, cell)
        yield entry


def _takes_no(column: Column) -> bool:
    """True where 无 is an answer: yes or no, or a code list that knows the word."""
    target = column.targets[0]
    if len(column.targets) > 1 or target.kind != "child":
        return False
    field_type = CHILD.by_name[target.field].type
    return isinstance(field_type, Choice) and field_type.codes.find("无") is not None


def row_kind(row: Sequence[Any], columns: Sequence[Column]) -> str:
    """data, divider (a lone text between rows), or other: blank, total, note, form line, column
    numbers."""
    texts = [cells.text_of(c) for c in row]
    filled = [t for t in texts if t]
    if not filled:
        return "other"
    if any(_TOTAL.match(re.sub(r"\s", "", t)) for t in filled[:3]) or _NOTE.match(filled[0]):
        return "other"
    if any(_EXAMPLE.match(t) for t in filled[:3]):
        return "other"
    mapped = [c for c in columns if c.index < len(texts) and texts[c.index]]
    name = next((texts[c.index] for c in mapped if NAME in c.targets), "")
    if _are_numbers(filled):
        return "other"
    if len(set(filled)) <= 2 and len(mapped) <= 1 and sum(map(bool, texts)) <= 2:
        if _FORM.search("".join(filled)):
            return "other"
        is_named = bool(name) and len(filled) == 2 and re.fullmatch(r"\d+", filled[0])
        return "data" if is_named or (bool(name) and len(columns) <= 2) else "divider"
    if not name and len(mapped) < 2:
        return "other"
    if _FORM.search("".join(filled)) and len(mapped) < 4:
        return "other"
    if len(set(filled)) == 1:
        return "divider"
    if not name and _says_little(mapped, texts):
        return "other"
    return "data"


def _are_numbers(filled: Sequence[str]) -> bool:
    """A row of column numbers, (1) (2) (3), or of sums."""
    return all(
        re.fullmatch(r"[(（]?\d+(\.\d+)?[)）]?|[甲乙丙丁]|[A-Z]", t) and len(t) < 8 for t in filled
    )


def _says_little(mapped: Sequence[Column], texts: Sequence[str]) -> bool:
    """A nameless row is a child's only when it says who: a number, a birth date, a sex, or
    people."""
    told = {(t.kind, t.field) for c in mapped for t in c.targets}
    if told & {("child", "id_number"), ("child", "birth_date")}:
        return False
    people = sum(k == "family" for k, _ in told)
    return not (("child", "sex") in told or people >= 2)


# -- sorting one cell


def _sort_cell(entry: Entry, column: Column, cell: Any) -> None:
    if len(column.targets) == 1:
        _put(entry, column.targets[0], cell, column.heading)
    elif all(t.kind == "family" for t in column.targets):
        _put_people(entry, column, cells.text_of(cell))
    else:
        _put_parts(entry, column, cells.text_of(cell))


def _put(entry: Entry, target: Target, cell: Any, heading: str) -> None:
    if target.kind == "family" and target.field == "name" and target.role != PARENTS:
        _put_named(entry, target, cells.text_of(cell))
    elif target.kind == "family":
        _put_family(entry, target.role, target.field, cell)
    elif target.kind == "contact":
        entry.contact.setdefault(target.field, cell)
        entry.headings.setdefault(f"contact.{target.field}", heading)
    elif target.kind == "class":
        entry.classes.setdefault(target.field, cells.text_of(cell))
        entry.headings.setdefault(target.field, heading)
    elif target.kind == "place":
        entry.place.setdefault(target.field, cells.text_of(cell))
    elif target.kind == "child":
        if target.field == "note" and "note" in entry.child:
            entry.child["note"] = f"{entry.child['note']}\n{cells.text_of(cell)}"
        elif target.field == "registered_place" and target.field in entry.child:
            entry.child["registered_place"] = (
                f"{cells.text_of(entry.child['registered_place'])}{cells.text_of(cell)}"
            )
        else:
            entry.child.setdefault(target.field, cell)
        entry.headings.setdefault(target.field, heading)


_MARKED = re.compile(r"(父亲?|爸爸?|母亲?|妈妈?)\s*[:：]\s*")


def _put_family(entry: Entry, role: str, name: str, cell: Any) -> None:
    if role != PARENTS:
        entry.family.setdefault(role, {}).setdefault(name, cell)
        return
    text = cells.text_of(cell)
    marked = _by_marks(text)
    if marked:
        for parent, part in marked.items():
            entry.family.setdefault(parent, {}).setdefault(name, part)
    elif name in ("name", "phone", "id_number"):  # two people in one cell
        if name == "name":
            parts = [n for n, _ in cells.people_in(text)]
        else:
            parts = cells.phones_of(cell) if name == "phone" else [text]
        for parent, part in zip(("father", "mother"), parts, strict=False):
            entry.family.setdefault(parent, {}).setdefault(name, part)
    else:
        for parent in ("father", "mother"):
            entry.family.setdefault(parent, {}).setdefault(name, cell)


def _by_marks(text: str) -> dict[str, str]:
    """父:东莞;母:宁波 by parent."""
    pieces = _MARKED.split(text)
    return {
        "father" if word[0] in "父爸" else "mother": part.strip(" 、;；,，\n/")
        for word, part in zip(pieces[1::2], pieces[2::2], strict=False)
        if part.strip(" 、;；,，\n/")
    }


def _put_people(entry: Entry, column: Column, text: str) -> None:
    """Name and phone (and relation, and place) of one person or of both parents in one cell."""
    roles = list(dict.fromkeys(t.role for t in column.targets))
    if roles == [PARENTS]:
        marked = _by_marks(text)
        people = list(marked.items()) if marked else []
        if not people:
            found = cells.people_in(text)
            people = [
                (r, f"{n} {p or ''}")
                for r, (n, p) in zip(("father", "mother"), found, strict=False)
            ]
        for role, part in people:
            targets = tuple(t._replace(role=role) for t in column.targets)
            _put_person(entry, role, targets, part)
        return
    if len(roles) > 1:
        found = cells.people_in(text)
        for role, (name, phone) in zip(roles, found, strict=False):
            wanted = {t.field for t in column.targets if t.role == role}
            for key, value in (("name", name), ("phone", phone)):
                if value and key in wanted:
                    _put_family(entry, role, key, value)
        return
    _put_person(entry, roles[0], column.targets, text)


def _put_person(entry: Entry, role: str, targets: Sequence[Target], text: str) -> None:
    wanted = [t.field for t in targets]
    number, rest = cells.take_id(text) if "id_number" in wanted else (None, text)
    phones, rest = cells.take_phones(rest)
    values: dict[str, Any] = {}
    if number:
        values["id_number"] = number
    if phones:
        values["phone"] = phones[0]
        if len(phones) > 1:
            values["other_phone"] = phones[1]
    relation, rest = _take_relation(rest) if role == CARER or "role" in wanted else ("", rest)
    if relation:
        values["role"] = relation
    left = [w for w in wanted if w not in values and w not in ("phone", "id_number", "role")]
    parts = [p for p in re.split(r"[\s、,，;；/|()（）:：\n]+", rest) if p]
    if len(left) == 1 and parts:
        values[left[0]] = "".join(parts) if left[0] == "name" else " ".join(parts)
    else:
        values.update(zip(left, parts, strict=False))
    for name, value in values.items():
        _put_family(entry, role, name, value)


def _put_named(entry: Entry, target: Target, text: str) -> None:
    """A name; also 王桂兰（奶奶）139…, and for a carer 奶奶王桂兰 or nothing but 奶奶."""
    phones, rest = cells.take_phones(text)
    rest = rest if phones else text
    relation = ""
    if target.role == CARER:
        relation, rest = _take_relation(rest)
        if not relation and (found := _RELATION_FIRST.match(rest)):
            relation, rest = found[1], found[2]
    if phones:
        _put_family(entry, target.role, "phone", phones[0])
    if relation:
        _put_family(entry, target.role, "role", relation)
    name, _, more = re.sub(r"[,，;；、()（）\s]+", " ", rest).strip().partition(" ")
    if target.role in ("father", "mother") and phones and more:  # 张三 138… 深圳
        _put_family(entry, target.role, "workplace", more)
        rest = name
    if rest:
        _put_family(entry, target.role, "name", rest)


_RELATION_WORDS = sorted(
    (w for w in ROLE.by_word if len(w) > 1 and not w.isascii()), key=lambda w: -len(w)
)
_RELATION_FIRST = re.compile(f"^({'|'.join(_RELATION_WORDS)})([\u4e00-\u9fff·]{{2,4}})$")


def _take_relation(text: str) -> tuple[str, str]:
    """奶奶 王桂兰, 王桂兰(奶奶): the relation and the rest."""
    for part in re.split(r"[\s、,，;；/|()（）:：\-\n]+", text):
        if part and ROLE.find(part) and not part.isascii():
            return part, cells.without(text, part)
    return "", text


def _put_parts(entry: Entry, column: Column, text: str) -> None:
    """Several values of the child in one cell, told apart by their shape, then by their order."""
    rest = text
    left = []
    for target in column.targets:
        value, rest = _take(target, rest)
        if value:
            _put(entry, target, value, column.heading)
        else:
            left.append(target)
    class_parts = [t.field for t in left if t.kind == "class"]
    if class_parts and len(class_parts) == len(left):
        _put_class(entry, column, class_parts, rest)
        return
    parts = [p for p in re.split(r"[\s、,，;；/|\n]+", rest.strip(" ()（）")) if p]
    for target, part in zip(left, parts, strict=False):
        _put(entry, target, part.strip("()（）"), column.heading)


def _take(target: Target, text: str) -> tuple[str, str]:
    """The part of the text that by its shape is this target's, and the rest."""
    if target.kind not in ("child", "family"):
        return "", text
    field_type = CHILD.by_name[target.field].type if target.kind == "child" else None
    if isinstance(field_type, IdNumber):
        number, rest = cells.take_id(text)
        return number or "", rest
    if isinstance(field_type, Phone) or target.field == "phone":
        phones, rest = cells.take_phones(text)
        return (phones[0], rest) if phones else ("", text)
    if isinstance(field_type, Date):
        found = re.search(r"\d{4}[-./年]\d{1,2}(?:[-./月]\d{1,2}日?|月)?|(?<!\d)\d{8}(?!\d)", text)
        return (found[0], cells.without(text, found[0])) if found else ("", text)
    if target.field == "sex":
        for part in re.split(r"[\s、,，;；/|()（）\n]+", text):
            if SEX.find(part):
                return part, cells.without(text, part)
    return "", text


_SCHOOL_AND_CLASS = re.compile(
    r"^(.*(?:学校|小学|中学|幼儿园|教学点|校区|职高|高中|初中|校|园))?(.*)$", re.DOTALL
)


def _put_class(entry: Entry, column: Column, parts: Sequence[str], text: str) -> None:
    found = _SCHOOL_AND_CLASS.match(text.strip())
    school, rest = (found[1] or "", found[2]) if found and "school" in parts else ("", text)
    if "school" in parts and not school and not re.search(r"班|级|初|高|\d", rest):
        school, rest = rest, ""
    for part, value in (("school", school), ("class", rest)):
        if value.strip(" 、,，/-"):
            entry.classes.setdefault(part, value.strip(" 、,，/-"))
            entry.headings.setdefault(part, column.heading)
