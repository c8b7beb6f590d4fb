"""The tests of the promises are strong enough: with one rule of sync/ broken, a simulated history
fails.

Each break is one of those by which other engines lost data. A break that goes unnoticed means that
the simulation or the model has become too weak.
"""

from __future__ import annotations

import msgspec
import pytest

import sync.decide
from server.store.sqlite import SqliteStore
from sync import client, clock, receive
from sync.change import Head, Slot, device_of
from sync.feed import Feed
from sync.sheaf import Sheaf
from tests.sync import copied_disks, files_of_one_child
from tests.sync.history import Failure, Options, attempt

HISTORIES = 200


def _is_noticed() -> bool:
    """True when some history of a county breaks a promise."""
    every = (attempt(Options(seed)) for seed in range(1, HISTORIES + 1))
    return any(isinstance(outcome, Failure) for outcome in every)


def ignore_the_base(monkeypatch):
    """Last writer wins, and nobody hears of the other (Anki, cr-sqlite)."""

    def meet(kind, name, before, change, mark, value, lookup):
        return Slot((Head(mark, value, (mark.version,)),))

    monkeypatch.setattr(sync.decide, "_meet", meet)


def never_collapse_equal_values(monkeypatch):
    monkeypatch.setattr(sync.decide, "_collapsed", lambda name, rest, new: None)


def forget_what_was_taken(monkeypatch):
    """No idempotence: a repeated request is taken again."""
    monkeypatch.setattr(SqliteStore, "known", lambda self, device, seqs: {})


def store_the_cursor_before_the_data(monkeypatch):
    """pouchdb#1240: the checkpoint runs ahead of the writes."""
    honest = receive.receive

    def early(replica, response, kept_ms=None, **how):
        if response.cursor and replica.connection.in_transaction:
            replica.set_state(cursor=response.cursor)
            replica.connection.execute("COMMIT")
            replica.connection.execute("BEGIN IMMEDIATE")
        return honest(replica, response, kept_ms, **how)

    monkeypatch.setattr(client, "receive", early)


def believe_every_clock(monkeypatch):
    monkeypatch.setattr(clock, "MAX_AHEAD_MS", 200 * 365 * 86_400_000)


def ignore_what_the_author_saw_in_stamps(monkeypatch):
    monkeypatch.setattr("sync.intake.floor_of", lambda kind, state, change, lookup: 0)


def count_every_edit_of_a_chain_as_a_head(monkeypatch):
    """central#805: the later edits of an offline chain open conflicts of their own."""
    honest = sync.decide._seen

    def seen(name, change, lookup):
        return {op for op in honest(name, change, lookup) if device_of(op) != change.device}

    monkeypatch.setattr(sync.decide, "_seen", seen)
    monkeypatch.setattr(sync.decide, "_chain", lambda head, change: set())


def let_a_delete_swallow_edits(monkeypatch):
    monkeypatch.setattr(
        sync.decide, "_against_edits", lambda state, change, mark, after, lookup: after
    )


def let_a_decision_close_heads_it_has_not_seen(monkeypatch):
    honest = sync.decide._meet

    def meet(kind, name, before, change, mark, value, lookup):
        if change.op == "resolve":
            return Slot((Head(mark, value, (mark.version,), True),))
        return honest(kind, name, before, change, mark, value, lookup)

    monkeypatch.setattr(sync.decide, "_meet", meet)


def let_the_latest_stand_whatever_the_worry(monkeypatch):
    monkeypatch.setattr("schema.record.Kind.is_critical", lambda self, slot: False)


def forget_that_a_record_moved(monkeypatch):
    monkeypatch.setattr(Feed, "_write_moves", lambda self, cursor, moves, response: None)


def confirm_whatever_else_was_said_of_it(monkeypatch):
    """An own record that came back is marked as taken, though edits of it still wait."""
    monkeypatch.setattr("sync.records.ALONE", "1")


def commit_every_statement(monkeypatch):
    """A save that a crash can cut in two."""
    from contextlib import contextmanager

    @contextmanager
    def nothing(connection):
        yield

    monkeypatch.setattr("sync.replica.transaction", nothing)


def merge_texts_as_if_nobody_else_had_written(monkeypatch):
    monkeypatch.setattr(sync.decide, "merge_texts", lambda base, ours, theirs: theirs)


def number_the_log_with_gaps(monkeypatch):
    """A sequence that is not the order of commits: the reader's cursor passes what it never saw."""
    honest = Feed._log

    def log(self, cursor, held, limit, response):
        after = honest(self, cursor, held, limit, response)
        if after.seq - cursor.seq > 0 and after.seq < self.head:
            return msgspec.structs.replace(after, seq=after.seq + 1, ahead=after.ahead - 1)
        return after

    monkeypatch.setattr(Feed, "_log", log)


def ask_no_one_for_grants(monkeypatch):
    """A scope filter that lets through whatever is read."""
    monkeypatch.setattr("sync.scope.Scope.reads", lambda self, kind, root, units: True)


def leave_the_epoch_as_it_was(monkeypatch):
    """cht-core#8093: after a restore the checkpoints of devices still say "sent"."""
    monkeypatch.setattr("sync.feed.is_known", lambda store, cursor: cursor is not None)
    monkeypatch.setattr("sync.hub.is_known", lambda store, cursor: cursor is not None)


