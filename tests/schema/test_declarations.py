"""The declarations themselves: a wrong one would be wrong in every table, form, list and merge at
once."""

from __future__ import annotations

import pkgutil
import re
import unicodedata
from itertools import pairwise

import pytest

from schema import kinds as package
from schema import roles
from schema.codes import Code, CodeList, codes
from schema.grade import YEARS
from schema.kinds import KINDS
from schema.problems import InvalidValue
from schema.record import DELETED, Field, Kind
from schema.types import Choice, Choices, LongText, Ref, UnitRef

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
LISTS = {
    f"{k.name}.{f.name}": f.type.codes
    for k in KINDS.values()
    for f in k.fields
    if isinstance(f.type, Choice)
}
CHILD, CONTACT, FAMILY, UNIT = (KINDS[name] for name in ("child", "contact", "family", "unit"))
SQL_WORDS = set("select from where group order table index references check default".split())
SAFETY_LIST = {"risk_level", "lives_with", "lives_alone", "suspected_harm", "agreement_void"}


@kinds
def test_names_are_unique_and_fit_a_column(kind: Kind) -> None:
    names = [f.name for f in kind.fields]
    assert len(names) == len(set(names))
    for name in [kind.name, *names, *(f.group for f in kind.fields if f.group)]:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert name not in SQL_WORDS
    assert not {"id", DELETED} & set(names), "these are the store's own"


@kinds
def test_labels_tell_the_fields_of_a_kind_apart(kind: Kind) -> None:
    labels = [f.label for f in kind.fields]
    assert len(labels) == len(set(labels))
    assert all(labels)
    shortest = {"村", "病"}  # said with one character by everyone
    assert {label for label in labels if len(label) < 2} <= shortest


@kinds
def test_no_heading_of_a_spreadsheet_leads_to_two_fields(kind: Kind) -> None:
    owner: dict[str, str] = {}
    for field in kind.fields:
        if field.is_hidden:
            continue
        for heading in (field.label, *field.headings):
            heading = unicodedata.normalize("NFKC", heading)
            assert owner.setdefault(heading, field.name) == field.name, heading


@kinds
def test_a_group_is_written_whole_so_its_members_agree(kind: Kind) -> None:
    assert not {f.group for f in kind.fields} & set(kind.by_name), "a slot has one meaning"
    for slot, members in kind.slots.items():
        if kind.is_group(slot):
            assert len(members) > 1
            assert {f.merge_as for f in members} == {None}
            assert len({(f.section, f.is_fixed) for f in members}) == 1
            assert not [f for f in members if f.is_critical], "a ranking needs a slot of its own"
            assert kind.merge(slot) == "last"


@kinds
def test_a_group_spread_and_gathered_again_is_the_same(kind: Kind) -> None:
    for slot, members in kind.slots.items():
        values = {members[0].name: "x"}
        assert kind.spread(slot, kind.slot_value(slot, values)) == {
            f.name: values.get(f.name) for f in members
        }
        assert kind.slot_value(slot, {}) is None
        assert kind.spread(slot, None) == {f.name: None for f in members}


@kinds
def test_everything_a_kind_refers_to_is_there(kind: Kind) -> None:
    columns = [c for c in kind.list_columns if not c.startswith("~")]
    order = [name.removeprefix("-") for name in kind.order_by]
    for name in [*columns, *order, *kind.title, *kind.unit_fields, *filter(None, [kind.parent])]:
        assert name in kind.by_name
    for field in kind.fields:
        if isinstance(field.type, Ref):
            assert field.type.kind in KINDS
        if isinstance(field.type, UnitRef):
            levels = UNIT.by_name["level"].type
            assert isinstance(levels, Choice)
            assert set(field.type.levels) <= set(levels.codes.by_code)


@kinds
def test_a_section_is_labelled_and_used(kind: Kind) -> None:
    used = {f.section for f in kind.fields if not f.is_hidden}
    if kind.section_labels:
        assert used == set(kind.section_labels)
    else:
        assert used == {""}


