"""Whatever is altered, deleted or swapped by hand in a laptop's store: `check` says so, the next
synchronisation puts it right with few bytes, unsent work stays, and the event is on record."""

from __future__ import annotations

import pytest

from casework.search import Indexer
from sync import derived, healing, paperbytes, scans
from sync.verify import let_go_false_history, problems_of
from tests.sync.test_scans import Counter
from tests.sync.town import Town, child, contact

MOST_BYTES = 20_000
TABLES = (
    "r_child", "r_contact", "r_paper", "conflict", "search", "log", "paper_scan", "shadow"
)  # fmt: skip
SAYS_NOTHING = {
    # A number of the log only orders: entries that were taken for old show in the sums.
    ("r_child", "_seq"), ("r_contact", "_seq"), ("r_paper", "_seq"),
    ("log", ""), ("paper_scan", ""),  # that something is gone which need not have come
    ("paper_scan", "paper"), ("paper_scan", "size"), ("paper_scan", "is_own"),
    ("paper_scan", "is_sent"),
}  # fmt: skip


@pytest.fixture
def town():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    li.records.indexers = (Indexer(),)
    one = child(li, phone="13900000001")
    contact(li, one, place="家里")
    scans.add(li, {"child": one, "sort": "photo"}, b"scan")
    child(li, name="石榴")
    town.rest()
    scans.deliver(li, Counter(town))
    li.save("child", {"phone": "13900000002"}, one)
    tea.save("child", {"phone": "13900000003"}, one)
    town.rest()
    other = child(li, name="冯石")
    town.rest()
    li.save("child", {"hobbies": "画画"}, other)
    derived.mend(li)  # what is searched of the units that the template of a store has
    assert problems_of(li) == []
    return town


def altered(value):
    if isinstance(value, int):
        return value + 7
    return value + "z" if isinstance(value, str) else bytes(value) + b"\x01"


def shown(replica):
    """What people see."""
    found = {}
    for table in ("r_child", "r_contact", "r_paper", "conflict", "search"):
        rows = replica.connection.execute(f"SELECT * FROM {table}").fetchall()
        found[table] = sorted(map(repr, rows))
    return found


