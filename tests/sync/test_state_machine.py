"""The promises P1, P2, P3, P7, P8 under histories of saves, faults, crashes and lying clocks.

The normal run is short and always the same. `CUNCAO_HISTORIES=2000 pytest
tests/sync/test_state_machine.py` tries that many new ones; `CUNCAO_SEED` repeats a run, and every
failure names its seed.
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.sync.simulation import FAULTS, Simulation, play

HISTORIES = int(os.environ.get("CUNCAO_HISTORIES", "0"))
SEED = int(os.environ.get("CUNCAO_SEED", "0") or random.SystemRandom().randrange(1 << 32))

devices = st.integers(0, 4)
numbers = st.integers(0, 30)
few = st.integers(0, 2)
crashes = st.none() | st.tuples(st.integers(0, 40), st.booleans())
rare_crashes = st.integers(0, 9).flatmap(lambda n: crashes if n == 0 else st.none())
limits = st.sampled_from((2000, 1, 2, 3))


class County(RuleBasedStateMachine):
    """Five devices of four people, two villages, one hub."""

    def __init__(self) -> None:
        super().__init__()
        self.county = Simulation()

    @rule(who=devices, village=few, with_contact=st.booleans(), crash=rare_crashes)
    def a_child_is_filed(self, who, village, with_contact, crash):
        self.county.create_child(who, village, with_contact, crash)

    @rule(who=devices, which=few, crash=rare_crashes)
    def a_contact_is_recorded(self, who, which, crash):
        self.county.create_contact(who, which, crash)

    @rule(
        who=devices, which=few, field=numbers, value=numbers, old=st.booleans(), crash=rare_crashes
    )
    def a_field_is_changed(self, who, which, field, value, old, crash):
        self.county.edit(who, which, field, value, old_form=old, crash=crash)

    @rule(
        which=few,
        field=numbers,
        values=st.tuples(numbers, numbers),
        who=st.tuples(devices, devices),
    )
    def two_people_change_one_field(self, which, field, values, who):
        for person, value in zip(who, values, strict=True):
            self.county.edit(person, which, field, value)

    @rule(who=devices, which=few)
    def a_form_is_opened(self, who, which):
        self.county.open_form(who, which)

    @rule(who=devices, which=few, crash=rare_crashes)
    def a_child_moves(self, who, which, crash):
        self.county.move(who, which, crash)

    @rule(who=devices, which=few, crash=rare_crashes)
    def a_record_is_deleted_or_brought_back(self, who, which, crash):
        self.county.hide(who, which, crash)

    @rule(who=devices, which=numbers, take=numbers, value=numbers, crash=rare_crashes)
    def a_conflict_is_decided(self, who, which, take, value, crash):
        self.county.resolve(who, which, take, value, crash)

    @rule(who=devices, years=st.sampled_from((-60, -1, 1, 60)))
    def a_clock_jumps(self, who, years):
        self.county.jump(who, years)

    @rule(ms=st.sampled_from((-70_000, 70_000, 86_400_000)))
    def the_hubs_clock_jumps(self, ms):
        self.county.jump_hub(ms)

    @rule(
        who=devices, fault=st.sampled_from(("", *FAULTS)), at=few, limit=limits, crash=rare_crashes
    )
    def a_device_synchronises(self, who, fault, at, limit, crash):
        self.county.sync(who, fault, at, limit=limit, crash=crash)

    @rule(who=devices, limit=limits)
    def a_device_synchronises_well(self, who, limit):
        self.county.sync(who, limit=limit)

    @rule(which=numbers)
    def an_old_request_arrives_again(self, which):
        self.county.redeliver(which)

    @rule()
    def everyone_comes_to_rest(self):
        self.county.quiesce()

    def teardown(self):
        self.county.quiesce()


def test_no_history_of_saves_and_faults_breaks_a_promise():
    machine = County if not HISTORIES else seed(SEED)(County)
    print(f"CUNCAO_SEED={SEED} CUNCAO_HISTORIES={HISTORIES}")
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES or 40,
            stateful_step_count=40,
            derandomize=not HISTORIES,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("number", range(8))
def test_a_long_history_out_of_a_seeded_generator_keeps_the_promises(number):
    first = SEED if HISTORIES else 20_261_122
    for n in range(first + number, first + number + max(3, HISTORIES), 8):
        try:
            play(Simulation(), random.Random(n), 250)
        except BaseException:
            print(f"the history of seed {n}: play(Simulation(), random.Random({n}), 250)")
            raise
