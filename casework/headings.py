"""What the columns of a roster mean: headings, one level or several, to fields of child, family and
contact.

Words come from the declarations' labels and headings; this module adds how they are put together:
监护人姓名及电话, 父亲 over 姓名, a bare 联系电话 after 监护人.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Struct

from casework.heading_words import (
    CARER_WORDS,
    CHILD_EXTRAS,
    CLASS_WORDS,
    CONTACT_EXTRAS,
    FAMILY_EXTRAS,
    GROUP_WORDS,
    IGNORED,
    PARENT_WORDS,
    PLACE_WORDS,
)
from schema.kinds.child import CHILD
from schema.kinds.contact import CONTACT
from schema.kinds.family import FAMILY, ROLE
from schema.record import Kind

CARER, PARENTS, ANYONE = "carer", "parents", "?"
"""Roles of a column that are no code: whoever looks after the child; both parents; to be told by
its neighbours."""
MAX_DEPTH = 3
"""Rows that one header may take."""


class Target(NamedTuple):
    """One thing a column says: a field of the child, of a family member, of a contact, or part of a
    place."""

    kind: str
    """child, family, contact, class (grade or class as text), place (township, group), ignored."""
    field: str
    role: str = ""


class Column(Struct, frozen=True):
    """One column that is understood. Several targets: its cells hold several values."""

    index: int
    heading: str
    targets: tuple[Target, ...]


class Header(Struct):
    """A header block and what it means."""

    first: int
    """Index of its first row in the sheet's rows."""
    after: int
    """Index of the first row below it."""
    columns: list[Column]
    unrecognised: list[str]

    @property
    def names_child(self) -> bool:
        return any(t == NAME for c in self.columns for t in c.targets)


NAME = Target("child", "name")
_BARE_PHONE = Target("family", "phone", ANYONE)
_SEPARATOR = re.compile(r"以及|[及和、/,，;；+&|\\]|与(?![^、/及和,]*关系)|(?<=[名码话系别号])[-—]")
_ROLE_MODIFIER = re.compile(
    r"^(?:现任|现|法定|实际|主要|第一|受委托|委托|临时|学生|儿童|孩子|幼儿|其|外出务工|外出|务工|家庭)+"
)
_CHILD_PREFIX = re.compile(
    r"^(?:农村)?(?:留守儿童|留守学生|困境儿童|留守幼儿|儿童|学生|孩子|幼儿|本人|被监护人|该生|少儿)(?:的|本人)?"
)
_FILLER = re.compile(r"(?:的)?(?:基本)?(?:情况|信息|资料|状况)$")
_DECOR = re.compile(
    r"^(?:家庭|详细|现在|现|目前|当前|实际|具体|常住|所在|本人|儿童|学生|真实|有效|主要|常用|最新|就读|在读|居住)+"
    r"|(?:信息|情况|明细|详情|全称|\d+)$"
)
"""What people put around a known word: 家庭详细住址, 监护人有效联系电话."""
_BOTH = re.compile(r"^父亲?(?:[/、或和及与,]|\()母亲?\)?")
_TOWNSHIP = re.compile(
    r"(?:所在|所属|现住|居住|户籍|现居住)*(?:乡镇街道|镇乡街道|乡镇|镇街道|镇街|街镇|镇乡|街道|镇|乡)(?:办|办事处)?(?:名称|别)?"
)
_VILLAGE = re.compile(
    r"(?:所在|所属|现|居住|家庭|常住|住址|现居住|现居住地|居住地|家庭所在)*(?:行政)?(?:村民委员会|居民委员会|村委会|居委会|村居委会|村|社区|居)+"
    r"(?:委会|名称|别|名|组|小组|队|屯)*"
)


@lru_cache(maxsize=5000)
def normalise(text: str) -> str:
    """A heading without what decorates it: blanks, line breaks, full width, asterisks, 必填.

    >>> normalise("*姓　名（必填）：")
    '姓名'
    """
    folded = unicodedata.normalize("NFKC", text)
    folded = re.sub(r"[\s*＊★☆※_\u200b\ufeff]", "", folded)
    folded = re.sub(
        r"[(\[【](?:必填|选填|必填项|可不填|必录|下拉选择|下拉|必选)[)\]】]", "", folded
    )
    folded = re.sub(r"^[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.、)）]", "", folded)
    return folded.rstrip(":;,。.").lower()


def _bare(text: str) -> str:
    """Without what stands in parentheses: examples and formats."""
    return re.sub(r"[(\[【《「][^)\]】》」]*[)\]】》」]", "", text)


@lru_cache(maxsize=5000)
def _key(text: str) -> str:
    return normalise(text).replace("的", "")


