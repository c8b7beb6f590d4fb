"""What a child needs (S7, G16): from the one catalogue of services, with the child's own wish."""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import follows, in_order
from schema.types import Choice, Date, LongText, Text

SERVICE = codes(
    "service",
    ("homework", "作业辅导", "学业辅导 学习辅导"),
    ("psychology", "心理疏导", "心理辅导"),
    ("life", "生活照料", "生活帮助"),
    ("correction", "行为矫治", "行为矫正"),
    ("medical", "医疗", "就医 看病"),
    ("guardian_guidance", "监护指导", "家庭教育指导"),
    ("legal_aid", "法律援助", "法律"),
    ("relief", "救助", "临时救助 低保"),
    ("back_to_school", "劝返复学", "复学"),
    ("job_guidance", "就业指导"),
    ("social_circle", "交往", "社会交往"),
    ("rehabilitation", "康复"),
    ("social_adaptation", "社会适应"),
    ("family_relations", "家庭关系", "亲情"),
    ("company", "陪伴"),
    ("goods", "物品", "衣物 书本"),
    ("other", "其他"),
)
URGENCY = codes("urgency", Code("now", "马上", mark="danger"), Code("soon", "这个月", mark="medium"), Code("later", "不急", mark="calm"))
SOURCE = codes("need_source", ("child", "孩子自己说"), ("carer", "照护人说"), ("visit", "走访看到"), ("teacher", "老师说"), ("assessment", "评估"), ("other", "其他"))

NEED = Kind(
    name="need",
    label="需求",
    scope="hangs",
    parent="child",
    page="帮扶",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    title=("service", "noticed_on"),
    list_columns=("child", "service", "urgency", "noticed_on", "met_on", "wish"),
    order_by=("-noticed_on",),
    rules=(in_order("noticed_on", "met_on"), follows("how_met", "met_on", Problem("met_without_day", "写明哪天办到的。"))),
    fields=(
        WHOSE,
        Field("service", Choice(SERVICE), "要什么", is_required=True),
        Field("wish", LongText(), "孩子自己的话"),
        Field("source", Choice(SOURCE), "谁提的"),
        Field("urgency", Choice(URGENCY), "多急"),
        Field("noticed_on", Date(), "哪天知道", is_required=True),
        Field("met_on", Date(), "哪天办到"),
        Field("how_met", Text(), "怎么办到"),
        Field("note", LongText(), "备注"),
    ),
)
