"""A county bounds how many months of contacts laptops hold: older ones stay at the county and come
when asked for."""

from __future__ import annotations

import random

import pytest

from server import window
from server.check import check
from server.erasing import erase_here
from server.settings import put_setting
from server.workers import Desk
from sync import older
from sync.change import Grant
from sync.verify import problems_of
from tests.sync.town import Town, _Line, child, contact, value

MONTH_MS = 31 * 86_400_000


def desk_of(town: Town) -> Desk:
    desk = Desk(town.store)
    desk.hub = town.hub
    return desk


def months(town: Town, count: int) -> None:
    put_setting(desk_of(town), "contact_months", str(count))
    window.move(desk_of(town))


def erase(town: Town, visit: str) -> None:
    with town.store.write():
        if town.store.states([visit]):
            erase_here(town.store, [visit], town.now_ms, "家长要求", "adm")


def dates(replica, record: str) -> list[str]:
    return [row["on"] for row in replica.children_of("contact", record)]


@pytest.fixture
def town() -> Town:
    """A child with a visit a year, from 2022 on; today is September 2026."""
    made = Town("li", "tea")
    li = made.replicas["li"]
    made.record = child(li)
    made.visits = {y: contact(li, made.record, on=f"{y}-05-01") for y in range(2022, 2027)}
    made.rest()
    return made


def whole(town: Town) -> None:
    town.rest()
    assert check(town.store).faults == []
    for name, replica in town.replicas.items():
        assert problems_of(replica) == [], name
        assert replica.connection.execute("SELECT count(*) FROM healing").fetchone()[0] == 0


def test_laptops_let_go_of_what_is_older_and_a_new_one_never_gets_it(town):
    months(town, 24)
    whole(town)
    assert dates(town.replicas["li"], town.record) == ["2026-05-01", "2025-05-01"]
    newcomer = town.add("adm")
    town.sync("adm")
    assert dates(newcomer, town.record) == ["2026-05-01", "2025-05-01"]
    assert all(b"2024-05" not in bytes(row) for _, a in town.answers[-1:] for row in a.rows)
    whole(town)


def test_what_is_unsent_is_never_let_go(town):
    li = town.replicas["li"]
    li.save("contact", {"summary": "还没交"}, town.visits[2022])
    new = contact(li, town.record, on="2021-01-01")
    months(town, 24)
    town.hub.push, push = (lambda *_: []), town.hub.push  # the county takes nothing just now
    town.break_off("li", 1)
    assert {"2022-05-01", "2021-01-01"} <= set(dates(li, town.record))
    town.hub.push = push
    whole(town)
    assert value(li, new, "on") == "2021-01-01"  # one's own is not taken away at once
    assert dates(town.replicas["tea"], town.record) == ["2026-05-01", "2025-05-01"]
    tea = town.replicas["tea"]
    older.fetch(tea, _Line(town, "tea"), "", town.record)
    assert value(tea, town.visits[2022], "summary") == "还没交"


def test_older_ones_come_when_asked_for_and_stay_up_to_date(town):
    months(town, 24)
    whole(town)
    li, tea = town.replicas["li"], town.replicas["tea"]
    came = older.fetch(li, _Line(town, "li"), "", town.record)
    assert (came.fetched, came.before) == (3, "2024-09")
    assert len(dates(li, town.record)) == 5
    older.fetch(tea, _Line(town, "tea"), "", town.record)
    tea.save("contact", {"summary": "补记"}, town.visits[2022])
    whole(town)
    assert value(li, town.visits[2022], "summary") == "补记"
    town.now_ms += 2 * MONTH_MS  # and go again when the boundary moves
    contact(li, town.record, on="2024-10-05")
    town.rest()
    window.move(desk_of(town))
    whole(town)
    assert dates(li, town.record) == ["2026-05-01", "2025-05-01"]


def test_a_county_that_allows_more_months_gives_them_back(town):
    months(town, 12)
    whole(town)
    assert dates(town.replicas["li"], town.record) == ["2026-05-01"]
    months(town, 36)
    for _ in range(9):
        town.sync("li", "tea", limit=1)
    whole(town)
    assert len(dates(town.replicas["li"], town.record)) == 3
    months(town, 0)
    whole(town)
    assert len(dates(town.replicas["tea"], town.record)) == 5
    newcomer = town.add("adm")
    town.sync("adm", limit=2)
    assert len(dates(newcomer, town.record)) == 5
    whole(town)