def _words(kind: Kind, extras: dict[str, str], with_labels: bool = True) -> dict[str, str]:
    words: dict[str, str] = {}
    for field in kind.fields:
        if not field.is_hidden:
            for word in (*((field.label,) if with_labels else ()), *field.headings):
                words.setdefault(_key(word), field.name)
    for name, more in extras.items():
        for word in more.split():
            words.setdefault(_key(word), name)
    return words


_CHILD = _words(CHILD, CHILD_EXTRAS)
_FAMILY = _words(FAMILY, FAMILY_EXTRAS)
_CONTACT = _words(CONTACT, CONTACT_EXTRAS, with_labels=False)
_CLASS = {_key(w): part for part, words in CLASS_WORDS.items() for w in words.split()}
_PLACE = {_key(w) for w in PLACE_WORDS.split()}
_IGNORED = {_key(w) for w in IGNORED.split()}
_GROUPS = {_key(w) for w in GROUP_WORDS.split()}
_ROLES: dict[str, str] = {w: c for w, c in ROLE.by_word.items() if len(w) > 1 and not w.isascii()}
_ROLES.update(dict.fromkeys(PARENT_WORDS.split(), PARENTS))
_ROLES.update(dict.fromkeys(CARER_WORDS.split(), CARER))
_ROLES_BY_LENGTH = sorted(_ROLES, key=lambda w: -len(w))
_BARE_FAMILY = {w: f for w, f in _FAMILY.items() if w not in _CHILD}


# -- one text


def _variants(text: str) -> Iterable[str]:
    """The heading as it is, then without its parentheses, then without what decorates the word."""
    key = _key(text)
    tried = dict.fromkeys((key, _bare(key), _DECOR.sub("", _bare(key))))
    yield from (k for k in tried if k)


@lru_cache(maxsize=5000)
def targets_of(text: str) -> tuple[Target, ...]:
    """What one heading text means by itself; empty when it means nothing known.

    >>> targets_of("监护人姓名及电话")
    (Target(kind='family', field='name', role='carer'), Target(kind='family', field='phone',
    role='carer'))
    """
    for key in _variants(text):
        found = _single(key) or _of_role(key) or _several(key)
        if found:
            return found
    return ()


def _single(key: str) -> tuple[Target, ...]:
    """A word that names one thing."""
    if key in _CLASS:
        return tuple(Target("class", part) for part in _CLASS[key].split("+"))
    if key in ("父", "母"):
        return (Target("family", "name", "father" if key == "父" else "mother"),)
    if _FAMILY.get(key) == "phone":
        return (_BARE_PHONE,)  # a bare 电话 is of the person beside whom it stands
    for word in (key, _CHILD_PREFIX.sub("", key)):
        if word in _CHILD:
            field = _CHILD[word]
            return (Target("class", "class") if field == "class" else Target("child", field),)
    if key in _CONTACT:
        return (Target("contact", _CONTACT[key]),)
    if key in _PLACE:
        return (Target("place", "group"),)
    if key in _IGNORED:
        return (Target("ignored", ""),)
    flat = re.sub(r"[()/、,或]", "", key)
    if _TOWNSHIP.fullmatch(flat):
        return (Target("place", "township"),)
    if _VILLAGE.fullmatch(flat):
        return (Target("child", "village"),)
    if re.search(r"乡|镇|街道", flat) and _VILLAGE.fullmatch(
        re.sub(r"(?:所在)?[乡镇街道办]+", "", flat)
    ):
        return (Target("child", "village"),)
    if key in _BARE_FAMILY:
        return (Target("family", _BARE_FAMILY[key], ANYONE),)
    return ()


def _of_role(key: str) -> tuple[Target, ...]:
    """父亲姓名、电话; 监护人; 奶奶电话."""
    role, rest = _split_role(key)
    if not role:
        return ()
    rest = _FILLER.sub("", rest) if rest not in _FAMILY else rest
    if not rest:
        return (Target("family", "name", role),)
    return _family_fields(rest, role)


def _split_role(key: str) -> tuple[str, str]:
    both = _BOTH.match(key)
    if both:
        return PARENTS, key[both.end() :]
    for start in {0, m.end() if (m := _ROLE_MODIFIER.match(key)) else 0}:
        for word in _ROLES_BY_LENGTH:
            if key.startswith(word, start):
                return _ROLES[word], key[start + len(word) :]
        if key[start : start + 1] in ("父", "母") and key[start + 1 :] in _FAMILY:
            return ("father" if key[start] == "父" else "mother"), key[start + 1 :]
    return "", key


