"""An assessment: answers to one instrument (schema/instruments.py), and the level a person gives.

The score is never stored: it is reckoned from the answers (casework/assessments.py), and what it proposes a person takes
over into the child's risk level or not. Items and points: see the instruments, forms of 2016 and of 黔西县.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import RISK, WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import needs
from schema.types import Choice, Choices, Date, Integer, LongText, Text, YesNo

INSTRUMENT = codes(
    "instrument",
    ("qianxi", "风险等级评估表", "黔西 风险评估"),
    ("hardship", "困境级别记分", "困境记分"),
    ("four_colours", "四色", "红黄蓝绿"),
    ("guardianship", "监护情况评估", "监护评估"),
    ("study", "学习评估"),
    ("psychology", "心理评估"),
    ("health", "健康评估"),
)
ROUND = codes("assessment_round", ("march", "三月"), ("september", "九月"), ("event", "出了事"), ("other", "其他"))
EMERGENCY = codes(
    "emergency",
    ("beaten", "在家挨打", "家暴"),
    ("trafficked", "被拐卖"),
    ("illegal_work", "被非法雇用", "童工"),
    ("runaway", "出走或乞讨", "出走 乞讨 流浪"),
    ("catastrophe", "家里遭大难", "重大变故"),
    ("danger_to_life", "别的生命危险", "生命危险"),
)
BODY = codes("body_state", ("healthy", "健康"), ("ill", "患病"), ("disabled", "残疾"))
MIND = codes("mind_state", ("well", "正常"), ("troubled", "有问题", "异常"))
BEHAVIOUR = codes("behaviour", ("truancy", "逃学"), ("internet", "沉迷网吧", "网瘾"), ("theft", "偷窃"), ("fighting", "打架"), ("runaway", "出走"), ("other", "别的不良行为"))
HAZARD = codes(
    "hazard",
    ("sexual_harm", "性侵害"),
    ("domestic_violence", "家庭暴力"),
    ("abuse", "虐待"),
    ("electricity_fire", "用电用火"),
    ("gas", "燃气"),
    ("geological", "地质灾害"),
    ("dangerous_house", "危房"),
    ("drowning", "溺水"),
)
INCOME_BAND = codes("income_band", ("double", "低保线两倍以上"), ("above", "高于低保线"), ("below", "低于低保线"))
GUARDIANSHIP_RATING = codes("guardianship_rating", ("good", "较好"), ("fair", "一般"), ("poor", "差"))
DIMENSION = codes("dimension", ("none", "没有"), ("low", "低风险"), ("medium", "中风险"), ("high", "高风险"))

ASSESSMENT = Kind(
    name="assessment",
    label="评估",
    scope="hangs",
    parent="child",
    page="成长",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("on", "instrument"),
    list_columns=("child", "on", "instrument", "~score", "~proposed", "level"),
    order_by=("-on",),
    section_labels={"what": "评估", "items": "逐项", "result": "结论"},
    rules=(
        needs("instrument", ("qianxi",), "body", "mind", "income", problem=Problem("item_open", "这张表逐项都要答，才算得出分。")),
        needs("instrument", ("hardship",), "points", problem=Problem("item_open", "写上表上的总分。")),
        needs("instrument", ("four_colours",), "risk_guardianship", "risk_body", "risk_behaviour", problem=Problem("item_open", "三方面都要答。")),
        needs("instrument", ("guardianship",), "rating", problem=Problem("item_open", "写上监护评为哪一等。")),
        needs("level", ("low", "medium", "high", "critical"), "assessed_by", problem=Problem("assessor_needed", "写明谁评的。")),
    ),
    fields=(
        WHOSE,
        Field("on", Date(), "日期", is_required=True, section="what"),
        Field("instrument", Choice(INSTRUMENT), "用哪张表", is_required=True, is_fixed=True, section="what"),
        Field("round", Choice(ROUND), "哪一轮", section="what"),
        Field("assessed_by", Text(80), "评估人", section="what"),
        Field("participants", Text(), "参加的人", section="what"),
        Field("reviewed_by", Text(80), "复核人", section="what"),
        Field("emergencies", Choices(EMERGENCY), "紧急情形", section="items"),
        Field("body", Choice(BODY), "身体", section="items"),
        Field("mind", Choice(MIND), "心理", section="items"),
        Field("behaviour", Choices(BEHAVIOUR), "不良行为", section="items"),
        Field("hazards", Choices(HAZARD), "家里的危险", section="items"),
        Field("income", Choice(INCOME_BAND), "收入", section="items"),
        Field("is_problem_family", YesNo(), "单亲或服刑", section="items"),
        Field("points", Integer(0, 30), "表上总分", section="items"),
        Field("risk_guardianship", Choice(DIMENSION), "监护风险", section="items"),
        Field("risk_body", Choice(DIMENSION), "身体风险", section="items"),
        Field("risk_behaviour", Choice(DIMENSION), "行为风险", section="items"),
        Field("rating", Choice(GUARDIANSHIP_RATING), "监护情况", section="items"),
        Field("level", Choice(RISK), "评为", section="result"),
        Field("finding", LongText(), "发现", section="result"),
        Field("advice", LongText(), "建议", section="result"),
    ),
)
