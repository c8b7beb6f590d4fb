"""Rosters in: a rehearsal that writes nothing and gives a reason per doubtful row, then the
writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from casework import batches, roster_rows, sheets
from casework.batches import Batch, Undone
from casework.roster_drafts import Draft, Drafter, problem
from casework.roster_match import Match, People, Person
from casework.roster_plans import ChildPlan, FamilyPlan, fill
from casework.sheets import Unreadable
from casework.units import UnitFinder
from schema.kinds import KINDS
from schema.kinds.child import CHILD
from schema.kinds.family import FAMILY
from schema.problems import Problem
from schema.record import Kind
from sync.language import N_, _
from sync.replica import InvalidRecord, Refused, Replica
from sync.scope import units_of
from sync.storage import transaction

SAME, NEW, SKIP = "same", "new", "skip"
"""What a person may decide about a row; `same:ID` names the child."""


class RowProblem(Struct, frozen=True):
    """Why a row should be looked at."""

    sheet: str
    row: int
    field: str
    problem: Problem

    @property
    def code(self) -> str:
        return self.problem.code


class Row(Struct):
    """One data row and what will become of it: created, updated, same or skipped."""

    sheet: str
    row: int
    name: str
    status: str
    problems: list[tuple[str, Problem]]
    id: str | None = None
    """The child that it is, or may be."""
    draft: Draft | None = None
    plan: ChildPlan | None = None


class Rehearsal(Struct):
    """What an import would do. Nothing is written."""

    path: str
    rows: list[Row]
    plans: list[ChildPlan]
    recognised: list[str]
    unrecognised: list[str]
    sheets: list[tuple[str, int]]
    """Names of the sheets read, with the row number of the first header."""
    passed_over: list[str]
    """Sheets without a recognisable header."""

    @property
    def problems(self) -> list[RowProblem]:
        return [RowProblem(r.sheet, r.row, f, p) for r in self.rows for f, p in r.problems]

    def count(self, status: str) -> int:
        return sum(r.status == status for r in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        statuses = ("created", "updated", "same", "skipped")
        return {"rows": len(self.rows), **{s: self.count(s) for s in statuses}}


def rehearse(
    replica: Replica,
    path: str | Path,
    school: str | None = None,
    decisions: Mapping[tuple[str, int], str] | None = None,
) -> Rehearsal:
    """Read the file and say what importing it would do.

    Raises:
        Unreadable: the file is no spreadsheet, or no sheet of it names children.
        Refused: the user imports nothing anywhere, or `school` is no school.
    """
    if not replica.may("import"):
        raise Refused("not_permitted")
    units = replica.units()
    if school is not None and units.get(school, {}).get("level") != "school":
        raise Unreadable("unknown_school", N_("没有代码是「{text}」的学校。"), text=school)
    book = sheets.read(path)
    blocks = list(roster_rows.blocks(book))
    if not blocks:
        raise Unreadable("no_header", N_("这个文件里没有找到带「姓名」的表头。"))
    return _Rehearser(replica, school, decisions or {}).run(str(path), book, blocks)


class _Rehearser:
    def __init__(
        self, replica: Replica, school: str | None, decisions: Mapping[tuple[str, int], str]
    ) -> None:
        self.replica = replica
        self.decisions = decisions
        units = replica.units()
        home_school, home_class, default = _home_of(replica)
        place = units.get(school or home_school or "", {})
        self.drafter = Drafter(
            UnitFinder(units, default or place.get("parent")),
            school=school,
            home_school=home_school,
            class_=home_class,
            default=default or place.get("parent"),
        )
        self.people = People(replica)
        self.plans: list[ChildPlan] = []
        self.last_sheet = ""

    def run(
        self, path: str, book: list[sheets.Sheet], blocks: list[roster_rows.Block]
    ) -> Rehearsal:
        rows = [
            self._row(self.drafter.draft(entry))
            for block in blocks
            for entry in roster_rows.entries(block)
        ]
        first_headers: dict[str, int] = {}
        for block in blocks:
            first_headers.setdefault(block.sheet.name, block.sheet.number(block.header.first))
        known = [c.heading for b in blocks for c in b.header.columns]
        unknown = [h for b in blocks for h in b.header.unrecognised]
        return Rehearsal(
            path,
            rows,
            [p for p in self.plans if p.id is None or p.size()],
            list(dict.fromkeys(known)),
            list(dict.fromkeys(unknown)),
            list(first_headers.items()),
            [s.name for s in book if s.name not in first_headers],
        )

    def _row(self, draft: Draft) -> Row:
        decided = self.decisions.get((draft.sheet, draft.row), "")
        name = str(draft.child.get("name") or "")
        row = Row(draft.sheet, draft.row, name, "skipped", draft.problems, draft=draft)
        if not draft.has_name or decided == SKIP:
            return row
        if not self._is_storable(draft, row):
            return row
        person = Person(dict(draft.child))
        person.take_family(draft.family)
        match = self.people.match(person, draft.typed_birth)
        match = self._decided(decided, match)
        if match.same is None:
            self._new(row, draft, person, match)
        else:
            self._known(row, draft, match.same, is_certain=match.is_certain)
        return row

    def _decided(self, decided: str, match: Match) -> Match:
        if decided == NEW:
            return Match()
        if decided.startswith(SAME):
            person = self.people.by_id.get(decided.partition(":")[2]) or match.same or match.maybe
            return Match(person, is_certain=True)
        return match

    def _is_storable(self, draft: Draft, row: Row) -> bool:
        """A last look with the declarations' own eyes; what they refuse goes into the note."""
        for name, wrong in CHILD.problems(draft.child):
            if not wrong.is_doubt:
                if name == "name":
                    row.problems.append((name, _not_stored(CHILD, [(name, wrong)])))
                    return False
                draft.note.append(f"{CHILD.by_name[name].label}：{draft.child.pop(name)}")
        for member in draft.family:
            for name, wrong in FAMILY.problems(member):
                if not wrong.is_doubt and name != "role":
                    member.pop(name)
        return True

    def _may_write(self, values: Mapping[str, Any], id: str | None) -> bool:
        return self.replica.scope.may_write(CHILD, id or "", units_of(CHILD, values))

    def _new(self, row: Row, draft: Draft, person: Person, match: Match) -> None:
        plan = ChildPlan(None, {})
        fill(plan, draft)
        if not self._may_write(plan.values, None):
            row.problems.append(("", problem("not_permitted")))
            return
        row.status, row.plan = "created", plan
        if match.maybe is not None:
            self._say_maybe(row, match.maybe)
        person.plan, person.first_row = plan, draft.row
        self.plans.append(plan)
        self.people.add(person)

    def _say_maybe(self, row: Row, other: Person) -> None:
        row.id = other.id
        if other.id is None:
            said = problem("duplicate_in_file", "duplicate_in_file_maybe", other=other.first_row)
        else:
            said = problem("duplicate_in_store", "duplicate_in_store_maybe", name=other.name)
        row.problems.append(("name", said))

    def _known(self, row: Row, draft: Draft, person: Person, *, is_certain: bool) -> None:
        first_row = person.first_row
        if person.plan is None:
            person.plan = self._plan_of(person)
            self.plans.append(person.plan)
        plan: ChildPlan = person.plan
        if plan.id is not None and not self._may_write(plan.base, plan.id):
            row.problems.append(("", problem("not_permitted")))
            return
        before = plan.size()
        fill(plan, draft)
        has_changed = plan.size() != before
        row.id, row.plan = plan.id, plan
        row.status = "updated" if has_changed else "same"
        if first_row is not None:
            row.problems.append(("name", problem("duplicate_in_file", other=first_row)))
        else:
            person.first_row = draft.row
            if has_changed and (not is_certain or person.name != draft.child["name"]):
                row.problems.append(("name", problem("duplicate_in_store")))
        person.take_family(draft.family)
        person.values.update({k: v for k, v in plan.values.items() if v is not None})
        self.people.add(person)

    def _plan_of(self, person: Person) -> ChildPlan:
        assert person.id is not None
        family = [
            FamilyPlan(
                r["id"], {k: v for k, v in r.items() if k in FAMILY.by_name and v is not None}
            )
            for r in person.family
        ]
        base = {k: v for k, v in person.values.items() if k in CHILD.by_name}
        contacts = self.replica.children_of("contact", person.id)
        return ChildPlan(person.id, base, family=family, known_contacts=list(contacts))


