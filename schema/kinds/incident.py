"""What happens in a child's life (G14): illness, injury, a death, a quarrel, a move; and when the parents were told.

Seed 001-1c: major matters are told to the parents at once.
"""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import as_doubt, follows, in_order, needs
from schema.types import Choice, LongText, Moment, Money, Text

INCIDENT_SORT = codes(
    "incident_sort",
    ("illness", "生病"),
    ("injury", "受伤", "摔伤 扭伤"),
    ("accident", "事故", "车祸"),
    ("death_in_family", "家人去世"),
    ("carer_ill", "照护人病了", "照护人住院"),
    ("quarrel", "吵架打架", "冲突"),
    ("bullied", "被欺负"),
    ("runaway", "出走"),
    ("parents_returned", "父母回来"),
    ("parents_left", "父母外出"),
    ("moved", "搬家"),
    ("honour", "好事", "得奖"),
    ("other", "其他"),
)
SEVERITY = codes("severity", Code("small", "小事", mark="calm"), Code("serious", "要紧", rank=1, mark="high"), Code("grave", "很严重", rank=2, mark="danger"))

INCIDENT = Kind(
    name="incident",
    label="出的事",
    scope="hangs",
    parent="child",
    page="成长",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    title=("at", "sort"),
    list_columns=("child", "at", "sort", "severity", "parents_told_at", "what"),
    order_by=("-at",),
    section_labels={"what": "出了什么事", "care": "怎么处理"},
    rules=(
        in_order("at", "parents_told_at"),
        follows("told_by", "parents_told_at", Problem("told_without_time", "写明什么时候告诉父母的。")),
        as_doubt(needs("severity", ("serious", "grave"), "parents_told_at", problem=Problem("parents_not_told", "要紧的事要马上告诉父母；告诉了就补上时间。"))),
    ),
    fields=(
        WHOSE,
        Field("at", Moment(), "什么时候", is_required=True, section="what"),
        Field("sort", Choice(INCIDENT_SORT), "什么事", is_required=True, section="what"),
        Field("severity", Choice(SEVERITY), "多严重", section="what", worry={}),
        Field("what", LongText(), "经过", section="what"),
        Field("place", Text(), "在哪里", section="what"),
        Field("done_by", Text(80), "谁在管", section="care"),
        Field("care", LongText(), "怎么处理", section="care"),
        Field("cost", Money(), "花费", section="care"),
        Field("parents_told_at", Moment(), "何时告诉父母", section="care"),
        Field("told_by", Text(80), "谁告诉的", section="care"),
        Field("follow_up", Text(), "还要做", section="care"),
    ),
)
