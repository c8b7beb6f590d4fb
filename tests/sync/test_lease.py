"""The lease: days of use are counted, whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.settings import SETTINGS
from sync import lease, settings
from sync.lease import lease_of
from sync.replica import Replica
from tests.sync.town import Town

DAY = 86_400_000
HOUR = 3_600_000
DAYS = SETTINGS["lease_days"].default


@pytest.fixture
def town() -> Town:
    return Town("li")


def use(town: Town, days: Iterable[float], name: str = "li") -> Replica:
    """Open the store so many days after now by its clock, one after the other."""
    replica = town.replicas[name]
    for day in days:
        lease.note_use(replica, town.now_ms + round(day * DAY))
    return replica


def test_thirty_days_of_use_are_open_and_the_next_is_not(town: Town) -> None:
    li = use(town, range(1, DAYS + 1))
    assert lease_of(li).left == 0 and not lease_of(li).is_ended
    assert lease_of(use(town, [DAYS + 1])).is_ended


def test_days_on_which_nobody_opens_the_laptop_do_not_count(town: Town) -> None:
    li = use(town, range(0, 30 * 7, 7))
    assert lease_of(li).used == DAYS - 1


def test_a_day_counts_once_however_often_it_is_opened(town: Town) -> None:
    li = use(town, [0, *(1 + n / 1000 for n in range(20))])
    assert lease_of(li).used == 1


@pytest.mark.parametrize("years", [-56, -1, 1, 14])
def test_a_jump_of_the_clock_neither_ends_nor_stretches_it(town: Town, years: int) -> None:
    jump = 365 * years
    li = use(town, [*range(1, 11), jump, *range(11, DAYS + 1)])
    # The day of the jump itself is one: it may have been one.
    assert lease_of(li).used - DAYS in (0, 1)
    stays = [jump + n for n in range(1, DAYS + 2)]
    town.sync("li")
    assert lease_of(use(town, stays)).is_ended


def test_a_clock_that_jumps_to_and_fro_all_day_does_not_end_it(town: Town) -> None:
    li = use(town, [n % 2 * 5000 + n / 1000 for n in range(60)])
    assert not lease_of(li).is_ended


def test_a_clock_set_back_every_morning_does_not_keep_it_open(town: Town) -> None:
    """The same working day over and over: three of them are counted as one."""
    mornings = [hour / 24 for _ in range(3 * (DAYS + 1)) for hour in (0, 4)]
    assert lease_of(use(town, mornings)).is_ended


def test_a_clock_that_starts_anew_at_every_boot_counts_the_days(town: Town) -> None:
    """A dead battery: 1970 at every boot, the laptop opened three times a day."""
    boots = [-20_000 + hour / 24 for _ in range(3 * DAYS) for hour in (0, 1)]
    li = use(town, boots)
    assert DAYS - 1 <= lease_of(li).used <= DAYS


@given(st.lists(st.integers(-40_000, 40_000), max_size=40))
def test_no_opening_counts_more_than_a_day_and_none_takes_one_back(jumps: list[int]) -> None:
    town = Town("li")
    before = 0
    for jump in jumps:
        used = lease_of(use(town, [jump])).used
        assert before <= used <= before + 1
        before = used


def test_a_sync_renews_it_and_brings_the_countys_setting(town: Town) -> None:
    record = settings.record_id(SETTINGS["lease_days"])
    town.hub.write("setting", record, {"name": "lease_days", "value": 3})
    li = use(town, range(1, DAYS + 5))
    assert lease_of(li).is_ended
    town.sync("li")
    assert lease_of(li) == lease.Lease(3, 0)
    assert lease_of(use(town, range(1, 5))).is_ended


def test_a_sync_that_breaks_off_renews_nothing(town: Town) -> None:
    li = use(town, range(1, DAYS + 2))
    town.break_off("li", 0)
    assert lease_of(li).is_ended


def test_it_is_announced_a_week_before(town: Town) -> None:
    li = use(town, range(1, DAYS - 7))
    assert not lease_of(li).is_ending
    assert lease_of(use(town, [DAYS - 7])).is_ending


def test_a_store_of_before_leases_begins_one(town: Town) -> None:
    li = town.replicas["li"]
    li.connection.execute("DELETE FROM state WHERE key = 'lease'")
    assert lease_of(use(town, [0])).left == DAYS
