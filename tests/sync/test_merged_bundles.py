"""Bundles and merged files: what was written before a merge and carried in after it lands on the right
child, twice as once, and in any order with the un-merge."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from server.check import check
from sync import merges
from sync.verify import problems_of
from tests.sync.test_bundle import Stick
from tests.sync.town import child, contact, value


class Pair:
    """li's file and wu's of one child; wu's laptop meets the county by stick alone."""

    def __init__(self) -> None:
        self.stick = Stick("adm", "li", "wu")
        replicas = self.stick.town.replicas
        self.adm, self.li, self.wu = (replicas[n] for n in ("adm", "li", "wu"))
        self.one = child(self.li, phone="13900000001")
        self.other = child(self.wu, "112", name="罗小静", phone="13900000002")
        self.stick.turn("li", "wu", "adm")
        self.wu.save("child", {"phone": "13900000003", "hobbies": "象棋"}, self.other)
        self.visit = contact(self.wu, self.other, summary="合并以前写的")
        self.bundle = self.stick.out("wu")
        self.merge = ""

    def do(self, deed: str) -> None:
        self.stick.town.now_ms += 60_000
        if deed == "carry":
            self.stick.answer(self.bundle)
        elif deed == "merge":
            self.merge = merges.merge(self.adm, self.one, self.other)
            self.stick.turn("adm")
        else:
            merges.unmerge(self.adm, self.merge)
            self.stick.turn("adm")

    def rest(self) -> None:
        self.stick.turn("wu", "adm", "li", "wu", "adm", "li", "wu")
        for replica in (self.adm, self.li, self.wu):
            assert problems_of(replica) == []
        assert check(self.stick.town.store).faults == []
        assert not self.stick.town.quarantined()

    def heads(self, file: str) -> set[Any]:
        view = self.adm.get(file)
        assert view is not None
        return {h.value for h in view.slots["phone"].heads}


def visits(replica: Any, file: str) -> list[str]:
    return [c["summary"] for c in replica.children_of("contact", file)]


@pytest.mark.parametrize("times", [1, 2])
def test_a_bundle_written_before_the_merge_and_carried_after_it_lands_on_the_kept_child(
    times: int,
) -> None:
    pair = Pair()
    for deed in ("merge", *["carry"] * times):
        pair.do(deed)
    pair.rest()
    for replica in (pair.adm, pair.li, pair.wu):
        (row,) = replica.select("child")
        assert (row["id"], row["hobbies"]) == (pair.one, "象棋")
        assert visits(replica, pair.one) == ["合并以前写的"]
        assert value(replica, pair.other, "phone") == "13900000003"
    assert pair.heads(pair.one) == {"13900000001", "13900000003"}
    (conflict,) = pair.adm.conflicts()
    assert (conflict.record, conflict.meeting) == (pair.one, "late")


ORDERS = sorted({
    order
    for order in itertools.permutations(("merge", "unmerge", "carry", "carry"))
    if order.index("merge") < order.index("unmerge")
})


@pytest.mark.parametrize("order", ORDERS)
def test_carried_in_any_order_with_merge_and_unmerge_both_files_end_the_same(
    order: tuple[str, ...],
) -> None:
    pair = Pair()
    for deed in order:
        pair.do(deed)
    pair.rest()
    told = {
        file: (pair.heads(file), value(pair.adm, file, "hobbies"), visits(pair.adm, file))
        for file in (pair.one, pair.other)
    }
    assert told == {
        pair.one: ({"13900000001"}, None, []),
        pair.other: ({"13900000003"}, "象棋", ["合并以前写的"]),
    }
    assert pair.adm.conflicts() == []


def test_a_reply_written_before_the_merge_and_read_after_it_hides_nothing() -> None:
    pair = Pair()
    early = pair.stick.answer(pair.bundle)
    pair.do("merge")
    late = pair.stick.answer(pair.stick.out("wu"))
    for news in (late, early, late):
        pair.stick.take("wu", news)
    pair.rest()
    (row,) = pair.wu.select("child")
    assert (row["id"], row["hobbies"]) == (pair.one, "象棋")