@kinds
def test_a_record_knows_how_it_finds_its_way_to_laptops(kind: Kind) -> None:
    if kind.scope == "hangs":
        parent = kind.by_name[kind.parent]
        assert isinstance(parent.type, Ref)
        assert KINDS[parent.type.kind].scope == "root"
        assert parent.is_required and parent.is_fixed
    elif kind.scope == "root":
        assert kind.unit_fields
        assert all(isinstance(kind.by_name[name].type, UnitRef) for name in kind.unit_fields)
    else:
        assert not kind.parent and not kind.unit_fields


@kinds
def test_what_is_required_can_be_filled_in(kind: Kind) -> None:
    for field in kind.fields:
        assert not (field.is_required and field.is_hidden and field.name != kind.parent)
        assert not (field.is_required and field.group)


def test_a_child_needs_a_name_and_nothing_else() -> None:
    """Nobody is turned away: no paper, no ID number, no village known yet."""
    assert CHILD.missing({}) == ["name"]
    assert CHILD.missing({"name": "张玲"}) == []


def test_a_contact_needs_its_child_a_day_and_a_kind() -> None:
    assert CONTACT.missing({}) == ["child", "on", "kind"]


def test_every_file_of_kinds_is_in_the_registry_under_its_own_name() -> None:
    assert {module.name for module in pkgutil.iter_modules(package.__path__)} == set(KINDS)
    assert all(name == kind.name for name, kind in KINDS.items())


def test_a_root_stands_before_what_hangs_on_it() -> None:
    order = list(KINDS)
    for kind in KINDS.values():
        if kind.scope == "hangs":
            parent = kind.by_name[kind.parent].type
            assert isinstance(parent, Ref)
            assert order.index(parent.kind) < order.index(kind.name)


@kinds
def test_sets_merge_as_sets_and_long_texts_as_texts(kind: Kind) -> None:
    for field in kind.fields:
        text = "text" if kind.merges_text else "last"
        expected = {Choices: "set", LongText: text}.get(type(field.type), "last")
        assert kind.merge(field.slot) == expected


# Code lists


@pytest.mark.parametrize("code_list", LISTS.values(), ids=LISTS)
def test_a_word_of_a_list_means_one_code(code_list: CodeList) -> None:
    owner: dict[str, str] = {}
    for code in code_list:
        for word in (code.code, code.label, *code.synonyms):
            assert owner.setdefault(word, code.code) == code.code, word
            assert not re.search(r"[\s,，、;；]", word) or word == code.label, (
                "cannot be typed in a set"
            )
    assert len(code_list.by_code) == len(code_list.codes)


@pytest.mark.parametrize("code_list", LISTS.values(), ids=LISTS)
def test_a_code_can_be_typed_in_a_command(code_list: CodeList) -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]*", code.code) for code in code_list)


def test_a_retired_code_is_understood_but_no_longer_offered() -> None:
    colours = codes("colours", ("red", "红"), Code("grey", "灰", is_retired=True))
    assert [c.code for c in colours.live] == ["red"]
    assert Choice(colours).check("grey") is None
    assert colours.find("灰") == "grey"


def test_lists_of_one_name_are_one_list() -> None:
    by_name: dict[str, CodeList] = {}
    for code_list in LISTS.values():
        assert by_name.setdefault(code_list.name, code_list) is code_list


def test_the_stages_of_a_class_are_those_a_grade_can_be_counted_in() -> None:
    stage = UNIT.by_name["stage"].type
    assert isinstance(stage, Choice)
    assert set(stage.codes.by_code) == set(YEARS)


# Safety


def test_the_safety_list_is_the_one_agreed() -> None:
    assert {f.name for f in CHILD.fields if f.is_critical} == SAFETY_LIST


@kinds
def test_a_ranking_ranks_something_and_an_empty_value_lowest(kind: Kind) -> None:
    for field in kind.fields:
        if field.is_critical:
            assert field.rank(None) == -1
            choices = field.type.codes.by_code if isinstance(field.type, Choice) else (False, True)
            ranks = [field.rank(value) for value in choices]
            assert min(ranks) >= 0
            assert len(set(ranks)) > 1, f"{field.name} ranks nothing"
            assert field.merge == "last", "what is ranked stands whole"
        else:
            assert field.rank("anything") == -1


