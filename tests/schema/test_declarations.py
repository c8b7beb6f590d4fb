"""The declarations hold together: nothing named twice, nothing that points nowhere, every ranking ranks."""

from __future__ import annotations

import pytest

from schema import kinds as package
from schema import roles
from schema.codes import CodeList
from schema.kinds import KINDS
from schema.record import DELETED, Field, Kind
from schema.types import Choice, Choices, Ref, UnitRef, YesNo

FIELDS = [(kind, field) for kind in KINDS.values() for field in kind.fields]
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
each_field = pytest.mark.parametrize(
    ("kind", "field"), FIELDS, ids=[f"{k.name}.{f.name}" for k, f in FIELDS]
)


def code_lists() -> dict[str, CodeList]:
    found = {}
    for _kind, field in FIELDS:
        if isinstance(field.type, Choice):
            found[field.type.codes.name] = field.type.codes
    return found


each_list = pytest.mark.parametrize("codes", code_lists().values(), ids=list(code_lists()))


def folded(heading: str) -> str:
    return heading.replace("(", "（").replace(")", "）").replace(" ", "").lower()


@each_kind
def test_no_field_is_named_twice(kind: Kind):
    names = [field.name for field in kind.fields]
    assert len(names) == len(set(names))
    assert not {"id", DELETED} & set(names), "these are the store's own"
    assert all(name.isidentifier() and not name.startswith("_") for name in names)


@each_kind
def test_no_slot_is_named_like_a_field_of_another_slot(kind: Kind):
    groups = {field.group for field in kind.fields if field.group}
    assert not groups & set(kind.by_name)
    for group in groups:
        assert len(kind.slots[group]) > 1, f"{group} groups nothing"


@each_kind
def test_no_two_fields_people_see_share_a_label(kind: Kind):
    labels = [field.label for field in kind.fields if not field.is_hidden]
    assert len(labels) == len(set(labels))


@each_field
def test_every_field_has_a_label_short_enough_for_a_form(kind: Kind, field: Field):
    assert 1 <= len(field.label) <= 9
    assert field.label == field.label.strip()


@each_kind
def test_no_heading_of_a_spreadsheet_leads_to_two_fields(kind: Kind):
    met: dict[str, str] = {}
    for field in kind.fields:
        if field.is_hidden:
            continue
        for heading in {folded(h) for h in (field.label, *field.headings)}:
            assert met.setdefault(heading, field.name) == field.name, heading


@each_kind
def test_every_field_people_fill_in_stands_in_a_section_the_kind_has(kind: Kind):
    if kind.section_labels:
        used = {field.section for field in kind.fields if not field.is_hidden}
        assert used == set(kind.section_labels)


@each_kind
def test_what_a_kind_says_about_its_fields_is_about_fields_it_has(kind: Kind):
    named = [*kind.title, *kind.unit_fields, *(c for c in kind.list_columns if c[0] != "~")]
    named += [name.removeprefix("-") for name in kind.order_by]
    assert set(named) <= set(kind.by_name)


@each_kind
def test_a_record_belongs_to_units_or_hangs_on_one_that_does(kind: Kind):
    match kind.scope:
        case "root":
            assert kind.unit_fields
            assert all(isinstance(kind.by_name[f].type, UnitRef) for f in kind.unit_fields)
        case "hangs":
            parent = kind.by_name[kind.parent]
            assert parent.is_required
            assert parent.is_fixed
            assert isinstance(parent.type, Ref)
            assert KINDS[parent.type.kind].scope == "root"
        case "public":
            assert not kind.unit_fields
            assert not kind.parent


@each_field
def test_every_reference_leads_to_a_kind(kind: Kind, field: Field):
    if isinstance(field.type, Ref):
        assert field.type.kind in KINDS
    if isinstance(field.type, UnitRef):
        levels = KINDS["unit"].by_name["level"].type
        assert isinstance(levels, Choice)
        assert set(field.type.levels) <= set(levels.codes.by_code)


@each_field
def test_a_safety_ranking_tells_values_apart_and_an_empty_one_ranks_lowest(
    kind: Kind, field: Field
):
    if not field.is_critical:
        assert field.rank("anything") == -1
        return
    assert field.merge == "last", "a merged value has no rank"
    assert not field.group, "a group has no rank"
    if isinstance(field.type, YesNo):
        values = [True, False]
    else:
        assert isinstance(field.type, Choice)
        values = list(field.type.codes.by_code)
    ranks = [field.rank(value) for value in values]
    assert len(set(ranks)) > 1
    assert field.rank(None) < min(ranks)


