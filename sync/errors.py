"""The one numbered list of what can go wrong: what happened, what is safe, what to do next.

Sentences are Chinese and the gettext message ids; the number is shown dim at the end and stays the
same.
"""

from __future__ import annotations

from msgspec import Struct

from sync.language import N_, _


class ErrorText(Struct, frozen=True):
    """One entry of the list."""

    number: int
    log: str
    """English line for logs; never a person's name."""
    sentence: str


LIST: dict[str, ErrorText] = {
    # 1xx: reaching the county
    "offline": ErrorText(101, "server not reached", N_("没连上县里。{n} 条都存在这台电脑上，有网时再收发。")),
    "address": ErrorText(102, "bad server address", N_("服务器地址不对：{detail}。应当像 https://… 这样。什么都没做。")),
    "insecure": ErrorText(
        103,
        "plain http to another machine",
        N_("这个地址没有加密（http）。孩子的资料不能这样传；换 https，或明知风险用 --insecure。"),
    ),
    "throttled": ErrorText(104, "too many attempts", N_("试得太多了，过一会儿再试。什么都没丢。")),
    "protocol": ErrorText(105, "protocol not spoken", N_("这台电脑上的程序太旧，请更新。记录都在，更新后再收发。")),
    "protocol_server": ErrorText(
        109, "server speaks an older protocol", N_("县里的服务器比这台电脑上的程序旧，还不能收发。记录都在这里，照常写；请县里更新服务器。")
    ),
    "answer_large": ErrorText(
        110, "answer too large", N_("县里发来的东西大得不对头，没有收。这台电脑上的记录都没有动；请告诉县里。")
    ),
    "server_busy": ErrorText(
        111, "server asks to wait", N_("县里的服务器这会儿忙，请 {wait} 后再收发。{n} 条都存在这台电脑上，没有丢。")
    ),
    "ca_file": ErrorText(107, "unreadable CUNCAO_CA", N_("CUNCAO_CA 指的证书文件读不了：{detail}。什么都没做。")),
    "certificate": ErrorText(
        108,
        "certificate not trusted",
        N_("服务器的证书不可信，没有连。县里自己发的证书用 CUNCAO_CA 指明。记录都在这台电脑上。"),
    ),
    "too_large": ErrorText(106, "message too large", N_("一次交的东西太大，服务器没收。记录都在本机；再收发一次，还不行就告诉县里。")),
    # 2xx: who one is
    "no_login": ErrorText(
        215, "no token yet", N_("这台电脑还没有在网上登录过。记录都在，没有动。有网时先运行 cuncao login 县里的地址；没有网就用U盘（cuncao bundle）。")
    ),
    "login": ErrorText(201, "login refused", N_("登录名或密码不对，或要重新登录。本机的记录都在，没有动；再试一次，忘了就问县里。")),
    "disabled": ErrorText(202, "user disabled", N_("这个用户已停用，请问县里。本机的记录都在。")),
    "passphrase": ErrorText(203, "wrong passphrase", N_("口令不对，再试一次。大写锁定开着吗？")),
    "passphrase_length": ErrorText(204, "unfit passphrase", N_("口令要 8 到 128 个字，什么字都行。什么都没改。")),
    "revoked": ErrorText(205, "device revoked", N_("县里停用了这台电脑。没交的记录已交给县里，这里的已清掉。")),
    "no_account": ErrorText(206, "nobody logged in", N_("这台电脑上还没有人登录。先运行 cuncao login。")),
    "many_accounts": ErrorText(207, "several users", N_("这台电脑有几个人用，请用 --user 说是谁：{detail}。")),
    "inspector": ErrorText(208, "inspector asks for records", N_("督导只看数字，看不到孩子的档案。")),
    "no_recovery": ErrorText(
        209,
        "recovery not allowed",
        N_("县里还没同意找回，记录都在。请管理员先允许这台电脑：{detail}；再运行 cuncao recover。"),
    ),
    "no_passphrase": ErrorText(210, "no passphrase", N_("要口令才能打开。设 CUNCAO_PASSPHRASE，或在终端里输入。")),
    "passphrase_file": ErrorText(
        211, "unreadable passphrase file", N_("CUNCAO_PASSPHRASE_FILE 指的文件读不了：{detail}。什么都没做。")
    ),
    "revoked_kept": ErrorText(
        212,
        "device revoked, hand-in unfinished",
        N_("县里停用了这台电脑，档案打不开了。没交上去的记录都在；连上县里，用口令再打开一次就交。"),
    ),
    "lease_ended": ErrorText(
        213, "lease ended", N_("{n} 天没联系，旧档案先锁上。新走访和险情照样能记，未上传的都在；收发一次就打开。")
    ),
    "other_accounts": ErrorText(
        214, "not a user of this laptop", N_("这台电脑上没有他的资料，只有这几位的：{detail}。先运行 cuncao login。")
    ),
    "logged_out": ErrorText(
        216, "logged out", N_("已经退出登录了。没交的都在这台电脑上，没有丢。再登录就接着收发：{detail}")
    ),
    "revoked_unheard": ErrorText(
        217,
        "device revoked, hand-in by bundle",
        N_("县里停用了这台电脑，档案打不开了。没交上去的记录都在：写一个包（cuncao bundle write）送到县里，或有网时 cuncao login，就交上去。"),
    ),
    # 3xx: what one may do
    "not_permitted": ErrorText(301, "not permitted", N_("这不归您办，什么都没写。请找督导员或县里。")),
    "out_of_scope": ErrorText(302, "out of scope", N_("这个孩子不归您这里了。您写的已交给县里，没有丢。")),
    "not_found": ErrorText(303, "no such record", N_("这台电脑上没有这一条：{detail}。什么都没动；收发一次再找。")),
    "deleted": ErrorText(304, "record deleted", N_("这份档案已删除，不能改。管理员可以恢复。")),
    "not_a_choice": ErrorText(305, "no such choice", N_("没有这个选法：{detail}。什么都没写；换一个再试。")),
    "device_revoked": ErrorText(306, "revoked device", N_("来自已停用的电脑，县里替您收着，没有丢。")),
    "unknown_record": ErrorText(307, "record unknown", N_("它说的那一份县里没有，先收着等人看。")),
    "unknown_unit": ErrorText(308, "unit unknown", N_("它说的村或学校县里没有，先收着等人看。")),
    "record_deleted": ErrorText(309, "record deleted meanwhile", N_("那份档案已删除，这条县里收着等人看。")),
    "foreign_author": ErrorText(310, "foreign author", N_("这条不是登录的人写的，没有收。它还在本机；请写它的人登录，再收发。")),
    "foreign_device": ErrorText(311, "foreign device", N_("这条不是这台电脑写的，没有收。它还在本机；请告诉县里。")),
    "same_id_other_content": ErrorText(
        312, "cloned device", N_("这台电脑和另一台是同一个盘复制的。请重新登录，记录都在。")
    ),
    "other_kind": ErrorText(313, "id of another kind", N_("编号和别的记录撞了，没有收。它还在本机；请告诉县里。")),
    "unknown_kind": ErrorText(314, "unknown kind", N_("服务器不认得这种记录，没有收。它还在本机；请县里更新服务器。")),
    "newer_program": ErrorText(
        318, "of a newer program", N_("县里的服务器还没更新，不认得这一条，先替您收着；它更新后就用上，您不用再写。")
    ),
    "bad_id": ErrorText(315, "unfit record id", N_("编号不合规矩，没有收。它还在本机；请告诉县里。")),
    "envelope_gap": ErrorText(316, "envelope before this one missing", N_("它前面的还没到，县里先收着；前面的到了自动接上。")),
    "user_disabled": ErrorText(317, "envelope of a disabled user", N_("来自已停用的用户，县里先收着等人看，没有丢。")),
    "taken_back": ErrorText(319, "decision taken back before", N_("这个决定已经撤销过了，什么都没写。")),
    "decided": ErrorText(
        325, "conflict decided before", N_("这一处已经定过了，什么都没写。要改就先撤销：cuncao undo {detail}")
    ),
    "same_file": ErrorText(323, "one file twice", N_("这是同一份档案，不用合并。什么都没写。")),
    "append_only": ErrorText(330, "append-only record", N_("险情的记录只能添，不能改、不能删。写错了就添一步「更正」。")),
    "kept": ErrorText(331, "root that must be kept", N_("这个孩子有险情记录，档案不能删。可以结案注销。")),
    "erased": ErrorText(320, "record erased", N_("这份记录已由县里抹去，写在上面的不再留存。")),
    "own_words": ErrorText(
        321, "critical conflict decided by an author", N_("紧急的一处不能由写它的人自己定，请另一位督导员或县里定。")
    ),
    "cannot_be_asked": ErrorText(322, "user asked may not read the record", N_("问的这位看不到这个孩子的这一项，没有问。换一位问。")),
    "asks_blind": ErrorText(
        324, "user to be asked may not read the record", N_("这位看不到这个孩子的这一项，没有问。可以问：{detail}。")
    ),
    "released": ErrorText(327, "taken after all", N_("县里收下了这一条，记在您名下。看过就收起。")),
    "dropped": ErrorText(328, "let be by the county", N_("县里看过，没有用这一条；您的原话县里留着。想知道为什么，请问县里。")),
    # 4xx: what was typed
    "invalid": ErrorText(401, "invalid value", N_("有一格不能这样写，什么都没写进去。改好再存。")),
    "no_such_kind": ErrorText(402, "no such kind", N_("没有「{detail}」这种记录，什么都没做。")),
    "assignment": ErrorText(403, "not field=value", N_("要写成 项目=值：{detail}。")),
    "unknown_field": ErrorText(404, "unknown field", N_("没有这一项，什么都没写进去。看看名字写得对不对。")),
    "required": ErrorText(405, "required field empty", N_("必填的一项空着，没有收。改好再交。")),
    "fixed_field": ErrorText(406, "fixed field", N_("这一项建档后不能改，没有收。")),
    "encoding": ErrorText(407, "no readable text", N_("给的字读不出来，要用 UTF-8。什么都没写。")),
    "scan_empty": ErrorText(410, "file without bytes", N_("{detail} 是空的，没有添。")),
    "scan_large": ErrorText(411, "file too large", N_("{detail} 超过 2 MB，没有添。拍小一点或存成黑白再添。")),
    "scan_missing": ErrorText(412, "file not readable", N_("打不开 {detail}，没有添。看看路径对不对，文件在不在。")),
    "scan_kept": ErrorText(413, "another file is there", N_("{detail} 已经有了，没有换掉它。换个名字。")),
    "scan_differs": ErrorText(414, "bytes differ from their name", N_("取来的和登记的不一样，没有存。再取一次；还不行请告诉县里。")),
    "scan_not_here": ErrorText(415, "bytes not at the county yet", N_("这份材料还没到县里：添它的电脑还没收发。")),
    "older_offline": ErrorText(
        417, "older records at the county", N_("更早的走访联系在县里，现在连不上，没取来；这里的一条没少。有网时再取。")
    ),
    "scan_wished": ErrorText(
        416, "bytes asked for", N_("这份材料不在这台电脑上，现在连不上县里。记下了：下次收发，或读县里的下一个回包，就带来。")
    ),
    # 5xx: the store
    "damaged": ErrorText(501, "store damaged", N_("这台电脑上的资料打不开了。别删任何文件，联系县里；已上传的都在服务器上。")),
    "disk_full": ErrorText(502, "disk full", N_("磁盘满了，这一条没存进去，以前的都在。腾出地方再存。")),
    "read_only": ErrorText(504, "folder not writable", N_("资料文件夹不能写：{detail}。什么都没改，以前的都在。")),
    "program": ErrorText(505, "fault of the program", N_("程序出了毛病，关上了。存过的和先放着的都在；再打开接着写，把下面几行告诉县里。")),
    "busy": ErrorText(503, "store busy", N_("另一个窗口正在写，请稍等再试。什么都没丢。")),
    # 6xx: bundles
    "bundle_not": ErrorText(601, "not a bundle", N_("这不是寸草的包。什么都没动；换一个文件再试。")),
    "bundle_cut": ErrorText(602, "bundle cut short", N_("这个包没拷全，请再拷一次。什么都没动。")),
    "bundle_large": ErrorText(603, "bundle too large", N_("这个包太大，不是寸草写的。什么都没动。")),
    "bundle_direction": ErrorText(
        604, "bundle of another kind", N_("这是另一种包：交出去的给县里读，回来的在电脑上读。什么都没动。")
    ),
    "bundle_forged": ErrorText(
        605, "bundle not ours or altered", N_("这个包打不开：不是给这里的，或被人动过。什么都没动。")
    ),
    "bundle_other": ErrorText(606, "bundle of another device", N_("这个包是另一台电脑的。什么都没动；拿到那台电脑上读。")),
    "bundle_unknown": ErrorText(
        607, "device without keys here", N_("县里不认得写这个包的电脑。请它联网登录一次，或用县里新写的开户文件登录。")
    ),
    "bundle_no_key": ErrorText(
        608, "device without the county's keys", N_("这台电脑还不能用包收发。请联网登录一次，或用县里写的开户文件登录。记录都在。")
    ),
    "bundle_kept": ErrorText(609, "another file is there", N_("{detail} 已经有了，又不是寸草的包，没有换掉它。")),
    "enrol_used": ErrorText(
        610, "enrolment used before", N_("这个开户文件已在另一台电脑上用过。请县里再写一个；这台电脑的记录都在。")
    ),
    "enrol_late": ErrorText(
        611, "enrolment ended", N_("这个开户文件过期了，或密码已换。请县里再写一个。电脑上的记录都在。")
    ),
    "enrol_user": ErrorText(612, "enrolment of another user", N_("这个开户文件是给另一个人的。什么都没动；请县里给您写一个。")),
    "bundle_missing": ErrorText(613, "file not readable", N_("打不开 {detail}。是不是U盘拔了？")),
    "bundle_room": ErrorText(614, "file not writable", N_("写不了 {detail}：U盘满了、拔了，或不让写。记录都在这台电脑上。")),
}  # fmt: skip


def sentence(code: str, **args: object) -> str:
    """The sentence of a code with its number, in the language chosen; never raises."""
    entry = LIST.get(code)
    if entry is None:
        return code
    text = _(entry.sentence)
    for name, value in {"n": 0, "detail": "", **args}.items():
        text = text.replace("{" + name + "}", str(value))
    return f"{text} ({entry.number})"
