"""The growth diary (成长日记, G15) and what is watched besides: study results, habits, the five managements (G25)."""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import follows, needs
from schema.types import Choice, Date, Integer, LongText, Text

DIARY_SORT = codes("diary_sort", ("growth", "成长日记", "日记"), ("guidance", "成长指导"), ("progress", "进步"), ("study", "学习成绩", "成绩"), ("habits", "作息习惯", "五项管理"))
FIVE = codes("five", ("good", "好"), ("fair", "一般"), ("poor", "不好"))

DIARY = Kind(
    name="diary",
    label="成长日记",
    scope="hangs",
    parent="child",
    page="成长",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    title=("on", "sort"),
    list_columns=("child", "on", "sort", "written_by", "text"),
    order_by=("-on",),
    section_labels={"text": "日记", "study": "学习", "habits": "作息"},
    rules=(
        needs("sort", ("growth", "guidance", "progress"), "text", problem=Problem("empty_diary", "日记要写几句。")),
        needs("sort", ("study",), "subject", "mark", problem=Problem("mark_needed", "成绩要写科目和分数。")),
        follows("place", "mark", Problem("place_without_mark", "有名次也要有分数。")),
    ),
    fields=(
        WHOSE,
        Field("on", Date(), "日期", is_required=True, section="text"),
        Field("sort", Choice(DIARY_SORT), "哪一种", is_required=True, section="text"),
        Field("written_by", Text(80), "谁写", section="text"),
        Field("text", LongText(), "写了什么", section="text"),
        Field("subject", Text(40), "科目", section="study"),
        Field("mark", Integer(0, 1000), "分数", section="study"),
        Field("place", Integer(1, 10_000), "名次", section="study"),
        Field("study_group", Text(80), "学习小组", section="study"),
        Field("phone_minutes", Integer(0, 1440), "每天手机分钟", section="habits"),
        Field("sleep_hours", Integer(0, 24), "每天睡几小时", section="habits"),
        Field("homework", Choice(FIVE), "作业", section="habits"),
        Field("reading", Choice(FIVE), "读物", section="habits"),
        Field("exercise", Choice(FIVE), "体质", section="habits"),
    ),
)
