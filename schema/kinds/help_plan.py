"""A help plan (帮扶计划, S7): from a need to services, stage results and the day it is looked at again."""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import WHOSE
from schema.kinds.need import SERVICE
from schema.problems import Problem
from schema.record import Deadline, Field, Kind
from schema.rules import in_order, needs
from schema.types import Choice, Choices, Date, LongText, Ref, Text

PLAN_SORT = codes("plan_sort", ("single", "单项"), ("combined", "综合"), ("individual", "个案", "个别计划"))
PLAN_REASON = codes(
    "plan_reason",
    ("study_slide", "学习下滑"),
    ("personality", "性格问题"),
    ("morals", "品行问题"),
    ("suspected_offence", "涉嫌违法"),
    ("guardianship", "监护缺失"),
    ("poverty", "家庭困难"),
    ("illness", "重病重残"),
    ("other", "其他"),
)
PLAN_STATUS = codes("plan_status", ("running", "在做"), ("done", "做完了", "完成"), ("stopped", "停了", "中止"))
PLAN_RESULT = codes("plan_result", ("reached", "达到"), ("partly", "部分达到"), ("not_reached", "没达到"))

HELP_PLAN = Kind(
    name="help_plan",
    label="帮扶计划",
    scope="hangs",
    parent="child",
    page="帮扶",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("aim",),
    list_columns=("child", "aim", "services", "who", "review_on", "status"),
    order_by=("-from_on",),
    section_labels={"plan": "计划", "review": "复查"},
    deadlines=(Deadline("review_on", "帮扶计划复查", "reviewed_on", ("director", "teacher", "class-teacher")),),
    rules=(
        in_order("from_on", "review_on"),
        in_order("from_on", "reviewed_on"),
        in_order("from_on", "until"),
        needs("sort", ("individual",), "reasons", problem=Problem("reason_needed", "个案计划要写为什么。")),
        needs("status", ("running",), "review_on", problem=Problem("review_needed", "在做的计划要写哪天复查。")),
        needs("status", ("done",), "reviewed_on", "result", problem=Problem("result_needed", "复查过、有结果，才算做完。")),
    ),
    fields=(
        WHOSE,
        Field("need", Ref("need"), "哪个需求", section="plan"),
        Field("sort", Choice(PLAN_SORT), "哪一种", section="plan"),
        Field("reasons", Choices(PLAN_REASON), "为什么", section="plan"),
        Field("aim", Text(), "目标", is_required=True, section="plan"),
        Field("services", Choices(SERVICE), "服务", is_required=True, section="plan"),
        Field("measures", LongText(), "措施", section="plan"),
        Field("who", Text(80), "谁来做", section="plan"),
        Field("from_on", Date(), "从哪天", is_required=True, section="plan"),
        Field("until", Date(), "到哪天", section="plan"),
        Field("review_on", Date(), "哪天复查", section="review"),
        Field("reviewed_on", Date(), "复查过", section="review"),
        Field("stage_result", LongText(), "阶段性效果", section="review"),
        Field("result", Choice(PLAN_RESULT), "结果", section="review"),
        Field("status", Choice(PLAN_STATUS), "状态", is_required=True, section="review"),
    ),
)
