"""Made-up children of a real county, the same for the same seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schema.idnumber import check_character

DIVISIONS = Path(__file__).parent.parent / "tui" / "data" / "demo" / "510811.csv"
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马胡朱郭何罗高林郑梁谢唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "静浩晨曦若兰梓涵家豪佳琪建军金凤怡然宇轩子墨雨桐思远欣妍俊杰雅婷志强秀英桂兰海燕文博诗琪嘉懿天佑可馨一诺浩然梦洁明辉晓彤丽华国庆春梅小龙玉兰红霞永强淑珍"
PLACES = (
    "广东省东莞市",
    "浙江省宁波市",
    "江苏省苏州市",
    "福建省泉州市",
    "成都市双流区",
    "上海市松江区",
)
RISKS = ("low", "low", "low", "medium", "medium", "high", "critical")
LIVES = ("paternal_grandparents", "maternal_grandparents", "mother", "relatives", "sibling")


def villages() -> list[str]:
    """Codes of the villages of the county that ships with the demo."""
    with open(DIVISIONS, encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file) if row["level"] == "village"]


def children(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Field values of `count` children, twelve fields each."""
    dice = random.Random(seed)
    codes = villages()
    for _ in range(count):
        born = f"{dice.randint(2011, 2021)}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
        body = f"510811{born}{dice.randint(1, 999):03d}"
        name = dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, dice.choice((1, 2, 2))))
        yield {
            "name": name,
            "sex": "male" if int(body[16]) % 2 else "female",
            "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}",
            "id_number": body + check_character(body),
            "ethnicity": "汉族",
            "village": dice.choice(codes),
            "address": f"{dice.randint(1, 9)}组{dice.randint(1, 120)}号",
            "phone": f"1{dice.choice('3578')}{dice.randint(10**8, 10**9 - 1)}",
            "hobbies": dice.choice(("画画", "篮球", "唱歌", "看书", "跳绳")),
            "lives_with": dice.choice(LIVES),
            "risk_level": dice.choice(RISKS),
            "note": f"父母在{dice.choice(PLACES)}务工，{dice.choice(('每周', '每月', '很少'))}来电。",
        }
