"""Parts of the server alone: class names, the brake on guessing, the switch to a restored store."""

from __future__ import annotations

import datetime

import pytest
from store_suite import change, put_log, state

from server.passwords import Brake, check, hashed, matches
from server.store.sqlite import SqliteStore
from server.units import read_class
from sync.storage import open_plain

AUTUMN = datetime.date(2026, 11, 22)
SPRING = datetime.date(2027, 3, 1)


@pytest.mark.parametrize(
    ("name", "school", "stage", "year", "number"),
    [
        ("四年级2班", "", "primary", 2023, "2"),
        ("初一1班", "", "junior", 2026, "1"),
        ("2023级2班", "primary", "primary", 2023, "2"),
        ("七年级（3）班", "", "junior", 2026, "3"),
        ("高二十二班", "senior", "senior", 2025, "12"),
        ("大班", "kindergarten", "kindergarten", 2024, None),
        ("中一班", "", "kindergarten", 2025, "1"),
        ("四(2)班", "", "primary", 2023, "2"),
        ("三年级二班", "", "primary", 2024, "2"),
        ("一年级1班", "junior", "junior", 2026, "1"),
        ("六 年级", "", "primary", 2021, None),
        ("初中二年级3班", "", "junior", 2025, "3"),
        ("火箭班", "primary", "primary", None, None),
        ("学前班", "", None, None, None),
    ],
)
def test_a_class_name_says_stage_year_and_number(name, school, stage, year, number):
    read = read_class(name, school, AUTUMN)
    assert (read.get("stage"), read.get("entry_year"), read.get("class_number")) == (
        stage,
        year,
        number,
    )


def test_in_spring_a_class_has_the_same_year_of_entry():
    assert read_class("四年级2班", "", SPRING) == read_class("四年级2班", "", AUTUMN)


def test_a_brake_lets_ten_tries_pass_and_fills_up_slowly():
    now = [0.0]
    brake = Brake(10, 30, lambda: now[0])
    assert [brake.spend("li", "here") for _ in range(10)] == [0.0] * 10
    assert brake.spend("li", "here") == pytest.approx(30)
    assert brake.spend("wang", "here") == 0.0
    now[0] = 31
    assert brake.spend("li", "here") == 0.0
    assert brake.spend("li", "here") > 0


def test_a_flood_of_names_does_not_fill_the_memory():
    brake = Brake(10, 30, lambda: 0.0, most_keys=100)
    for n in range(1000):
        brake.spend(str(n))
    assert len(brake._spent) <= 100


def test_passwords_are_stored_as_argon2id_and_match_only_themselves():
    stored = hashed("正确的密码是这个")
    assert stored.startswith("$argon2id$")
    assert "m=19456,t=2,p=1" in stored
    assert matches(stored, "正确的密码是这个")
    assert not matches(stored, "正确的密码不是这个")
    assert not matches(None, "正确的密码是这个")
    check("正确的密码是这个")


def test_a_store_put_back_by_another_process_is_read_anew(tmp_path):
    one, other = (SqliteStore(open_plain(tmp_path / "hub.db")) for _ in range(2))
    with one.write():
        put_log(one, change(1, "51", kind="unit"))
        one.put_states([state("51", 1, "unit", "")])
        one.add_to_buckets({("unit", ()): 5})
    with one.read():
        assert list(one.parents()) == ["51"]
        assert list(one.buckets()) == [("unit", (), 5)]
    with other.write():
        other.connection.execute("UPDATE record SET id = '52', state = replace(state, '51', '52')")
        other.connection.execute("UPDATE bucket SET sum = x'06', seq = 0")
        other.put_meta("epoch", b"another")
    with one.read():
        assert list(one.parents()) == ["52"]
        assert list(one.buckets()) == [("unit", (), 6)]
    one.connection.close()
    other.connection.close()
