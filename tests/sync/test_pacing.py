"""The schedule of synchronising: pure, over made-up clocks and chances."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import pacing
from sync.pacing import Pacing, wait_s
from sync.transport import retry_after

CHANCE = st.floats(0, 1, exclude_max=True)
STEPS = st.lists(
    st.one_of(
        st.just(("edited", 0.0)),
        st.just(("succeeded", 0.0)),
        st.tuples(st.just("failed"), st.floats(0, 7200)),
        st.tuples(st.just("wait"), st.floats(0, 4000)),
    ),
    max_size=60,
)


@given(st.integers(1, 500), st.floats(0, 7200), CHANCE)
def test_a_wait_is_bounded_and_never_shorter_than_the_server_asked(
    failures: int, asked: float, chance: float
) -> None:
    wait = wait_s(failures, asked, lambda: chance)
    assert wait >= asked
    assert pacing.FIRST_S / 2 <= wait <= max(pacing.MOST_S, asked * 1.1)


@given(CHANCE)
def test_waits_grow_until_the_longest(chance: float) -> None:
    waits = [wait_s(n, 0.0, lambda: chance) for n in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[-1] == waits[-2] >= pacing.MOST_S / 2


def test_laptops_cut_off_together_do_not_come_back_together() -> None:
    waits = {wait_s(5, 0.0, lambda n=n: n / 50) for n in range(50)}  # type: ignore[misc]
    assert len(waits) == 50
    assert max(waits) - min(waits) > 0.4 * max(waits)


@given(STEPS, CHANCE)
def test_whatever_happens_the_next_try_comes_and_never_before_it_may(
    steps: list[tuple[str, float]], chance: float
) -> None:
    now = 1000.0
    pace = Pacing(lambda: now, lambda: chance)
    earliest = closed = now
    failures = 0
    for name, value in steps:
        if name == "wait":
            now += value
        elif name == "failed":
            pace.failed(value)
            failures += 1
            closed = max(closed, now + value)
            earliest = max(closed, now + wait_s(failures, value, lambda: chance))
        else:
            getattr(pace, name)()
            if name == "succeeded":
                failures, earliest, closed = 0, now, now
        assert pace.closed_s >= max(closed - now, 0.0)
        assert pace.due >= min(earliest, pace.due if failures == 0 else earliest)
        assert pace.due <= max(now, earliest) + pacing.EVERY_S * 1.1
        if name == "edited":
            assert pace.due <= max(now + pacing.AFTER_EDIT_S, earliest)
        assert pace.is_due() == (now >= pace.due)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0.0),
        ("7", 7.0),
        ("-3", 0.0),
        ("nan", 0.0),
        ("soon", 0.0),
        ("1e99", 86_400.0),
        ("Sun, 22 Nov 2026 04:01:30 GMT", 90.0),
    ],
)
def test_what_a_server_asks_for_is_read_as_seconds_or_as_a_date(text: str, seconds: float) -> None:
    assert retry_after(text, "Sun, 22 Nov 2026 04:00:00 GMT") == seconds