def _home_of(replica: Replica) -> tuple[str | None, str | None, str | None]:
    """School, class and default unit of an importer who has just one place."""
    units = replica.units()
    codes = {g.unit for g in replica.identity.grants if g.unit}
    if len(codes) != 1:
        common: list[str] = []
        for code in codes:
            path = replica.path_of(code)
            common = path if not common else [c for c in common if c in path]
        places = [c for c in common if units.get(c, {}).get("level") in ("township", "village")]
        return None, None, places[0] if places else None
    code = codes.pop()
    unit = units.get(code, {})
    if unit.get("level") == "class":
        return unit.get("parent"), code, None
    if unit.get("level") == "school":
        return code, None, None
    return None, None, code if unit else None


# -- writing


class _NotStored(Exception):
    """A child of which nothing was written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def write(replica: Replica, rehearsal: Rehearsal) -> Batch:
    """Write what was rehearsed: one txn per child, everything noted so that it can be taken back.

    One local transaction for all: a power cut in the middle leaves nothing behind whose batch
    nobody was told, and 3,000 rows cost one commit in place of 3,000.
    """
    with transaction(replica.connection):
        return _write(replica, rehearsal)


def _write(replica: Replica, rehearsal: Rehearsal) -> Batch:
    batch = batches.begin(replica, Path(rehearsal.path).name)
    failed: dict[int, Problem] = {}
    for plan in rehearsal.plans:
        try:
            _write_child(replica, batch, plan)
        except Refused:
            failed[id(plan)] = problem("not_permitted")
        except _NotStored as error:
            failed[id(plan)] = error.problem
    for row in rehearsal.rows:
        if row.plan is not None and id(row.plan) in failed and row.status in ("created", "updated"):
            row.status = "skipped"
            row.problems.append(("", failed[id(row.plan)]))
    return batches.end(replica, batch, rehearsal.counts, rehearsal.problems)


def _write_child(replica: Replica, batch: str, plan: ChildPlan) -> None:
    with replica.together():
        child = _save(replica, batch, CHILD, plan.changes, plan.id)
        for member in plan.family:
            if not member.changes:
                continue
            values = member.changes if member.id else {**member.changes, "child": child}
            _save(replica, batch, FAMILY, values, member.id, child)
        for contact in plan.contacts:
            _save(replica, batch, KINDS["contact"], {**contact, "child": child}, None, child)


def _save(
    replica: Replica,
    batch: str,
    kind: Kind,
    values: Mapping[str, Any],
    id: str | None,
    child: str | None = None,
) -> str:
    try:
        return batches.save(replica, batch, kind.name, values, id, child)
    except InvalidRecord as error:
        raise _NotStored(_not_stored(kind, error.problems)) from error


def _not_stored(kind: Kind, problems: Sequence[tuple[str, Problem]]) -> Problem:
    """What cannot be stored, by the names people know it by, and why."""
    said = _("、").join(_(kind.by_name[name].label) for name, _wrong in problems)
    why = dict.fromkeys(wrong.text(_) for _name, wrong in problems)
    return problem("not_stored", text=" ".join([said, *why]))


def undo(replica: Replica, batch_id: str) -> Undone:
    """Take a batch back as new changes; what someone has edited since stays and is listed."""
    return batches.undo(replica, batch_id)
