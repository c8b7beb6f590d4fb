"""What one roster row says as values ready to be stored, with a reason for everything doubtful."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from casework import cells
from casework.classes import class_of
from casework.roster_rows import Entry
from casework.units import UnitFinder
from schema import idnumber
from schema.kinds.child import CHILD
from schema.kinds.contact import CONTACT
from schema.kinds.family import FAMILY, ROLE
from schema.problems import InvalidValue, Problem
from schema.record import Field
from schema.types import Choice, Choices, Date, IdNumber, LongText, Name, Phone, UnitRef, YesNo
from sync.language import N_

RELATIONS = {
    "母子": "mother", "母女": "mother", "父子": "father", "父女": "father", "姥爷": "maternal_grandfather",
    "爷": "grandfather", "奶": "grandmother", "公": "maternal_grandfather", "婆": "maternal_grandmother",
    "阿公": "grandfather", "阿婆": "grandmother", "阿爷": "grandfather", "阿嫲": "grandmother",
    "外爷": "maternal_grandfather", "家公": "maternal_grandfather", "嘎公": "maternal_grandfather",
    "嘎婆": "maternal_grandmother", "舅父": "uncle", "姨丈": "uncle", "姑丈": "uncle", "伯": "uncle",
    "伯娘": "aunt", "婶": "aunt", "婶娘": "aunt", "姨母": "aunt", "姑母": "aunt", "舅母": "aunt",
    "兄": "brother", "妈": "mother", "爸": "father", "继父": "father", "继母": "mother", "养父": "father", "养母": "mother",
}  # fmt: skip
"""Words for relations beyond the code list."""
_YES = frozenset("寄宿 住校 住读 寄宿生 住校生 住宿 住宿生 内宿 内宿生".split())
_NO = frozenset("走读 不住校 通校 走读生 通校生 不寄宿 外宿 外宿生".split())

MESSAGES = {
    "name_missing": N_("没有姓名，这一行跳过。"),
    "id_damaged": N_("身份证号被表格弄坏了，不填号。"),
    "id_check_digit": N_("身份证号最后一位不对，不填号。"),
    "id_shape": N_("身份证号不是 18 位，不填号。"),
    "id_birth": N_("身份证号里的生日没有这一天，不填号。"),
    "sex_contradicts_id": N_("性别和身份证号不合，按身份证号填。"),
    "birth_contradicts_id": N_("生日和身份证号不合，按身份证号填。"),
    "bad_date": N_("「{text}」不是日期，先不填。"),
    "bad_name": N_("「{text}」不像姓名，这一行跳过。"),
    "duplicate_in_file": N_("和第 {other} 行是同一个人，合成一个。"),
    "duplicate_in_file_maybe": N_("和第 {other} 行像是同一个人，先各建一份。"),
    "duplicate_in_store": N_("已经有这个孩子，补到那一份里。"),
    "duplicate_in_store_maybe": N_("像是已有的「{name}」，先另建一份，请您看。"),
    "not_permitted": N_("这个孩子不归您管，没有导入。"),
    "not_stored": N_("有一项存不下，这一行跳过：{text}"),
}
"""Chinese sentences (message ids) of what a row can have."""


def problem(code: str, wording: str = "", **args: object) -> Problem:
    texts = tuple((k, str(v)) for k, v in args.items())
    return Problem(code, MESSAGES[wording or code], is_doubt=True, args=texts)


class Draft(Struct):
    """One row as values."""

    sheet: str
    row: int
    child: dict[str, Any] = field(default_factory=dict)
    family: list[dict[str, Any]] = field(default_factory=list)
    contact: dict[str, Any] | None = None
    note: list[str] = field(default_factory=list)
    """Lines that belong into the child's note."""
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    is_place_known: bool = False
    """False: the village is only the nearest unit known."""
    has_name: bool = True
    typed_birth: str | None = None


