"""The county finds files of one child that school and village may not see together."""

from __future__ import annotations

from server.lookout import look
from server.store.lookalikes import SEEN, Lookalikes
from server.store.sqlite import SqliteStore
from server.workers import Desk
from sync.change import Change, Grant
from sync.hub import Session
from sync.storage import open_plain

LUO = {"name": "罗静", "sex": "female", "birth_date": "2015-03-08", "phone": "13800000001"}


class County:
    """A hub in memory with one county, two villages and a director who writes for both."""

    def __init__(self) -> None:
        self.desk = Desk(SqliteStore(open_plain(":memory:")))
        for code, parent in (("51", None), ("5101", "51"), ("v1", "5101"), ("v2", "5101")):
            level = "village" if parent == "5101" else "township" if parent else "county"
            self.desk.hub.write(
                "unit", code, {"code": code, "name": code, "level": level, "parent": parent}
            )
        self.seq = 0

    def save(self, kind: str, id: str, op: str = "create", **fields: object) -> None:
        self.seq += 1
        change = Change(
            "d1", self.seq, f"d1.{self.seq}", op, kind, id, "dong", self.seq << 16, fields, {}
        )
        session = Session("dong", "d1", (Grant("admin", "51"),))
        assert self.desk.hub.push(session, [change]) == []

    def look(self) -> None:
        while look(self.desk):
            pass

    def pairs(self) -> list[dict[str, object]]:
        store = self.desk.store
        return [
            store.states([row.root])[row.root].values
            for row in store.log_rows(0, 100_000)
            if row.kind == "duplicate"
        ]


def test_a_homophone_with_the_same_birthday_and_phone_is_kept_for_the_admin() -> None:
    county = County()
    county.save("child", "a", village="v1", **LUO)
    county.save("child", "b", village="v2", **{**LUO, "name": "罗婧"})
    county.look()
    (pair,) = county.pairs()
    assert (pair["a"], pair["b"]) == ("a", "b")
    assert pair["unit"] == "5101" and not pair["is_certain"] and 60 <= pair["score"] < 100  # type: ignore[operator]
    assert set(str(pair["why"]).split()) == {
        "same_sound", "same_birth", "same_phone", "other_village"
    }  # fmt: skip


def test_what_comes_later_is_compared_too_and_looking_twice_adds_nothing() -> None:
    county = County()
    county.save("child", "a", village="v1", name="罗静", birth_date="2015-03-08")
    county.save("child", "b", village="v2", name="罗婧", birth_date="2015-03-09")
    county.look()
    assert county.pairs() == []
    county.save("family", "fa", child="a", role="mother", name="赵燕", phone="13800000001")
    county.save("family", "fb", child="b", role="mother", name="赵燕", phone="13800000001")
    county.look()
    county.look()
    assert len(county.pairs()) == 1


def test_a_deleted_file_is_looked_for_no_more() -> None:
    county = County()
    county.save("child", "a", village="v1", **LUO)
    county.save("child", "a", op="delete", _deleted="写错了")
    county.look()
    county.save("child", "b", village="v1", **LUO)
    county.look()
    assert county.pairs() == []


def test_an_interrupted_search_goes_on_where_it_was() -> None:
    county = County()
    for n in range(150):
        county.save("child", f"c{n:03}", village="v1", name=f"李{chr(0x4E00 + n * 7)}")
    county.save("child", "a", village="v1", **LUO)
    county.save("child", "b", village="v1", **LUO)
    assert look(county.desk) is True
    seen = int(county.desk.store.meta(SEEN) or 0)
    assert 0 < seen < county.desk.store.head()
    county.look()
    assert {(p["a"], p["b"]) for p in county.pairs()} >= {("a", "b")}


def test_the_index_holds_only_files_that_are_there() -> None:
    county = County()
    county.save("child", "a", village="v1", **LUO)
    county.look()
    index = Lookalikes(county.desk.store.connection)
    with county.desk.store.write():
        index.forget(["a"])
    tables = ("lookalike", "lookalike_key")
    assert [
        county.desk.store.connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
        for t in tables
    ] == [0, 0]


def test_a_hundred_copies_of_one_file_do_not_make_five_thousand_pairs() -> None:
    county = County()
    for n in range(100):
        county.save("child", f"c{n:03}", village="v1", **LUO)
    county.look()
    assert 99 <= len(county.pairs()) <= 500


def test_a_merged_away_file_is_no_longer_compared() -> None:
    county = County()
    county.save("child", "a", village="v1", **LUO)
    county.save("child", "b", village="v1", **{**LUO, "name": "罗婧"})
    county.look()
    county.save("child", "b", op="put", merged_into="a")
    county.look()
    county.save("child", "c", village="v1", **{**LUO, "name": "罗婧", "phone": "13900000009"})
    county.look()
    found = {(p["a"], p["b"]) for p in county.pairs()}
    assert ("b", "c") not in found and ("a", "c") in found


NUMBER = {"id_type": "resident", "id_number": "510811201503080027"}
NUMBERED = {**LUO, "identity": NUMBER}


def notes(county: County) -> dict[str, object]:
    """File to whether what it was told of another one is settled."""
    rows = county.desk.store.log_rows(0, 100_000)
    told = county.desk.store.states([row.root for row in rows] + ids_of(county, "another_file"))
    return {
        str(s.values["child"]): s.values.get("is_settled")
        for s in told.values()
        if s.kind == "another_file"
    }


def ids_of(county: County, kind: str) -> list[str]:
    return [row.record for row in county.desk.store.log_rows(0, 100_000) if row.kind == kind]


def test_a_certain_pair_is_certain_no_more_once_a_number_is_corrected() -> None:
    county = County()
    county.save("child", "a", village="v1", **NUMBERED)
    county.save("child", "b", village="v2", **NUMBERED)
    county.look()
    assert [p["is_certain"] for p in county.pairs()] == [True]
    assert notes(county) == {"a": None, "b": None}
    other = {"id_type": "resident", "id_number": "510811201503080043"}
    county.save("child", "b", op="put", identity=other)
    county.look()
    (pair,) = {p["a"]: p for p in county.pairs()}.values()
    assert not pair["is_certain"] and not pair["score"]
    assert notes(county) == {"a": True, "b": True}


def test_two_files_that_a_correction_made_unlike_are_no_pair() -> None:
    county = County()
    county.save("child", "a", village="v1", **LUO)
    county.save("child", "b", village="v1", **LUO)
    county.look()
    county.save("child", "b", op="put", name="王强")
    county.look()
    assert {(p["score"], p.get("why")) for p in county.pairs()} == {(0, None)}
    county.save("child", "b", op="put", name="罗婧")
    county.look()
    assert {p["score"] for p in county.pairs()} != {0}


def test_either_side_is_told_when_a_pair_becomes_certain_later() -> None:
    county = County()
    for file in ("a", "b"):
        county.save("child", file, village="v1", **LUO)
    county.look()
    assert notes(county) == {}
    for file in ("a", "b"):
        county.save("child", file, op="put", identity=NUMBER)
    county.look()
    assert notes(county) == {"a": None, "b": None}
