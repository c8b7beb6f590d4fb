"""A page of a big push is prepared while it waits for its turn; what has changed by then counts."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest

from server import lookout, syncing
from server.requests import Refusal
from server.store.sqlite import SqliteStore
from server.workers import Desk
from sync import preparing
from sync.change import Change, Grant
from sync.protocol import PROTOCOL, SyncRequest, pack, unpack
from sync.storage import open_plain

MANY = lookout.AT_ONCE + 20


class NoCommit:
    """A connection to a full disk."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self.real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def execute(self, sql: str, *values: object) -> object:
        if sql == "COMMIT":
            raise sqlite3.OperationalError("disk is full")
        return self.real.execute(sql, *values)


class County:
    """A county with one user, whose laptop sends many new children at once."""

    def __init__(self) -> None:
        self.desk = Desk(SqliteStore(open_plain(":memory:")))
        fields = {"code": "51", "name": "县", "level": "county", "parent": None}
        self.desk.hub.write("unit", "51", fields)
        self.desk.accounts.add_user("li", "a long passphrase", [Grant("admin", "51")])
        login = self.desk.accounts.log_in(self.desk.accounts.user("li"))
        self.device, self.token = login.device, login.token
        self.before = self.desk.store.head()

    def begin(self, many: int = MANY) -> syncing.Ask:
        """What a reading thread makes of the request."""
        changes = [
            Change(
                self.device, n, f"{self.device}.{n}", "create", "child", f"r{n}", "li", n << 16,
                {"name": "罗静", "village": "51"},
            )
            for n in range(1, many + 1)
        ]  # fmt: skip
        message = SyncRequest(PROTOCOL, self.device, changes=changes, held=1)
        ask, answer = syncing.begin(self.token, *pack(message))(self.desk)
        assert answer is None
        return ask

    def taken(self) -> int:
        """Entries that came since."""
        return self.desk.store.head() - self.before


def test_a_big_page_is_prepared_before_its_turn_and_not_again(monkeypatch):
    county = County()
    ask = county.begin()
    monkeypatch.setattr(preparing, "prepare", None)
    syncing.take_in_much(ask)(county.desk)
    assert county.taken() == MANY


def test_a_device_revoked_while_its_page_waited_brings_nothing_into_the_log():
    county = County()
    ask = county.begin()
    county.desk.accounts.revoke(county.device)
    with pytest.raises(Refusal) as refused:
        syncing.take_in_much(ask)(county.desk)
    assert refused.value.code == "revoked"
    assert refused.value.more["taken"] == list(range(1, MANY + 1))
    assert county.taken() == 0
    assert county.desk.store.quarantined_of(county.device) == MANY


def test_a_page_that_could_not_be_stored_is_followed_by_none():
    """Though its answer was made before."""
    county = County()
    ask = county.begin()
    store = county.desk.store
    real, store.connection = store.connection, NoCommit(store.connection)
    with pytest.raises(sqlite3.OperationalError):
        syncing.take_in_much(ask)(county.desk)
    store.connection = real
    assert county.taken() == 0
    behind = msgspec.structs.replace(ask.request, follows=MANY)
    with pytest.raises(Refusal) as refused:
        syncing.take_in_much(msgspec.structs.replace(ask, request=behind))(county.desk)
    assert refused.value.code == "early"
    syncing.take_in_much(ask)(county.desk)
    assert county.taken() == MANY


def test_an_answer_made_before_the_commit_bears_the_time_after_it():
    """A receipt never speaks of a time at which the change was not stored yet."""
    county = County()
    ask = county.begin()
    now = [1_790_000_000_000]
    county.desk.hub.now_ms = lambda: now[0]

    def takes_long():
        now[0] += 5_000

    county.desk.store.before_commit = takes_long
    answer = unpack(*syncing.take_in_much(ask)(county.desk))
    assert msgspec.json.decode(answer)["now"] == now[0] == 1_790_000_005_000


def test_what_was_just_written_is_kept_in_memory_for_one_answer_only():
    """What is erased by then must not be given out of it."""
    county = County()
    syncing.take_in_much(county.begin())(county.desk)
    assert not county.desk.store._latest.bodies


def test_what_met_others_while_it_waited_is_not_taken_as_new():
    county = County()
    ask = county.begin()
    county.desk.hub.write("child", "r7", {"name": "别人", "village": "51"})
    syncing.take_in_much(ask)(county.desk)
    assert county.taken() == MANY + 1
    assert county.desk.store.states(["r7"])["r7"].slots  # both are told of
    again = county.begin()
    syncing.take_in_much(again)(county.desk)
    assert county.taken() == MANY + 1
