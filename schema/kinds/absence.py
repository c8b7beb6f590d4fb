"""Absence from school and the steps back (S10): registered, persuaded back, only then reported, then the law.

Seed 004-1b: a written report to the education office and the township only where persuasion failed (劝返无效的).
"""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Deadline, Field, Kind
from schema.rules import follows, in_order, needs, only_while
from schema.types import Choice, Choices, Date, LongText, Text

ABSENCE_REASON = codes("absence_reason", ("unknown", "不知道"), ("illness", "生病"), ("work", "打工"), ("tired_of_school", "厌学"), ("family", "家里的事"), ("with_parents", "跟父母走了"), ("bullying", "被欺负"), ("other", "其他"))
PERSUASION = codes("persuasion", ("agreed", "答应回来"), Code("failed", "没劝动", ("劝返无效", "无效"), mark="medium"), ("returned", "回来了"))
TOLD_OFFICES = codes("told_offices", ("education", "教育局", "教育部门"), ("township", "乡镇政府", "乡镇"))

ABSENCE = Kind(
    name="absence",
    label="缺课",
    scope="hangs",
    parent="child",
    page="成长",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("from_on", "reason"),
    list_columns=("child", "from_on", "reason", "persuasion", "reported_on", "returned_on"),
    order_by=("-from_on",),
    section_labels={"away": "缺课", "steps": "劝返"},
    deadlines=(Deadline("from_on", "缺课，劝返复学", "returned_on", ("teacher", "class-teacher", "director"), days=3),),
    rules=(
        in_order("from_on", "registered_on", "persuaded_on", "reported_on", "legal_on"),
        in_order("from_on", "returned_on"),
        follows("persuaded_on", "registered_on", Problem("not_registered", "先登记，再劝返。")),
        follows("persuasion", "persuaded_on", Problem("not_persuaded", "写明哪天去劝的。")),
        only_while("reported_on", "persuasion", ("failed",), Problem("persuasion_first", "劝返没劝动，才书面报告。")),
        needs("persuasion", ("failed",), "persuaded_by", problem=Problem("who_persuaded", "写明谁去劝的。")),
        follows("reported_to", "reported_on", Problem("not_reported", "写明哪天报告的。")),
        follows("legal_on", "reported_on", Problem("report_first", "先书面报告，再走法律程序。")),
    ),
    fields=(
        WHOSE,
        Field("from_on", Date(), "从哪天缺", is_required=True, section="away"),
        Field("reason", Choice(ABSENCE_REASON), "为什么", section="away"),
        Field("noticed_by", Text(80), "谁发现", section="away"),
        Field("note", LongText(), "情况", section="away"),
        Field("registered_on", Date(), "登记", section="steps"),
        Field("persuaded_on", Date(), "去劝返", section="steps"),
        Field("persuaded_by", Text(80), "谁去劝", section="steps"),
        Field("persuasion", Choice(PERSUASION), "劝得怎样", section="steps"),
        Field("reported_on", Date(), "书面报告", section="steps"),
        Field("reported_to", Choices(TOLD_OFFICES), "报告给谁", section="steps"),
        Field("legal_on", Date(), "法律程序", section="steps"),
        Field("legal_step", Text(), "什么程序", section="steps"),
        Field("returned_on", Date(), "回校", section="steps"),
    ),
)
