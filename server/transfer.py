"""A child who moves to another county takes its file along: sealed for that county, with its history.

The file holds every change ever made to the child and to what hangs on it, in the order of the log.
The county it comes to decides them again, in the same order: ids, authors, values and open conflicts
are as they were. Changes of the first county's own hand get a device name of that county, as `hub`
is everybody's.
"""

from __future__ import annotations

import datetime

import msgspec
from msgspec import Struct

from schema.kinds import KINDS
from schema.problems import InvalidValue, Problem
from server.home import PRIVATE_KEY
from server.workers import Desk
from sync import ids, sealing
from sync.change import Change, Entry, State
from sync.hubstore import HUB_DEVICE
from sync.intake import Batch
from sync.protocol import compress, unpack

MEDIA = "application/vnd.cuncao+zstd"
MAGIC = b"cuncao transfer 1\n"
COUNTY_ZONE = datetime.timezone(datetime.timedelta(hours=8))


class Transfer(Struct, frozen=True):
    """What travels."""

    county: str
    """Name of the county it comes from."""
    child: str
    changes: list[Change]
    """In the order of that county's log."""


def write(desk: Desk, child: str, public: bytes) -> bytes:
    """Close a child's file as moved away, and seal it for the county whose key `public` is.

    Raises:
        InvalidValue: no such child.
    """
    store = desk.store
    with store.write():
        state = store.states([child]).get(child)
        if state is None or state.kind != "child" or state.is_deleted:
            raise InvalidValue(_problem("unknown_child", "没有编号为 {id} 的孩子。", id=child))
        if state.values.get("status") != "closed":
            today = datetime.datetime.fromtimestamp(store.now_ms() / 1000, COUNTY_ZONE).date()
            closed = {"status": "closed", "close_reason": "moved", "closed_on": today.isoformat()}
            desk.hub.write("child", child, closed)
        entries = [
            msgspec.json.decode(body, type=Entry)
            for record in _records(desk, child)
            for body in store.history(record)
        ]
        own = f"x{ids.derived_id('county', store.epoch())[:7]}"
        changes = [_renamed(e.change, own) for e in sorted(entries, key=lambda e: e.seq)]
        tops = [code for code, parent in store.parents().items() if not parent]
        county = store.states(tops)
        name = str(county[tops[0]].values.get("name", "")) if tops and tops[0] in county else ""
    return MAGIC + sealing.seal(
        public, compress(msgspec.json.encode(Transfer(name, child, changes)), 8)
    )


def read(desk: Desk, data: bytes, village: str) -> Transfer:
    """Take a file that another county sealed for this one; the child is of `village` from now on.

    Raises:
        InvalidValue: not for this county, damaged, of a newer program, already here, no such unit.
    """
    store = desk.store
    came = _opened(store.meta(PRIVATE_KEY) or b"", data)
    with store.write():
        if village not in store.parents():
            raise InvalidValue(_problem("unknown_unit", "没有代码为 {unit} 的单位。", unit=village))
        if store.states({change.id for change in came.changes}):
            raise InvalidValue(_problem("transfer_here", "这个孩子的档案已经在这里了，没有再收。"))
        batch = Batch(store, None, store.now_ms())
        batch._load(came.changes)
        for change in came.changes:
            batch.accept(change, KINDS[change.kind])
        batch._write()
        desk.hub.write("child", came.child, {
            "village": village, "school": None, "class": None, "status": "open",
            "closed_on": None, "close_reason": None,
        })  # fmt: skip
    return came


def _records(desk: Desk, child: str) -> list[str]:
    found = desk.store.records_of([child])
    return [msgspec.json.decode(body, type=State).id for _root, _kind, body in found]


def _renamed(change: Change, own: str) -> Change:
    """The change with the county's own hand under a name that no other county uses."""

    def new(version: str) -> str:
        head, dot, rest = version.partition(".")
        return f"{own}{dot}{rest}" if head == HUB_DEVICE else version

    return msgspec.structs.replace(
        change,
        device=own if change.device == HUB_DEVICE else change.device,
        txn=new(change.txn),
        base={slot: new(version) for slot, version in change.base.items()},
        names=[new(version) for version in change.names],
    )


def _opened(private: bytes, data: bytes) -> Transfer:
    try:
        if not data.startswith(MAGIC):
            raise ValueError("another file")
        plain = unpack(sealing.unseal(private, data.removeprefix(MAGIC)), MEDIA)
        came = msgspec.json.decode(plain, type=Transfer)
    except ValueError:
        message = "这不是给本县的转档文件，或者已经损坏。什么都没收。"
        raise InvalidValue(_problem("transfer_damaged", message)) from None
    if any(change.kind not in KINDS for change in came.changes):
        message = "这个转档文件是新版程序写的，请先更新。什么都没收。"
        raise InvalidValue(_problem("transfer_newer", message))
    return came


def _problem(code: str, message: str, **args: str) -> Problem:
    return Problem(code, message, args=tuple(args.items()))
