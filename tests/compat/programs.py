"""Programs of different age in one test: the declarations that one of them has, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from schema.codes import Code, CodeList
from schema.kinds import KINDS
from schema.record import Field, Kind
from schema.types import Choice, Choices, LongText, Ref, Text
from sync.tables import CODECS, Codec

NOTE = Kind(
    name="keepsake",
    label="信物",
    scope="hangs",
    parent="child",
    read=KINDS["contact"].read,
    write=KINDS["contact"].write,
    delete=KINDS["contact"].delete,
    title=("what",),
    list_columns=("what",),
    order_by=("what",),
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True),
        Field("what", Text(), "是什么", is_required=True, is_searchable=True),
        Field("story", LongText(), "来历"),
        Field("giver", Text(), "谁给的", group="given"),
        Field("given_on", Text(), "哪天", group="given"),
    ),
)
"""A kind that older programs do not know."""


def _with_code(field: Field) -> Field:
    assert isinstance(field.type, Choice)
    codes = field.type.codes
    longer = CodeList(codes.name, (*codes.codes, Code("of_tomorrow", "以后的")))
    return replace(field, type=type(field.type)(longer))


def _newer() -> dict[str, Kind]:
    """Today's declarations with a kind, fields, a group and codes more."""
    child = KINDS["child"]
    fields = [
        _with_code(f) if f.name in ("economy", "income", "id_type") else f for f in child.fields
    ]
    codes = fields[[f.name for f in fields].index("income")].type
    assert isinstance(codes, Choices)
    fields += [
        Field("nickname", Text(), "外号", is_searchable=True),
        Field("likes", Choices(codes.codes), "喜欢"),
        Field("shoe_left", Text(), "左脚", group="shoes"),
        Field("shoe_right", Text(), "右脚", group="shoes"),
    ]
    made = dict(KINDS)
    made["child"] = replace(child, fields=tuple(fields))
    made["keepsake"] = NOTE
    return made


def _older() -> dict[str, Kind]:
    return dict(KINDS)


NEWER = _newer()
OLDER = _older()
_CODECS: dict[int, dict[str, Codec]] = {
    id(kinds): {name: Codec(kind) for name, kind in kinds.items()} for kinds in (NEWER, OLDER)
}


@contextmanager
def knowing(kinds: dict[str, Kind]) -> Iterator[None]:
    """The declarations are these, for everything that runs inside."""
    before: tuple[dict[str, Any], dict[str, Any]] = dict(KINDS), dict(CODECS)
    _put(kinds, _CODECS[id(kinds)])
    try:
        yield
    finally:
        _put(*before)


def _put(kinds: dict[str, Any], codecs: dict[str, Any]) -> None:
    for held, new in ((KINDS, kinds), (CODECS, codecs)):
        held.clear()
        held.update(new)
