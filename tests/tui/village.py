"""Two villages and a school with made-up people: a hub in memory, devices by name, the program over
one.

The day is Wednesday 18 November 2026; the director's laptop synchronised yesterday at 18:20.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec

from casework import rules
from casework.contacts import last_seen
from casework.search import Indexer
from server.store.sqlite import SqliteStore
from sync import scans
from sync.change import Grant
from sync.client import sync_once
from sync.folders import Account, Card
from sync.home import Home
from sync.hub import Hub
from sync.hub import Session as HubSession
from sync.pacing import Pacing
from sync.protocol import SyncRequest, pack, unpack
from sync.replica import Replica
from sync.session import Session
from sync.storage import open_plain
from sync.views import Identity
from tui.program import CuncaoApp

ZONE = datetime.timezone(datetime.timedelta(hours=8))
UNITS = (
    ("510811", "昭化区", "county", None),
    ("510811101", "卫子镇", "township", "510811"),
    ("510811101201", "冯家岭村村民委员会", "village", "510811101"),
    ("510811101202", "板石沟村村民委员会", "village", "510811101"),
    ("s1", "卫子镇中心小学", "school", "510811101"),
)
FENGJIALING, BANSHIGOU = "510811101201", "510811101202"
PEOPLE = {
    "陈德福": ("admin", "510811", "县里 台式机"),
    "何秀英": ("director", "510811101", "冯家岭 笔记本"),
    "周晓燕": ("teacher", "510811101", "中心小学 2号"),
    "刘国强": ("supervisor", "510811101", "卫子镇 笔记本"),
}
CHILDREN: tuple[dict[str, Any], ...] = (
    {"name": "罗静", "sex": "female", "birth_date": "2015-03-08", "risk_level": "high",
     "lives_with": "paternal_grandparents", "address": "板石沟 3组", "phone": None,
     "risk_reason": "奶奶摔伤住院，两个孩子独自过夜两次", "id_number": "510811201503080029",
     "id_type": "resident", "schooling": "primary", "hobbies": "画画"},
    {"name": "罗浩", "sex": "male", "birth_date": "2020-05-01", "lives_with": "paternal_grandparents",
     "address": "板石沟 3组", "schooling": "kindergarten"},
    {"name": "陈嘉怡", "sex": "female", "birth_date": "2017-01-20", "risk_level": "critical",
     "lives_with": "paternal_grandparents"},
    {"name": "欧阳晨曦", "sex": "female", "birth_date": "2014-10-18", "risk_level": "medium"},
    {"name": "阿依古丽·买买提", "sex": "female", "birth_date": "2018-04-02", "lives_with": "mother"},
    {"name": "杨𬭎", "sex": "male", "birth_date": "2012-06-09", "risk_level": "high",
     "lives_with": "relatives", "village": BANSHIGOU},
    {"name": "上官若兰", "sex": "female", "birth_date": "2019-11-21", "village": BANSHIGOU},
    {"name": "张梓涵", "sex": "female", "birth_date": "2016-11-19", "village": BANSHIGOU},
    {"name": "刘洁", "sex": "female", "birth_date": "2013-02-11", "risk_level": "medium",
     "village": BANSHIGOU, "lives_with": "maternal_grandparents"},
    {"name": "罗俊豪", "sex": "male", "birth_date": "2018-09-30", "risk_level": "medium"},
    {"name": "李佳琪", "sex": "female", "birth_date": "2016-03-14", "risk_level": "low"},
    {"name": "黎君", "sex": "male", "birth_date": "2019-07-07", "village": BANSHIGOU},
    {"name": "刘家豪", "sex": "male", "birth_date": "2011-01-02", "risk_level": "high",
     "lives_with": "sibling"},
    {"name": "李建军", "sex": "male", "birth_date": "2021-08-08", "village": BANSHIGOU},
    {"name": "廖金凤", "sex": "female", "birth_date": "2014-12-12", "risk_level": "low"},
    {"name": "梁静怡", "sex": "female", "birth_date": "2017-05-25", "village": BANSHIGOU},
    {"name": "𠮷田", "sex": "male", "birth_date": "2015-05-05"},
    {"name": "赵㐂", "sex": "male", "birth_date": "2015-06-01", "village": BANSHIGOU},
)  # fmt: skip


def at(day: int, hour: int = 12, minute: int = 0, month: int = 11) -> int:
    """A moment of the year 2026 in the county, as ms UTC."""
    return int(datetime.datetime(2026, month, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


class Village:
    """Hub, devices and what happened: edits that meet, work that is unsent."""

    def __init__(self) -> None:
        self.now = at(2, 9, month=3)
        self.made = 0
        store = SqliteStore(open_plain(), now_ms=lambda: self.now)
        self.hub = Hub(store, lambda: self.now)
        for code, name, level, parent in UNITS:
            values = {"code": code, "name": name, "level": level, "parent": parent}
            self.hub.write("unit", code, {k: v for k, v in values.items() if v})
        for name in PEOPLE:
            self.hub.write("user", name, {"login": name, "name": name})
        self.replicas = {name: self._laptop(name) for name in PEOPLE}
        self.ids: dict[str, str] = {}
        self._tell()

    def _laptop(self, name: str) -> Replica:
        replica = Replica(
            open_plain(same_thread=False), wall_ms=lambda: self.now, random=self._numbered,
            indexers=[Indexer()],
        )  # fmt: skip

        replica.last_seen = last_seen
        replica.rules = rules.problems
        role, unit, _device = PEOPLE[name]
        grants = (Grant(role, unit),)
        replica.become(
            Identity(
                name,
                f"d{list(PEOPLE).index(name)}",
                grants,
                "https://county.example",
                name,
                "昭化区",
            )
        )
        replica.set_state(token="token")
        sync_once(replica, Line(self, name), "", 2000)
        return replica

    def _numbered(self, size: int) -> bytes:
        """Ids in the order of making, so that pictures stay the same."""
        self.made += 1
        return self.made.to_bytes(size, "big")

    def sync(self, *names: str) -> None:
        for name in names:
            self.now += 1000
            sync_once(self.replicas[name], Line(self, name), "", 2000)

    def _tell(self) -> None:
        """The story up to this morning."""
        admin = self.replicas["陈德福"]
        for values in CHILDREN:
            given = {"village": FENGJIALING, "school": "s1", **values}
            self.ids[str(values["name"])] = admin.save("child", given)
        luo = self.ids["罗静"]
        for values in (
            {"role": "grandmother", "name": "王桂兰", "phone": "13900002741", "is_carer": True,
             "lives_with_child": True, "birth_date": "1958"},
            {"role": "father", "name": "罗建国", "phone": "13900005512", "workplace": "东莞 电子厂", "is_away": True},
            {"role": "mother", "name": "周小梅", "phone": "15000006641", "workplace": "宁波 服装厂", "is_away": True},
        ):  # fmt: skip
            self.ids[str(values["role"])] = admin.save("family", {"child": luo, **values})
        self.sync("陈德福", *PEOPLE)
        he, zhou = self.replicas["何秀英"], self.replicas["周晓燕"]
        for month, day, kind, words in (
            (3, 12, "home_visit", "爷爷去世后第一次走访，家里缺煤"),
            (4, 15, "home_visit", "奶奶身体还行"),
            (6, 2, "guardian_call", "奶奶说夏收忙"),
            (8, 20, "video_call", "和妈妈视频二十分钟"),
            (9, 30, "home_visit", "开学后作业没人看"),
            (10, 17, "home_visit", "镇里同去，送棉被两床，看了灶台和电线"),
            (10, 28, "guardian_call", "给爸爸打电话，工地忙，答应每周日来电"),
            (11, 5, "home_visit", "奶奶能下地了，作业没人看，晚上一个人睡"),
        ):
            self.now = at(day, 16, month=month)
            he.save("contact", {"child": luo, "on": f"2026-{month:02d}-{day:02d}", "kind": kind,
                                "outcome": "met", "done_by": "何秀英", "summary": words,
                                "follow_up": "再去看一次" if month == 11 else None,
                                "follow_up_by": "2026-11-12" if month == 11 else None})  # fmt: skip
        self.now = at(9, 17)
        zhou.save("contact", {"child": self.ids["陈嘉怡"], "on": "2026-11-09", "kind": "talk",
                              "outcome": "met", "done_by": "周晓燕",
                              "summary": "她说周末去姑姑家，姑姑电话没打通"})  # fmt: skip
        self.sync("何秀英", "周晓燕", "何秀英")
        self._meet(he, zhou)
        self.now = at(17, 18, 20)
        self.sync("周晓燕", "何秀英", "周晓燕", "刘国强", "陈德福", "何秀英")
        self.now = at(18, 8, 40)
        he.save("child", {"address": "板石沟 5组"}, self.ids["黎君"])
        self.now = at(18, 10, 12)
        he.save("contact", {"child": luo, "on": "2026-11-18", "kind": "parent_call", "outcome": "met",
                            "done_by": "何秀英", "summary": "给爸爸打电话，说元旦回来"})  # fmt: skip
        self.now = at(18, 10, 42)

    def tell_twice(self) -> str:
        """The teacher files 罗静 once more, as the school has her; returns the second file."""
        admin, zhou = self.replicas["陈德福"], self.replicas["周晓燕"]
        admin.save("child", {"id_number": "510811201503080027"}, self.ids["罗静"])
        self.sync("陈德福")
        second = zhou.save("child", {
            "name": "罗静", "sex": "female", "birth_date": "2015-03-08", "school": "s1",
            "id_number": "510811201503080027", "id_type": "resident", "schooling": "primary",
            "ethnicity": "汉族", "risk_level": "medium", "hobbies": "画画、唱歌", "address": "板石沟 3社",
        })  # fmt: skip
        zhou.save("contact", {"child": second, "on": "2026-11-12", "kind": "talk", "outcome": "met",
                              "done_by": "周晓燕", "summary": "她说想学唱歌"})  # fmt: skip
        self.sync("周晓燕", *PEOPLE)
        return second

    def _meet(self, he: Replica, zhou: Replica) -> None:
        """Four things told two ways, none having seen the other's."""
        chen, ouyang, yang = self.ids["陈嘉怡"], self.ids["欧阳晨曦"], self.ids["杨𬭎"]
        self.now = at(16, 8, 15)
        zhou.save("child", {"lives_with": "relatives"}, chen)
        zhou.save("family", {"phone": "15000006614"}, self.ids["mother"])
        zhou.save("child", {"address": "板石沟村 5组"}, ouyang)
        zhou.save("child", {"hobbies": "象棋"}, yang)
        self.now = at(17, 17, 40)
        he.save("contact", {"child": chen, "on": "2026-11-17", "kind": "home_visit", "outcome": "met",
                            "done_by": "何秀英",
                            "summary": "门敲了十分钟才开，屋里只有她，灶是冷的"})  # fmt: skip
        he.save("child", {"lives_with": "alone"}, chen)
        he.save("family", {"phone": "15000006641", "workplace": "宁波 鞋厂"}, self.ids["mother"])
        he.save("family", {"phone": "15000006642"}, self.ids["mother"])
        he.save("child", {"address": "板石沟村 2组"}, ouyang)
        he.save("child", {"hobbies": "篮球"}, yang)

    def tell_question(self) -> None:
        """The supervisor asks the director about the mother's phone."""
        from casework import questions, told

        asker = self.replicas["刘国强"]
        phone = next(c for c in told.queue(asker) if c.slot == "phone")
        questions.ask(asker, phone.id, "何秀英", "哪个打得通？")
        self.sync("刘国强", "何秀英")

    def tell_danger(self) -> str:
        """Last night: a girl alone at home; the police told, the township not yet. Her case."""
        he, chen = self.replicas["何秀英"], self.ids["陈嘉怡"]
        for values in (
            {"role": "father", "name": "陈大军", "phone": "13800004471", "workplace": "深圳"},
            {"role": "neighbour", "name": "何桂芳", "phone": "13500002086", "is_carer": True},
        ):
            he.save("family", {"child": chen, **values})
        self.now = at(17, 19, 40)
        case = he.save("case", {"child": chen, "seen_at": "2026-11-17 19:40", "cause": "alone",
                                "situations": ["abandoned"], "seen_by": "何秀英", "reporter": "village",
                                "seen": "屋里只有她一人，灶是冷的，有两天没见大人"})  # fmt: skip
        for moment, values in (
            ((17, 20, 5), {"step": "police_told", "told": "卫子派出所 王警官 110", "how": "phone",
                           "outcome": "20:40 到，联系爸爸未接"}),
            ((17, 20, 30), {"step": "parents_told", "told": "爸爸 13800004471", "how": "phone",
                            "was_reached": False, "outcome": "没人接"}),
            ((17, 21, 10), {"step": "placement", "placed_with": "邻居何桂芳家", "placed_from": "2026-11-17",
                            "dispositions": ["neighbour_takes"], "outcome": "孩子同意"}),
        ):  # fmt: skip
            self.now = at(*moment)
            when = f"2026-11-{moment[0]} {moment[1]:02d}:{moment[2]:02d}"
            he.save("case_step", {"child": chen, "case": case, "at": when, "done_by": "何秀英", **values})
        self.sync("何秀英", "刘国强")
        self.now = at(18, 10, 42)
        return case

    def tell_help(self) -> None:
        """What has been arranged for one girl: agreement, helper and pair, need, plan, assessments."""
        he, luo = self.replicas["何秀英"], self.ids["罗静"]
        on = {"child": luo}
        he.save("agreement", {**on, "carer": "王桂兰", "relation": "grandmother", "status": "signed",
                              "made_by": "both", "harmed": False, "addicted": False,
                              "neglected": False, "child_heard": "agrees", "signed_on": "2026-03-02",
                              "until": "2027-03-01", "school_told_on": "2026-03-05"})  # fmt: skip
        helper = he.save("helper", {"name": "蒲春兰", "sort": "love_mother", "village": FENGJIALING,
                                    "screening": "passed", "screened_on": "2026-02-20",
                                    "phone": "13800001234"})  # fmt: skip
        he.save("pairing", {**on, "helper": helper, "form": "one_to_one", "role": "love_mother",
                            "from_on": "2026-03-08", "commitment_on": "2026-03-08"})  # fmt: skip
        need = he.save("need", {**on, "service": "homework", "urgency": "soon",
                                "noticed_on": "2026-09-30", "wish": "想有人教数学"})  # fmt: skip
        he.save("help_plan", {**on, "need": need, "aim": "数学跟上班里", "services": ["homework"],
                              "who": "蒲春兰", "from_on": "2026-10-08", "review_on": "2026-12-20",
                              "status": "running", "sort": "single"})  # fmt: skip
        he.save("assessment", {**on, "on": "2026-09-12", "instrument": "qianxi", "body": "healthy",
                               "mind": "troubled", "income": "below", "hazards": ["electricity_fire"],
                               "round": "september", "assessed_by": "何秀英", "level": "high"})  # fmt: skip
        scans.add(he, {**on, "sort": "agreement", "caption": "委托照护确认书", "signed_on": "2026-03-02",
                       "file_name": "确认书.jpg", "media_type": "image/jpeg"}, bytes(184_000))  # fmt: skip
        scans.add(he, {**on, "sort": "photo", "caption": "灶房的电线", "on": "2026-10-30",
                       "file_name": "IMG_0213.jpg", "media_type": "image/jpeg"}, bytes(412_000))  # fmt: skip
        he.save("incident", {**on, "at": "2026-11-02 07:40", "sort": "carer_ill", "severity": "serious",
                             "what": "奶奶摔伤住院", "parents_told_at": "2026-11-02 08:10",
                             "done_by": "何秀英"})  # fmt: skip
        he.save("diary", {**on, "on": "2026-10-20", "sort": "growth", "written_by": "周晓燕",
                          "text": "画了一张妈妈，说过年要给她看"})  # fmt: skip

    def program(
        self, user: str = "何秀英", theme: str = "dark", home: Path | None = None
    ) -> CuncaoApp:
        """The terminal program over one user's laptop, unlocked."""
        replica = self.replicas[user]
        folder = home or Path("nowhere")
        account = Account(folder / "user", Card(user, user))
        session = _OpenSession(account, replica, bytes(32))
        app = CuncaoApp(Home(folder), account, _Opened(session), theme)  # type: ignore[arg-type]
        app.background.pacing = Pacing(lambda: 0.0, lambda: 0.5)  # nothing begins by itself
        return app


class _OpenSession(Session):
    """A session whose folder need not exist."""

    def write_card(self) -> None:
        """Nothing is written in tests."""

    def close(self) -> None:
        """The store lives as long as the test."""


class _Opened:
    def __init__(self, session: Session) -> None:
        self._session = session

    def session(self) -> Session:
        return self._session


class Line:
    """The way to the hub without a network."""

    def __init__(self, village: Village, user: str) -> None:
        self.village, self.user = village, user

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        request = msgspec.json.decode(unpack(body, media), type=SyncRequest)
        role, unit, _ = PEOPLE[self.user]
        session = HubSession(self.user, request.device, (Grant(role, unit),))
        verdicts = self.village.hub.push(session, request.changes)
        response = self.village.hub.pull(
            session,
            request.cursor,
            request.held,
            request.limit,
            request.strays,
            request.compare,
        )
        response.verdicts = verdicts
        return pack(response)
