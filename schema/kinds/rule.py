"""A cadence rule (走访周期): who does what for whom, how often. Every device holds all; an admin edits them.

What the program ships stands in schema/cadences.py, switched off but for one set; a record holds what a county
changed of it, or a rule of the county's own. S5 of the work; the columns are those of the seeds' rule table.
"""

from __future__ import annotations

from schema import roles
from schema.codes import Code, CodeList, codes
from schema.kinds.child import CATEGORIES, LIVES_WITH, RISK
from schema.kinds.contact import CONTACT_KIND, WITH_WHOM
from schema.record import Field, Kind
from schema.types import Choice, Choices, Integer, Text, YesNo

SUBJECT = codes(
    "duty_subject",
    ("child", "孩子"),
    ("guardian", "带孩子的人", "监护人"),
    ("parent", "父母"),
    ("pair", "结对", "结对孩子"),
    ("doer", "本人", "每个人"),
    ("class", "班级"),
    ("school", "学校"),
    ("village", "村"),
    ("township", "乡镇"),
    ("county", "县"),
    ("elder", "老人"),
    ("station", "活动站"),
    ("programme", "项目"),
)
PER = codes(
    "duty_per",
    ("day", "天"),
    ("week", "周"),
    ("two_weeks", "两周"),
    ("month", "月"),
    ("quarter", "季度"),
    ("term", "学期"),
    ("half_year", "半年"),
    ("year", "年"),
    ("once", "一次"),
    ("event", "有大事时"),
)
DOER = CodeList("duty_doer", (
    *(Code(role, label) for role, label in roles.LABELS.items()),
    Code("helper", "帮扶人"),
    Code("unit", "单位"),
))
COUNTS = CodeList("duty_counts", (
    *CONTACT_KIND.codes,
    Code("verified", "核实档案"),
    Code("assessment", "风险评估"),
    Code("log", "记一笔"),
))
WEEKDAYS = codes("weekday", ("mon", "星期一", "周一"), ("tue", "星期二", "周二"), ("wed", "星期三", "周三"), ("thu", "星期四", "周四"), ("fri", "星期五", "周五"), ("sat", "星期六", "周六"), ("sun", "星期日", "周日"))
MONTHS = codes("month", *((code, f"{n} 月", f"{n} {n}月") for n, code in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)))

RULE = Kind(
    name="rule",
    label="周期",
    scope="public",
    read=roles.EVERYBODY,
    write=roles.ADMINS,
    delete=roles.NOBODY,
    title=("label",),
    list_columns=("code", "label", "per", "is_on"),
    order_by=("code",),
    can_add_by_hand=False,
    fields=(
        Field("code", Text(40), "代号", is_required=True, is_fixed=True),
        Field("label", Text(80), "名称"),
        Field("source", Text(80), "出处"),
        Field("is_on", YesNo(), "启用"),
        Field("subject", Choice(SUBJECT), "对谁"),
        Field("doer", Choices(DOER), "谁做"),
        Field("counts", Choices(COUNTS), "做什么算"),
        Field("whom", Choices(WITH_WHOM), "找谁"),
        Field("least", Integer(1, 1000), "几次"),
        Field("most", Integer(1, 1000), "至多"),
        Field("per", Choice(PER), "多久"),
        Field("months", Choices(MONTHS), "哪几月"),
        Field("weekdays", Choices(WEEKDAYS), "星期几"),
        Field("hours", Text(40), "几点"),
        Field("by_day", Integer(1, 31), "几号前"),
        Field("within_hours", Integer(1, 720), "几小时内"),
        Field("risk", Choices(RISK), "哪级风险"),
        Field("categories", Choices(CATEGORIES), "哪类孩子"),
        Field("lives_with", Choices(LIVES_WITH), "跟谁住的"),
        Field("is_paired", YesNo(), "只限结对"),
        Field("school_days", YesNo(), "只在学期里"),
    ),
)
