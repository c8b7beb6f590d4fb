"""Who a roster row is: a child of the store, one met in an earlier row, or somebody new.

An equal valid ID number is the same child. Else name and birth date are, when neither sex nor
number speaks against it. Names that only sound alike are never joined by the program; a person is
asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from schema import idnumber
from sync import pinyin
from sync.merges import merges
from sync.reading import Reading


class Person(Struct, eq=False):
    """A child of the store or of the file, as matching sees it."""

    values: dict[str, Any]
    id: str | None = None
    """Record id; None for one who is only in the file so far."""
    first_row: int | None = None
    """The row of this file in which the child was first met."""
    phones: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    """Names of the family."""
    family: list[dict[str, Any]] = field(default_factory=list)
    """Family records as the store holds them."""
    plan: Any = None
    kept: Person | None = None
    """Of a file merged into another one: the child under which it is shown."""

    @property
    def name(self) -> str:
        return str(self.values.get("name") or "")

    def take_family(self, people: Iterable[Mapping[str, Any]]) -> None:
        for person in people:
            self.names |= {n for n in (person.get("name"),) if n}
            self.phones |= {p for p in (person.get("phone"), person.get("other_phone")) if p}


class Match(Struct):
    """The child that a row is, or one that it may be."""

    same: Person | None = None
    is_certain: bool = False
    """Found by ID number."""
    maybe: Person | None = None


class People:
    """Everyone a row may be, found by number, name and birth date."""

    def __init__(self, replica: Reading | None = None) -> None:
        self._by_number: dict[str, list[Person]] = {}
        self._by_name: dict[str, list[Person]] = {}
        self._by_birth: dict[str, list[Person]] = {}
        self.by_id: dict[str, Person] = {}
        if replica is not None:
            self._load(replica)

    def _load(self, replica: Reading) -> None:
        for row in replica.select("child"):
            self.by_id[row["id"]] = Person(
                {k: v for k, v in row.items() if v is not None}, row["id"]
            )
        for row in replica.select("family"):
            person = self.by_id.get(row["child"])
            if person:
                person.take_family([row])
                person.family.append(row)
        for person in self.by_id.values():
            self.add(person)
        for merge in merges(replica):  # a kept file is known by what its other files say, too
            kept, away = self.by_id.get(replica.kept(merge.away)), replica.get(merge.away)
            if kept is not None and away is not None:
                # Judged by its own words: of the kept one name, birth date or number may differ.
                self.add(Person(away.values, phones=kept.phones, names=kept.names, kept=kept))

    def add(self, person: Person) -> None:
        values = person.values
        phone = values.get("phone")
        if phone:
            person.phones.add(phone)
        self._index(values, person)

    def _index(self, values: Mapping[str, Any], person: Person) -> None:
        number = values.get("id_number")
        if idnumber.is_valid(number):
            self._put(self._by_number, str(number), person)
        for name in {values.get("name"), values.get("former_name")}:
            if name:
                self._put(self._by_name, name, person)
        born = values.get("birth_date")
        if born and len(born) == 10:
            self._put(self._by_birth, born, person)

    @staticmethod
    def _put(index: dict[str, list[Person]], key: str, person: Person) -> None:
        known = index.setdefault(key, [])
        if not any(p is person for p in known):
            known.append(person)

    def match(self, row: Person, typed_birth: str | None = None) -> Match:
        """Who `row` is. `typed_birth`: the birth date as written, which tells a copied number from
        a typo."""
        found = self._match(row, typed_birth)
        return Match(_shown(found.same), found.is_certain, _shown(found.maybe))

    def _match(self, row: Person, typed_birth: str | None) -> Match:
        number = row.values.get("id_number")
        for person in sorted(
            self._by_number.get(str(number), []), key=lambda p: p.name != row.name
        ):
            if _is_same_name(row, person) or _may_be_misspelt(row, person, typed_birth):
                return Match(person, is_certain=True)
            return Match(maybe=person)
        named = [p for p in self._by_name.get(row.name, []) if _can_be_same(row, p)]
        sure = [p for p in named if _is_born_together(row, p) or _has_support(row, p)]
        if sure:
            return Match(max(sure, key=lambda p: _support(row, p)))
        return Match(maybe=self._sounds_alike(row))

    def _sounds_alike(self, row: Person) -> Person | None:
        born = row.values.get("birth_date") or ""
        for person in self._by_birth.get(born, []):
            if (
                person.name != row.name
                and _can_be_same(row, person)
                and pinyin.same_sound(row.name, person.name)
                and (_shares_village(row, person) or row.phones & person.phones)
            ):
                return person
        return None


def _shown(person: Person | None) -> Person | None:
    return person.kept if person is not None and person.kept is not None else person


def _is_same_name(row: Person, person: Person) -> bool:
    known = {person.name, person.values.get("former_name"), person.values.get("small_name")}
    return row.name in known or pinyin.same_sound(row.name, person.name)


def _may_be_misspelt(row: Person, person: Person, typed_birth: str | None) -> bool:
    """One number, two names: a typo when the birth date was typed too or a character is shared."""
    if typed_birth and not str(row.values.get("birth_date") or "").startswith(typed_birth):
        return False
    return bool(typed_birth) or bool(set(row.name) & set(person.name))


def _can_be_same(row: Person, person: Person) -> bool:
    """False when a number, a sex or a birth date speaks against it."""
    a, b = row.values, person.values
    numbers = [n for n in (a.get("id_number"), b.get("id_number")) if idnumber.is_valid(n)]
    if len(set(numbers)) > 1:
        return False
    if a.get("sex") and b.get("sex") and a["sex"] != b["sex"]:
        return False
    first, second = str(a.get("birth_date") or ""), str(b.get("birth_date") or "")
    return first.startswith(second) or second.startswith(first)


def _is_born_together(row: Person, person: Person) -> bool:
    born = str(row.values.get("birth_date") or "")
    return len(born) == 10 and born == person.values.get("birth_date")


def _shares_village(row: Person, person: Person) -> bool:
    village = row.values.get("village")
    return bool(village) and village == person.values.get("village")


def _support(row: Person, person: Person) -> int:
    shared = len(row.phones & person.phones) + len(row.names & person.names)
    return shared + 2 * _is_born_together(row, person) + _shares_village(row, person)


def _has_support(row: Person, person: Person) -> bool:
    """Without two full birth dates, the family or the village must say the same."""
    if row.phones & person.phones:
        return True
    is_neighbour = _shares_village(row, person)
    if row.names & person.names:
        return is_neighbour or bool(
            row.values.get("birth_date") and person.values.get("birth_date")
        )
    is_told = bool(row.phones | row.names) and bool(person.phones | person.names)
    return is_neighbour and not is_told and row.values.get("school") == person.values.get("school")
