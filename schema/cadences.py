"""The cadences that the program ships, grouped by source; a county switches on its own set and changes what it likes.

`default` is what practice shows where a county has said nothing (Inner Mongolia 2022: high risk weekly and within 24 h
of a major event, key persons monthly, general quarterly; Shaanxi 2013: a home visit a term by the class teacher;
Qianxi: re-assessment in March and September). The others are the seeds' own rules, under their numbers there. A rule
without a number ("定期") has no `per` and is shown as "no cadence set".
"""

from __future__ import annotations

from typing import Any

TALK = ("talk",)
VISIT = ("home_visit",)
SEEN = ("home_visit", "talk", "video_call", "reunion", "activity")
CALL = ("parent_call", "video_call")
REACH = ("parent_call", "video_call", "message")
TEACHERS = ("teacher", "class-teacher")
VILLAGE = ("director",)

_FIELDS = ("code", "label", "source", "subject", "doer", "counts", "least", "per")


def _rule(*values: Any, **more: Any) -> dict[str, Any]:
    made = dict(zip(_FIELDS, values, strict=False)) | more
    return {k: list(v) if isinstance(v, tuple) else v for k, v in made.items() if v not in (None, ())}


CADENCES: tuple[dict[str, Any], ...] = (
    _rule("d1", "紧急的每周走访", "default", "child", VILLAGE, VISIT, 1, "week", risk=("critical",), is_on=True),
    _rule("d2", "高风险每周走访", "default", "child", VILLAGE, VISIT, 1, "week", risk=("high",), is_on=True),
    _rule("d3", "重点的每月走访", "default", "child", VILLAGE, VISIT, 1, "month", risk=("medium",), is_on=True),
    _rule("d4", "一般的每季度走访", "default", "child", VILLAGE, VISIT, 1, "quarter", risk=("low",), is_on=True),
    _rule("d5", "有大事 24 小时内走访", "default", "child", VILLAGE, VISIT, 1, "event", within_hours=24, is_on=True),
    _rule("d6", "班主任每学期家访", "default", "child", ("class-teacher",), VISIT, 1, "term", is_on=True),
    _rule("d7", "春秋两次风险评估", "default", "child", VILLAGE, ("assessment",), 1, "half_year", months=("mar", "sep"), is_on=True),
    _rule("d8", "每半年核实档案", "宁夏 2024", "child", VILLAGE, ("verified",), 1, "half_year", months=("mar", "sep")),
    _rule("c01", "每周谈心三到五名", "001-1a, 004-3b", "doer", TEACHERS, TALK, 3, "week", most=5, school_days=True),
    _rule("c02", "班主任每月谈心", "001-1c, 004-5", "child", ("class-teacher",), TALK, 1, "month", school_days=True),
    _rule("c03", "班主任每周谈心", "003-4, 003-6", "child", ("class-teacher",), TALK, 1, "week", most=1, school_days=True),
    _rule("c04", "两周给家长一个电话", "003-4, 003-6", "parent", ("class-teacher",), CALL, 1, "two_weeks", school_days=True),
    _rule("c05", "每周联系寄宿的亲戚", "003-4, 003-6", "guardian", TEACHERS, ("guardian_call",), 1, "week", lives_with=("relatives",), school_days=True),
    _rule("c06", "每月一访", "001-3b", "child", ("class-teacher",), VISIT, 1, "month"),
    _rule("c07", "包保教师每月走访", "001-15", "child", TEACHERS, VISIT, 1, "month"),
    _rule("c08", "每月告诉家长学习生活", "001-15", "parent", TEACHERS, REACH, 1, "month"),
    _rule("c09", "包保干部每月联系家长", "001-15", "parent", VILLAGE, REACH, 1, "month"),
    _rule("c10", "每月联系老人的儿女", "001-15", "elder", VILLAGE, REACH, 1, "month"),
    _rule("c11", "多带一每月走访", "001-11", "pair", ("helper",), VISIT, 1, "month"),
    _rule("c12", "多带一每月为老人服务", "001-11", "elder", ("helper",), ("activity",), 1, "month"),
    _rule("c13", "志愿队每周走访", "001-15", "child", ("helper",), VISIT, 1, "week"),
    _rule("c14", "志愿队每周看老人", "001-15", "elder", ("helper",), VISIT, 1, "week"),
    _rule("c15", "爱心辅导员每月走访两次", "001-3c", "pair", ("helper",), VISIT, 2, "month"),
    _rule("c16", "每月联系监护人（三个一）", "003-1", "guardian", ("helper",), ("home_visit", "guardian_call"), 1, "month", is_paired=True),
    _rule("c17", "每季度陪伴一次（三个一）", "003-1", "pair", ("helper",), ("activity",), 1, "quarter"),
    _rule("c18", "每季度上门送温暖（三个一）", "003-1", "pair", ("helper",), VISIT, 1, "quarter"),
    _rule("c19", "每学期一封亲情书信", "000-1, 004-1a", "child", TEACHERS, ("letter",), 1, "term"),
    _rule("c20", "每周与父母视频", "004-2", "child", TEACHERS, ("video_call",), 1, "week", school_days=True),
    _rule("c21", "每月一场励志电影", "004-2", "school", TEACHERS, ("log",), 1, "month", school_days=True),
    _rule("c22", "每月座谈会", "004-3a", "school", TEACHERS, ("log",), 1, "month", school_days=True),
    _rule("c23", "每周心理健康课", "001-1b", "class", TEACHERS, ("log",), 1, "week", school_days=True),
    _rule("c24", "每周班队活动", "004-3c", "class", TEACHERS, ("log",), 1, "week", school_days=True),
    _rule("c25", "每学期班级小结", "001-1c", "class", ("class-teacher",), ("log",), 1, "term"),
    _rule("c26", "四五月更新档案", "004-2", "school", TEACHERS, ("log",), 1, "month", months=("apr", "may")),
    _rule("c27", "六月家长会", "004-2", "school", TEACHERS, ("log",), 1, "year", months=("jun",)),
    _rule("c28", "七月总结归档", "004-2", "school", TEACHERS, ("log",), 1, "year", months=("jul",)),
    _rule("c29", "三到六月主题教育", "002-1", "school", TEACHERS, ("log",), 1, "year", months=("mar", "apr", "may", "jun")),
    _rule("c30", "每年两次教职工考评", "001-3a", "school", TEACHERS, ("log",), 1, "half_year", months=("jan", "jul")),
    _rule("c31", "农忙时节返乡家长会", "000-1, 004-1a", "township", ("supervisor",), ("log",)),
    _rule("c32", "换季和放假前提醒", "001-1b", "school", TEACHERS, ("log",), 1, "quarter"),
    _rule("c33", "社区图书室游戏室开放", "001-3c", "station", ("unit",), ("log",), 1, "day", weekdays=("mon", "tue", "wed", "thu", "fri"), hours="16:00-18:00"),
    _rule("c34", "周末亲情电话", "001-3c", "station", ("unit",), ("log",), 1, "day", weekdays=("sat", "sun")),
    _rule("c35", "每周家园活动", "001-3c", "station", ("unit",), ("log",), 1, "week"),
    _rule("c36", "活动站每天开放两小时", "002-3", "station", ("unit",), ("log",), 1, "day", hours="2 h"),
    _rule("c37", "节假日全天开放", "002-3", "station", ("unit",), ("log",), 1, "day", weekdays=("sat", "sun")),
    _rule("c38", "学校图书室全天开放", "004-2", "school", TEACHERS, ("log",), 1, "day", school_days=True),
    _rule("c39", "每周六上午辅导", "001-3d, 001-13", "village", VILLAGE, ("log",), 1, "day", weekdays=("sat",), hours="上午"),
    _rule("c40", "暑期课程", "001-4", "station", ("unit",), ("log",), 1, "day", weekdays=("mon", "tue", "wed", "thu", "fri"), months=("jul", "aug"), hours="9:00-11:00"),
    _rule("c41", "春节亲子活动", "001-3d, 001-13", "village", VILLAGE, ("log",), 1, "year", months=("jan", "feb")),
    _rule("c42", "关工委专题会议", "001-3d, 001-13", "village", VILLAGE, ("log",), 1, "year", most=2),
    _rule("c43", "年底评比表彰", "001-3d, 001-13", "village", VILLAGE, ("log",), 1, "year", months=("dec",)),
    _rule("c44", "社区每年普查", "001-3c", "village", VILLAGE, ("log",), 1, "year"),
    _rule("c45", "三月九月普查", "001-15", "village", VILLAGE, ("log",), 1, "half_year", months=("mar", "sep")),
    _rule("c46", "三月九月老人普查", "001-15", "elder", VILLAGE, ("log",), 1, "half_year", months=("mar", "sep")),
    _rule("c47", "县里每半年摸底", "002-3", "county", ("admin",), ("log",), 1, "half_year", months=("jun", "dec")),
    _rule("c48", "每月 30 日前交月报", "002-3", "township", ("supervisor",), ("log",), 1, "month", by_day=30),
    _rule("c49", "5 日前回复方案意见", "002-3", "township", ("supervisor",), ("log",), 1, "once", by_day=5),
    _rule("c50", "每年自查小结", "002-3", "township", ("supervisor",), ("log",), 1, "year", by_day=20, months=("dec",)),
    _rule("c51", "八月十二月督查", "001-12", "township", ("supervisor",), ("log",), 1, "half_year", months=("aug", "dec")),
    _rule("c52", "十二月表彰交流", "001-11, 001-12", "township", ("supervisor",), ("log",), 1, "year", months=("dec",)),
    _rule("c53", "逢年过节慰问老人", "001-12", "elder", ("supervisor",), ("log",)),
    _rule("c54", "老人集体活动", "001-12", "elder", ("supervisor",), ("log",)),
    _rule("c55", "每周电话问候老人", "001-14", "elder", ("helper",), ("guardian_call",), 1, "week"),
    _rule("c56", "活动后每月回访", "002-5", "school", ("helper",), ("log",), 1, "month"),
    _rule("c57", "活动前 7 天定时间地点", "001-6", "programme", ("unit",), ("log",), 1, "event", within_hours=168),
    _rule("c58", "活动前一天动员", "001-6, 001-2, 001-9", "programme", ("unit",), ("log",), 1, "event", within_hours=24),
    _rule("c59", "活动前三天截止报名", "001-16", "programme", ("unit",), ("log",), 1, "event", within_hours=72),
    _rule("c60", "险情第一时间报警", "004-1b", "child", (*TEACHERS, *VILLAGE), ("log",), 1, "event", within_hours=1),
    _rule("c61", "公安出警并通报乡镇", "004-1b", "county", ("admin",), ("log",), 1, "event", within_hours=1),
    _rule("c62", "四个一活动", "000-1, 004-1a", "programme", ("supervisor",), ("log",), 1, "once"),
)
"""One rule each, as the fields of kind `rule`. What is not said holds for everyone."""
