"""The short ways of a big exchange, for what is new here and for own records taken as they were,
and several pages in one transaction: the stores are those of the general way, byte by byte."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter

import pytest

from casework.search import Indexer
from sync import client, confirming, derived, merges, newcomers, receive, sheaf, storage, tables
from sync.change import entry_json, entry_sql
from sync.client import sync_once
from sync.protocol import SyncResponse, pack
from sync.replica import Replica
from sync.verify import problems_of
from tests.sync import laptops
from tests.sync.fragile import Full
from tests.sync.history import Options, perform, script
from tests.sync.simulated_county import County
from tests.sync.town import Town, child, contact

Tables = dict[str, list[tuple]]


def tables_of(connection: sqlite3.Connection) -> Tables:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}
    return {name: sorted(map(repr, rows)) for name, rows in found.items()}


def stores_after(seed: int) -> dict[str, Tables]:
    """What every laptop of a simulated county holds in the end."""
    options = Options(seed)
    county = County(options.seed, options.devices)
    for step in script(options):
        perform(county, step)
    county.quiesce()
    return {name: tables_of(d.connection.real) for name, d in county.devices.items()}


def test_whole_counties_end_alike_with_the_general_way_alone(monkeypatch):
    """What is searched too."""
    monkeypatch.setattr(laptops, "Replica", lambda *a, **k: Replica(*a, **k, indexers=[Indexer()]))
    seeds, went = (1, 3, 6, 9, 12), Counter[str]()
    parted, confirmed = newcomers.parted, confirming.confirmed

    def parting(connection, page):
        new, rest = parted(connection, page)
        went.update({"new": len(new), "others": len(rest)})
        return new, rest

    def confirm(records, told, since):
        done = confirmed(records, told, since)
        left = len(told.entries) + len(told.own) + sum(run.count for run in told.runs) - done.count
        went.update({"confirmed": done.count, "entries": left})
        return done

    monkeypatch.setattr(storage, "_TOGETHER", 3)  # rows of a statement
    monkeypatch.setattr(newcomers, "parted", parting)
    monkeypatch.setattr(confirming, "confirmed", confirm)
    quick = [stores_after(seed) for seed in seeds]
    assert all(went[way] > 10 for way in ("new", "others", "confirmed", "entries")), went
    assert all(store["search"] for stores in quick for store in stores.values())
    monkeypatch.setattr(storage, "_TOGETHER", 10_000)
    monkeypatch.setattr(newcomers, "parted", lambda connection, page: ([], page.rows))
    general = lambda _records, told, _since: confirming.Confirmed(told.runs)  # noqa: E731
    monkeypatch.setattr(confirming, "confirmed", general)
    assert quick == [stores_after(seed) for seed in seeds]


@pytest.fixture
def town():
    """Sixty children of li's, whom the admin's laptop has never met."""
    town = Town("li")
    li = town.replicas["li"]
    for _ in range(60):
        contact(li, child(li))
    town.sync("li")
    town.add("adm")
    return town


def test_what_a_device_has_something_of_is_not_new_to_it(town):
    adm = town.replicas["adm"]
    town.sync("adm")
    here = held(adm)
    assert newcomers._held(adm.connection, {"child": [*here, "another"]}) == set(here)


def test_an_entry_made_by_sqlite_is_the_one_that_the_hub_makes(town):
    li = town.replicas["li"]
    child(li, name='𠮷·"引"\\', hobbies="画画\u2028")
    rows = li.connection.execute("SELECT seq, record, body, stamp FROM outbox").fetchall()
    for seq, record, body, stamp in rows:
        made = entry_sql("?1 + 7", "?2", "?3", "?4")
        told = li.connection.execute(f"SELECT {made}", (seq, body, stamp, record)).fetchone()
        assert told[0] == entry_json(seq + 7, body, stamp, {}, record)
    assert rows


def test_what_is_searched_of_new_records_is_what_their_rows_say(town):
    li, adm = town.replicas["li"], town.replicas["adm"]
    kept = child(li, name="吕豪若", phone="13900000001")
    away = child(li, name="曾静", small_name="喆")
    mother = {"child": away, "role": "mother", "name": "买·买提", "phone": "13900000002"}
    li.save("family", mother)
    child(li, name="Anna 王", former_name="·", small_name="单于乐")
    town.sync("li", "adm")
    merges.merge(adm, kept, away)
    town.sync("adm")
    told: Counter[str] = Counter()

    class Spy(Indexer):
        def __call__(self, connection, touched, new):
            told.update(state.kind for state in new.values())
            super().__call__(connection, touched, new)

    another = town.add("another", "adm")
    another.records.indexers = (Spy(),)
    town.sync("another", limit=20)
    assert told["child"] > 60 and told["family"] == 1
    assert derived._search_differences(another) == set()


def test_what_was_undone_is_not_searched_for(town, monkeypatch):
    adm, honest = town.replicas["adm"], receive._Receiving._remember
    adm.records.indexers = (Indexer(),)

    def failing(self, *given):
        honest(self, *given)
        raise Full("no room")

    monkeypatch.setattr(receive._Receiving, "_remember", failing)
    with pytest.raises(Full):
        town.sync("adm")
    with adm.together():
        pass
    assert adm.connection.execute("SELECT * FROM search").fetchall() == []


def test_nor_what_came_and_went_with_one_page(town):
    adm = town.replicas["adm"]
    adm.records.indexers = (Indexer(),)
    state, *_ = town.replicas["li"].records.shown("child", held(town.replicas["li"])).values()
    with adm.together():
        adm.records.put([(state, 0)], is_new=True)
        adm.records.remove("child", [state.id])
    assert adm.connection.execute("SELECT * FROM search").fetchall() == []


def held(replica: Replica) -> list[str]:
    return [row["id"] for row in replica.select("child")]


def test_another_hand_is_noticed_after_many_rows_as_before(town, monkeypatch):
    monkeypatch.setattr(tables, "_MANY", 5)
    connection = town.replicas["adm"].connection
    schema = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
    before = connection.execute(schema).fetchall()
    said: list[str] = []
    connection.real.set_trace_callback(said.append)
    town.sync("adm")
    assert any(s.startswith("DROP TRIGGER") for s in said)
    assert connection.execute(schema).fetchall() == before
    hands = "SELECT who FROM hand"
    assert connection.execute(hands).fetchall() == []
    connection.execute("UPDATE r_child SET phone = '1' WHERE id = (SELECT min(id) FROM r_child)")
    assert connection.execute(hands).fetchall() == [("other",)]


def test_pages_that_have_come_already_are_one_transaction(town):
    commits: list[str] = []
    adm = town.replicas["adm"]
    adm.connection.real.set_trace_callback(commits.append)
    report = town.sync("adm", limit=10)
    assert report.round_trips > 8
    assert sum(s == "COMMIT" for s in commits) == 1 + (report.round_trips > sheaf.MOST_PAGES)
    assert problems_of(adm) == []


def test_after_many_pages_their_memory_is_let_go_after_one_it_is_kept(town):
    said: list[str] = []
    connection = town.replicas["adm"].connection
    connection.real.set_trace_callback(said.append)
    town.sync("adm", limit=10)
    assert said.count("PRAGMA shrink_memory") == 1 and not connection.in_transaction
    said.clear()
    contact(town.replicas["li"], held(town.replicas["li"])[0])
    town.sync("li", "adm")
    assert "COMMIT" in said and "PRAGMA shrink_memory" not in said


def test_a_page_that_fails_leaves_whole_pages_and_all_comes_again(town, monkeypatch):
    adm = town.replicas["adm"]
    honest, asked = receive._Receiving._remember, []

    def failing(self, *given):
        asked.append(1)
        honest(self, *given)
        if len(asked) == 4:
            raise Full("no room")

    monkeypatch.setattr(receive._Receiving, "_remember", failing)
    with pytest.raises(Full):
        town.sync("adm", limit=10)
    assert not adm.connection.in_transaction
    assert adm.count("child") == 0 and not adm.get_state("cursor")
    assert town.sync("adm", limit=10).in_step
    assert (adm.count("child"), adm.count("contact")) == (60, 60)
    assert problems_of(adm) == []


class Waiting:
    """An answer comes only once the laptop has kept what it has: its store is free meanwhile."""

    may_run_beside = True

    def __init__(self, replica: Replica, answers: list[SyncResponse]) -> None:
        self.connection, self.answers = replica.connection, list(answers)
        self.was_free: list[bool] = []

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        until = time.monotonic() + 5
        while self.connection.in_transaction and time.monotonic() < until:
            time.sleep(0.001)
        self.was_free.append(not self.connection.in_transaction)
        return pack(self.answers.pop(0))


def test_the_store_is_free_while_the_line_is_waited_for(town):
    town.sync("adm", limit=20)
    another = town.add("another", "adm")
    line = Waiting(another, [answer for who, answer in town.answers if who == "adm"])
    assert sync_once(another, line, "", 20).in_step
    assert len(line.was_free) > 4 and all(line.was_free)
    assert (another.count("child"), another.count("contact")) == (60, 60)


def test_nor_is_it_held_where_a_county_put_back_is_asked_anew(town, monkeypatch):
    town.sync("adm", limit=20)
    adm, held, honest = town.replicas["adm"], [], client.Line.send

    def send(self, request, sent_up_to=0, *, is_ahead=False):
        if not is_ahead:  # then the laptop waits for it
            held.append(adm.connection.in_transaction)
        honest(self, request, sent_up_to, is_ahead=is_ahead)

    copy = town.backup()
    child(town.replicas["li"])
    town.sync("li", "adm")
    town.restore(copy, "e1")
    monkeypatch.setattr(client.Line, "send", send)
    assert town.sync("adm", limit=20).in_step
    assert len(held) > 1 and not any(held)