def trust_the_number_and_the_epoch(monkeypatch):
    """A log that went back and has grown again beyond where a device stands."""

    def known(store, cursor):
        return (
            cursor is not None
            and cursor.epoch == store.epoch()
            and cursor.seq + cursor.ahead <= store.head()
        )

    monkeypatch.setattr("sync.feed.is_known", known)
    monkeypatch.setattr("sync.hub.is_known", known)


def apply_a_page_without_a_transaction(monkeypatch):
    from contextlib import nullcontext

    monkeypatch.setattr(receive, "transaction", lambda connection: nullcontext())
    monkeypatch.setattr(Sheaf, "page", lambda self: nullcontext())


def keep_half_a_page_of_several(monkeypatch):
    """Pages share a transaction: one that fails is kept as far as it got."""

    def kept(self):
        self._is_open = False
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")

    monkeypatch.setattr(Sheaf, "_undo", kept)


def take_a_page_before_the_one_it_follows(monkeypatch):
    """Two requests under way: the second is here, and the first was lost on the line."""
    monkeypatch.setattr("sync.turns.Turns.in_turn", lambda self, request: request)


def write_over_unsent_work_as_if_it_were_new(monkeypatch):
    monkeypatch.setattr("sync.newcomers._held", lambda connection, ids: set())


def forget_own_work_on_what_has_left(monkeypatch):
    """A backup put back takes with it what the county had confirmed and the laptop has dropped."""
    monkeypatch.setattr("sync.keeping.keep", lambda connection, records: None)
    monkeypatch.setattr("sync.keeping.keep_settled", lambda *given: None)


def let_a_chain_stand_against_itself(monkeypatch):
    monkeypatch.setattr(sync.decide, "_chain", lambda head, change: set())


def take_a_twins_changes_for_ones_own(monkeypatch):
    """Two laptops of one disk: the second one's change passes for the first's."""
    monkeypatch.setattr("sync.intake.is_twin", lambda change, met: False)


def take_a_save_again_under_another_id(monkeypatch):
    """Copied disks and a backup put back: the same work comes by two laptops under two ids."""
    monkeypatch.setattr("sync.twins.elsewhere", lambda *given: {})


BREAKS = (
    ignore_the_base,
    never_collapse_equal_values,
    merge_texts_as_if_nobody_else_had_written,
    forget_what_was_taken,
    store_the_cursor_before_the_data,
    number_the_log_with_gaps,
    ask_no_one_for_grants,
    believe_every_clock,
    ignore_what_the_author_saw_in_stamps,
    leave_the_epoch_as_it_was,
    trust_the_number_and_the_epoch,
    apply_a_page_without_a_transaction,
    keep_half_a_page_of_several,
    take_a_page_before_the_one_it_follows,
    write_over_unsent_work_as_if_it_were_new,
    confirm_whatever_else_was_said_of_it,
    commit_every_statement,
    forget_own_work_on_what_has_left,
    forget_that_a_record_moved,
    let_a_chain_stand_against_itself,
    count_every_edit_of_a_chain_as_a_head,
    let_a_delete_swallow_edits,
    let_a_decision_close_heads_it_has_not_seen,
    let_the_latest_stand_whatever_the_worry,
    take_a_twins_changes_for_ones_own,
)


def test_the_simulation_is_content_while_no_rule_is_broken():
    assert not isinstance(attempt(Options(1)), Failure)


@pytest.mark.parametrize("a_rule", BREAKS, ids=lambda f: f.__name__)
def test_a_simulated_county_notices_a_broken_rule(a_rule, monkeypatch):
    attempt(Options(1, 20))  # the stores it copies are made with the rules whole
    a_rule(monkeypatch)
    assert _is_noticed(), f"nobody noticed: {a_rule.__name__}"


def keep_the_history_of_what_was_erased(monkeypatch):
    monkeypatch.setattr("sync.erasing.forget_history", lambda connection, ids: None)


def take_late_work_on_erased_records(monkeypatch):
    monkeypatch.setattr(SqliteStore, "erased", lambda self, ids: set())


def leave_visits_under_the_file_that_went(monkeypatch):
    monkeypatch.setattr("sync.following._move", lambda *given: None)


def empty_the_pointer_and_nothing_else(monkeypatch):
    """An un-merge that leaves in the kept file what it had taken over."""
    monkeypatch.setattr("sync.carrying._withdraw", lambda *given, **more: None)
    monkeypatch.setattr("sync.merges._value_before", lambda *given: (False, None))


def test_copied_disks_notice_a_save_taken_again_under_another_id(monkeypatch):
    take_a_save_again_under_another_id(monkeypatch)
    with pytest.raises(AssertionError):
        for seed in range(1, 41):
            copied_disks.run(seed, copied_disks.script(seed))


FILE_BREAKS = (
    keep_the_history_of_what_was_erased,
    take_late_work_on_erased_records,
    leave_visits_under_the_file_that_went,
    empty_the_pointer_and_nothing_else,
)


@pytest.mark.parametrize("a_rule", FILE_BREAKS, ids=lambda f: f.__name__)
def test_merged_and_erased_files_notice_a_broken_rule(a_rule, monkeypatch):
    assert files_of_one_child.run(1, files_of_one_child.script(1))["merge"]
    a_rule(monkeypatch)
    with pytest.raises(AssertionError):
        for seed in range(1, 41):
            files_of_one_child.run(seed, files_of_one_child.script(seed))
