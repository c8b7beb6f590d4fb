"""Whole counties out of seeds keep every promise; a failing history replays exactly and gets
shorter."""

from __future__ import annotations

import pytest

import sync.decide
from tests.sync import copied_disks, files_of_one_child
from tests.sync.history import Failure, Options, attempt, run, script, shrink


@pytest.mark.parametrize("first", range(1, 61, 10))
def test_no_county_out_of_a_seed_breaks_a_promise(first):
    for seed in range(first, first + 10):
        outcome = attempt(Options(seed))
        assert not isinstance(outcome, Failure), f"{outcome.message}: simulate 1 {outcome.options}"


@pytest.mark.parametrize(
    "seed",
    [
        500481,  # a child that came by a move in the middle of a fill, and moved on, stayed
        500521,  # a pair of files stayed with a reviewer who became a counsellor
        502902,  # work that only a newer backup had went with a revoked laptop, an older one put back
    ],
)
def test_a_county_that_once_broke_a_promise_keeps_it(seed):
    outcome = attempt(Options(seed, 200, 4))
    assert not isinstance(outcome, Failure), outcome.message


def test_a_county_of_forty_laptops_comes_to_rest():
    assert not isinstance(attempt(Options(4, 200, 40)), Failure)


@pytest.mark.parametrize("seed", range(1, 9))
def test_copied_disks_out_of_a_seed_lose_and_double_nothing(seed):
    assert copied_disks.run(seed)["disk copied"]


@pytest.mark.parametrize("seed", range(1, 13))
def test_files_merged_and_erased_out_of_a_seed_lose_no_word_and_keep_no_erased_one(seed):
    assert files_of_one_child.run(seed)["merge"]


def test_a_seed_replays_exactly():
    options = Options(7)
    assert script(options) == script(options)
    assert run(options, script(options)) == run(options, script(options))
    assert files_of_one_child.run(7) == files_of_one_child.run(7)


def test_a_failing_history_gets_shorter_and_still_fails(monkeypatch):
    monkeypatch.setattr(sync.decide, "_collapsed", lambda name, rest, new: None)
    failing = next(f for seed in range(1, 200) if isinstance(f := attempt(Options(seed)), Failure))
    short = shrink(failing, 120)
    assert len(short.steps) < len(failing.steps) // 4
    again = attempt(short.options, short.steps)
    assert isinstance(again, Failure)
    assert again.where == short.where
