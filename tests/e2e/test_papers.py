"""Scans and photos by command: in on one laptop, out on another, never to who may not hold them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from county import TOWNSHIP, County, Laptop


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)


@pytest.fixture(scope="module")
def he(county: County) -> Laptop:
    return county.laptop("何秀英").login()


@pytest.fixture(scope="module")
def liu(county: County) -> Laptop:
    county.user("刘国强", "supervisor", TOWNSHIP)
    return county.laptop("刘国强").login()


def test_a_scan_reaches_the_township_on_demand_byte_for_byte(
    he: Laptop, liu: Laptop, village: str, tmp_path: Path
) -> None:
    content = os.urandom(500_000)  # three messages
    scan = tmp_path / "委托书 一.jpg"
    scan.write_bytes(content)
    child = he.add("child", "name=罗静", f"village={village}")
    added = he(
        "paper", "add", child, str(scan), "sort=agreement", "caption=委托协议", "--json"
    ).json
    assert added["size"] == 500_000
    assert he("status", "--json").json["papers_unsent"] == 1
    he("paper", "get", added["id"], str(tmp_path / "here.jpg"))
    assert (tmp_path / "here.jpg").read_bytes() == content
    he.sync()
    assert he("status", "--json").json["papers_unsent"] == 0
    liu.sync()
    shown = liu.show(added["id"])
    assert (shown["file_name"], shown["media_type"]) == ("委托书 一.jpg", "image/jpeg")
    liu("paper", "get", added["id"], str(tmp_path / "there.jpg"))
    assert (tmp_path / "there.jpg").read_bytes() == content
    liu("paper", "get", added["id"], str(tmp_path / "there.jpg"), expect=2)
    assert (tmp_path / "there.jpg").read_bytes() == content


def test_what_is_no_paper_is_refused_and_nothing_is_written(
    he: Laptop, village: str, tmp_path: Path
) -> None:
    child = he.add("child", "name=罗浩", f"village={village}")
    large, empty = tmp_path / "large.jpg", tmp_path / "empty.jpg"
    large.write_bytes(bytes(2 * 1024 * 1024 + 1))
    empty.write_bytes(b"")
    for file in (large, empty, tmp_path / "none.jpg", tmp_path):
        he("paper", "add", child, str(file), expect=2)
    he("paper", "add", "nobody", str(large), expect=2)
    assert he("list", "paper", f"child={child}", "--json").json == []


def test_the_bytes_lie_encrypted_on_the_laptop_and_go_with_their_paper(
    he: Laptop, village: str, tmp_path: Path
) -> None:
    scan = tmp_path / "letter.txt"
    scan.write_bytes("给妈妈的信：我会写自己的名字了。".encode() * 50)
    child = he.add("child", "name=陈嘉怡", f"village={village}")
    paper = he("paper", "add", child, str(scan), "sort=letter", "--json").json["id"]
    for file in he.folder.rglob("*"):
        if file.is_file():
            assert "我会写自己的名字".encode() not in file.read_bytes()
    he("delete", paper, "--reason", "拿错了")
    he("paper", "get", paper, str(tmp_path / "out.txt"), expect=2)


def test_a_paper_whose_bytes_have_not_come_yet_says_so(
    he: Laptop, liu: Laptop, village: str, tmp_path: Path
) -> None:
    child = he.add("child", "name=刘洁", f"village={village}")
    paper = he.add("paper", f"child={child}", "sort=photo", "size=3", "digest=" + "0" * 64)
    he.sync()
    liu.sync()
    liu("paper", "get", paper, str(tmp_path / "photo.jpg"), expect=4)
    assert not (tmp_path / "photo.jpg").exists()
