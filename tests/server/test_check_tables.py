"""Whatever is altered, deleted or swapped in the county's tables by hand, `check` says so."""

from __future__ import annotations

import pytest

from server.accounts import Accounts
from server.check import check
from server.erasing import erase_here
from server.store.sqlite import SqliteStore
from sync import scans
from tests.sync.fragile import copy_of
from tests.sync.town import Town, child, contact

NUMBER, LATE = "11010519491231002X", "510811201503040033"
KEYS = {
    "place_unit": 2, "place_unit_fresh": 2, "move": 2, "bucket": 2, "quarantine": 2,
    "user_grant": 4, "unit_move": 2,
}  # fmt: skip
"""Columns of the primary key, of tables where it has more than one."""
SAYS_NOTHING = {
    ("log", "at"), ("bucket", "seq"), ("user", "password"), ("user", "created"),
    ("user_grant", "child"), ("quarantine", "at"), ("quarantine", "status"),
    ("quarantine", "code"), ("quarantine", "field"), ("quarantine", ""), ("paper_scan", ""),
    ("erasure", "at"), ("erasure", "author"), ("erasure", "reason"),
}  # fmt: skip
"""What follows from nothing else in the store: times, secrets, which child a grant is for, why a
change waits; '': that a row is gone which need not have come."""
TABLES = (
    "log", "body", "quarantine", "record", "place", "place_unit", "move", "unit_move", "bucket",
    "place_unit_fresh", "id_number", "id_number_fresh", "device_stamp", "erasure", "paper_scan",
    "user", "user_grant",
)  # fmt: skip


@pytest.fixture(scope="module")
def county():
    town = Town("li", "tea", "adm")
    accounts = Accounts(town.store, town.hub)
    for user in ("li", "adm"):
        accounts.add_user(user, "correct horse", town.grants[user])
    accounts.log_in(accounts.user("li"))
    li, tea, adm = (town.replicas[name] for name in ("li", "tea", "adm"))
    one, two = child(li, id_type="resident", id_number=NUMBER), child(li, name="罗小静")
    contact(li, one, place="家里")
    gone = child(li, name="抹去的")
    paper = scans.add(li, {"child": one, "sort": "photo"}, b"scan")
    town.rest()
    li.save("child", {"phone": "13900000001"}, one)
    tea.save("child", {"phone": "13900000002"}, one)
    adm.save("child", {"village": "112"}, two)
    town.rest()
    town.store.much = 1
    late = child(li, name="石榴", id_type="resident", id_number=LATE)
    town.rest()
    li.save("child", {"hobbies": "画画"}, late)
    adm.save("child", {"village": "112"}, late)
    town.sync("adm", "li")
    town.hub.write("unit", "112", {"parent": "1"})
    with town.store.write():
        erase_here(town.store, [gone], town.now_ms, "写错了", "adm")
    put = "INSERT INTO paper_scan VALUES (?, 4, ?)"
    town.connection.execute(put, (paper, b"scan"))
    assert check(town.store).faults == []
    return town


def altered(value):
    if isinstance(value, int):
        return value + 7
    return value + "z" if isinstance(value, str) else bytes(value) + b"\x01"


@pytest.mark.parametrize("table", TABLES)
def test_every_alteration_is_noticed(county, table):
    columns = [row[1] for row in county.connection.execute(f"PRAGMA table_info({table})")]
    rows = county.connection.execute(f"SELECT * FROM {table}").fetchall()
    assert rows, "nothing to alter"
    keys = columns[: KEYS.get(table, 1)]
    where = " AND ".join(f"{key} IS ?" for key in keys)
    named = [row[: len(keys)] for row in rows]
    missed = []
    for n, row in list(enumerate(rows))[-2:]:
        tries = [(f"DELETE FROM {table} WHERE {where}", named[n], "")]
        for column in columns:
            value = row[columns.index(column)]
            update = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {where}"
            if value is not None:
                tries.append((update, (altered(value), *named[n]), column))
            other = next((r for r in rows if r[columns.index(column)] != value), None)
            if other is not None and column not in keys:
                tries.append((update, (other[columns.index(column)], *named[n]), column))
        for statement, values, column in tries:
            if (table, column) in SAYS_NOTHING:
                continue
            store = copied(county)
            if store.connection.execute(statement, values).rowcount and not check(store).faults:
                missed.append((statement, column))
    assert missed == []


def copied(county) -> SqliteStore:
    copy = copy_of("hub")
    county.connection.real.backup(copy.real)
    return SqliteStore(copy, now_ms=lambda: county.now_ms)


def test_two_records_that_have_changed_places_are_noticed(county):
    store = copied(county)
    run = store.connection.execute
    (one, first), (two, second) = run(
        "SELECT id, state FROM record WHERE kind = 'child' ORDER BY id LIMIT 2"
    ).fetchall()
    run("UPDATE record SET state = ? WHERE id = ?", (second, one))
    run("UPDATE record SET state = ? WHERE id = ?", (first, two))
    assert {f.code for f in check(store).faults} == {"record"}


def test_a_log_cut_at_its_end_is_noticed_by_what_followed_from_it(county):
    store = copied(county)
    for table in ("log", "body"):
        store.connection.execute(f"DELETE FROM {table} WHERE seq = ?", (county.store.head(),))
    assert check(store).faults