class Drafter:
    """Turns entries into drafts.

    `school`: the school the whole roster is said to be of. `home_school`: the importer's own, for
    rows that name no other. `default`: where a child goes of whose place nothing is known.
    """

    def __init__(
        self,
        finder: UnitFinder,
        *,
        school: str | None = None,
        home_school: str | None = None,
        class_: str | None = None,
        default: str | None = None,
        today: datetime.date | None = None,
    ) -> None:
        self.finder = finder
        self.school = school
        self.home_school = home_school
        self.class_ = class_
        self.default = default
        self.today = today or datetime.datetime.now().astimezone().date()

    def draft(self, entry: Entry) -> Draft:
        made = Draft(entry.sheet, entry.row)
        self._name(made, entry)
        if not made.has_name:
            return made
        for name, cell in entry.child.items():
            declared = CHILD.by_name[name]
            if isinstance(declared.type, (UnitRef, IdNumber)) or name in ("birth_date", "name"):
                continue
            self._read_field(made, declared, cell, entry.headings.get(name, ""))
        self._identity(made, entry)
        self._school(made, entry)
        self._place(made, entry)
        self._family(made, entry)
        self._contact(made, entry)
        return made

    # -- the child

    def _name(self, made: Draft, entry: Entry) -> None:
        name = cells.name_of(entry.child.get("name"))
        if name is None:
            made.has_name = False
            made.problems = [("name", problem("name_missing"))]
        elif CHILD.by_name["name"].type.check(name) or not re.search(r"[^\W\d_]", name):
            made.has_name = False
            made.problems = [("name", problem("bad_name", text=name[:40]))]
        else:
            made.child["name"] = name

    def _identity(self, made: Draft, entry: Entry) -> None:
        """ID number, birth date and sex together: a number that passes its check outweighs the
        others."""
        reading = cells.id_of(entry.child.get("id_number"))
        if reading.problem:
            made.problems.append(("id_number", problem(reading.problem)))
        typed = None
        try:
            typed = cells.date_of(entry.child.get("birth_date"))
        except cells.BadDate:
            text = cells.text_of(entry.child["birth_date"])
            made.problems.append(("birth_date", problem("bad_date", text=text[:40])))
        made.typed_birth = typed
        if typed:
            made.child["birth_date"] = typed
        if reading.number is None:
            return
        made.child["id_number"] = reading.number
        born, sex = idnumber.birth_date(reading.number), idnumber.sex(reading.number)
        if typed and born and not born.startswith(typed):
            made.problems.append(("birth_date", problem("birth_contradicts_id")))
        if made.child.get("sex") and made.child["sex"] != sex:
            made.problems.append(("sex", problem("sex_contradicts_id")))
        made.child["birth_date"], made.child["sex"] = born, sex

    def _read_field(self, made: Draft, declared: Field, cell: Any, heading: str) -> None:
        """A value by the field's type; what its type cannot hold goes into the note with its
        heading."""
        text = cells.text_of(cell) or str(cell or "").strip()
        if declared.name == "note":
            made.note.append(text)
            return
        values, rest = read_values(declared, cell, text, heading)
        made.child.update({k: v for k, v in values.items() if v is not None})
        if rest:
            made.note.append(f"{_short(heading or declared.label)}：{rest}")

    # -- school and place

    def _school(self, made: Draft, entry: Entry) -> None:
        text = cells.text_of(entry.child.get("school")) or entry.classes.get("school", "")
        heading = entry.headings.get("school", "学校")
        named = self.finder.school(text, self._hints(entry)) if text else None
        school = named or self.school or self._school_in_titles(entry, text)
        if school is None and (not text or self._is_name_of(text, self.home_school)):
            school = self.home_school
        if school:
            made.child["school"] = school
        if text and not named and not self._is_name_of(text, school):
            made.note.append(f"{_short(heading)}：{text}")
        written = " ".join(entry.classes[p] for p in ("grade", "class") if entry.classes.get(p))
        if not written:
            if self.class_ and school == self.home_school:
                made.child["class"] = self.class_
            return
        unit = class_of(written, school, self.finder.units, self.today) if school else None
        if unit:
            made.child["class"] = unit
        else:
            made.note.append(f"班级：{written.replace(' ', '')}")

    def _school_in_titles(self, entry: Entry, text: str) -> str | None:
        """A roster without a school column whose title names a school is that school's."""
        if text:
            return None
        return next((s for t in entry.around if (s := self.finder.school_in(t))), None)

    def _is_name_of(self, text: str, school: str | None) -> bool:
        unit = self.finder.units.get(school or "")
        return bool(unit) and str(unit["name"]) in text

    def _hints(self, entry: Entry) -> list[str]:
        texts = [entry.place.get("township", "")]
        texts += [
            cells.text_of(entry.child.get(n))
            for n in ("village", "address", "registered_place", "school")
        ]
        texts.append(entry.classes.get("school", ""))
        return [t for t in (*texts, *entry.around) if t]

    def _place(self, made: Draft, entry: Entry) -> None:
        township = entry.place.get("township", "")
        group = entry.place.get("group", "")
        village, address, registered = (
            cells.text_of(entry.child.get(n)) for n in ("village", "address", "registered_place")
        )
        hints = self._hints(entry)
        school_unit = self.finder.units.get(made.child.get("school") or "")
        if school_unit:
            above = self.finder.units.get(str(school_unit.get("parent") or ""), {})
            hints.append(str(above.get("name") or ""))
        asked = village or address or registered or (township and " ")
        if not asked:
            self._place_around(made, entry, hints)
            return
        text = asked.strip()
        if township and not self.finder.township_in(text):
            text = township + text
        answer = self.finder.find(text, hints, self._nearest([]))
        if (
            answer.code is None and not village
        ):  # an address may be vague where the other text is not
            for other in (address, registered):
                if other and other != asked:
                    second = self.finder.find(other, hints)
                    if second.code and self._level(second.code) == "village":
                        answer = second
                        break
        made.child["village"] = answer.code or answer.nearest or self._nearest(hints)
        made.is_place_known = self._level(made.child["village"]) == "village"
        if answer.problem:
            made.problems.append(("village", answer.problem))
        detail = " ".join(t for t in (village if _says_group(village) else "", group) if t)
        if detail and not address:
            made.child["address"] = (text + group)[:200]

    def _place_around(self, made: Draft, entry: Entry, hints: list[str]) -> None:
        """A sheet or a divider row that is named after a village: 冯家岭村; else the nearest unit
        known."""
        made.child["village"] = self._nearest(hints)
        for text in entry.around:
            found = self.finder.find(text, hints) if len(text) <= 20 else None
            if found and self._level(found.code) in ("village", "township"):
                made.child["village"] = found.code
                made.is_place_known = True
                return
            if found and found.candidates and found.problem:
                made.child["village"] = found.nearest
                made.problems.append(("village", found.problem))
                return

    def _level(self, code: str | None) -> str:
        return str(self.finder.units.get(code or "", {}).get("level") or "")

    def _nearest(self, hints: list[str]) -> str | None:
        township = next((t for h in hints if (t := self.finder.township_in(h))), None)
        return township or self.default or self.finder.default

    # -- family

    def _family(self, made: Draft, entry: Entry) -> None:
        people: list[dict[str, Any]] = []
        for role, told in entry.family.items():
            if role != "carer":
                person = self._person(made, told, role)
                if person:
                    people.append(person)
        carer = entry.family.get("carer")
        if carer:
            self._carer(made, people, carer)
        made.family = [p for p in people if len(p) > 1]

    def _person(self, made: Draft, told: Mapping[str, Any], role: str) -> dict[str, Any] | None:
        person: dict[str, Any] = {"role": role}
        for name, cell in told.items():
            if name == "role":
                continue
            declared = FAMILY.by_name[name]
            values, rest = read_values(declared, cell, cells.text_of(cell), "")
            person.update({k: v for k, v in values.items() if v is not None})
            if rest:
                person["note"] = f"{person['note']}\n{rest}" if "note" in person else rest
        return person if len(person) > 1 else None

    def _carer(self, made: Draft, people: list[dict[str, Any]], told: Mapping[str, Any]) -> None:
        """The carer is one of the family: when that is the father or mother, one record, not
        two."""
        relation = cells.text_of(told.get("role"))
        role = relation_of(relation)
        carer = self._person(made, told, role or "other") or {"role": role or "other"}
        if len(carer) == 1 and not role:
            return
        carer["is_carer"] = True
        same = next((p for p in people if role and p["role"] == role), None)
        if same is None and not role and carer.get("name"):  # a grandmother may be her namesake
            same = next((p for p in people if p.get("name") == carer["name"]), None)
        if relation and not role:
            carer["note"] = f"关系：{relation}"
        if same is None:
            people.append(carer)
            return
        same["is_carer"] = True
        if carer.get("name") and same.setdefault("name", carer["name"]) != carer["name"]:
            same["note"] = f"监护人一栏写的是：{carer['name']}"
        if carer.get("phone") and same.setdefault("phone", carer["phone"]) != carer["phone"]:
            same.setdefault("other_phone", carer["phone"])
        for name, value in carer.items():
            same.setdefault(name, value)

    # -- the visit

    def _contact(self, made: Draft, entry: Entry) -> None:
        """A full date makes a contact record; a text without one stays in the note."""
        if not entry.contact:
            return
        texts = {n: cells.text_of(c) for n, c in entry.contact.items()}
        try:
            day = cells.date_of(entry.contact.get("on"))
        except cells.BadDate:
            day = None
        if day and len(day) == 10:
            values = {"on": day, "kind": "home_visit"}
            for name, text in texts.items():
                if name == "kind":
                    values["kind"] = CONTACT.by_name["kind"].type.codes.find(text) or "home_visit"  # type: ignore[attr-defined]
                elif name != "on" and text and not CONTACT.by_name[name].type.check(text):
                    values[name] = text
            made.contact = values
            return
        told = texts.get("summary") or ""
        when = texts.get("on") or ""
        if told:
            heading = _short(entry.headings.get("contact.summary", "走访情况"))
            made.note.append(f"{heading}（{when}）：{told}" if when else f"{heading}：{told}")
        elif when:
            made.note.append(f"{_short(entry.headings.get('contact.on', '走访日期'))}：{when}")