def test_more_risk_ranks_higher() -> None:
    risk = CHILD.by_name["risk_level"]
    ranks = [risk.rank(level) for level in (None, "low", "medium", "high", "critical")]
    assert all(a < b for a, b in pairwise(ranks))


def test_alone_outranks_every_company() -> None:
    lives_with = CHILD.by_name["lives_with"]
    assert isinstance(lives_with.type, Choice)
    others = [lives_with.rank(c.code) for c in lives_with.type.codes if c.code != "alone"]
    assert lives_with.rank("alone") > max(others)
    assert lives_with.rank("both_parents") == min(others)


@pytest.mark.parametrize("name", ["lives_alone", "suspected_harm", "agreement_void"])
def test_a_danger_said_outranks_one_denied(name: str) -> None:
    field = CHILD.by_name[name]
    assert field.rank(None) < field.rank(False) < field.rank(True)


def test_a_file_alive_outranks_a_file_hidden() -> None:
    assert CHILD.rank(DELETED, None) > CHILD.rank(DELETED, "建错了")


def test_a_value_without_a_rank_of_its_own_is_not_worrying() -> None:
    field = Field("x", Choice(codes("x", ("a", "甲"))), "项目", worry={"b": 3})
    assert (field.rank("a"), field.rank("b")) == (0, 3)


# Who may do what


@kinds
def test_an_inspector_reads_figures_and_no_records_of_people(kind: Kind) -> None:
    assert ("inspector" in kind.read) == (kind.scope == "public")
    assert "inspector" not in kind.write | kind.delete


@kinds
def test_whoever_writes_or_deletes_may_read(kind: Kind) -> None:
    assert kind.write <= kind.read
    assert kind.delete <= kind.read
    assert kind.read <= roles.EVERYBODY


def test_only_the_countys_server_makes_units_and_users() -> None:
    for name in ("unit", "user"):
        assert not KINDS[name].write | KINDS[name].delete
        assert not KINDS[name].can_add_by_hand


def test_only_an_admin_deletes_what_people_wrote() -> None:
    assert {k.delete for k in (CHILD, FAMILY, CONTACT)} == {roles.ADMINS}


def test_a_counsellor_reads_files_and_writes_only_contacts() -> None:
    assert "counsellor" in CHILD.read & FAMILY.read & CONTACT.write
    assert "counsellor" not in CHILD.write | FAMILY.write


def test_a_teacher_decides_nothing_that_was_told_two_ways() -> None:
    assert set(roles.REVIEWERS) == {"admin", "supervisor"}


def test_every_role_has_a_name() -> None:
    assert set(roles.LABELS) == set(roles.ROLES)


# Typed and stored


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(InvalidValue) as caught:
        CHILD.parse({"nmae": "张玲"})
    assert caught.value.problem.code == "unknown_field"
    assert "nmae" in str(caught.value)
    assert CHILD.problems({"nmae": "张玲"})[0][0] == "nmae"


def test_a_refused_text_says_in_which_field_it_stood() -> None:
    with pytest.raises(InvalidValue) as caught:
        CHILD.parse({"name": "张玲", "birth_date": "2015-02-30"})
    assert dict(caught.value.problem.args)["field"] == "birth_date"


def test_a_doubtful_number_is_a_doubt_and_a_code_out_of_the_list_is_not() -> None:
    found = {
        name: p.is_doubt
        for name, p in CHILD.problems({"id_number": "123", "sex": "x", "name": "张玲"})
    }
    assert found == {"id_number": True, "sex": False}


def test_an_empty_value_clears_and_is_never_a_problem() -> None:
    assert CHILD.parse({"phone": "", "categories": " "}) == {"phone": None, "categories": None}
    assert CHILD.problems({"phone": None, "categories": None}) == []


def test_words_of_a_safeguarding_step_are_never_combined() -> None:
    assert CHILD.merge("character") == "text"
    step = Kind(
        name="step", label="处置", scope="hangs", parent="child", merges_text=False,
        fields=CHILD.fields, read=CHILD.read, write=CHILD.write, delete=roles.NOBODY,
    )  # fmt: skip
    assert step.merge("character") == "last"
    assert step.merge("categories") == "set"