def tries_of(connection, table):
    """(statement, values, column, is of a row that is here whole) that delete a row of a table,
    alter each of its values, or take another row's."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    assert rows, "nothing to alter"
    keys = ("kind", "sort", "id") if table == "search" else (columns[0],)
    where = " AND ".join(f"{key} IS ?" for key in keys)
    for row in rows[:2]:
        named = [row[columns.index(key)] for key in keys]
        yield f"DELETE FROM {table} WHERE {where}", named, ""
        for n, column in enumerate(columns):
            update = f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {where}'
            if row[n] is not None:
                yield update, [altered(row[n]), *named], column
            other = next((r[n] for r in rows if r[n] != row[n]), None)
            if other is not None and column not in keys:
                yield update, [other, *named], column


@pytest.mark.parametrize("table", TABLES)
def test_every_alteration_is_noticed_and_healed(town, table):
    li = town.replicas["li"]
    before, unsent = shown(li), [(p.seq, p.fields) for p in li.pending()]
    tries = [t for t in tries_of(li.connection, table) if (table, t[2]) not in SAYS_NOTHING]
    copy = town.backup_of("li")
    for statement, values, column in tries:
        li = town.open_again("li", copy)
        li.records.indexers = (Indexer(),)
        if not li.connection.execute(statement, values).rowcount:
            continue
        about = (statement, column)
        assert problems_of(li), about
        town.hub.push, push = (lambda *_: []), town.hub.push  # a county that takes nothing now
        try:
            report = town.sync("li")
        finally:
            town.hub.push = push
        assert report.in_step, about
        assert report.bytes_up + report.bytes_down < MOST_BYTES, about
        let_go_false_history(li)  # as `cuncao check` does
        scans.fetch_wished(li, Counter(town))
        assert problems_of(li) == [], about
        assert shown(li) == before, about
        assert [(p.seq, p.fields) for p in li.pending()] == unsent, about
        if table != "log" or column != "body":
            assert healing.count(li), about


@pytest.mark.parametrize(
    ("old", "new"),
    [("devli.", "devtea."), ('"li"', '"tea"'), ("13900000003", "13900000009")],
)
def test_who_wrote_what_under_which_version_is_noticed_and_healed(town, old, new):
    li = town.replicas["li"]
    among = "WHERE instr(CAST(_meta AS TEXT), ?) AND id NOT IN (SELECT id FROM shadow)"
    before = li.connection.execute(f"SELECT id, _meta FROM r_child {among}", (old,)).fetchall()
    altered = "SET _meta = CAST(replace(CAST(_meta AS TEXT), ?, ?) AS BLOB)"
    assert li.connection.execute(f"UPDATE r_child {altered} {among}", (old, new, old)).rowcount
    assert problems_of(li)
    report = town.sync("li")
    assert report.in_step and report.bytes_up + report.bytes_down < MOST_BYTES
    assert problems_of(li) == []
    after = dict(li.connection.execute("SELECT id, _meta FROM r_child").fetchall())
    assert before and all(after[id_] == meta for id_, meta in before)


def test_history_that_says_something_else_than_the_county_goes(town):
    li = town.replicas["li"]
    li.connection.execute(
        "UPDATE log SET body = replace(CAST(body AS TEXT), '罗静', '罗敬') WHERE seq IN"
        " (SELECT min(seq) FROM log WHERE instr(CAST(body AS TEXT), '罗静'))"
    )
    assert [p.code for p in problems_of(li)] == ["record"]
    assert town.sync("li").in_step
    let_go_false_history(li)
    assert problems_of(li) == []


def test_an_unsent_change_that_cannot_be_read_is_damage(town):
    li = town.replicas["li"]
    li.connection.execute("UPDATE outbox SET body = x'00'")
    assert [p.code for p in problems_of(li) if p.is_damage] == ["outbox"]


@pytest.mark.parametrize("marks", ["kind = 'contact'", "stamp = stamp + 1", "digest = x'00'"])
def test_what_stands_beside_an_unsent_record_may_be_altered(town, marks):
    li = town.replicas["li"]
    new = child(li, name="白露")
    assert problems_of(li) == []
    li.connection.execute(f"UPDATE outbox SET {marks} WHERE record = ?", (new,))
    assert [p.code for p in problems_of(li)] == ["outbox"]
    derived.mend(li)
    assert problems_of(li) == []
    assert town.sync("li").in_step and not li.has_unsent()
    assert problems_of(li) == [] and li.get(new) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE state SET value = 'none of ours' WHERE key = 'cursor'",
        "DELETE FROM state WHERE key = 'cursor'",
        "UPDATE state SET value = '0' WHERE key = 'digest'",
        "DELETE FROM state WHERE key = 'digest'",
        "UPDATE state SET value = 0 WHERE key = 'in_step'",
        "UPDATE state SET value = 0 WHERE key = 'greatest'",
        "DELETE FROM state WHERE key = 'device_seq'",
    ],
)
def test_what_a_store_notes_of_itself_may_be_lost(town, statement):
    li = town.replicas["li"]
    before = shown(li)
    li.connection.execute(statement)
    li.reload()
    problems_of(li)
    assert town.sync("li").in_step
    town.rest()
    assert problems_of(li) == []
    assert shown(li)["r_contact"] == before["r_contact"] and not li.has_unsent()
    fresh = child(li, name="后来的")
    town.rest()
    assert town.replicas["tea"].get(fresh) is not None


def test_spoilt_bytes_that_the_county_does_not_have_are_told_and_kept(town):
    li = town.replicas["li"]
    paper = scans.add(li, {"child": child(li), "sort": "photo"}, b"only here")
    spoilt = "UPDATE paper_scan SET body = ? WHERE paper = ?"
    li.connection.execute(spoilt, (b"only then", paper))
    for _ in range(2):
        assert ("paper", paper) in [(p.code, p.detail) for p in problems_of(li)]
        town.sync("li")
    assert paperbytes.of(li.connection, paper) == b"only then"
