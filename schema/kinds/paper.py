"""A paper or picture of a child's file (S27, G2, G13): what it is, who signed, and which bytes belong to it.

The bytes themselves travel apart from changes, on demand; `digest` names them.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import WHOSE
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import follows, in_order
from schema.types import Choice, Date, Id, Integer, LongText, Text, YesNo

PAPER_SORT = codes(
    "paper_sort",
    ("agreement", "委托协议书", "委托照护确认书"),
    ("duty_letter", "监护责任书"),
    ("safety_letter", "安全责任书"),
    ("commitment", "结对承诺书", "承诺书"),
    ("consent", "同意书"),
    ("letter", "书信"),
    ("photo", "照片"),
    ("report", "报告"),
    ("certificate", "证明", "证件"),
    ("waiver", "免责书"),
    ("car_hire", "租车合同"),
    ("other", "其他"),
)
MOST_BYTES = 2 * 1024 * 1024

PAPER = Kind(
    name="paper",
    label="纸面材料",
    scope="hangs",
    parent="child",
    page="监护",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("sort", "caption"),
    list_columns=("child", "sort", "caption", "signed_on", "until", "~kb"),
    order_by=("-on",),
    rules=(in_order("signed_on", "until"), follows("until", "signed_on", Problem("not_signed", "没签的，没有到期。"))),
    fields=(
        WHOSE,
        Field("sort", Choice(PAPER_SORT), "哪一种", is_required=True),
        Field("caption", Text(), "说明"),
        Field("on", Date(), "日期"),
        Field("party_a", Text(), "甲方"),
        Field("party_b", Text(), "乙方"),
        Field("signed_on", Date(), "签字日期"),
        Field("until", Date(), "到期"),
        Field("has_consent", YesNo(), "监护人同意"),
        Field("belongs_to", Id(), "属于哪条记录", is_hidden=True),
        Field("file_name", Text(120), "文件名", is_fixed=True),
        Field("media_type", Text(80), "格式", is_fixed=True, is_hidden=True),
        Field("size", Integer(0, MOST_BYTES), "字节数", is_fixed=True, is_hidden=True),
        Field("digest", Id(), "内容编号", is_fixed=True, is_hidden=True),
        Field("note", LongText(), "备注"),
    ),
)
