"""The child: one file each (一人一档). S1 of the work and the fields of the national form of 2016.

Source: 农村留守儿童基本情况登记表, annex 1 of the census of 2016 (民发〔2016〕42号); key categories and
risk from the seed documents 003 and 004. The parents' and grandparents' rows of the form are `family` records.
"""

from __future__ import annotations

from schema import roles
from schema.codes import Code, codes
from schema.record import Field, Kind
from schema.types import (
    Choice,
    Choices,
    Date,
    IdNumber,
    LongText,
    Name,
    Phone,
    Ref,
    Text,
    UnitRef,
    YesNo,
)

SEX = codes("sex", ("male", "男", "男性 男孩 男童 M"), ("female", "女", "女性 女孩 女童 F"))
ID_TYPE = codes(
    "id_type",
    ("resident", "身份证", "居民身份证"),
    ("birth_certificate", "出生证", "出生医学证明"),
    ("residence_booklet", "户口簿"),
    ("other", "其他证件", "其他"),
    ("none", "没有证件", "无"),
)
HEALTH = codes("health", ("healthy", "健康", "良好 好 正常 健康或良好"), ("fair", "一般"), ("ill", "患病", "疾病 有病"), ("disabled", "残疾"))
SCHOOLING = codes(
    "schooling",
    ("kindergarten", "幼儿园", "在园 学前"),
    ("not_in_kindergarten", "未入园"),
    ("primary", "小学"),
    ("junior", "初中"),
    ("senior", "高中"),
    ("vocational", "中职", "职高 中专"),
    ("dropped_out", "辍学"),
    ("not_in_school", "不在学", "未上学"),
)
PARENT = codes("parent", ("father", "父亲", "爸爸"), ("mother", "母亲", "妈妈"), ("both", "父母双方", "双方"))
LIVES_WITH = codes(
    "lives_with",
    Code("both_parents", "父母", ("父母双方",)),
    Code("father", "爸爸", ("父亲", "父"), rank=1),
    Code("mother", "妈妈", ("母亲", "母"), rank=1),
    Code("paternal_grandparents", "爷爷奶奶", ("祖父母", "隔代监护", "爷爷", "奶奶", "祖父", "祖母", "隔代"), rank=2),
    Code("maternal_grandparents", "外公外婆", ("外祖父母", "外公", "外婆", "外祖父", "外祖母", "姥姥", "姥爷"), rank=2),
    Code("relatives", "亲戚", ("亲属监护", "亲属", "其他亲属", "姑姑", "姨", "姨妈", "叔叔", "舅舅", "伯伯"), rank=3),
    Code("boarding", "学校寄宿", ("寄宿学校",), rank=3),
    Code("others", "别的人", ("其他", "他人", "邻居", "朋友", "委托监护"), rank=4),
    Code("sibling", "哥哥姐姐", ("哥哥", "姐姐", "兄姐"), rank=5),
    Code("alone", "独自一人", ("无人监护", "独居", "自己", "没有人", "无人"), rank=6),
)
GUARDIANSHIP = codes(
    "guardianship",
    Code("good", "监护较好", ("较好", "监护情况较好", "好"), rank=0),
    Code("fair", "监护一般", ("一般", "监护情况一般"), rank=1),
    Code("carer_inadequate", "监护能力不足", ("受委托监护人监护能力不足", "能力不足"), rank=2),
    Code("parent_unable", "父母无力监护", ("父或母无监护能力", "无监护能力"), rank=3),
    Code("none", "无人监护", ("监护缺失",), rank=4),
)
ABILITY = codes(
    "ability",
    Code("good", "较好", ("好", "正常")),
    Code("fair", "一般", ("不足",), rank=1),
    Code("poor", "差", ("较差", "缺失", "失当"), rank=2),
)
INCOME = codes(
    "income",
    ("wages", "打工收入", "务工 打工"),
    ("farming", "种养殖业", "务农 种地 养殖"),
    ("state_aid", "政府救助"),
    ("kin", "亲朋接济"),
    ("other", "其他", "其它"),
)
AID = codes(
    "aid",
    ("subsistence", "享受低保", "低保"),
    ("temporary", "临时救助"),
    ("medical", "医疗救助"),
    ("housing", "住房救助"),
    ("other", "其他救助", "其他"),
)
ECONOMY = codes(
    "economy",
    ("ordinary", "一般", "否 正常 普通 非困难 良好"),
    ("minimum_living", "低保", "低保户 享受低保 最低生活保障"),
    ("borderline", "低保边缘", "边缘户 低保边缘户 低边"),
    ("heavy_expense", "支出型困难", "支出型 支出型困难家庭"),
    ("lifted", "脱贫户", "建档立卡 原建档立卡 脱贫"),
    ("destitute", "特困", "特困供养 五保"),
    ("other", "其他困难", "困难 其他 贫困"),
)
ORPHAN = codes(
    "orphan",
    ("no", "不是", "否 非孤儿"),
    ("orphan", "孤儿"),
    ("de_facto", "事实无人抚养", "事实无人抚养儿童 事实孤儿"),
)
CATEGORIES = codes(
    "categories",
    ("guardianship_missing", "监护缺失"),
    ("poverty", "家庭贫困", "贫困"),
    ("psychology", "心理和行为偏差", "心理偏差 行为偏差 心理行为偏差 心理问题"),
    ("study", "学业困难", "学习困难"),
    ("illness_disability", "重病重残", "重病 重残 身体残疾 残疾"),
    ("internet", "沉迷网络", "网络沉迷 网瘾"),
    ("bullying", "校园欺凌", "欺凌 霸凌"),
)
HARDSHIP = codes(
    "hardship",
    ("left_behind", "留守儿童", "留守"),
    ("orphan", "孤儿", "含事实无人抚养"),
    ("prisoner", "服刑人员子女", "服刑在押人员未成年子女"),
    ("disabled", "残疾"),
    ("street", "流浪"),
    ("aids", "受艾滋病影响"),
    ("drugs", "吸毒家庭子女"),
    ("violence", "受暴力侵害"),
    ("migrant", "流动儿童", "流动"),
)
RISK = codes(
    "risk_level",
    Code("low", "低", ("低风险", "低危", "绿", "蓝"), rank=1, mark="calm"),
    Code("medium", "中", ("中风险", "中危", "黄"), rank=2, mark="medium"),
    Code("high", "高", ("高风险", "高危", "红"), rank=3, mark="high"),
    Code("critical", "紧急", ("极高", "极危"), rank=4, mark="danger"),
)
STATUS = codes("status", ("open", "在册", "在档"), ("closed", "已结案", "结案 注销"))
CLOSE_REASON = codes(
    "close_reason",
    ("parent_returned", "父母回来了", "父母返乡"),
    ("turned_16", "满 16 岁"),
    ("moved", "搬走了", "迁出"),
    ("died", "去世", "死亡"),
    ("entered_in_error", "建错了"),
    ("other", "其他"),
)

