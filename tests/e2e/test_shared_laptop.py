"""Two users of one laptop: separate stores, and whoever syncs next takes the other's work along."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from county import PASSPHRASE, PASSWORD, County, Laptop

from sync.home import Home


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return str(
        next(u["code"] for u in units if u["level"] == "village" and u["parent"] == "510811101")
    )


@pytest.fixture
def both(county: County) -> tuple[Laptop, Laptop]:
    """何秀英 and 周晓燕 in one home; each names herself by CUNCAO_USER."""
    he = county.laptop("何秀英")
    zhou = Laptop(he.folder, "周晓燕", county)
    for laptop in (he, zhou):
        laptop.env["CUNCAO_USER"] = laptop.user
        laptop.login()
    return he, zhou


def spooled(laptop: Laptop) -> list[Path]:
    folder = laptop.folder / "spool"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_with_several_users_one_must_be_named(both: tuple[Laptop, Laptop]) -> None:
    he, _zhou = both
    nobody = Laptop(he.folder, "", he.county)
    for words in (("status",), ("list", "child"), ("sync",), ("logout",), ("recover",)):
        done = nobody(*words, expect=2)
        assert "--user" in done.err and "何秀英" in done.err and "周晓燕" in done.err
        assert done.out == ""
    assert nobody("--user", "周晓燕", "status", "--json").json["user"] == "周晓燕"


def test_the_two_do_not_open_each_others_stores(both: tuple[Laptop, Laptop], village: str) -> None:
    he, zhou = both
    child = he.add("child", "name=罗静", f"village={village}")
    zhou("show", child, expect=2)
    he.env["CUNCAO_PASSPHRASE"] = "another passphrase"
    he("list", "child", expect=4)


def test_the_next_to_sync_delivers_what_the_other_left_even_logged_out(
    both: tuple[Laptop, Laptop], county: County, village: str
) -> None:
    he, zhou = both
    name = "阿依古丽"
    child = he.add("child", f"name={name}", f"village={village}")
    he.add("contact", f"child={child}", "on=2026-11-20", "kind=home_visit", "summary=一个人睡")
    he("logout")
    assert he("status", "--json").json["pending"] == 2
    [envelope] = spooled(he)
    told = envelope.name.encode() + envelope.read_bytes()
    assert name.encode() not in told and "一个人睡".encode() not in told
    assert "何秀英" not in envelope.name
    envelope.unlink()  # as if the program had died between the save and the envelope
    assert he("status", "--json").json["spool"] == 0
    assert spooled(he) == [envelope]
    assert zhou("status", "--json").json["spool"] == 1
    assert zhou("sync", "--json").json["delivered"] == 1
    assert spooled(zhou) == []
    boss = county.laptop("陈德福").login()
    assert boss.show(child)["name"] == name
    history = boss("history", child, "--json").json
    assert {step["author"] for step in history} == {"何秀英"}
    he.login()  # comes back after all
    assert he("status", "--json").json["pending"] == 0
    again = boss.sync()
    assert (again["received"], again["in_step"]) == (0, True)


def test_a_bundle_carries_what_the_others_left(
    both: tuple[Laptop, Laptop], county: County, village: str, tmp_path: Path
) -> None:
    he, zhou = both
    child = he.add("child", "name=欧阳晨曦", f"village={village}")
    out, back = tmp_path / "out.bundle", tmp_path / "back.bundle"
    assert zhou("bundle", "write", str(out), "--json").json["envelopes"] == 1
    county("bundle", "read", str(out), "--reply", str(back))
    assert len(spooled(he)) == 1  # until the answer has been read
    zhou("bundle", "read", str(back))
    assert spooled(he) == []
    boss = county.laptop("陈德福").login()
    assert boss.show(child)["name"] == "欧阳晨曦"


def test_a_revoked_devices_envelopes_go_to_quarantine(
    both: tuple[Laptop, Laptop], county: County, village: str
) -> None:
    he, zhou = both
    child = he.add("child", "name=杨𬭎", f"village={village}")
    device = next(
        d["id"] for d in county("device", "list", "--json").json
        if spooled(he)[0].name.startswith(d["id"])
    )  # fmt: skip
    county("device", "revoke", device)
    zhou.sync()
    kept = county("quarantine", "list", "--json").json
    assert [(k["record"], k["reason"]) for k in kept if k["device"] == device] == [
        (child, "device_revoked")
    ]
    he("sync", expect=4)
    assert spooled(he) == []
    assert len(list(he.folder.rglob("store.db"))) == 1
    zhou("status")


def test_windows_that_log_in_for_the_first_time_at_once_make_one_store(
    county: County, village: str, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "home", "何秀英", county)
    with ThreadPoolExecutor(3) as windows:
        list(windows.map(lambda _: laptop.login(), range(3)))
    laptop.add("child", "name=马兰", f"village={village}")
    assert laptop("sync", "--json").json["sent"] == 1
    laptop("check")


def test_a_lost_card_costs_neither_unsent_work_nor_the_device(
    county: County, village: str, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "home", "何秀英", county).login()
    laptop.add("child", "name=田甜", f"village={village}")
    device = laptop("login", county.address, "--user", "何秀英", "--password-stdin", "--json",
                    stdin=PASSWORD + "\n").json["device"]  # fmt: skip
    child = laptop.add("child", "name=田野", f"village={village}")
    next(laptop.folder.glob("user-*/card")).unlink()
    laptop("status", expect=4)
    laptop.login()
    assert laptop("status", "--json").json["pending"] == 0
    assert laptop("history", child, "name", "--json").json[0]["device"] == device


def test_a_first_login_that_was_cut_off_is_made_good_by_the_next(
    county: County, village: str, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "home", "何秀英", county)
    home = Home(laptop.folder)
    with home.making("何秀英"):
        home.make("何秀英", PASSPHRASE).close()
    laptop.login()
    laptop.add("child", "name=田苗", f"village={village}")
    assert laptop("sync", "--json").json["sent"] == 1


def test_a_home_on_a_drive_that_is_not_there_is_said(county: County) -> None:
    nowhere = Laptop(Path("/proc/nowhere/home"), "何秀英", county)
    words = ("login", county.address, "--user", "何秀英", "--password-stdin")
    assert "(504)" in nowhere(*words, stdin=PASSWORD + "\n", expect=2).err
