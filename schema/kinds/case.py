"""A safeguarding case (险情, S9): what was seen, when, by whom. Made once and never changed; the rest are its steps.

Mandatory report: State Council 国发〔2016〕13号; 未成年人保护法 art. 11; the nine situations of 关于建立侵害未成年人案件强制报告制度的意见
(2020). Any bound reporter makes one; those responsible read it. Where a case stands is reckoned: casework/cases.py.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import WHOSE
from schema.record import Field, Kind
from schema.types import Choice, Choices, LongText, Moment, Text

CAUSE = codes(
    "cause",
    ("alone", "独自居住，无人照料", "独居 单独居住 独自居住"),
    ("missing", "失踪", "走失"),
    ("guardian_unable", "监护人没有能力", "丧失监护能力"),
    ("guardian_neglects", "监护人不管", "不履行监护责任"),
    ("domestic_violence", "家庭暴力", "家暴"),
    ("injury", "受伤可疑", "疑似伤害"),
    ("unlawful_harm", "不法侵害", "侵害"),
    ("sexual_harm", "性侵害", "性侵"),
    ("self_harm", "自伤自杀"),
    ("other", "别的危险", "其他"),
)
SITUATION = codes(
    "situation",
    ("private_injury", "隐私部位受伤"),
    ("girl_under_14", "不满十四周岁女孩受性侵、怀孕、流产"),
    ("girl_over_14", "十四周岁以上女孩受侵害后怀孕、流产"),
    ("many_injuries", "多处受伤、严重营养不良、昏迷"),
    ("disabled_or_dead", "自杀自残、工伤、中毒、被打致残致死"),
    ("abandoned", "被遗弃或长期无人照料"),
    ("trafficked", "来源不明、失踪、被拐卖"),
    ("begging", "被组织乞讨"),
    ("other_harm", "其他严重侵害或危险"),
)
REPORTER = codes(
    "reporter",
    ("school", "学校"),
    ("kindergarten", "幼儿园"),
    ("clinic", "医疗机构", "医院 卫生院"),
    ("village", "村（居）委会", "村委会 居委会"),
    ("social_work", "社会工作机构"),
    ("relief", "救助管理机构", "福利机构"),
    ("staff", "其他单位工作人员", "工作人员"),
    ("citizen", "别的人", "群众 邻居"),
)

CASE = Kind(
    name="case",
    label="险情",
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
    title=("seen_at", "cause"),
    list_columns=("child", "cause", "~next_step", "~stage", "seen_at"),
    order_by=("-seen_at",),
    fields=(
        WHOSE,
        Field("seen_at", Moment(), "何时发现", is_required=True),
        Field("cause", Choice(CAUSE), "什么险情", is_required=True),
        Field("situations", Choices(SITUATION), "必报情形"),
        Field("seen", LongText(), "看到什么", is_required=True),
        Field("place", Text(), "在哪里"),
        Field("seen_by", Text(80), "谁发现"),
        Field("reporter", Choice(REPORTER), "哪类报告人"),
    ),
)