WHOSE = Field("child", Ref("child"), "孩子", is_required=True, is_fixed=True, is_hidden=True)
"""The field by which a record hangs on its child."""

CHILD = Kind(
    name="child",
    label="孩子",
    scope="root",
    unit_fields=("village", "school", "class"),
    read=roles.CASEWORKERS,
    write=roles.FIELD_STAFF,
    delete=roles.ADMINS,
    list_columns=("name", "sex", "~age", "village", "~carer", "~last_contact", "risk_level"),
    order_by=("name",),
    pointer="merged_into",
    section_labels={
        "basic": "概况",
        "care": "监护",
        "school": "学校",
        "health": "身体",
        "home": "家境",
        "risk": "风险",
        "file": "建档",
    },
    fields=(
        Field("name", Name(), "姓名", is_required=True, is_searchable=True, section="basic", headings=("儿童姓名", "学生姓名", "孩子姓名", "留守儿童姓名", "幼儿姓名", "被监护人姓名", "名字")),
        Field("former_name", Name(), "曾用名", is_searchable=True, section="basic"),
        Field("small_name", Name(), "小名", is_searchable=True, section="basic", headings=("乳名",)),
        Field("sex", Choice(SEX), "性别", section="basic"),
        Field("birth_date", Date(partial=True), "生日", section="basic", headings=("出生日期", "出生年月", "出生年月日", "出生时间")),
        Field("id_type", Choice(ID_TYPE), "证件", group="identity", section="basic", headings=("证件类型",)),
        Field("id_number", IdNumber(), "身份证", is_searchable=True, is_sensitive=True, group="identity", section="basic", headings=("身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "证件号码", "身份证件号", "身份证件号码")),
        Field("ethnicity", Text(40), "民族", section="basic"),
        Field("is_registered", YesNo(), "有户口", section="basic", headings=("是否登记户口",)),
        Field("registered_place", Text(), "户籍地", section="basic", headings=("户籍所在地", "户籍地址", "户口所在地")),
        Field("village", UnitRef(levels=("village", "township", "county")), "村", section="basic", headings=("所在村", "村名", "村社区", "村/社区", "村(社区)", "现居住地(村/社区)", "所属村", "居住村", "行政村", "社区")),
        Field("address", Text(), "住址", section="basic", headings=("家庭住址", "现居住地", "家庭地址", "现住址", "居住地址", "详细地址")),
        Field("phone", Phone(), "电话", is_searchable=True, section="basic", headings=("本人电话", "儿童电话", "学生电话")),
        Field("hobbies", Text(), "爱好", section="basic", headings=("兴趣爱好", "兴趣", "特长爱好")),
        Field("talents", Text(), "特长", section="basic"),
        Field("character", LongText(), "性格", section="basic", headings=("性格特点",)),
        Field("lives_with", Choice(LIVES_WITH), "跟谁住", section="care", worry={}, headings=("监护类型", "监护方式", "与谁同住", "监护情况类型", "看护类型")),
        Field("lives_alone", YesNo(), "独自居住", section="care", worry={}),
        Field("both_parents_away", YesNo(), "父母都外出", section="care", headings=("父母双方同时外出", "父母双方外出")),
        Field("one_away_other_unable", YesNo(), "另一方无力", section="care", headings=("父母一方外出另一方无监护能力", "一方外出另一方无力")),
        Field("unable_parent", Choice(PARENT), "谁无力监护", section="care", headings=("无监护能力",)),
        Field("left_since", Date(partial=True), "何时外出", section="care", headings=("外出时间", "父母外出时间")),
        Field("is_entrusted", YesNo(), "委托他人", section="care", headings=("父母外出有无委托其他监护人", "有无委托监护人")),
        Field("agreement_void", YesNo(), "委托失效", section="care", worry={}),
        Field("guardianship", Choice(GUARDIANSHIP), "监护状况", section="care", headings=("监护情况", "监护评估")),
        Field("carer_ability", Choice(ABILITY), "监护能力", section="care"),
        Field("schooling", Choice(SCHOOLING), "就学", section="school", headings=("就学情况", "就读情况", "学段")),
        Field("school", UnitRef(levels=("school",)), "学校", section="school", headings=("就读学校", "所在学校", "学校名称", "就读学校(幼儿园)", "就读园校")),
        Field("class", UnitRef(levels=("class",)), "班级", section="school", headings=("班", "所在班级")),
        Field("is_boarding", YesNo(), "寄宿", section="school", headings=("是否寄宿", "是否学校寄宿", "住校", "是否住校", "寄宿生")),
        Field("dormitory", Text(40), "宿舍", section="school", headings=("宿舍号",)),
        Field("bed", Text(20), "床位", section="school"),
        Field("lodges_with", Text(), "寄住谁家", section="school", headings=("寄住", "寄居")),
        Field("lodging_phone", Phone(), "寄住电话", section="school"),
        Field("lodging_since", Date(partial=True), "何时寄住", section="school"),
        Field("study", LongText(), "学习", section="school", headings=("学习情况", "学习成绩")),
        Field("thinking", LongText(), "思想", section="school", headings=("思想状况",)),
        Field("psychology", LongText(), "心理", section="school", headings=("心理状况",)),
        Field("conduct", LongText(), "品行", section="school", headings=("品德", "行为习惯", "品行表现")),
        Field("health", Choice(HEALTH), "身体", section="health", headings=("健康状况", "身体情况", "身体状况", "健康情况")),
        Field("disability_type", Text(), "残疾类别", group="disability", section="health", headings=("残疾类型", "残疾类别及等级")),
        Field("disability_grade", Text(40), "残疾等级", group="disability", section="health"),
        Field("illness", Text(), "病", section="health", headings=("患病类型", "疾病名称", "所患疾病")),
        Field("medical_history", LongText(), "病史", section="health", headings=("既往病史",)),
        Field("insurance", Text(), "医保", section="health", headings=("医疗保险", "是否参保")),
        Field("income", Choices(INCOME), "经济来源", section="home", headings=("家庭经济来源", "收入来源")),
        Field("aid", Choices(AID), "救助", section="home", headings=("救助帮扶情况", "享受救助情况")),
        Field("economy", Choice(ECONOMY), "家境", section="home", headings=("家庭经济状况", "是否低保", "家庭经济情况", "经济状况", "困难类型", "家庭类型")),
        Field("orphan", Choice(ORPHAN), "孤儿", section="home", headings=("是否孤儿",)),
        Field("categories", Choices(CATEGORIES), "类别", section="risk", headings=("重点类别", "儿童类别", "帮扶类别", "关爱类别")),
        Field("hardship", Choices(HARDSHIP), "困境类型", section="risk", headings=("困境儿童类型",)),
        Field("risk_level", Choice(RISK), "风险", section="risk", worry={}, headings=("风险等级", "风险级别")),
        Field("risk_reason", LongText(), "风险原因", section="risk"),
        Field("suspected_harm", YesNo(), "疑似受害", section="risk", worry={}),
        Field("status", Choice(STATUS), "档案", section="file"),
        Field("opened_on", Date(), "建档日期", section="file", headings=("建档时间",)),
        Field("closed_on", Date(), "结案日期", section="file"),
        Field("close_reason", Choice(CLOSE_REASON), "结案原因", section="file"),
        Field("verified_on", Date(), "核实日期", section="file", headings=("核实时间", "摸排时间")),
        Field("consent_on", Date(), "同意日期", section="file"),
        Field("consent_form", Text(), "同意书", section="file"),
        Field("note", LongText(), "备注", section="file", headings=("说明", "备注说明")),
        Field("merged_into", Ref("child"), "合到哪份", is_hidden=True),
    ),
)
