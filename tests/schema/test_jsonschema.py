"""The published schema says what the declarations say, no more and no less."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema import jsonschema
from schema.kinds import KINDS
from schema.problems import InvalidValue
from schema.record import Field, Kind

FIELDS = [pytest.param(f, id=f"{k.name}.{f.name}") for k in KINDS.values() for f in k.fields]
FINER = {"control_character", "bad_date", "not_sorted", "wrong_type"}
"""Checks that a schema cannot say: a day that never was, a set in order, an invisible character."""
PYTHON = {"string": str, "integer": int, "boolean": bool, "array": list, "null": type(None)}
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=70), st.dates().map(str),
    st.sampled_from(["2015", "2015-03", "male", "low", "home_visit", "resident"]),
    st.lists(st.sampled_from(["farming", "wages", "poverty", "red"]), max_size=3),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=1),
)  # fmt: skip


def holds(schema: dict[str, Any], value: Any) -> bool:
    """What the few words of JSON Schema that are used here say of a value."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is PYTHON[name] for name in types):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return (
            schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
            and re.search(schema.get("pattern", ""), value) is not None
        )
    if isinstance(value, list):
        is_short = len(value) < schema.get("minItems", 0)
        return not is_short and all(holds(schema["items"], one) for one in value)
    if isinstance(value, int) and "minimum" in schema:
        return bool(schema["minimum"] <= value <= schema["maximum"])
    return True


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_is_described_and_nothing_else(kind: Kind) -> None:
    schema = jsonschema.of_kind(kind)
    assert list(schema["properties"]) == [f.name for f in kind.fields]
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("field", FIELDS)
@settings(max_examples=20)  # for each of a hundred fields
@given(value=values)
def test_what_may_be_stored_is_allowed_by_the_schema_and_the_other_way_round(
    field: Field, value: Any
) -> None:
    problem = None if value is None else field.type.check(value)
    may_be_stored = (problem is None or problem.is_doubt) and not (
        field.is_required and value is None
    )
    is_allowed = holds(jsonschema.of_field(field), value)
    if may_be_stored:
        assert is_allowed
    elif is_allowed:
        assert problem is not None
        assert problem.code in FINER


@pytest.mark.parametrize("field", FIELDS)
@settings(max_examples=20)
@given(text=st.text(max_size=70) | st.dates().map(str))
def test_what_is_typed_and_taken_is_allowed_by_the_schema(field: Field, text: str) -> None:
    try:
        value = field.type.parse(text)
    except InvalidValue:
        return
    problem = None if value is None else field.type.check(value)
    if value is not None and (problem is None or problem.is_doubt):
        assert holds(jsonschema.of_field(field), value)


def test_a_retired_code_is_still_allowed() -> None:
    """An old value from a laptop that was away has to land."""
    for kind in KINDS.values():
        for name, described in jsonschema.of_kind(kind)["properties"].items():
            codes = getattr(kind.by_name[name].type, "codes", None)
            if codes is not None:
                allowed = described.get("enum") or described["items"]["enum"]
                assert set(codes.by_code) <= set(allowed)


def test_blank_text_is_not_a_second_way_to_be_empty() -> None:
    """None means empty; were "" one too, two laptops with the same screen would differ in their
    digests."""
    for kind in KINDS.values():
        for field in kind.fields:
            problem = field.type.check("")
            assert problem is not None, field.name
            assert not problem.is_doubt, field.name