def test_a_visit_dated_anew_enters_and_leaves_the_window(town):
    months(town, 24)
    whole(town)
    li, tea = town.replicas["li"], town.replicas["tea"]
    older.fetch(li, _Line(town, "li"), "", town.record)
    li.save("contact", {"on": "2026-06-01"}, town.visits[2022])
    li.save("contact", {"on": "2020-06-01"}, town.visits[2026])
    whole(town)
    assert "2026-06-01" in dates(tea, town.record)
    assert value(tea, town.visits[2026], "on") == "2020-06-01"
    newcomer = town.add("adm")
    town.sync("adm")
    assert dates(newcomer, town.record) == ["2026-06-01", "2025-05-01"]
    whole(town)


def test_an_import_of_old_visits_does_not_travel(town):
    months(town, 24)
    whole(town)
    li, tea = town.replicas["li"], town.replicas["tea"]
    for n in range(1, 10):
        contact(li, town.record, on=f"2019-0{n}-01")
    town.sync("li")
    town.answers.clear()
    whole(town)
    assert all(not a.entries for name, a in town.answers if name == "tea")
    assert len(dates(tea, town.record)) == 2


def test_what_is_granted_or_moves_in_comes_without_what_is_older(town):
    months(town, 24)
    whole(town)
    town.grants["cou"] = (Grant("counsellor", "", town.record),)
    cou, wu = town.add("cou"), town.add("wu")
    town.sync("cou", "wu")
    assert len(dates(cou, town.record)) == 2
    town.replicas["li"].save("child", {"village": "112"}, town.record)
    whole(town)
    assert len(dates(wu, town.record)) == 2


def test_the_boundary_moves_in_the_middle_of_a_first_fill(town):
    newcomer = town.add("adm")
    town.break_off("adm", 2, limit=2)
    months(town, 24)
    town.break_off("adm", 2, limit=2)
    months(town, 48)
    whole(town)
    assert len(dates(newcomer, town.record)) == 4


def test_children_come_before_what_hangs_on_them_and_a_cut_anywhere_is_taken_up():
    town = Town("li")
    li = town.replicas["li"]
    records = [child(li, name=f"甲{n}") for n in range(12)]
    for record in records:
        contact(li, record)
    town.rest()
    newcomer = town.add("adm")
    counts = []
    for _ in range(40):
        town.break_off("adm", 1, limit=4)
        counts.append((newcomer.count("child"), newcomer.count("contact")))
    assert (12, 0) in counts
    assert all(children == 12 for children, contacts in counts if contacts)
    assert counts[-1] == (12, 12)
    # Somebody goes on writing meanwhile.
    other = town.add("sup")
    town.break_off("sup", 4, limit=4)
    li.save("child", {"hobbies": "画画"}, records[0])
    contact(li, records[0])
    contact(li, child(li, name="后来"))
    town.sync("li")
    town.break_off("sup", 2, limit=4)
    town.rest()
    assert (other.count("child"), other.count("contact")) == (13, 14)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_in_whatever_order_all_hold_the_same(seed):
    """Visits of any date made, dated anew, fetched, erased; children moved; the bound set; pages of
    any size, lines cut: at rest every laptop's digest is the county's, and nothing was healed."""
    dice = random.Random(seed)
    town = Town("li", "wu", "sup")
    laptops = list(town.replicas)
    records = [child(town.replicas["li"]), child(town.replicas["wu"], "112")]
    town.rest()

    def any_date() -> str:
        return f"{dice.randint(2022, 2026)}-{dice.randint(1, 8):02}-11"

    for _ in range(60):
        name = dice.choice(laptops)
        replica = town.replicas[name]
        record = dice.choice(records)
        mine = [row["id"] for row in replica.children_of("contact", record)]
        what = dice.randrange(11)
        if what < 3 and replica.get(record):
            contact(replica, record, on=any_date())
        elif what == 3 and mine:
            replica.save("contact", {"on": any_date()}, dice.choice(mine))
        elif what == 4 and mine:
            replica.save("contact", {"summary": str(seed)}, dice.choice(mine))
        elif what == 5 and name == "sup":
            replica.save("child", {"village": dice.choice(("111", "112"))}, record)
        elif what == 6:
            months(town, dice.choice((0, 6, 12, 24, 36)))
        elif what == 7:
            older.fetch(replica, _Line(town, name), "", record)
        elif what == 8:
            town.break_off(name, dice.randint(0, 3), limit=dice.randint(1, 3))
        elif what == 9 and mine:
            erase(town, dice.choice(mine))
        elif len(laptops) < 6:
            extra = town.add(f"adm{len(laptops)}", "adm")
            assert extra.count("child") == 0
            laptops.append(f"adm{len(laptops)}")
        town.sync(dice.choice(laptops), limit=dice.choice((1, 3, 2000)))
    whole(town)
    held = [dates(r, record) for r in town.replicas.values() for record in records if r.get(record)]
    assert held
