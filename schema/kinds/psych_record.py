"""Psychological work with a child (S11, G32): read only by counsellors and the child's supervisor."""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import in_order, needs
from schema.types import Choice, Date, Integer, LongText, Text, YesNo

PSYCH_SORT = codes("psych_sort", ("screening", "筛查"), ("individual", "个别咨询", "咨询"), ("group", "团体辅导"), ("lecture", "讲座"), ("game", "游戏辅导"), ("hotline", "热线"), ("referral", "转介"))
CONCERN = codes("psych_concern", Code("none", "没有担心", mark="calm"), Code("watch", "要留意", rank=1, mark="medium"), Code("serious", "要紧", rank=2, mark="high"), Code("self_harm", "有自伤的危险", rank=3, mark="danger"))

PSYCH_RECORD = Kind(
    name="psych_record",
    label="心理记录",
    scope="hangs",
    parent="child",
    page="成长",
    read=roles.COUNSEL,
    write=roles.COUNSEL,
    delete=roles.NOBODY,
    title=("on", "sort"),
    list_columns=("child", "on", "sort", "done_by", "concern", "next_on"),
    order_by=("-on",),
    rules=(
        needs("sort", ("referral",), "referred_to", problem=Problem("referral_needed", "转介要写转到哪里。")),
        needs("concern", ("serious", "self_harm"), "plan", problem=Problem("plan_needed", "要紧的，写明接着怎么办。")),
        in_order("on", "next_on"),
    ),
    fields=(
        WHOSE,
        Field("on", Date(), "日期", is_required=True),
        Field("sort", Choice(PSYCH_SORT), "哪一种", is_required=True),
        Field("done_by", Text(80), "谁做"),
        Field("consent", YesNo(), "监护人同意"),
        Field("scale", Text(80), "量表"),
        Field("points", Integer(0, 1000), "得分"),
        Field("concern", Choice(CONCERN), "担心程度", worry={}),
        Field("summary", LongText(), "经过"),
        Field("plan", LongText(), "接着怎么办"),
        Field("referred_to", Text(), "转到哪里"),
        Field("next_on", Date(), "下次"),
    ),
)