@pytest.mark.parametrize(
    ("name", "calm", "worrying"),
    [
        ("risk_level", "low", "critical"),
        ("risk_level", "medium", "high"),
        ("lives_with", "both_parents", "alone"),
        ("lives_with", "paternal_grandparents", "sibling"),
        ("lives_alone", False, True),
        ("suspected_harm", False, True),
        ("agreement_void", False, True),
    ],
)
def test_the_more_worrying_of_two_values_ranks_higher(name, calm, worrying):
    child = KINDS["child"]
    assert child.is_critical(name)
    assert child.rank(name, worrying) > child.rank(name, calm) > child.rank(name, None)


@each_kind
def test_staying_alive_outranks_being_hidden(kind: Kind):
    assert kind.rank(DELETED, None) > kind.rank(DELETED, "entered twice")


@each_field
def test_sets_and_texts_merge_and_a_group_is_written_whole(kind: Kind, field: Field):
    assert kind.merge(field.slot) in ("last", "set", "text")
    if field.group:
        assert kind.merge(field.group) == "last"
    if isinstance(field.type, Choices):
        assert field.merge == "set"


@each_list
def test_no_word_of_a_list_means_two_codes(codes: CodeList):
    meant: dict[str, str] = {}
    for code in codes:
        for word in (code.code, code.label, *code.synonyms):
            assert meant.setdefault(word, code.code) == code.code, word


@each_list
def test_codes_are_plain_words_that_fit_a_url_and_a_file(codes: CodeList):
    assert all(code.code.isascii() and code.code.replace("_", "").isalnum() for code in codes)
    assert all(code.label and code.label == code.label.strip() for code in codes)
    assert codes.live


def test_two_lists_of_one_name_are_one_list():
    by_name: dict[str, CodeList] = {}
    for _kind, field in FIELDS:
        if isinstance(field.type, Choice):
            codes = field.type.codes
            assert by_name.setdefault(codes.name, codes) is codes


# Who may do what


@each_kind
def test_who_may_write_may_read_and_every_role_exists(kind: Kind):
    assert kind.write <= kind.read <= roles.EVERYBODY
    assert kind.delete <= kind.read


@each_kind
def test_an_inspector_reads_units_and_names_of_staff_and_no_child(kind: Kind):
    """`user` names who works here; everything about a child is closed to whoever reads figures only."""
    if "inspector" in kind.read:
        assert kind.name in ("unit", "user")
    assert "inspector" not in kind.write | kind.delete


@each_kind
def test_only_admins_hide_a_record(kind: Kind):
    assert kind.delete <= roles.ADMINS


def test_every_role_has_a_word_for_people():
    assert set(roles.LABELS) == roles.EVERYBODY
    assert len(set(roles.LABELS.values())) == len(roles.ROLES)


# The registry


def test_every_file_of_kinds_is_in_the_registry_under_its_own_name():
    import pkgutil

    assert {module.name for module in pkgutil.iter_modules(package.__path__)} == set(KINDS)
    assert all(name == kind.name for name, kind in KINDS.items())


def test_a_root_stands_before_what_hangs_on_it():
    order = list(KINDS)
    for kind in KINDS.values():
        for field in kind.fields:
            if kind.scope == "hangs" and field.name == kind.parent:
                assert order.index(field.type.kind) < order.index(kind.name)


def test_a_group_is_taken_apart_and_put_together_without_loss():
    child = KINDS["child"]
    values = {"id_type": "resident", "id_number": "11010519491231002X", "name": "罗静"}
    whole = child.slot_value("identity", values)
    assert whole == {"id_type": "resident", "id_number": "11010519491231002X"}
    assert child.spread("identity", whole) == whole
    assert child.spread("identity", None) == {"id_type": None, "id_number": None}
    assert child.slot_value("identity", {"name": "罗静"}) is None
    assert child.slot_value("name", values) == "罗静"


def test_a_record_says_what_is_wrong_with_it_field_by_field():
    child = KINDS["child"]
    found = dict(
        child.problems({
            "name": "罗静",
            "sex": "x",
            "nosuch": "1",
            "birth_date": "2026-02-30",
            "phone": None,
        })
    )
    assert {name: problem.code for name, problem in found.items()} == {
        "sex": "not_in_list",
        "nosuch": "unknown_field",
        "birth_date": "bad_date",
    }
    assert child.missing({"sex": "male"}) == ["name"]
