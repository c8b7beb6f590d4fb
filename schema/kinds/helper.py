"""A helper or a helping group: teacher, cadre, volunteer, love mother, a family, a class, a firm (S6, S14).

Screening is asked of whoever is alone with a child, although no seed does (law, not seed). How many children one helps:
`most_children`, or the number of the helper's sort (casework/pairings.py).
"""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.kinds.child import SEX
from schema.problems import Problem
from schema.record import Field, Kind
from schema.rules import in_order, needs
from schema.types import Choice, Date, Integer, LongText, Name, Phone, Text, UnitRef

HELPER_SORT = codes(
    "helper_sort",
    ("teacher", "教师", "老师 班主任"),
    ("cadre", "干部", "村干部 机关干部 包保干部"),
    ("party_member", "党员"),
    ("volunteer", "志愿者"),
    ("five_olds", "五老"),
    ("love_mother", "爱心妈妈", "代理妈妈"),
    ("acting_parent", "代理家长", "代家长 临时爸爸 爱心家长"),
    ("love_counsellor", "爱心辅导员"),
    ("playmate", "快乐伙伴", "快乐玩伴 文明使者"),
    ("classmate", "学习伙伴", "同伴 小帮手"),
    ("family", "爱心家庭"),
    ("class", "班级"),
    ("company", "企业", "公司"),
    ("party_branch", "党支部"),
    ("unit", "单位", "青年文明号"),
    ("group", "帮扶小组", "小组 委员会"),
    ("other", "其他"),
)
GROUPS = ("family", "class", "company", "party_branch", "unit", "group")
SCREENING = codes("screening", ("passed", "核过，可以", "通过 合格"), ("pending", "正在核"), Code("refused", "核过，不行", ("不通过", "不合格"), mark="danger"))
HELPER_STATUS = codes("helper_status", ("active", "在帮"), ("left", "不再帮", "退出"))

HELPER = Kind(
    name="helper",
    label="帮扶人",
    scope="root",
    unit_fields=("village", "school"),
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    list_columns=("name", "sort", "village", "screening", "~helped", "phone"),
    order_by=("name",),
    section_labels={"basic": "概况", "fit": "审核培训", "work": "帮多少"},
    rules=(
        needs("sort", GROUPS, "leader", problem=Problem("group_without_leader", "帮扶小组、家庭、单位要写谁牵头。")),
        needs("screening", ("passed", "refused"), "screened_on"),
        in_order("screened_on", "joined_on"),
        in_order("joined_on", "left_on"),
    ),
    fields=(
        Field("name", Name(), "姓名", is_required=True, is_searchable=True, section="basic"),
        Field("sort", Choice(HELPER_SORT), "哪一类", is_required=True, section="basic"),
        Field("sex", Choice(SEX), "性别", section="basic"),
        Field("phone", Phone(), "电话", is_searchable=True, section="basic"),
        Field("village", UnitRef(levels=("village", "township", "county")), "村或乡镇", section="basic"),
        Field("school", UnitRef(levels=("school",)), "学校", section="basic"),
        Field("workplace", Text(), "工作单位", section="basic"),
        Field("leader", Name(), "牵头人", section="basic"),
        Field("members", Text(), "成员", section="basic"),
        Field("screening", Choice(SCREENING), "审核", section="fit"),
        Field("screened_on", Date(), "审核日期", section="fit"),
        Field("screened_by", Text(80), "谁审核", section="fit"),
        Field("trained_on", Date(), "培训日期", section="fit"),
        Field("training", Text(), "培训内容", section="fit"),
        Field("most_children", Integer(1, 200), "最多帮几个", section="work"),
        Field("status", Choice(HELPER_STATUS), "状态", section="work"),
        Field("joined_on", Date(), "何时开始", section="work"),
        Field("left_on", Date(), "何时结束", section="work"),
        Field("note", LongText(), "备注", section="work"),
    ),
)