def _family_fields(text: str, role: str) -> tuple[Target, ...]:
    """The rest of a heading after its role: one word, or several put together."""
    for word in (text, _DECOR.sub("", text)):
        if word in _FAMILY:
            return (Target("family", _FAMILY[word], role),)
    bracket = re.fullmatch(r"(.*)[(\[](.+)[)\]]", text)
    if bracket and (found := _family_fields(bracket[2], role)):
        return _joined(_family_fields(bracket[1] or "姓名", role), found)
    parts = _SEPARATOR.split(text)
    if len(parts) == 1:
        parts = _cut(text, _FAMILY)
    found_parts: list[tuple[Target, ...]] = []
    for n, part in enumerate(parts):
        if not part and n == 0:
            part = "姓名"
        own, rest = _split_role(part)
        one = (Target("family", _FAMILY[part], role),) if part in _FAMILY else ()
        if not one and own:
            one = _family_fields(rest or "姓名", own) if rest != text else ()
        if not one:
            return ()
        found_parts.append(one)
    return _joined(*found_parts)


def _joined(*parts: tuple[Target, ...]) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(t for part in parts for t in part)) if all(parts) else ()


def _cut(text: str, *words: dict[str, Any]) -> list[str]:
    """Two known words written together: 姓名电话."""
    for at in range(2, len(text) - 1):
        if all(any(half in w for w in words) for half in (text[:at], text[at:])):
            return [text[:at], text[at:]]
    return []


def _several(key: str) -> tuple[Target, ...]:
    """Words of the child put together: 姓名/性别, 学校班级."""
    bracket = re.fullmatch(r"([^()]+)\(([^()]+)\)", key)
    if bracket and (inner := targets_of(bracket[2])) and (outer := targets_of(bracket[1])):
        if inner != outer and all(t.kind != "place" for t in inner):
            return _joined(outer, inner)
        return outer
    parts = [p for p in _SEPARATOR.split(key) if p]
    if len(parts) < 2:
        parts = _cut(key, _CHILD, _CLASS, _BARE_FAMILY)
    return _joined(*(targets_of(p) for p in parts)) if len(parts) > 1 else ()


# -- header rows


def is_heading(cell: Any) -> bool:
    """True for text that a header would say: a known word, a role, a group's title."""
    if not isinstance(cell, str) or len(cell) > 60:
        return False
    key = _FILLER.sub("", _key(cell))
    if key in _GROUPS or _key(cell) in _GROUPS or targets_of(cell):
        return True
    return len(key) <= 14 and bool(_upper_role(cell)) and not re.search(r"[:。]", _key(cell))


def _upper_role(text: str) -> str:
    """The role that a group's title speaks of: 外出务工父母情况."""
    key = _key(text)
    role, _ = _split_role(key)
    if role:
        return role
    return next((_ROLES[w] for w in _ROLES_BY_LENGTH if w in key), "")


def _looks_like_header(row: Sequence[Any]) -> bool:
    filled = [c for c in row if c is not None and str(c).strip()]
    distinct = set(map(str, filled))
    known = sum(map(is_heading, filled))
    return len(distinct) > 1 and known >= 2 and known * 2 >= len(filled)


def find_header(
    rows: Sequence[Sequence[Any]], start: int, stop: int | None = None
) -> Header | None:
    """The next header at or after `start` that names children, with one to three rows."""
    for first in range(start, min(len(rows), stop or len(rows))):
        header = header_at(rows, first)
        if header and header.names_child:
            return header
    return None


def header_at(rows: Sequence[Sequence[Any]], first: int) -> Header | None:
    """The header whose first row is `first`, or None."""
    if not _looks_like_header(rows[first]):
        return None
    depth = 1
    while depth < MAX_DEPTH and first + depth < len(rows):
        row = rows[first + depth]
        if not _looks_like_header(row) or _names_somebody(rows[first], row):
            break
        depth += 1
    return _understood(first, rows[first : first + depth])


def _names_somebody(head: Sequence[Any], row: Sequence[Any]) -> bool:
    """True for a data row or a repeated header: below 姓名 stands something that does not continue
    it."""
    if list(head) == list(row):
        return True
    below = [
        row[c] for c in range(min(len(head), len(row))) if targets_of(str(head[c] or "")) == (NAME,)
    ]
    return any(cell is not None and not is_heading(cell) for cell in below)


def _understood(first: int, block: Sequence[Sequence[Any]]) -> Header:
    width = max(map(len, block))
    levels = [[_text(row, c) for c in range(width)] for row in block]
    for upper, lower in itertools.pairwise(levels):
        for c in range(1, width):  # a group's title stands over its first column only
            if not upper[c] and lower[c] and upper[c - 1] and lower[c - 1]:
                upper[c] = upper[c - 1]
    paths = [[t for t in dict.fromkeys(level[c] for level in levels) if t] for c in range(width)]
    return Header(first, first + len(block), *_resolve(paths))


