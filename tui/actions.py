"""Every action once: its words, its keys, where it applies. Keys, footer, help and palette read
this list.

F-key first, letter second: letters turn into Chinese while a pinyin method is on, F-keys never do.
"""

from __future__ import annotations

from msgspec import Struct

from sync.language import N_

LISTS = ("home", "records", "file")
EVERYWHERE = ("*",)


class Action(Struct, frozen=True):
    """One thing a person can do."""

    id: str
    """Also the method `do_<id>` of the place or the program."""
    hint: str
    """Two to four characters for the footer (message id)."""
    help: str
    """A sentence for help and palette (message id)."""
    keys: tuple[str, ...]
    """Textual's key names; the first is the one shown."""
    places: tuple[str, ...]
    group: str = "do"
    """Where help lists it: find, move, do, everywhere."""


ACTIONS: tuple[Action, ...] = (
    Action("apply_filter", N_("就这样"), N_("照这样筛"), ("enter", "ctrl+s"), ("filter",), "do"),
    Action("clear_filter", N_("清空"), N_("不筛了，全都看"), ("ctrl+u",), ("filter",), "do"),
    Action("help", N_("帮助"), N_("这里能做什么"), ("f1", "question_mark"), EVERYWHERE, "everywhere"),
    Action("visit", N_("记走访"), N_("记一次走访"), ("f2", "v", "ctrl+n"), ("home", "records", "file"), "do"),
    Action("add", N_("添一条"), N_("建一份新的"), ("f9", "m"), ("records",), "do"),
    Action("add_here", N_("添一条"), N_("在这一页添一条"), ("f9", "m"), ("file",), "do"),
    Action("danger", N_("险情"), N_("报险情，或接着办没结案的"), ("f8", "exclamation_mark"), (*LISTS, "case", "sync"), "do"),
    Action("add_step", N_("添一步"), N_("给这起险情添一步"), ("f2", "v"), ("case",), "do"),
    Action("log_call", N_("打了就记"), N_("打了这个电话，记下来"), ("f3", "c"), ("case",), "do"),
    Action("close_case", N_("去结案"), N_("结案，要写怎么结的"), ("f4", "e"), ("case",), "do"),
    Action("child_file", N_("档案"), N_("打开这个孩子的档案"), ("f6", "f"), ("case",), "do"),
    Action("call", N_("打电话"), N_("打电话，打完记下"), ("f3", "c"), ("home", "records", "file"), "do"),
    Action("edit", N_("改"), N_("改这一份"), ("f4", "e"), ("records", "file", "papers"), "do"),
    Action("sync_now", N_("收发"), N_("把没交的交上去，把新的收下来"), ("f5", "r"), EVERYWHERE, "everywhere"),
    Action("sync_centre", N_("收发情况"), N_("看什么还没交、什么被退回"), ("ctrl+r",), EVERYWHERE, "everywhere"),
    Action("review", N_("核对"), N_("两种说法，一处一处定"), ("f6", "f"), ("home", "file"), "do"),
    Action("questions", N_("问您的"), N_("有人问您哪个对，答一下"), ("ctrl+b",), EVERYWHERE, "everywhere"),
    Action("ask_village", N_("问人"), N_("问知道的人；答了以后再按就照答的定"), ("5",), ("review",), "do"),
    Action("notices", N_("告知您的"), N_("您写的哪些不算数了；能要回"), ("ctrl+g",), EVERYWHERE, "everywhere"),
    Action("duplicates", N_("像同一人"), N_("像是同一个孩子的两份档案"), ("ctrl+o",), ("home", "records"), "do"),
    Action("merge_pair", N_("合成一份"), N_("把两份档案合成一份，能拆回"), ("ctrl+s",), ("duplicates",), "do"),
    Action("not_same", N_("不是"), N_("不是同一个孩子；记住"), ("f6", "f"), ("duplicates",), "do"),
    Action("pair_later", N_("以后"), N_("以后再看这一对"), ("f4",), ("duplicates",), "do"),
    Action("merge_certain", N_("一批办"), N_("身份证和姓名都相同的，一起合并"), ("f9", "m"), ("duplicates",), "do"),
    Action("undo_verdict", N_("收回"), N_("收回刚才说的，合了的拆回"), ("ctrl+z", "u"), ("duplicates",), "do"),
    Action("take_left", N_("留左边"), N_("这一项留左边的"), ("left", "h"), ("duplicates",), "do"),
    Action("take_right", N_("留右边"), N_("这一项留右边的"), ("right", "l"), ("duplicates",), "do"),
    Action("next_pair", N_("下一对"), N_("下一对"), ("pagedown", "ctrl+d"), ("duplicates",), "move"),
    Action("previous_pair", N_("上一对"), N_("上一对"), ("pageup", "ctrl+u"), ("duplicates",), "move"),
    Action("claim", N_("要回"), N_("要回您写的：重新核对，附一句"), ("f9", "m"), ("notices",), "do"),
    Action("seen", N_("看过了"), N_("看过了，从这里收起"), ("f4", "space"), ("notices",), "do"),
    Action("filter", N_("筛选"), N_("按村、学校、风险等筛选"), ("f6", "f"), ("records",), "find"),
    Action("find", N_("找人"), N_("按姓名、拼音首字母、电话、身份证、村找"), ("f7", "slash", "ctrl+f"), EVERYWHERE, "find"),
    Action("palette", N_("命令"), N_("所有能做的事"), ("f10", "colon", "ctrl+p"), EVERYWHERE, "everywhere"),
    Action("lock", N_("锁上"), N_("锁上，要口令才能再看"), ("f12", "ctrl+l"), EVERYWHERE, "everywhere"),
    Action("leave", N_("离开"), N_("离开，草稿都在"), ("ctrl+q", "q"), EVERYWHERE, "everywhere"),
    Action("open", N_("打开"), N_("打开档案"), ("enter",), ("home", "records", "file", "case", "sync", "review", "questions", "proposals", "partings", "settled", "notices"), "do"),
    Action("back", N_("返回"), N_("回到上一处，什么都不定"), ("escape",), EVERYWHERE, "everywhere"),
    Action("mark", N_("标记"), N_("标记；F2 记成一次走访"), ("space",), ("records",), "do"),
    Action("mark_small", N_("标小事"), N_("标上这处小事；F9 一起定"), ("space",), ("review",), "do"),
    Action("settle_marked", N_("小事一起"), N_("标上的小事一起按现在的定"), ("f9", "m"), ("review",), "do"),
    Action("undo_decision", N_("撤销"), N_("撤销刚才定的，又摆出来"), ("ctrl+z", "u"), ("review",), "do"),
    Action("sort", N_("排序"), N_("换一个次序"), ("o",), ("records",), "find"),
    Action("proposals", N_("建档结案"), N_("哪些孩子该建档、该结案，各有理由"), (), EVERYWHERE, "find"),
    Action("partings", N_("拆回的"), N_("拆回以后，合并时写的归哪个孩子"), ("f6", "f"), ("review",), "do"),
    Action("place_here", N_("留原处"), N_("这一条留在原来那一份"), ("1",), ("partings",), "do"),
    Action("place_there", N_("归另一份"), N_("这一条归拆出去的那一份"), ("2",), ("partings",), "do"),
    Action("place_both", N_("两份都有"), N_("这一条两份都有"), ("3",), ("partings",), "do"),
    Action("undo_placing", N_("收回"), N_("收回刚才分的"), ("ctrl+z", "u"), ("partings",), "do"),
    Action("settled", N_("定过的"), N_("定过的、合过的，由谁、何时；能撤销"), (), EVERYWHERE, "find"),
    Action("take_back_settled", N_("撤销"), N_("撤销这一处：又摆出来等人定，合的拆回"), ("f4", "e"), ("settled",), "do"),
    Action("accept", N_("认可"), N_("认可这一条，照它改"), ("ctrl+s",), ("proposals",), "do"),
    Action("put_off", N_("推后"), N_("这件事推后，写明为什么"), ("f9",), ("home",), "do"),
    Action("show_duties", N_("要办的"), N_("摆出今天要办的事"), ("f4", "e"), ("home",), "do"),
    Action("papers", N_("材料"), N_("这个孩子的扫描件和照片"), ("ctrl+k",), ("file",), "find"),
    Action("save_out", N_("存出来"), N_("存成文件；不在这里的先从县里取"), ("enter",), ("papers",), "do"),
    Action("add_paper", N_("添文件"), N_("从文件添一份材料"), ("f9", "m"), ("papers",), "do"),
    Action("take_file", N_("就这个"), N_("添这个文件，或存成这个文件"), ("enter",), ("paper_file",), "do"),
    Action("reveal", N_("看全号"), N_("看身份证全号"), ("s",), ("file",), "do"),
    Action("older", N_("取回更早的"), N_("把更早的走访联系从县里取回来"), ("o",), ("file",), "do"),
    Action("next_record", N_("下一个"), N_("下一份档案"), ("n",), ("file",), "move"),
    Action("previous_record", N_("上一个"), N_("上一份档案"), ("p",), ("file",), "move"),
    Action("save", N_("保存"), N_("保存"), ("ctrl+s",), ("form", "visit", "reason"), "do"),
    Action("write", N_("写入"), N_("试算过的写进去"), ("ctrl+s",), ("import",), "do"),
    Action("undo", N_("撤销"), N_("撤销刚才写的"), ("ctrl+z",), ("form", "visit"), "do"),
    Action("as_last", N_("照上次"), N_("照上次的填"), ("f4",), ("visit",), "do"),
    Action("add_child", N_("加孩子"), N_("同一户的孩子也记上"), ("f9",), ("visit",), "do"),
    Action("import_roster", N_("导入名册"), N_("从表格导入名册"), (), ("home", "records"), "do"),
    Action("contacts_kind", N_("记录"), N_("看全部走访记录"), (), ("home", "records"), "find"),
    Action("theme", N_("换颜色"), N_("深色、浅色、朴素"), ("ctrl+t",), EVERYWHERE, "everywhere"),
    Action("language", N_("English"), N_("换成英文或中文"), (), EVERYWHERE, "everywhere"),
    Action("down", N_("下一个"), N_("下一个"), ("down", "j"), (*LISTS, "case", "papers", "sync", "review", "questions", "proposals", "partings", "settled", "notices", "duplicates", "import", "palette", "help"), "move"),
    Action("up", N_("上一个"), N_("上一个"), ("up", "k"), (*LISTS, "case", "papers", "sync", "review", "questions", "proposals", "partings", "settled", "notices", "duplicates", "import", "palette", "help"), "move"),
    Action("page_down", N_("翻一页"), N_("往下翻一页"), ("pagedown", "ctrl+d"), (*LISTS, "papers", "review", "questions", "proposals", "partings", "settled", "notices", "import"), "move"),
    Action("page_up", N_("翻一页"), N_("往上翻一页"), ("pageup", "ctrl+u"), (*LISTS, "papers", "review", "questions", "proposals", "partings", "settled", "notices", "import"), "move"),
    Action("home_end", N_("到头"), N_("到头"), ("home", "g"), (*LISTS, "review", "proposals", "partings", "settled", "import"), "move"),
    Action("to_end", N_("到尾"), N_("到尾"), ("end", "G"), (*LISTS, "review", "proposals", "partings", "settled", "import"), "move"),
    Action("switch_user", N_("换人"), N_("换一个人用"), ("f4",), ("unlock",), "do"),
    Action("next_user", N_("下一个"), N_("这台电脑的下一个人"), ("down",), ("unlock",), "move"),
    Action("previous_user", N_("上一个"), N_("这台电脑的上一个人"), ("up",), ("unlock",), "move"),
    Action("toggle_language", N_("English"), N_("换成英文或中文"), ("f6",), ("unlock",), "do"),
    Action("forgot", N_("忘了"), N_("忘了口令怎么办"), ("f9",), ("unlock",), "do"),
    Action("enter_unlock", N_("打开"), N_("打开"), ("enter",), ("unlock",), "do"),
    Action("put_away", N_("收起"), N_("县里收着的，看过就收起"), ("f4",), ("sync",), "do"),
    Action("bundle_write", N_("写包"), N_("没有网：把没交的写成一个包，用U盘带到县里"), ("f6",), ("sync", "closed"), "do"),
    Action("bundle_read", N_("读回包"), N_("没有网：读U盘带回来的回包"), ("f9",), ("sync", "closed"), "do"),
    Action("visit_named", N_("记走访"), N_("记一次走访，写孩子的全名"), ("enter", "f2"), ("closed",), "do"),
    Action("report_named", N_("报险情"), N_("报一件险情，写孩子的全名"), ("f8",), ("closed",), "do"),
    Action("carry", N_("写或读"), N_("写这个包，或读这个回包"), ("enter",), ("stick",), "do"),
    Action("ask_why", N_("写明白"), N_("定之前写一句为什么"), ("f4",), ("review",), "do"),
    Action("go_there", N_("去"), N_("做这件事，或打开这个孩子"), ("enter",), ("palette",), "do"),
    Action("only_records", N_("孩子"), N_("只看孩子，不看办事"), ("tab",), ("palette",), "find"),
    Action("clear", N_("清空"), N_("清空，重新打"), ("ctrl+u",), ("palette",), "find"),
    Action("take_base", N_("原来"), N_("按原来的"), ("1",), ("review", "questions"), "do"),
    Action("take_standing", N_("按现在"), N_("就按现在算数的"), ("2",), ("review", "questions"), "do"),
    Action("take_other", N_("另一说法"), N_("按另一种说法"), ("3",), ("review", "questions"), "do"),
    Action("take_own", N_("另写"), N_("两种都不对，另写一个"), ("4",), ("review", "questions"), "do"),
    Action("later", N_("以后"), N_("以后再说，先看下一处"), ("6",), ("review", "questions"), "do"),
    Action("take_both", N_("都要"), N_("两种都要"), ("7",), ("review", "questions"), "do"),
    Action("next_telling", N_("下一说法"), N_("还有别的说法时，换下一种"), ("right", "l"), ("review", "questions"), "move"),
    Action("previous_telling", N_("上一说法"), N_("还有别的说法时，换上一种"), ("left", "h"), ("review", "questions"), "move"),
    Action("decide", N_("定这行"), N_("1 同一人、2 不是，新建、3 跳过"), ("1-3",), ("import",), "do"),
    Action("doubtful_only", N_("要看的"), N_("只看要看的行，或看全部"), ("f6", "f"), ("import",), "find"),
    Action("complete", N_("补全"), N_("把文件名补全"), ("tab",), ("import",), "find"),
    Action("take_back", N_("收回"), N_("收回上一批，再按 ctrl+s 就收"), ("f4",), ("import",), "do"),
)  # fmt: skip

BY_ID = {a.id: a for a in ACTIONS}

KEY_NAMES = {
    "enter": "Enter", "escape": "Esc", "space": "Space", "slash": "/", "colon": ":",
    "question_mark": "?", "exclamation_mark": "!", "pagedown": "PgDn", "pageup": "PgUp", "home": "Home", "end": "End",
    "down": "↓", "up": "↑", "left": "←", "right": "→", "tab": "Tab", "shift+tab": "⇧Tab",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as the footer writes it: F2, ^S, Enter."""
    if key.startswith("ctrl+"):
        return f"^{key[5:].upper()}"
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    return KEY_NAMES.get(key, key)


def at(place: str) -> list[Action]:
    """Every action that applies in a place."""
    return [a for a in ACTIONS if place in a.places or "*" in a.places]
