"""Pairing (结对帮扶, S6): who helps a child, in which form, from when until when, with its checks."""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Deadline, Field, Kind
from schema.rules import follows, in_order, needs
from schema.types import Choice, Date, LongText, Ref, Text, YesNo

FORM = codes("pairing_form", ("one_to_one", "一对一", "一帮一"), ("several_to_one", "多带一", "多对一"), ("one_to_several", "一对多"), ("three_plus_one", "3+1"))
PAIR_ROLE = codes(
    "pair_role",
    ("main", "主要帮扶人", "主"),
    ("love_mother", "爱心妈妈"),
    ("acting_parent", "代理家长"),
    ("playmate", "快乐伙伴"),
    ("teacher", "帮扶教师"),
    ("study_helper", "学习帮手"),
    ("love_counsellor", "爱心辅导员"),
    ("other", "其他"),
)
RESULT = codes("check_result", ("good", "好"), ("fair", "一般"), ("poor", "没起作用", "差"))

PAIRING = Kind(
    name="pairing",
    label="结对",
    scope="hangs",
    parent="child",
    page="帮扶",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("helper", "form"),
    list_columns=("child", "helper", "role", "form", "from_on", "until"),
    order_by=("-from_on",),
    section_labels={"pair": "谁帮谁", "checks": "检查"},
    deadlines=(Deadline("until", "结对到期", "end_reason", ("director", "supervisor")),),
    rules=(
        in_order("from_on", "until"),
        in_order("from_on", "checked_on"),
        needs("form", ("three_plus_one",), "role", problem=Problem("role_needed", "3+1 要写是爱心妈妈、代理家长还是快乐伙伴。")),
        follows("check_result", "checked_on", Problem("check_without_day", "写明哪天检查的。")),
        follows("end_reason", "until", Problem("end_without_day", "写明帮到哪天。")),
    ),
    fields=(
        WHOSE,
        Field("helper", Ref("helper"), "帮扶人", is_required=True, is_fixed=True, section="pair"),
        Field("role", Choice(PAIR_ROLE), "担任", section="pair"),
        Field("form", Choice(FORM), "形式", is_required=True, section="pair"),
        Field("from_on", Date(), "从哪天", is_required=True, section="pair"),
        Field("until", Date(), "到哪天", section="pair"),
        Field("end_reason", Text(), "为什么结束", section="pair"),
        Field("commitment_on", Date(), "承诺书签于", section="pair"),
        Field("is_guarantee", YesNo(), "包保责任", section="pair"),
        Field("checked_on", Date(), "检查日期", section="checks"),
        Field("check_result", Choice(RESULT), "帮得怎样", section="checks"),
        Field("check_note", LongText(), "检查情况", section="checks"),
    ),
)
