"""Two laptops and their county with nothing but a USB stick between them, by the real commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from county import PASSPHRASE, PASSWORD, TOWNSHIP, County, Laptop

from sync.home import Home

VILLAGE = "510811101200"


class Stick:
    """A folder that both ends can open; nothing else joins them."""

    def __init__(self, folder: Path, county: County) -> None:
        self.folder, self.county = folder, county

    def __call__(self, name: str) -> str:
        return str(self.folder / name)

    def enrol(self, user: str, name: str) -> Laptop:
        self.county("device", "enrol", user, "--to", self(f"{name}.enrol"))
        laptop = Laptop(self.folder / name, user, self.county)
        laptop("login", self(f"{name}.enrol"), "--password-stdin", stdin=PASSWORD + "\n")
        return laptop

    def carry(self, laptop: Laptop, expect: int = 0) -> dict[str, Any]:
        """There and back."""
        laptop("bundle", "write", self("out"))
        self.county("bundle", "read", self("out"), "--reply", self("news"))
        return dict(laptop("bundle", "read", self("news"), "--json", expect=expect).json)


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stick]:
    """A county whose server runs for one test only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUNCAO_TEST_FAST_HASH", "1")
        county = County(tmp_path_factory.mktemp("county"))
        for name in ("何秀英", "周晓燕", "停用的"):
            county.user(name, "director", TOWNSHIP)
        yield Stick(tmp_path_factory.mktemp("stick"), county)
        county.stop()


def test_two_laptops_without_any_network_share_a_childs_file(stick: Stick) -> None:
    one, two = stick.enrol("何秀英", "one"), stick.enrol("周晓燕", "two")
    child = one.add("child", "name=罗静", f"village={VILLAGE}")
    done = stick.carry(one)
    assert (done["sent"], done["in_step"], done["joined"]) == (1, True, True)
    assert one("status", "--json").json["last_sync"]
    assert stick.carry(two)["received"] >= 1
    assert two.show(child)["name"] == "罗静"
    two("set", child, "name=罗小静")
    late = stick("two-late")
    two("bundle", "write", late)
    assert stick.carry(two)["sent"] == 1
    stick.county("bundle", "read", late, "--reply", stick("late-news"))
    assert two("bundle", "read", stick("late-news"), "--json").json["joined"] is False
    stick.carry(one)
    assert one.show(child)["name"] == "罗小静"


def test_what_is_no_bundle_or_not_ours_is_one_sentence_and_an_exit_code(stick: Stick) -> None:
    laptop = stick.enrol("何秀英", "three")
    laptop.add("child", "name=何苗", f"village={VILLAGE}")
    laptop("bundle", "write", stick("ours"))
    ours = Path(stick("ours")).read_bytes()
    bad = {
        "empty": (b"", 2),
        "photo": (b"\x89PNG\r\n", 2),
        "cut": (ours[:-7], 2),
        "altered": (ours[:-7] + b"altered", 4),
    }
    for name, (data, code) in bad.items():
        Path(stick(name)).write_bytes(data)
        words = ("bundle", "read", stick(name), "--reply", stick("no-reply"))
        refused = stick.county(*words, expect=code)
        assert len(refused.err.strip().splitlines()) == 1 and not refused.out
    assert not Path(stick("no-reply")).exists()
    stick.county("bundle", "read", stick("ours"), "--reply", stick("photo"), expect=2)
    assert Path(stick("photo")).read_bytes() == bad["photo"][0]  # another's file is never replaced
    stick.county("bundle", "read", stick("ours"), "--reply", stick("nowhere/news"), expect=2)
    stick.carry(stick.enrol("周晓燕", "beside"))
    beside = Laptop(stick.folder / "beside", "周晓燕", stick.county)
    assert "何苗" not in beside("list", "child").out  # nothing was taken that could not be answered
    refused = laptop("bundle", "read", stick("ours"), expect=2)
    assert len(refused.err.strip().splitlines()) == 1
    laptop("bundle", "read", stick("nowhere"), expect=2)
    laptop("login", stick("nowhere"), expect=2)
    assert laptop("status", "--json").json["pending"] == 1


