"""What a hub asks of its storage, and the few things they tell each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from sync.change import Change, Entry, Grant, State
from sync.protocol import Verdict

if TYPE_CHECKING:
    from sync.preparing import New

HUB_DEVICE = "hub"
SERVER_AUTHOR = "server"


class LogRow(Struct, frozen=True, gc=False):
    """What the feed reads of a log row before it looks at the body."""

    seq: int
    root: str
    kind: str
    txn: str
    device: str
    device_seq: int
    record: str = ""
    content: bytes = b""
    """`content_hash` of the change."""
    is_plain: bool = False
    """True where it is known without a look at the body that the entry has the change's own stamp
    and tells nothing beside it."""


class Place(Struct, frozen=True, gc=False):
    """Where a root is: its units, and the log number with which it was made."""

    units: tuple[str, ...]
    born: int


class Move(Struct, frozen=True):
    """A root changed its units at a log number."""

    seq: int
    root: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Known(Struct, frozen=True):
    """A change the hub has met before."""

    content: bytes
    """Hash of what it said."""
    verdict: Verdict | None = None
    """None: it is in the log."""
    number: int = 0
    """Of its log entry."""


class HubStore(Protocol):
    """Storage of a hub. Everything inside one `write` or `read` block is one transaction."""

    def write(self) -> AbstractContextManager[None]:
        """The one writer at a time; rolled back when the block raises."""

    def read(self) -> AbstractContextManager[None]:
        """A consistent view."""

    def epoch(self) -> str: ...
    def head(self) -> int:
        """Number of the last log row; 0 when empty."""

    def parents(self) -> Mapping[str, str | None]:
        """Every unit's parent, by code."""

    def grants_of(self, user: str) -> tuple[Grant, ...] | None:
        """What a user may do; None when there is no such user here."""

    def states(self, ids: Collection[str]) -> dict[str, State]: ...
    def put_states(self, states: Iterable[State]) -> None: ...
    def append(self, entries: Sequence[tuple[Entry, bytes, bytes]]) -> None:
        """Add log rows, each with the JSON of its change and the hash of that; numbered by the
        caller without a gap after `head()`."""

    def put_new(self, first: int, made: Sequence[New]) -> None:
        """Add log rows, and the records that they make, all taken as claimed; `first`: the number of
        the first."""

    def known(self, device: str, seqs: Collection[int]) -> dict[int, Known]:
        """Changes of a device already in the log or in quarantine."""

    def erased(self, ids: Collection[str]) -> set[str]:
        """Those of the records that have been erased, whether this log has ever held them or
        not."""

    def erased_unseen(self) -> list[str]:
        """Erased records that this log has nothing of: a backup was put back since."""

    def entry(self, version: str) -> Entry | None: ...
    def entries_at(self, asked: Collection[tuple[str, int]]) -> list[Entry]:
        """The entries of a record whose change has a number, whatever device's: (record, number)."""

    def entry_of(self, record: str, up_to: int) -> Entry | None:
        """The last entry of a record up to a log number."""

    def last_stamp(self, device: str) -> int:
        """Greatest effective stamp of a device in the log; 0 when none."""

    def quarantine(self, change: Change, content: bytes, verdict: Verdict, at_ms: int) -> None: ...

    def release(self, device: str, seq: int) -> None:
        """Take a change out of quarantine: it is judged anew."""

    def mark(self, seq: int) -> str:
        """A few letters that tell the log entry of this number from any other that ever bore it."""

    def places(self, roots: Collection[str]) -> dict[str, Place]: ...
    def put_places(
        self, places: Mapping[str, Place], before: Mapping[str, Place | None]
    ) -> None:
        """`before`: where they have been so far; absent or None: nowhere."""

    def add_moves(self, moves: Iterable[Move]) -> None: ...
    def moves_after(self, seq: int) -> list[Move]:
        """In log order."""

    def add_unit_moves(self, moves: Iterable[tuple[int, str, str | None]]) -> None:
        """(log number, unit, the parent it had)."""

    def parents_at(self, seq: int) -> Mapping[str, str | None]:
        """`parents`, but each unit under what it was under at a log number."""

    def roots_with_id(self, numbers: Collection[str]) -> dict[str, list[str]]:
        """Valid ID number to the roots that hold it."""

    def put_id(self, root: str, number: str | None) -> None: ...

    def buckets(self) -> Iterable[tuple[str, tuple[str, ...], int]]:
        """(kind, units, sum of digests) of every bucket."""

    def add_to_buckets(self, sums: Mapping[tuple[str, tuple[str, ...]], int]) -> None: ...

    def log_rows(self, after: int, limit: int) -> list[LogRow]: ...
    def log_rows_in(
        self, after: int, units: Collection[str], roots: Collection[str]
    ) -> list[LogRow]:
        """Of everything after a number: what is everybody's, of a root that is now in any of `units`,
        or of one of `roots`."""

    def months(self, ids: Collection[str]) -> dict[str, str]:
        """Record to the month it is of, as it stands now; only of kinds that are held for some
        months."""

    def bodies(self, seqs: Sequence[int]) -> list[bytes]:
        """JSON of the entries, in the order asked for."""

    def roots_in(
        self, units: Collection[str], roots: Collection[str], after: str, limit: int
    ) -> list[str]:
        """Roots in any of `units` or among `roots`, greater than `after`, in order."""

    def roots_at(self, units: tuple[str, ...]) -> list[str]:
        """Roots that have exactly these units; of none, '' as well: what is everybody's."""

    def records_of(
        self,
        roots: Collection[str],
        since: str = "",
        before: str = "",
        stage: int | None = None,
    ) -> list[tuple[str, str, bytes]]:
        """(root, kind, JSON of the state) of every record under the roots; '' is the public root.

        `since`: without those of earlier months. `before`: only those of months from `since` to
        before it. `stage`: 0 only the roots themselves, 1 only what hangs on them."""


class Session(Struct, frozen=True):
    """Who is asking."""

    user: str
    device: str
    grants: tuple[Grant, ...]
    is_revoked: bool = False
    former: tuple[str, ...] = ()
    """Other device ids of the same user under which this laptop wrote before it took a new one."""
