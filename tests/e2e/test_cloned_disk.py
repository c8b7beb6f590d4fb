"""A laptop's folder is copied to two others; all three write offline and meet the county again and
again."""

from __future__ import annotations

import shutil

import pytest
from county import County, Laptop

VILLAGE = "510811101200"


@pytest.fixture(scope="module")
def three(county: County) -> list[Laptop]:
    first = county.laptop("何秀英").login()
    first.sync()
    laptops = [first]
    for name in ("copy-1", "copy-2"):
        twin = county.laptop("何秀英", name)
        shutil.copytree(first.folder, twin.folder)
        laptops.append(twin)
    return laptops


def test_every_write_of_every_copy_is_present_once(county: County, three: list[Laptop]) -> None:
    made = []
    for round_ in range(2):
        for n, laptop in enumerate(three):
            child = laptop.add("child", f"name=罗静{n}{round_}", f"village={VILLAGE}")
            laptop("set", child, f"phone=1390000000{n}")
            made.append((f"罗静{n}{round_}", f"1390000000{n}"))
        for laptop in three[round_:] + three[:round_]:
            told = laptop.sync()
            assert (told["sent"], told["rejected"]) == (2, 0)
    for laptop in three:
        assert laptop.sync()["in_step"] is True
        children = laptop("list", "child", "--json").json
        held = [(c["name"], c["phone"]) for c in children if c["name"].startswith("罗静")]
        assert sorted(held) == sorted(made)
    assert county("check", "--json").json["ok"]


def test_the_admin_sees_which_laptops_are_copies(county: County, three: list[Laptop]) -> None:
    devices = county("device", "list", "--json").json
    twins = {d["id"]: d["cloned_from"] for d in devices if d["user"] == "何秀英"}
    first = next(i for i, twin in twins.items() if twin is None)
    assert list(twins.values()).count(first) == 2
    assert "同盘复制" in county("device", "list").out


def test_a_revoked_copy_is_wiped_and_the_others_go_on(county: County, three: list[Laptop]) -> None:
    devices = county("device", "list", "--json").json
    twin = next(d["id"] for d in devices if d["cloned_from"])
    county("device", "revoke", twin)
    codes = [laptop("sync", "--json", expect=None).code for laptop in three]
    assert sorted(codes) == [0, 0, 4]
    gone = three[codes.index(4)]
    assert not any(gone.folder.glob("user-*"))


def test_all_copies_can_be_revoked_one_after_the_other(
    county: County, three: list[Laptop]
) -> None:
    for device in county("device", "list", "--json").json:
        if device["user"] == "何秀英":
            county("device", "revoke", device["id"], expect=None)
    left = [laptop for laptop in three if any(laptop.folder.glob("user-*"))]
    assert len(left) == 2
    for laptop in left:
        laptop("sync", expect=4)
        assert not any(laptop.folder.glob("user-*"))
