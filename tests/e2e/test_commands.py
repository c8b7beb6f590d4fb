"""The words scripts rely on: shapes, exit codes, refusals, privacy."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from county import DIVISIONS, PASSPHRASE, PASSWORD, County, Laptop, run


@pytest.fixture(scope="module")
def village(county: County) -> str:
    units = county("unit", "list", "--json").json
    return str(
        next(u["code"] for u in units if u["level"] == "village" and u["parent"] == "510811101")
    )


@pytest.fixture(scope="module")
def director(county: County) -> Laptop:
    return county.laptop("何秀英").login()


def test_a_value_that_means_nothing_writes_nothing(director: Laptop, village: str) -> None:
    child = director.add("child", "name=张梓涵", f"village={village}")
    before = director("status", "--json").json["pending"]
    for wrong in ("birth_date=2018-02-30", "sex=third", "village=999", "no_such=1", "class=x"):
        assert director("set", child, wrong, expect=2).out == ""
    director("add", "child", "sex=male", expect=2)
    director("add", "planet", "name=x", expect=2)
    assert director("status", "--json").json["pending"] == before


def test_a_doubtful_id_number_is_taken_with_a_warning(director: Laptop, village: str) -> None:
    done = director(
        "add",
        "child",
        "name=欧阳晨曦",
        f"village={village}",
        "id_number=510811201410183026x",
        "--json",
    )
    assert "id_" in done.err
    assert director.show(done.json["id"])["id_number"].endswith("X")


def test_empty_clears_and_sets_are_lists(director: Laptop, village: str) -> None:
    child = director.add("child", "name=上官若兰", f"village={village}", "categories=study,poverty")
    assert director.show(child)["categories"] == ["poverty", "study"]
    director("set", child, "categories=", "hobbies=篮球")
    assert director.show(child).get("categories") is None
    director("set", child, "note=@-", stdin="第一行\n第二行")
    assert director.show(child)["note"] == "第一行\n第二行"
    past = director("history", child, "hobbies", "--json").json
    assert [p["value"] for p in past] == ["篮球"]


def test_a_write_outside_the_grants_is_refused_at_once(county: County, director: Laptop) -> None:
    units = county("unit", "list", "--json").json
    elsewhere = next(
        u["code"] for u in units if u["level"] == "village" and u["parent"] == "510811100"
    )
    before = director("status", "--json").json["pending"]
    director("add", "child", "name=外村", f"village={elsewhere}", expect=4)
    assert director("status", "--json").json["pending"] == before


def test_wrong_words_have_their_exit_codes(county: County, director: Laptop) -> None:
    director("show", "nothing", "--json", expect=2)
    wrong = Laptop(director.folder, "何秀英", county)
    wrong.env = {**director.env, "CUNCAO_PASSPHRASE": "not the passphrase"}
    done = wrong("status", expect=4)
    assert done.out == "" and "203" in done.err
    fresh = county.laptop("何秀英", "fresh")
    words = ("login", county.address, "--user", "何秀英", "--password-stdin")
    fresh(*words, stdin="wrong password\n", expect=4)
    assert not fresh.folder.exists() or not list(fresh.folder.rglob("store.db"))
    fresh(
        "login", "http://192.0.2.1:9", "--user", "何秀英", "--password-stdin", stdin="x\n", expect=2
    )


def test_a_damaged_store_says_so_and_touches_nothing(county: County) -> None:
    laptop = county.laptop("何秀英", "damaged").login()
    (store,) = laptop.folder.rglob("store.db")
    whole = store.read_bytes()
    store.write_bytes(b"\0" * 100 + whole[100:])
    done = laptop("status", expect=5)
    assert done.out == "" and "501" in done.err and "hmac" not in done.err.lower()


def test_grants_reach_a_laptop_at_its_next_sync(
    county: County, director: Laptop, village: str
) -> None:
    director.sync(expect=None)
    county.user("蒲春兰", "director", "510811100")
    other = county.laptop("蒲春兰").login()
    assert other("status", "--json").json["records"]["child"] == 0
    county("user", "grant", "蒲春兰", "--role", "director", "--unit", "510811101")
    assert other.sync()["received"] > 0
    assert other("status", "--json").json["records"]["child"] > 0
    county("user", "ungrant", "蒲春兰", "--role", "director", "--unit", "510811101")
    other.sync()
    assert other("status", "--json").json["records"]["child"] == 0


def test_an_inspector_holds_units_only(county: County, director: Laptop) -> None:
    county.user("马文斌", "inspector", "510811")
    inspector = county.laptop("马文斌").login()
    records = inspector("status", "--json").json["records"]
    assert records["unit"] > 100 and records["child"] == records["contact"] == 0


def test_a_forgotten_passphrase_loses_nothing(county: County, village: str) -> None:
    laptop = county.laptop("何秀英", "forgot").login()
    child = laptop.add("child", "name=赵㐂", f"village={village}")
    devices = county("device", "list", "--json").json
    assert {"id", "user", "last_sync", "acked", "revoked"} <= set(devices[0])
    laptop.env["CUNCAO_PASSPHRASE"] = "a new passphrase"
    laptop("recover", "--password-stdin", stdin=PASSWORD + "\n", expect=4)
    for device in (d["id"] for d in devices):
        county("device", "allow-recovery", device)
    laptop("recover", "--password-stdin", stdin=PASSWORD + "\n")
    assert laptop.show(child)["name"] == "赵㐂"


def test_logging_out_and_in_again_keeps_unsent_work(county: County, village: str) -> None:
    laptop = county.laptop("何秀英", "out").login()
    child = laptop.add("child", "name=阿依古丽·买买提", f"village={village}")
    laptop("logout")
    told = laptop("sync", expect=4).err
    assert "(216)" in told and f":{county.port} --user 何秀英" in told
    assert laptop("status", "--json").json["pending"] == 1
    laptop.login()
    assert laptop("status", "--json").json["pending"] == 0
    assert laptop.show(child)["name"] == "阿依古丽·买买提"


def test_folders_and_names_are_chinese_also_where_the_system_knows_only_ascii(
    county: County, village: str, tmp_path: Path
) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    laptop = Laptop(tmp_path / "资料", "何秀英", county)
    laptop.env |= ascii_only
    laptop.login()
    child = laptop.add("child", "name=阿依古丽·买买提", f"village={village}")
    laptop("bundle", "write", str(tmp_path / "带走的包"))
    assert (tmp_path / "带走的包").exists()
    assert laptop.show(child)["name"] == "阿依古丽·买买提"
    assert (tmp_path / "资料").is_dir()
    server = {**ascii_only, "CUNCAO_SERVER_HOME": str(tmp_path / "县")}
    words = ("init", "--divisions", str(DIVISIONS), "--admin", "陈德福", "--password-stdin")
    run("server", *words, env=server, stdin=PASSWORD + "\n")
    assert run("server", "user", "list", "--json", env=server).json[0]["name"] == "陈德福"


def test_nothing_readable_lies_on_the_disk(county: County, village: str) -> None:
    temporary = Path(tempfile.gettempdir())
    before = {p for p in temporary.rglob("*") if "pytest" not in str(p)}
    laptop = county.laptop("何秀英", "day").login()
    child = laptop.add(
        "child",
        "name=独孤求败",
        f"village={village}",
        "phone=13987654321",
        "id_number=11010519491231002X",
    )
    laptop("set", child, "note=只有这里写着的一句话")
    laptop.sync()
    laptop("find", "独孤", "--json")
    laptop("check", "--json")
    secrets = [
        text.encode(coding)
        for text in (
            "独孤求败",
            "13987654321",
            "11010519491231002X",
            "只有这里写着",
            PASSWORD,
            PASSPHRASE,
        )
        for coding in ("utf-8", "gb18030", "utf-16-le")
    ]
    files = [p for p in laptop.folder.rglob("*") if p.is_file()]
    files += [
        p
        for p in temporary.rglob("*")
        if p.is_file() and p not in before and "pytest" not in str(p)
    ]
    assert any(p.name == "store.db" for p in files)
    for path in files:
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # another program's, gone meanwhile
            assert laptop.folder not in path.parents
            continue
        assert not [s for s in secrets if s in data], path.name
