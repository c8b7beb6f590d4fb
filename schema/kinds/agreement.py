"""The entrusted-care agreement (委托照护协议): one per child and carer, with what the law asks before it is signed.

Law on the Protection of Minors art. 22 (who may not be entrusted; the child is heard) and art. 23 (school and village
told in writing). Which agreement is in force, and one at a time, is casework/agreements.py.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.kinds.child import PARENT, WHOSE
from schema.kinds.family import ROLE
from schema.problems import Problem
from schema.record import Deadline, Field, Kind
from schema.rules import in_order, needs, stops
from schema.types import Choice, Date, IdNumber, LongText, Name, Phone, Ref, Text, YesNo

AGREEMENT_STATUS = codes("agreement_status", ("draft", "草拟", "起草 在谈"), ("signed", "已签", "签了 生效"), ("refused", "照护人不合适", "不合适"), ("ended", "已终止", "终止 解除"))
HEARD = codes("heard", ("agrees", "问了，愿意", "愿意 同意"), ("objects", "问了，不愿意", "不愿意 不同意"), ("too_young", "太小，说不清", "太小"), ("not_yet", "还没问", "没问"))
END_REASON = codes("end_reason", ("expired", "到期"), ("carer_changed", "换了照护人", "换人"), ("parent_returned", "父母回来了"), ("carer_unfit", "照护人不再合适"), ("other", "其他"))
SIGNED = ("signed",)
UNFIT = Problem("carer_disqualified", "法律不许委托这样的人（未成年人保护法第二十二条）。不能签，请另找照护人。")

AGREEMENT = Kind(
    name="agreement",
    label="委托协议",
    scope="hangs",
    parent="child",
    page="监护",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("carer", "status"),
    list_columns=("child", "carer", "relation", "status", "signed_on", "until"),
    order_by=("-signed_on",),
    section_labels={"who": "委托谁", "checks": "核对", "paper": "签字", "end": "终止"},
    deadlines=(
        Deadline("until", "委托书到期", "ended_on", ("director", "supervisor")),
        Deadline("signed_on", "照护人不合格，要换人", "ended_on", ("director", "supervisor"), when=("harmed", "addicted", "neglected", "unsuitable")),
    ),
    rules=(
        *(stops("status", SIGNED, name, (True,), UNFIT) for name in ("harmed", "addicted", "neglected", "unsuitable")),
        needs("status", SIGNED, "harmed", "addicted", "neglected", problem=Problem("not_screened", "三条都要核过，答「否」才能签。")),
        needs("status", SIGNED, "child_heard", problem=Problem("child_not_heard", "先听孩子怎么说，再签。")),
        stops("status", SIGNED, "child_heard", ("not_yet",), Problem("child_not_heard", "先听孩子怎么说，再签。")),
        needs("status", SIGNED, "signed_on", "until"),
        needs("status", ("ended",), "ended_on", "end_reason"),
        in_order("signed_on", "until"),
        in_order("signed_on", "ended_on"),
    ),
    fields=(
        WHOSE,
        Field("carer", Name(), "照护人", is_required=True, section="who", headings=("委托监护人", "被委托人", "受委托人", "委托照护人")),
        Field("relation", Choice(ROLE), "关系", section="who"),
        Field("carer_phone", Phone(), "照护人电话", section="who"),
        Field("carer_id_number", IdNumber(), "照护人身份证", is_sensitive=True, section="who"),
        Field("carer_address", Text(), "照护人住址", section="who"),
        Field("made_by", Choice(PARENT), "谁委托", section="who", headings=("委托人",)),
        Field("why", Text(), "为什么委托", section="who", headings=("外出原因",)),
        Field("replaces", Ref("agreement"), "接替哪一份", section="who", is_hidden=True),
        Field("harmed", YesNo(), "曾侵害虐待", section="checks", worry={True: 1}),
        Field("addicted", YesNo(), "吸毒酗酒赌博", section="checks", worry={True: 1}),
        Field("neglected", YesNo(), "曾长期不管", section="checks", worry={True: 1}),
        Field("unsuitable", YesNo(), "别的不宜情形", section="checks", worry={True: 1}),
        Field("checked_by", Text(80), "谁核的", section="checks"),
        Field("child_heard", Choice(HEARD), "孩子怎么说", section="checks"),
        Field("child_view", LongText(), "孩子的话", section="checks"),
        Field("status", Choice(AGREEMENT_STATUS), "状态", is_required=True, section="paper"),
        Field("signed_on", Date(), "签字日期", section="paper", headings=("签订日期",)),
        Field("until", Date(), "到期", section="paper", headings=("到期日期",)),
        Field("school_told_on", Date(), "书面告知学校", section="paper"),
        Field("village_told_on", Date(), "书面告知村里", section="paper"),
        Field("witness", Text(80), "见证人", section="paper"),
        Field("ended_on", Date(), "终止日期", section="end"),
        Field("end_reason", Choice(END_REASON), "为什么终止", section="end"),
        Field("note", LongText(), "备注", section="end"),
    ),
)
