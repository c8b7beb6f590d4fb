"""Whole counties out of seeds keep every promise; a failing history replays exactly and gets
shorter."""

from __future__ import annotations

import pytest

import sync.decide
from tests.sync import copied_disks, files_of_one_child
from tests.sync.history import PARTS, Failure, Options, attempt, attempt_part, shrink


@pytest.mark.parametrize("first", range(1, 61, 10))
def test_no_county_out_of_a_seed_breaks_a_promise(first):
    for seed in range(first, first + 10):
        outcome = attempt(Options(seed))
        assert not isinstance(outcome, Failure), f"{outcome.message}: simulate 1 {outcome.options}"


def test_a_county_of_forty_laptops_comes_to_rest():
    assert not isinstance(attempt(Options(4, 200, 40)), Failure)


@pytest.mark.parametrize("seed", range(1, 9))
def test_copied_disks_out_of_a_seed_lose_and_double_nothing(seed):
    assert copied_disks.run(seed, copied_disks.script(seed))["disk copied"]


@pytest.mark.parametrize("seed", range(1, 13))
def test_files_merged_and_erased_out_of_a_seed_lose_no_word_and_keep_no_erased_one(seed):
    assert files_of_one_child.run(seed, files_of_one_child.script(seed))["merge"]


@pytest.mark.parametrize("part", PARTS)
def test_a_seed_replays_exactly(part):
    options = Options(7)
    script, run = PARTS[part]
    assert script(options) == script(options)
    assert run(options, script(options)) == run(options, script(options))


def test_a_failing_history_gets_shorter_and_still_fails(monkeypatch):
    monkeypatch.setattr(sync.decide, "_collapsed", lambda name, rest, new: None)
    failing = next(f for seed in range(1, 200) if isinstance(f := attempt(Options(seed)), Failure))
    short = shrink(failing, 120)
    assert len(short.steps) < len(failing.steps) // 4
    again = attempt_part(short.options, short.part, short.steps)
    assert isinstance(again, Failure)
    assert again.where == short.where


@pytest.mark.parametrize(
    ("part", "seed", "rule", "broken"),
    [
        ("copied disks", 1, "sync.intake.is_twin", lambda change, met: False),
        ("files of one child", 1, "sync.following._move", lambda *given: None),
    ],
)
def test_a_history_beside_the_county_gets_shorter_too(part, seed, rule, broken, monkeypatch):
    monkeypatch.setattr(rule, broken)
    options = Options(seed)
    failing = attempt_part(options, part, PARTS[part][0](options))
    assert isinstance(failing, Failure)
    short = shrink(failing, 8)
    assert len(short.steps) <= len(failing.steps) * 3 // 4
    again = attempt_part(options, part, short.steps)
    assert isinstance(again, Failure)
    assert again.where == short.where
