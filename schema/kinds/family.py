"""A member of the child's family or household: parent, grandparent, entrusted carer, sibling, other."""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.kinds.child import ABILITY, ID_TYPE, SEX
from schema.record import Field, Kind
from schema.types import Choice, Date, IdNumber, LongText, Name, Phone, Ref, Text, YesNo

ROLE = codes(
    "family_role",
    Code("father", "爸爸", ("父亲", "父")),
    Code("mother", "妈妈", ("母亲", "母")),
    Code("grandfather", "爷爷", ("祖父",)),
    Code("grandmother", "奶奶", ("祖母",)),
    Code("maternal_grandfather", "外公", ("外祖父", "姥爷", "公公")),
    Code("maternal_grandmother", "外婆", ("外祖母", "姥姥", "家婆")),
    Code("uncle", "叔伯舅舅", ("叔叔", "伯伯", "舅舅", "伯父", "叔父", "姑父", "姨父", "叔", "伯", "舅")),
    Code("aunt", "姑姨婶", ("姑姑", "姨妈", "阿姨", "婶婶", "舅妈", "伯母", "姑", "姨", "姑妈", "小姨", "大姨")),
    Code("brother", "哥哥弟弟", ("哥哥", "弟弟", "哥", "弟")),
    Code("sister", "姐姐妹妹", ("姐姐", "妹妹", "姐", "妹")),
    Code("neighbour", "邻居"),
    Code("teacher", "老师", ("教师", "班主任")),
    Code("other", "其他", ("别的人", "亲戚", "亲属", "其他亲属", "朋友", "监护人", "代管家长")),
)

FAMILY = Kind(
    name="family",
    label="家人",
    scope="hangs",
    parent="child",
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    title=("role", "name"),
    list_columns=("role", "name", "workplace", "phone", "is_carer"),
    order_by=("role", "name"),
    section_labels={"basic": "概况", "away": "在外", "care": "监护"},
    fields=(
        Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True),
        Field("role", Choice(ROLE), "关系", is_required=True, section="basic", headings=("与儿童关系", "与学生关系", "与被监护人关系", "称谓", "与孩子关系", "与留守儿童关系")),
        Field("name", Name(), "姓名", is_searchable=True, section="basic"),
        Field("sex", Choice(SEX), "性别", section="basic"),
        Field("birth_date", Date(partial=True), "生日", section="basic", headings=("出生日期", "出生年月")),
        Field("id_type", Choice(ID_TYPE), "证件", group="identity", section="basic"),
        Field("id_number", IdNumber(), "身份证", is_sensitive=True, group="identity", section="basic", headings=("身份证号", "身份证号码", "公民身份证号码")),
        Field("phone", Phone(), "电话", is_searchable=True, section="basic", headings=("联系电话", "联系方式", "手机", "手机号", "电话号码", "手机号码")),
        Field("other_phone", Phone(), "备用电话", is_searchable=True, section="basic"),
        Field("workplace", Text(), "在哪里", section="away", headings=("务工地点", "务工地", "当前务工地点", "工作单位", "打工地点", "务工地址", "去向")),
        Field("occupation", Text(), "做什么", section="away", headings=("职业", "从事工作")),
        Field("is_away", YesNo(), "外出", section="away", headings=("是否外出",)),
        Field("calls", Text(), "多久来电", section="away", headings=("联系频率", "多久联系一次")),
        Field("returns", Text(), "多久回家", section="away", headings=("回家频率", "多久回家一次")),
        Field("is_carer", YesNo(), "带孩子的人", section="care"),
        Field("is_entrusted", YesNo(), "受委托", section="care"),
        Field("lives_with_child", YesNo(), "同住", section="care"),
        Field("ability", Choice(ABILITY), "监护能力", section="care", worry={}),
        Field("health", Text(), "身体", section="care", headings=("健康状况",)),
        Field("address", Text(), "住址", section="care", headings=("居住地址", "家庭住址")),
        Field("has_died", YesNo(), "已去世", section="care"),
        Field("note", LongText(), "备注", section="care"),
    ),
)