def _says_group(text: str) -> bool:
    return bool(re.search(r"\d+\s*[组社队号]|[一二三四五六七八九十]+[组社队]", text))


def _short(heading: str) -> str:
    """The last of a column's headings, without ornament."""
    plain = re.sub(r"[*＊]|[（(][^（()）]*[)）]", "", heading).split()
    return (plain[-1] if plain and len(plain[-1]) > 1 else "".join(plain))[:20]


def relation_of(text: str) -> str | None:
    """A relation's code: 奶奶, 母子, 外婆（姥姥）."""
    text = re.sub(r"[（(].*?[)）]|\s|关系$", "", text)
    return ROLE.find(text) or RELATIONS.get(text) if text and not text.isascii() else None


# -- by type


def read_values(declared: Field, cell: Any, text: str, heading: str) -> tuple[dict[str, Any], str]:
    """The cell's value for a field, and the text that found no place."""
    name, kind = declared.name, declared.type
    if isinstance(kind, Choices):
        return _choices(name, kind, text)
    if isinstance(kind, Choice):
        return _choice(name, kind, text, heading)
    if isinstance(kind, YesNo):
        return _yes_no(name, kind, text)
    if isinstance(kind, Date):
        return _date(name, kind, cell, text)
    if isinstance(kind, IdNumber):
        return {name: cells.id_of(cell).number}, ""
    if isinstance(kind, Phone):
        return _phone(declared, cell, text)
    if isinstance(kind, Name):
        value = cells.name_of(cell)
        return ({name: value}, "") if not value or not kind.check(value) else ({}, text)
    if not text or (cells.says_nothing(text) and not isinstance(kind, LongText)):
        return {}, ""
    try:
        value = kind.parse(text)
    except InvalidValue:
        return {}, text
    return ({name: value}, "") if value is None or not kind.check(value) else ({}, text)


