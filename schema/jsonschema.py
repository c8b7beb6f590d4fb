"""The JSON Schema of every kind, read from its declaration: what the API promises to take and to
give."""

from __future__ import annotations

from typing import Any

from schema.record import Field, Kind
from schema.types import Choice, Choices, Date, FieldType, Id, Integer, LongText, Ref, Text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DATE = r"^\d{4}-\d{2}-\d{2}$"
PARTIAL_DATE = r"^\d{4}(-\d{2}){0,2}$"


def of_kind(kind: Kind) -> dict[str, Any]:
    """The schema of one record's values. Empty fields are absent or null; fields of a group stand
    alone."""
    return {
        "$schema": DIALECT,
        "$id": f"cuncao:{kind.name}",
        "title": kind.label,
        "type": "object",
        "properties": {f.name: of_field(f) for f in kind.fields},
        "required": [f.name for f in kind.fields if f.is_required],
        "additionalProperties": False,
    }


def of_field(field: Field) -> dict[str, Any]:
    """One field's values; only a required one is never null."""
    found = {"title": field.label, **of_type(field.type)}
    if not field.is_required:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
    return found


def of_type(field_type: FieldType) -> dict[str, Any]:
    """What a type stores. Doubts (an odd phone) may be stored, so they are not in it."""
    if isinstance(field_type, Choices):
        codes = {"type": "string", "enum": list(field_type.codes.by_code)}
        return {"type": "array", "items": codes, "minItems": 1, "uniqueItems": True}
    if isinstance(field_type, Choice):
        return {"type": "string", "enum": list(field_type.codes.by_code)}
    if isinstance(field_type, Date):
        if field_type.partial:
            return {"type": "string", "pattern": PARTIAL_DATE}
        return {"type": "string", "format": "date", "pattern": DATE}
    if isinstance(field_type, Integer):
        return {"type": "integer", "minimum": field_type.low, "maximum": field_type.high}
    if isinstance(field_type, Text | LongText):
        return {"type": "string", "minLength": 1, "maxLength": field_type.limit}
    if isinstance(field_type, Ref | Id):
        return {"type": "string", "minLength": 1, "maxLength": 64}
    return dict(field_type.json)
