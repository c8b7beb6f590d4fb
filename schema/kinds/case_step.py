"""A step of a safeguarding case (S9, G24): who did or told what, to whom, how, with what outcome. Only ever added.

The order of steps and their deadlines are casework/cases.py; a mistake is set right by a further step (更正).
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.case import REPORTER
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import in_order, needs
from schema.types import Choice, Choices, Date, LongText, Moment, Ref, Text, YesNo

STEP = codes(
    "case_step",
    ("police_told", "报警", "告知公安 通报派出所"),
    ("township_told", "告知乡镇政府", "告知镇里 报告乡镇"),
    ("civil_affairs_told", "告知民政"),
    ("education_told", "告知教育部门"),
    ("parents_told", "联系父母"),
    ("response", "应急处置", "应急"),
    ("placement", "临时安置", "安置"),
    ("looked_again", "再去看", "回访"),
    ("assessment", "调查评估", "评估"),
    ("support", "帮扶", "帮扶措施"),
    ("legal_aid", "法律援助"),
    ("intervention", "监护干预"),
    ("missed_report", "漏报追责", "没有报告"),
    ("praise", "表扬报告人"),
    ("correction", "更正"),
    ("reopened", "重新打开"),
    ("closed", "结案"),
)
HOW = codes("how", ("phone", "打电话", "电话"), ("in_person", "当面"), ("written", "书面"), ("message", "发消息", "短信 微信"))
DISPOSITION = codes(
    "disposition",
    ("parents_ordered_back", "责令父母回来"),
    ("carer_named", "责令确定照护人"),
    ("admonished", "训诫"),
    ("kin_takes", "亲属照护"),
    ("village_takes", "村（居）委会照护", "村里照护"),
    ("relief_takes", "救助机构照护"),
    ("neighbour_takes", "邻居照护"),
    ("quick_search", "快速查找"),
    ("refuge", "庇护"),
    ("treatment", "就医"),
    ("injury_certified", "伤情鉴定"),
    ("evidence", "固定证据"),
    ("public_order_penalty", "治安处罚"),
    ("case_filed", "立案"),
    ("protection_order", "人身安全保护令"),
    ("revocation", "撤销监护资格"),
)
GROUND = codes("revocation_ground", ("danger_goes_on", "教育后仍有危险"), ("refused_6_months", "拒不履行六个月以上"), ("grave_harm", "严重伤害"))
CLOSED_AS = codes("closed_as", ("safe", "孩子安全了"), ("handed_over", "转给别处"), ("unfounded", "查无此事"), ("entered_in_error", "记错了"))

CASE_STEP = Kind(
    name="case_step",
    label="险情步骤",
    scope="hangs",
    parent="child",
    page="险情",
    read=roles.SAFEGUARDERS,
    write=roles.SAFEGUARDERS - {"counsellor"},
    report=roles.CASEWORKERS,
    delete=roles.NOBODY,
    merges_text=False,
    is_append_only=True,
    keeps_root=True,
    title=("at", "step"),
    list_columns=("child", "at", "step", "done_by", "told", "outcome"),
    order_by=("at",),
    section_labels={"step": "做了什么", "decided": "决定了什么"},
    rules=(
        needs("step", ("police_told", "township_told"), "told", "how", problem=Problem("told_whom", "写明告诉了谁、怎么告诉的。")),
        needs("step", ("placement",), "placed_with", "placed_from", problem=Problem("placed_where", "写明安置在谁那里、从哪天。")),
        needs("step", ("missed_report",), "missed_by", problem=Problem("missed_by_whom", "写明哪类报告人没有报告。")),
        needs("step", ("intervention",), "dispositions", problem=Problem("disposition_needed", "监护干预要写怎么干预。")),
        needs("dispositions", ("revocation",), "ground", problem=Problem("ground_needed", "撤销监护资格要写依据。")),
        needs("step", ("closed",), "closed_as", problem=Problem("closed_why", "结案要写为什么结。")),
        needs("step", ("correction",), "outcome", problem=Problem("correction_empty", "更正要写改成什么。")),
        in_order("placed_from", "placed_until"),
    ),
    fields=(
        WHOSE,
        Field("case", Ref("case"), "哪一起", is_required=True, is_fixed=True, section="step"),
        Field("at", Moment(), "什么时候", is_required=True, section="step"),
        Field("step", Choice(STEP), "哪一步", is_required=True, section="step"),
        Field("done_by", Text(80), "谁做的", section="step"),
        Field("told", Text(), "告诉了谁", section="step"),
        Field("how", Choice(HOW), "怎么告诉", section="step"),
        Field("was_reached", YesNo(), "联系上了", section="step"),
        Field("outcome", LongText(), "结果", section="step"),
        Field("dispositions", Choices(DISPOSITION), "处置", section="decided"),
        Field("placed_with", Text(), "安置在哪里", section="decided"),
        Field("placed_from", Date(), "安置从", section="decided"),
        Field("placed_until", Date(), "安置到", section="decided"),
        Field("ground", Choice(GROUND), "撤销依据", section="decided"),
        Field("missed_by", Choice(REPORTER), "谁没有报告", section="decided"),
        Field("closed_as", Choice(CLOSED_AS), "怎么结的", section="decided"),
        Field("next_what", Text(), "接着做什么", section="decided"),
        Field("next_by", Moment(), "最迟何时", section="decided"),
    ),
)