def _text(row: Sequence[Any], column: int) -> str:
    cell = row[column] if column < len(row) else None
    return "" if cell is None else re.sub(r"\s+", " ", str(cell)).strip()


_PLACES = tuple(
    (t,)
    for t in (
        Target("place", "township"),
        Target("place", "group"),
        Target("child", "village"),
        Target("child", "address"),
    )
)


def _of_path(path: Sequence[str]) -> tuple[Target, ...]:
    """What a column's headings from top to bottom mean, before its neighbours are asked."""
    last = path[-1]
    alone = targets_of(last)
    own_role = _split_role(_key(last))[0]
    if any(re.search("户籍|户口", u) for u in path[:-1]) and alone[:1] in _PLACES:
        return (Target("child", "registered_place"),)
    for upper in reversed(path[:-1]):
        role = _upper_role(upper)
        if role and not own_role:
            found = next((f for k in _variants(last) if (f := _family_fields(k, role))), ())
            if found:
                return found
        if _CHILD_PREFIX.match(_key(upper)) and not role and alone[:1] == (_BARE_PHONE,):
            return (Target("child", "phone"),)
        if not alone and (joined := targets_of(upper + last)):
            return joined
    return alone


def _resolve(paths: Sequence[Sequence[str]]) -> tuple[list[Column], list[str]]:
    """Columns with their targets; bare words get the person beside whom they stand."""
    drafts = [(_of_path(path) if path else ()) for path in paths]
    resolver = _Neighbours(drafts)
    columns: list[Column] = []
    unrecognised: list[str] = []
    for index, (path, targets) in enumerate(zip(paths, drafts, strict=True)):
        if not path:
            continue
        settled = tuple(resolver.settle(path, t) for t in targets)
        if settled:
            columns.append(Column(index, " ".join(path), settled))
        else:
            unrecognised.append(" ".join(path))
            resolver.active = ""
    return columns, unrecognised


class _Neighbours:
    """Walks the columns from left to right and remembers of whom they speak."""

    REPEATABLE = frozenset({"note", "address", "village", "registered_place"})
    BETWEEN = frozenset({"address", "note", "left_since", "both_parents_away"})
    """Columns of the child that stand among those of another person without ending them."""

    def __init__(self, drafts: Sequence[tuple[Target, ...]]) -> None:
        self.active = ""
        self.taken: set[Target] = set()
        targets = [t for d in drafts for t in d]
        self.roles = {t.role for t in targets if t.kind == "family"} - {ANYONE}
        self.phones = {t.role for t in targets if t.kind == "family" and t.field == "phone"} - {
            ANYONE
        }
        self.bare_phones = sum(_BARE_PHONE in d for d in drafts)
        if self._is_beside_carer(targets):
            self.phones.add(CARER)

    def _is_beside_carer(self, targets: Sequence[Target]) -> bool:
        """True when a bare phone stands right after the carer: then the other ones are not the
        carer's."""
        active = ""
        for target in targets:
            if target == _BARE_PHONE and active == CARER:
                return True
            if target.kind == "family" and target.role != ANYONE:
                active = target.role
            elif target.kind in ("child", "class") and target.field not in self.BETWEEN:
                active = ""
        return False

    def settle(self, path: Sequence[str], target: Target) -> Target:
        if target.role == ANYONE:
            target = self._person(target)
        elif (
            target.kind == "child" and target in self.taken and target.field not in self.REPEATABLE
        ):
            word = next((_FAMILY[k] for k in _variants(path[-1]) if k in _FAMILY), "")
            if self.active and word:
                target = Target("family", word, self.active)
        if target.kind == "family":
            self.active = target.role
        elif target.kind in ("child", "class") and target not in self.taken:
            self.active = self.active if target.field in self.BETWEEN else ""
        self.taken.add(target)
        return target

    def _person(self, target: Target) -> Target:
        """Whose phone, place of work or relation a bare heading means."""
        if target.field == "role":
            return target._replace(role=CARER)
        here = target._replace(role=self.active)
        if target.field == "phone":
            lone = self.active in ("father", "mother") and self.bare_phones == 1
            shared = (
                lone
                and {"father", "mother"} <= self.roles
                and not self.phones & {"father", "mother"}
            )
            if self.active and here not in self.taken and not shared:
                return here
            carer = target._replace(role=CARER)
            if CARER in self.roles and carer not in self.taken and CARER not in self.phones:
                return carer
            return Target("child", "phone")
        if self.active and here not in self.taken:
            return here
        if target.field in ("workplace", "is_away", "occupation", "calls", "returns"):
            return target._replace(role=PARENTS)
        return target._replace(role=CARER if CARER in self.roles else PARENTS)
