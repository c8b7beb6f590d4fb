"""The clock orders and never refuses: frozen, jumping, overflowing, in 1970 or in 9999."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.clock import MAX_AHEAD_MS, Clock, admit, ms_of, stamp_of

NOW = 1_790_000_000_000
walls = st.integers(-(10**16), 10**16)


@given(st.lists(walls, min_size=1, max_size=50))
def test_stamps_rise_whatever_the_wall_clock_does_and_fit_a_database(times):
    at = iter(times)
    clock = Clock(lambda: next(at))
    stamps = [clock.tick() for _ in times]
    assert stamps == sorted(set(stamps))
    assert 0 < stamps[-1] < 1 << 63


def test_seventy_thousand_saves_in_one_frozen_millisecond_carry_into_the_next():
    clock = Clock(lambda: NOW)
    for _ in range(70_000):
        last = clock.tick()
    assert ms_of(last) == NOW + 1


def test_the_clock_takes_the_hubs_time_at_contact():
    clock = Clock(lambda: 0)
    clock.learn(NOW)
    assert clock.now_ms() == NOW
    assert ms_of(clock.tick()) == NOW


def test_a_clock_that_once_ran_ahead_comes_back_when_all_is_sent():
    wall = [NOW + 10**11]
    clock = Clock(lambda: wall[0])
    clock.tick()
    wall[0] = NOW
    assert ms_of(clock.tick()) > NOW
    clock.settle(stamp_of(NOW - 5))
    assert ms_of(clock.tick()) == NOW


@given(st.integers(0, 1 << 62), st.integers(0, 1 << 45), st.integers(0, 1 << 62))
def test_an_admitted_stamp_is_above_what_its_author_saw_and_else_not_from_the_future(
    claim, hub_ms, floor
):
    stamp = admit(claim, hub_ms, floor)
    assert stamp > floor
    assert stamp <= max(stamp_of(hub_ms + MAX_AHEAD_MS), floor + 1)
    if floor < claim <= stamp_of(hub_ms + MAX_AHEAD_MS):
        assert stamp == claim
