"""Scans and photos by command: in on one laptop, out on another, never to who may not hold them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from county import PASSWORD, TOWNSHIP, County, Laptop


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


def test_a_scan_reaches_a_laptop_without_a_line_by_stick(
    county: County, liu: Laptop, village: str, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    (tmp_path / "consent.jpg").write_bytes(content)
    liu.sync()
    out, news = str(tmp_path / "out"), str(tmp_path / "news")
    child = liu.add("child", "name=石榴", f"village={village}")
    paper = liu("paper", "add", child, str(tmp_path / "consent.jpg"), "--json").json["id"]
    written = liu("bundle", "write", out, "--json").json
    assert (written["papers"], written["papers_left"]) == (1, 0)
    county("device", "enrol", "何秀英", "--to", str(tmp_path / "enrol"))
    far = Laptop(tmp_path / "far", "何秀英", county)
    far("login", str(tmp_path / "enrol"), "--password-stdin", stdin=PASSWORD + "\n")
    for expect in (1, 1):  # carried twice
        told = county("bundle", "read", out, "--reply", news, "--json").json
        assert told["papers"] == expect
    assert liu("bundle", "read", news, "--json").json["papers_wanted"] == 0
    assert liu("status", "--json").json["papers_unsent"] == 0
    for _ in range(2):  # its first answer brings the file, the next one what is new since
        far("bundle", "write", out)
        county("bundle", "read", out, "--reply", news)
        far("bundle", "read", news)
    far("paper", "get", paper, str(tmp_path / "here.jpg"))
    assert (tmp_path / "here.jpg").read_bytes() == content


def test_a_scan_that_is_not_here_is_asked_for_and_brought_by_the_next_exchange(
    county: County, he: Laptop, liu: Laptop, village: str, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"photo" * 1000)
    child = he.add("child", "name=陈苗", f"village={village}")
    paper = he("paper", "add", child, str(tmp_path / "photo.jpg"), "--json").json["id"]
    he.sync()
    liu.sync()
    county.stop()
    asked = liu("paper", "get", paper, str(tmp_path / "out.jpg"), expect=3)
    assert "(416)" in asked.err and not (tmp_path / "out.jpg").exists()
    county.start()
    liu.sync()
    county.stop()
    liu("paper", "get", paper, str(tmp_path / "out.jpg"))
    county.start()
    assert (tmp_path / "out.jpg").read_bytes() == b"photo" * 1000


def test_a_revoked_laptop_hands_its_scans_in_too(
    county: County, village: str, tmp_path: Path
) -> None:
    (tmp_path / "last.jpg").write_bytes(b"last" * 1000)
    county.user("林秀", "director", TOWNSHIP)
    lost = county.laptop("林秀").login()
    child = lost.add("child", "name=林晓", f"village={village}")
    paper = lost("paper", "add", child, str(tmp_path / "last.jpg"), "--json").json["id"]
    devices = county("device", "list", "--json").json
    county("device", "revoke", next(d["id"] for d in devices if d["user"] == "林秀"))
    lost("sync", expect=4)
    assert not list(lost.folder.glob("user-*"))
    waiting = county("quarantine", "list", "--json").json
    for change in sorted(waiting, key=lambda change: change["seq"]):
        county("quarantine", "release", change["id"], "--reason", "本人来过", expect=None)
    again = county.laptop("林秀", "again").login()
    again("paper", "get", paper, str(tmp_path / "out.jpg"))
    assert (tmp_path / "out.jpg").read_bytes() == b"last" * 1000
