"""Files of this replica that may be of one child: of everybody, and of one who is being entered.

While someone enters a child nothing is kept in memory: the search table gives those of the same
surname, those with the same phone and those who are called so otherwise; they alone are read whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from casework.search import SEPARATOR
from schema.kinds import KINDS
from sync import glyphs, pinyin
from sync.language import N_, _
from sync.likeness import Facts, Likeness, compare, facts, may_be_one_name, pairs
from sync.reading import Reading
from sync.records import as_json
from sync.tables import quoted, table

MOST = 200
"""Files compared with one that is entered."""

WORDS = {
    "same_id_number_and_name": N_("身份证和姓名相同"),
    "same_id_number": N_("身份证相同，姓名不同"),
    "same_name": N_("同名"),
    "name_looks_alike": N_("名字字形像"),
    "same_sound": N_("名字同音"),
    "nearly_same_sound": N_("名字近音"),
    "former_name": N_("曾用名"),
    "small_name": N_("小名"),
    "name_reordered": N_("名字颠倒"),
    "name_shortened": N_("名字少一个字"),
    "other_surname": N_("姓不同"),
    "same_birth": N_("同一天生"),
    "birth_digit": N_("生日差一个数字"),
    "birth_swapped": N_("生日数字颠倒"),
    "same_birth_month": N_("同年同月生"),
    "same_birth_year": N_("同年生"),
    "birth_unknown": N_("生日不全"),
    "other_birth": N_("生日不同"),
    "id_digit": N_("身份证差一个数字"),
    "other_id": N_("身份证不同"),
    "other_sex": N_("性别不同"),
    "same_village": N_("同村"),
    "other_village": N_("不同村"),
    "same_school": N_("同校"),
    "same_phone": N_("电话相同"),
    "phone_digit": N_("电话差一个数字"),
    "other_phone": N_("电话不同"),
    "same_parent": N_("父母同名"),
    "parent_sounds_alike": N_("父母名字同音"),
    "other_parents": N_("父母名字不同"),
    "same_elder": N_("带孩子的人同名"),
}
"""What each reason is called; a pair keeps the codes, separated by spaces."""

MOST_TOLD = 3
"""Files named to one who enters a child."""


def words(reasons: Iterable[str]) -> str:
    """Reasons as a person reads them."""
    return _("、").join(_(WORDS.get(code, code)) for code in reasons)


class Like(Struct, frozen=True):
    """A file that may be of the child at hand."""

    id: str
    name: str
    likeness: Likeness


def all_facts(replica: Reading, roots: Collection[str] | None = None) -> Iterator[Facts]:
    """What is compared of every child held, or of `roots`."""
    people = _people(replica, roots)
    for row in _rows(replica, "child", _COMPARED, roots):
        yield facts(row, people.get(row["id"], ()))


def _merged_facts(replica: Reading, roots: Collection[str]) -> Iterator[Facts]:
    """What the files merged into `roots` say of the child, under the id of the kept one."""
    found = list(_rows(replica, "child", _COMPARED, roots, is_merged=True))
    people = _people(replica, roots) if found else {}
    for row in found:
        yield facts(row, people.get(row["id"], ()))


_COMPARED = (
    "name", "former_name", "small_name", "sex", "birth_date", "id_number", "village", "school",
    "phone",
)  # fmt: skip


def _people(replica: Reading, roots: Collection[str] | None) -> dict[str, list[dict[str, Any]]]:
    people: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(replica, "family", ("child", "role", "name", "phone", "other_phone"), roots):
        people.setdefault(row["child"], []).append(row)
    return people


def _rows(
    replica: Reading,
    kind: str,
    fields: Iterable[str],
    roots: Collection[str] | None,
    *,
    is_merged: bool = False,
) -> Iterator[dict[str, Any]]:
    declared = KINDS[kind]
    names = ["id", *(declared.by_name[f].name for f in fields)]
    # Of a child whose files were merged, the kept one is compared, with what hangs on all.
    kept = (declared.parent, "id" if is_merged else "")
    columns = ", ".join(quoted("_root" if n in kept else n) for n in names)
    root = "id" if declared.scope == "root" and not is_merged else "_root"
    only = f" AND _root {'<>' if is_merged else '='} id" if declared.pointer else ""
    which = f" AND {root} IN (SELECT value FROM json_each(?))" if roots is not None else ""  # noqa: S608
    rows = replica.connection.execute(
        f"SELECT {columns} FROM {table(kind)} WHERE _deleted IS NULL{only}{which}",  # noqa: S608
        () if roots is None else (as_json(roots),),
    )
    for row in rows:
        yield dict(zip(names, row, strict=True))


def everybody(replica: Reading) -> Iterator[tuple[str, str, Likeness]]:
    """Every pair of files held here that a person should look at."""
    for a, b, likeness in pairs(all_facts(replica)):
        yield *sorted((a.id, b.id)), likeness  # type: ignore[misc]


def like(
    replica: Reading,
    values: Mapping[str, Any],
    family: Iterable[Mapping[str, Any]] = (),
    id: str = "",
) -> list[Like]:
    """Files held here like the one being entered, the likest first; itself (`id`) aside. What the
    files merged into one said counts for the kept one."""
    one = facts(values, family, id or " ")
    if not one.folded:
        return []
    near = sorted(_near(replica, one) - {id})[:MOST]
    found: dict[str, Like] = {}
    names: dict[str, str] = {}
    for other in (*all_facts(replica, near), *_merged_facts(replica, near)):
        name = names.setdefault(other.id, other.name)  # the kept file comes first
        likeness = compare(one, other)
        if likeness is None:
            continue
        if other.name != name:
            reasons = ("former_name" if r == "same_name" else r for r in likeness.reasons)
            likeness = Likeness(likeness.score, tuple(reasons))
        if other.id not in found or likeness.score > found[other.id].likeness.score:
            found[other.id] = Like(other.id, name, likeness)
    return sorted(found.values(), key=lambda f: (-f.likeness.score, f.id))


def _near(replica: Reading, one: Facts) -> set[str]:
    near: set[str] = set()
    for surname in dict.fromkeys(pinyin.readings(one.folded[0])) or (one.folded[0],):
        rows = replica.connection.execute(
            "SELECT id, sort FROM search WHERE kind = 'child' AND sort >= ? AND sort < ?",
            (surname + "\t", surname + "!"),
        )
        near |= {
            i for i, sort in rows if may_be_one_name(one.name, sort.rpartition("\t")[2])
        }
    for row in _rows(replica, "child", ("name",), None, is_merged=True):  # few: they have an index
        if may_be_one_name(one.name, str(row["name"] or "")):
            near.add(row["id"])
    for text in (*one.phones, *one.other_names, one.name, one.folded[1:]):
        if len(text) > 1:
            rows = replica.connection.execute(
                "SELECT id FROM search WHERE kind = 'child' AND hay LIKE ? LIMIT ?",
                (f"%{_literal(text)}%", MOST),
            )
            near |= {row[0] for row in rows}
    return near


def _literal(text: str) -> str:
    """A text without what LIKE and the search table give a meaning."""
    return glyphs.fold(text) if set(text) & {"%", "_", SEPARATOR} else text.lower()