def test_an_enrolment_opens_with_the_password_and_serves_one_laptop(stick: Stick) -> None:
    first = stick.enrol("周晓燕", "four")
    second = Laptop(stick.folder / "five", "周晓燕", stick.county)
    words = ("login", stick("four.enrol"), "--password-stdin")
    second(*words, stdin="not the password\n", expect=4)
    assert not list(second.folder.glob("user-*"))
    second(*words, stdin=PASSWORD + "\n")
    stick.carry(first)
    child = second.add("child", "name=周禾", f"village={VILLAGE}")
    second("bundle", "write", stick("second"))
    refused = ("bundle", "read", stick("second"), "--reply", stick("second-news"))
    assert "(610)" in stick.county(*refused, expect=4).err
    stick.county("device", "enrol", "周晓燕", "--to", stick("anew"))
    second("login", stick("anew"), "--password-stdin", stdin=PASSWORD + "\n")
    assert stick.carry(second)["sent"] == 1
    assert second.show(child)["name"] == "周禾"


def test_a_revoked_laptop_hands_in_by_stick_and_is_wiped(stick: Stick) -> None:
    laptop = stick.enrol("停用的", "six")
    stick.carry(laptop)
    laptop.add("child", "name=石榴", f"village={VILLAGE}")
    laptop("bundle", "write", stick("last"))
    devices = stick.county("device", "list", "--json").json
    stick.county("device", "revoke", next(d["id"] for d in devices if d["user"] == "停用的"))
    stick.county("bundle", "read", stick("last"), "--reply", stick("wipe"), expect=1)
    assert [q["reason"] for q in stick.county("quarantine", "list", "--json").json] == [
        "device_revoked"
    ]
    assert "(205)" in laptop("bundle", "read", stick("wipe"), expect=4).err
    assert not list(laptop.folder.glob("user-*"))


def test_a_revoked_laptop_without_a_network_is_told_how_to_hand_in_the_rest(stick: Stick) -> None:
    laptop = stick.enrol("停用的", "seven")
    stick.carry(laptop)
    child = laptop.add("child", "name=石榴", f"village={VILLAGE}")
    laptop("bundle", "write", stick("early"))
    laptop("set", child, "hobbies=画画")
    devices = stick.county("device", "list", "--json").json
    for device in devices:
        if device["user"] == "停用的" and not device["revoked"]:
            stick.county("device", "revoke", device["id"])
    stick.county("bundle", "read", stick("early"), "--reply", stick("partly"), expect=1)
    assert "(212)" in laptop("bundle", "read", stick("partly"), expect=4).err
    for words in (("show", child), ("status",), ("sync",)):
        assert "(217)" in laptop(*words, expect=4).err
    laptop("bundle", "write", stick("rest"))
    stick.county("bundle", "read", stick("rest"), "--reply", stick("gone"), expect=1)
    assert "(205)" in laptop("bundle", "read", stick("gone"), expect=4).err
    assert not list(laptop.folder.glob("user-*"))


def test_a_store_from_before_bundles_gets_its_keys_at_the_next_login(stick: Stick) -> None:
    stick.county.start()
    laptop = stick.county.laptop("何秀英", "online").login()
    home = Home(laptop.folder)
    session = home.unlock(home.account(), PASSPHRASE)
    session.replica.connection.execute(
        "DELETE FROM state WHERE key LIKE 'county_%' OR key = 'bundle_secret'"
    )
    session.close()
    assert "(608)" in laptop("bundle", "write", stick("early"), expect=4).err
    laptop.login()
    laptop.add("child", "name=冯石", f"village={VILLAGE}")
    laptop("bundle", "write", stick("mixed"))
    stick.county("bundle", "read", stick("mixed"), "--reply", stick("mixed-news"))
    assert laptop.sync()["sent"] == 1  # the line was quicker than the stick on its way back
    late = laptop("bundle", "read", stick("mixed-news"), "--json").json
    assert (late["joined"], late["in_step"]) == (False, True)
