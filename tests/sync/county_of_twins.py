"""A made-up county for the search for duplicates: children, true pairs with the mistakes people
make, and near-misses that are not one child. One seed, one county; nobody in it exists.

Names, villages, homophones (from pypinyin's dictionary) and look-alikes are its own; nothing is
taken from the tables of the matcher.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import lru_cache

from sync.likeness import Facts

SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆"
    "郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
WEIGHTS = [1 / (i + 6) for i in range(len(SURNAMES))]
DOUBLE = ("欧阳", "上官", "诸葛", "司马", "慕容")
GIVEN = (
    "子涵梓萱雨桐浩宇轩欣怡佳琪诗语思博文俊杰一诺可馨梦瑶嘉睿泽明晨曦若彤宇航天翔雅静晓燕小红建国志强海波永福春梅秋菊冬雪丽娟秀英玉兰桂花国庆立春"
    "家豪鑫磊森淼婷芳芸莉莎娜倩颖瑞霖启航昊然奕辰沐阳书瑶紫熙语晴清妍婉若溪铭哲皓弘毅承志远鹏飞翼超越凡平安康乐顺利成龙凤舞银星月华"
)
LOOKS = dict(
    zip(
        "晴婷梓浩清佳怡铭沐晨燕春莉诗语瑞鹏",
        "睛停锌诰情桂治名休辰蒸舂利持悟端鹂",
        strict=True,
    )
)
FORMS = dict(
    zip(
        "国华龙马刘陈张杨丽兰语晓红庆凤银乐强远飞",
        "國華龍馬劉陳張楊麗蘭語曉紅慶鳳銀樂強遠飛",
        strict=True,
    )
)


@dataclass(frozen=True)
class Noise:
    """How often each mistake is made in the second file of a child; one at least is always made."""

    homophone: float = 0.35
    look_alike: float = 0.1
    form: float = 0.15
    birth_digit: float = 0.25
    moved: float = 0.3
    other_phone: float = 0.15
    no_phone: float = 0.1
    no_sex: float = 0.1
    no_parents: float = 0.4
    former_name: float = 0.05


@dataclass
class County:
    files: list[Facts] = field(default_factory=list)
    pairs: set[frozenset[str]] = field(default_factory=set)
    """Ids of two files that are of one child."""


@lru_cache(maxsize=1)
def _homophones() -> dict[str, str]:
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    by_sound: dict[str, list[str]] = {}
    sounds: dict[str, str] = {}
    for c in dict.fromkeys(GIVEN + "函晗寒翰紫籽宣轩雨语羽宇桐彤童欣心馨新怡宜仪佳家嘉琪琦奇诗施思丝博伯文纹"):
        sounds[c] = to_normal(PINYIN_DICT[ord(c)].split(",")[0])
        by_sound.setdefault(sounds[c], []).append(c)
    return {c: "".join(o for o in by_sound[s] if o != c) for c, s in sounds.items()}


class _Maker:
    def __init__(self, seed: int, noise: Noise) -> None:
        self.random = random.Random(seed)
        self.noise = noise
        self.villages = [f"v{n:03}" for n in range(180)]
        self.county = County()

    def name(self, surname: str = "", middle: str = "") -> str:
        pick = self.random
        surname = surname or (
            pick.choice(DOUBLE) if pick.random() < 0.01 else pick.choices(SURNAMES, WEIGHTS)[0]
        )
        if middle:
            return surname + middle + pick.choice(GIVEN)
        count = 1 if pick.random() < 0.2 else 2
        return surname + "".join(pick.choices(GIVEN, k=count))

    def birth(self) -> str:
        one = self.random.randint
        return f"{one(2011, 2023)}-{one(1, 12):02}-{one(1, 28):02}"

    def phone(self) -> str:
        return "1" + self.random.choice("3578") + f"{self.random.randrange(10**9):09}"

    def child(self, **given: object) -> Facts:
        made = Facts(
            f"c{len(self.county.files):06}", self.name(), ("", ""),
            self.random.choice(("male", "female")), self.birth(), "",
            self.random.choice(self.villages), "", (self.phone(),),
            (self.name(), self.name()),
        )  # fmt: skip
        values = {f: given.get(f, getattr(made, f)) for f in Facts.__struct_fields__}
        if "name" in given and "parents" not in given:
            values["parents"] = (self.name(_surname(str(given["name"]))), self.name())
        one = Facts(**values)  # type: ignore[arg-type]
        self.county.files.append(one)
        return one

    def again(self, one: Facts) -> None:
        """The same child's file, written by somebody else."""
        chance, noise = self.random.random, self.noise
        before = (one.name, one.birth, one.village, one.phones)
        while True:
            name, birth, village, phones = before
            other: tuple[str, ...] = ("", "")
            if chance() < noise.former_name:
                other, name = ("", name)[::-1], self.name(_surname(name))
            for rate, change in ((noise.homophone, self._homophone), (noise.look_alike, self._look),
                                 (noise.form, self._form)):
                if not other[0] and name == one.name and chance() < rate:
                    name = change(name)
            if chance() < noise.birth_digit:
                birth = self._digit_off(birth)
            elif chance() < noise.moved:
                village = self.random.choice(self.villages)
            if village == one.village and chance() < noise.other_phone:
                phones = (self.phone(),)
            elif village == one.village and chance() < noise.no_phone:
                phones = ()
            if (name, birth, village, phones) != before:
                break
        sex = "" if chance() < noise.no_sex else one.sex
        parents = () if chance() < noise.no_parents else one.parents
        second = self.child(name=name, other_names=other, sex=sex, birth=birth, village=village,
                            phones=phones, parents=parents)  # fmt: skip
        self.county.pairs.add(frozenset((one.id, second.id)))

    def _replaced(self, name: str, by: dict[str, str]) -> str:
        first = len(_surname(name))
        places = [i for i in range(first, len(name)) if by.get(name[i])]
        if not places:
            return name
        i = self.random.choice(places)
        return name[:i] + self.random.choice(by[name[i]]) + name[i + 1 :]

    def _homophone(self, name: str) -> str:
        return self._replaced(name, _homophones())

    def _look(self, name: str) -> str:
        return self._replaced(name, LOOKS)

    def _form(self, name: str) -> str:
        changed = "".join(FORMS.get(c, c) for c in name)
        return changed if changed != name else name[:1] + "　" + name[1:]

    def _digit_off(self, birth: str) -> str:
        import datetime

        while True:
            i = self.random.choice((3, 5, 6, 8, 9))
            other = birth[:i] + self.random.choice("0123456789") + birth[i + 1 :]
            try:
                datetime.date.fromisoformat(other)
            except ValueError:
                continue
            if other != birth:
                return other

    def near_misses(self, count: int) -> None:
        kinds = (self._sibling, self._twin, self._cousin, self._namesake)
        for n in range(count):
            kinds[n % len(kinds)](self.random.choice(self.county.files))

    def _sibling(self, one: Facts) -> None:
        middle = one.name[-2] if self.random.random() < 0.5 and len(one.name) > 2 else ""
        self.child(name=self._other_name(one, middle), village=one.village, phones=one.phones,
                   parents=one.parents)  # fmt: skip

    def _twin(self, one: Facts) -> None:
        middle = one.name[-2] if len(one.name) > 2 else ""
        self.child(name=self._other_name(one, middle), village=one.village, phones=one.phones,
                   parents=one.parents, birth=one.birth, sex=one.sex)  # fmt: skip

    def _cousin(self, one: Facts) -> None:
        middle = one.name[-2] if len(one.name) > 2 else ""
        self.child(name=self._other_name(one, middle), village=one.village,
                   birth=one.birth[:5] + self.birth()[5:])  # fmt: skip

    def _namesake(self, one: Facts) -> None:
        village = self.random.choice([v for v in self.villages if v != one.village])
        self.child(name=one.name, village=village, sex=one.sex)

    def _other_name(self, one: Facts, middle: str) -> str:
        """A name that parents would give a second child: not one that sounds like the first's."""
        while True:
            name = self.name(_surname(one.name), middle)
            if name[-1] != one.name[-1] and name[-1] not in _homophones().get(one.name[-1], ""):
                return name


def _surname(name: str) -> str:
    return name[:2] if name[:2] in DOUBLE else name[:1]


def county(
    seed: int,
    children: int = 20_000,
    pairs: int = 500,
    near: int = 5_000,
    noise: Noise | None = None,
) -> County:
    """`children` files in all, of which `pairs` are second files and `near` near-misses."""
    maker = _Maker(seed, noise or Noise())
    for _ in range(children - pairs - near):
        maker.child()
    first = list(maker.county.files)
    maker.near_misses(near)
    for one in maker.random.sample(first, pairs):
        maker.again(one)
    maker.random.shuffle(maker.county.files)
    return maker.county