def _choices(name: str, kind: Choices, text: str) -> tuple[dict[str, Any], str]:
    words = [w for w in re.split(r"[,，、;；/\s]+", text) if w and not cells.is_empty(w)]
    known = [c for w in words if (c := kind.codes.find(w))]
    rest = [w for w in words if not kind.codes.find(w) and not cells.says_nothing(w)]
    return {name: kind.sorted(known)}, "、".join(rest)


def _choice(name: str, kind: Choice, text: str, heading: str) -> tuple[dict[str, Any], str]:
    asked = re.search(r"是否(?:为|有|属于)?(.+?)(?:家庭|儿童)?$", _short(heading))
    word = text.strip()
    if asked:  # a column 是否低保 says only that it is, or that it is not
        if word.lower() in YesNo.NO:
            return {}, ""
        if word.lower() in YesNo.YES:
            code = kind.codes.find(asked[1])
            return ({name: code}, "") if code else ({}, text)
    plain = re.sub(r"[（(].*?[)）]", "", word)
    code = (
        kind.codes.find(word) or kind.codes.find(plain) or kind.codes.find(plain.removesuffix("户"))
    )
    if code:
        return {name: code}, word if plain != word and not kind.codes.find(word) else ""
    if cells.is_empty(word):
        return {}, ""
    if name == "health":
        if re.search(r"残", word):
            return {"health": "disabled"}, word
        if re.search(r"病|症|炎|癌|瘤|癫痫|哮喘", word):
            return {"health": "ill", "illness": word[:200]}, ""
    return {}, word


def _yes_no(name: str, kind: YesNo, text: str) -> tuple[dict[str, Any], str]:
    if text in _YES or text in _NO:
        return {name: text in _YES}, ""
    try:
        return {name: kind.parse(text)}, ""
    except InvalidValue:
        return {}, text


def _date(name: str, kind: Date, cell: Any, text: str) -> tuple[dict[str, Any], str]:
    try:
        value = cells.date_of(cell)
    except cells.BadDate:
        return {}, text
    if value and kind.check(value):
        return {}, text
    return {name: value}, ""


def _phone(declared: Field, cell: Any, text: str) -> tuple[dict[str, Any], str]:
    phones = cells.phones_of(cell)
    if not phones:
        return {}, "" if cells.says_nothing(text) else text
    more = phones[1:]
    values: dict[str, Any] = {declared.name: phones[0]}
    if (
        more
        and declared.name == "phone"
        and "role" not in CHILD.by_name
        and declared in FAMILY.fields
    ):
        values["other_phone"] = more.pop(0)
    return values, "、".join(more)
