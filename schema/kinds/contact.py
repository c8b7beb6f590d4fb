"""The contact log: visits, talks, calls, letters and meetings with a child or those around it.

A visit to a household with several children is one record per child sharing a `visit` id, so that each
follows its own child's scope.
"""

from __future__ import annotations

from schema import roles
from schema.codes import codes
from schema.record import Field, Kind
from schema.types import Choice, Choices, Date, Id, Integer, LongText, Ref, Text

CONTACT_KIND = codes(
    "contact_kind",
    ("home_visit", "上门", "家访 走访 入户 入户走访 上门走访"),
    ("guardian_call", "打给监护人", "监护人联系 联系监护人"),
    ("parent_call", "打给父母", "亲情电话 电话 联系父母"),
    ("video_call", "视频", "亲情视频 视频通话"),
    ("talk", "谈心", "谈话 学校谈心"),
    ("letter", "亲情书信", "书信 写信"),
    ("message", "发消息", "短信 微信"),
    ("reunion", "团聚", "亲子团聚"),
    ("meeting", "座谈会", "家长会 会议"),
    ("birthday", "生日问候"),
    ("activity", "活动陪伴"),
    ("other", "其他"),
)
OUTCOME = codes("outcome", ("met", "见到了"), ("nobody_home", "去了没人", "没人"), ("no_answer", "没人接"), ("refused", "不愿见"))
WITH_WHOM = codes(
    "with_whom",
    ("child", "孩子", "本人"),
    ("father", "爸爸", "父亲"),
    ("mother", "妈妈", "母亲"),
    ("carer", "带孩子的人", "监护人 奶奶 爷爷 外公 外婆"),
    ("teacher", "老师", "班主任"),
    ("neighbour", "邻居"),
    ("cadre", "村干部"),
    ("other", "其他"),
)
STATE = codes("state", ("fine", "正常", "好 良好 还好"), ("look", "要留意", "一般 低落 有点问题"), ("bad", "不好", "差 严重"), ("unknown", "没看到", "不适用"))

CONTACT = Kind(
    name="contact",
    label="记录",
    scope="hangs",
    parent="child",
    read=roles.CASEWORKERS,
    write=roles.CASEWORKERS,
    delete=roles.ADMINS,
    window_field="on",
    title=("on", "kind", "summary"),
    list_columns=("on", "child", "kind", "done_by", "summary"),
    order_by=("-on",),
    reckoned_by=("on", "kind", "done_by", "with_whom", "follow_up", "follow_up_by", "outcome"),
    section_labels={"what": "说了什么", "state": "怎么样", "next": "还要做"},
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("visit", Id(), "同一次", is_fixed=True, is_hidden=True),
        Field("on", Date(), "日期", is_required=True, section="what", headings=("走访日期", "走访时间", "家访日期", "联系日期", "谈话时间")),
        Field("kind", Choice(CONTACT_KIND), "方式", is_required=True, section="what", headings=("联系方式类型", "走访方式")),
        Field("outcome", Choice(OUTCOME), "见到没有", section="what"),
        Field("done_by", Text(80), "谁去", section="what", headings=("走访人", "家访人", "记录人")),
        Field("with_whom", Choices(WITH_WHOM), "见到谁", section="what"),
        Field("place", Text(80), "地点", section="what"),
        Field("minutes", Integer(0, 1440), "分钟", section="what"),
        Field("summary", LongText(), "说了什么", is_searchable=True, section="what", headings=("走访情况", "家访情况", "谈话内容", "走访记录", "情况记录")),
        Field("life", Choice(STATE), "生活", section="state"),
        Field("health", Choice(STATE), "身体", section="state"),
        Field("mood", Choice(STATE), "心情", section="state"),
        Field("study", Choice(STATE), "学习", section="state"),
        Field("friends", Choice(STATE), "交往", section="state"),
        Field("safety", Choice(STATE), "安全", section="state"),
        Field("found", LongText(), "发现", section="state"),
        Field("action", LongText(), "做了什么", section="next"),
        Field("follow_up", Text(), "还要做", section="next"),
        Field("follow_up_by", Date(), "几号前", section="next"),
    ),
)
