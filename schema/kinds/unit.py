"""Organisation units: county, township, village, school, class. A unit's record id is its code."""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.record import Field, Kind
from schema.types import Choice, Integer, Name, Phone, Text, UnitRef

LEVELS = codes(
    "level",
    ("county", "县"),
    ("township", "乡镇"),
    ("village", "村"),
    ("school", "学校"),
    ("class", "班级"),
)
STAGES = codes(
    "stage",
    ("kindergarten", "幼儿园", "幼 学前 学前班"),
    ("primary", "小学"),
    ("junior", "初中"),
    ("senior", "高中"),
    ("vocational", "中职", "职高 职业高中 中专"),
)

UNIT = Kind(
    name="unit",
    label="单位",
    scope="public",
    read=roles.EVERYBODY,
    write=roles.NOBODY,  # the county's server makes them (cuncao-server school add, class add)
    delete=roles.NOBODY,
    title=("name",),
    list_columns=("name", "level", "parent"),
    order_by=("code",),
    can_add_by_hand=False,
    fields=(
        Field("code", Text(40), "代码", is_required=True, is_fixed=True, is_searchable=True),
        Field("name", Name(120), "名称", is_required=True, is_searchable=True),
        Field("level", Choice(LEVELS), "级别", is_required=True, is_fixed=True),
        Field("parent", UnitRef(), "上级"),
        Field("stage", Choice(STAGES), "学段"),
        # A class holds its year of entry; grade and this year's name are computed (schema/grade.py),
        # so that a new school year writes nothing.
        Field("entry_year", Integer(1950, 2200), "入学年份"),
        Field("class_number", Text(20), "班号"),
        Field("address", Text(), "地址"),
        Field("phone", Phone(), "电话"),
    ),
)
