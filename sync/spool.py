"""A laptop's spool: each save leaves an envelope here, and whoever of its users syncs next delivers
it.

A save is one local transaction and waits for nothing. The envelope is written right after it, beside
the caller and before the program ends; what a crash in between leaves out is in the outbox, and the
next opening of that store makes it up. Files are named after device and numbers and are readable by
the county alone.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from sync import envelopes
from sync.bundle import DeviceKeys
from sync.envelopes import Envelope, name_of, ranges_of
from sync.formers import formers
from sync.protocol import PROTOCOL, pack
from sync.storage import Connection
from sync.views import Identity

FOLDER = "spool"
PACK = 200
"""Changes of one envelope. The newest is sealed anew with each save until it holds so many: 20,000
unsent changes are 100 files, and a save seals 60 KB at most."""
PACK_BYTES = 1024 * 1024
"""Of changes as they travel; a larger txn is an envelope of its own, for no txn is cut."""
MAX_CARRIED = 64 * 1024 * 1024
"""Bytes of envelopes that one synchronisation or bundle carries."""
MAX_REQUEST = 4 * 1024 * 1024
PAUSE_S = 0.2
MOST_PAUSES = 20
"""Saves so close together share one sealing, but none waits for more than so many pauses: a roster
brings thousands."""
MOST_PATIENCE = 150
"""Pauses, half a minute: a synchronisation hands over itself what an envelope would hold, and sealing
20,000 changes beside it costs as much as the whole push. On a slow line nobody waits for its end."""
_SUFFIX = ".sealed"
_REFUSED = ".refused"
"""The county could not open it. Not carried again; the next opening of its store makes it anew."""
_FILE = re.compile(r"([0-9a-z]+)-([0-9]+)-([0-9]+)(\.sealed|\.refused)(\.new)?")


class Sealed(NamedTuple):
    """A file of the spool, by its name."""

    path: Path
    device: str
    first: int
    last: int
    suffix: str

    @property
    def name(self) -> str:
        return name_of(self.device, self.first, self.last)


class Row(NamedTuple):
    """An unsent change."""

    seq: int
    txn: str
    body: bytes


def files_in(home: Path) -> list[Sealed]:
    """Every envelope of the laptop, each device's in order of number."""
    with suppress(FileNotFoundError):
        found = (_FILE.fullmatch(path.name) for path in (home / FOLDER).iterdir())
        named = (
            Sealed(home / FOLDER / m[0], m[1], int(m[2]), int(m[3]), m[4] + (m[5] or ""))
            for m in found
            if m
        )
        return sorted(named, key=lambda file: (file.device, file.first, file.last))
    return []


# ---------------------------------------------------------------------------- one's own

_syncing: Counter[Path] = Counter()
"""Homes of this process in which somebody synchronises."""


@contextmanager
def unsealed(home: Path) -> Iterator[None]:
    """While somebody synchronises nothing is sealed beside it."""
    _syncing[home] += 1
    try:
        yield
    finally:
        _syncing[home] -= 1


class Keeper:
    """Sees to it that everything unsent in one store has its envelope."""

    def __init__(self, home: Path, connect: Callable[[], Connection]) -> None:
        self._home = home
        self._connect = connect
        self._saved = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def saved(self) -> None:
        """Something was saved: seal it soon, beside the caller."""
        self._saved.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def close(self, connection: Connection) -> None:
        """Seal what is not sealed yet, now, over the connection at hand, and tidy up."""
        self._closing.set()
        self._saved.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._keep(connection)

    def _run(self) -> None:
        while True:
            self._saved.wait()
            for pauses in range(1, MOST_PATIENCE + 1):
                self._saved.clear()
                if self._closing.wait(PAUSE_S):
                    return
                is_busy = self._saved.is_set() and pauses < MOST_PAUSES
                if not is_busy and not _syncing[self._home]:
                    break
            with suppress(Exception):  # as in `_keep`
                connection = self._connect()
                try:
                    connection.execute("PRAGMA cache_size = -1000")  # read once, in order
                    self._keep(connection)
                finally:
                    connection.close()

    def _keep(self, connection: Connection) -> None:
        """One pass. Trouble with disk or store is no fault of the save: the next pass tries again.

        sqlcipher3's errors and the system's share no base class.
        """
        from sync.platform import locked

        with suppress(Exception), locked(self._home / ".spool"):
            keep(self._home, connection)


def keep(home: Path, connection: Connection) -> None:
    """Write the envelopes that are missing, remove those whose changes the county has confirmed."""
    state = dict(connection.execute("SELECT key, value FROM state"))
    if not state.get("county_seal") or not state.get("bundle_secret"):
        return  # a store of before bundles: its next login brings the county's key
    me = msgspec.json.decode(state["identity"], type=Identity)
    # Out of an index: in order they would be read from the changes' own pages, 10 MB of 20,000.
    seqs = sorted(row[0] for row in connection.execute("SELECT seq FROM outbox"))
    before = {former.device for former in formers(connection)}
    held = []
    for file in files_in(home):
        if file.device in before:
            file.path.unlink(missing_ok=True)  # the county has it, or it bears the new id now
        elif file.device == me.device:
            at = bisect_left(seqs, file.first)
            is_unsent = at < len(seqs) and seqs[at] <= file.last
            if is_unsent and file.suffix == _SUFFIX:
                held.append(file)
            else:
                file.path.unlink(missing_ok=True)
    wanted = _without_envelope(seqs, held)
    if not wanted:
        return
    newest = held[-1] if held else None
    if newest and wanted[0] > newest.last:
        inside = [seq for seq in seqs if newest.first <= seq <= newest.last]
        if len(inside) < PACK:
            wanted = inside + wanted
    elif newest:  # one in the middle is gone: all from there on, or a pack would have a hole
        wanted = [seq for seq in seqs if seq >= wanted[0]]
    keys = DeviceKeys(bytes(state["bundle_secret"]))
    head = Envelope(me.device, me.user, keys.public, str(state.get("ticket") or ""))
    for rows in _packs(_rows(connection, wanted)):
        first, last = rows[0].seq, rows[-1].seq
        head.first, head.last = first, last
        head.needs = ranges_of(seq for seq in seqs if seq < first)
        data = envelopes.write(bytes(state["county_seal"]), keys, head, [r.body for r in rows])
        _write(home / FOLDER / (head.name + _SUFFIX), data)
        for file in held:
            if (
                first <= file.first
                and file.last <= last
                and (file.first, file.last) != (first, last)
            ):
                file.path.unlink(missing_ok=True)


def _without_envelope(seqs: list[int], held: list[Sealed]) -> list[int]:
    covers = iter(held)
    cover = next(covers, None)
    found = []
    for seq in seqs:
        while cover and cover.last < seq:
            cover = next(covers, None)
        if cover is None or seq < cover.first:
            found.append(seq)
    return found


def _rows(connection: Connection, seqs: list[int]) -> Iterable[Row]:
    for first, last in ranges_of(seqs):
        yield from (
            Row(*row)
            for row in connection.execute(
                "SELECT seq, txn, body FROM outbox WHERE seq BETWEEN ? AND ? ORDER BY seq",
                (first, last),
            )
        )


def _packs(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Whole txns, up to `PACK` changes and `PACK_BYTES` in each pack."""
    pack: list[Row] = []
    size = 0
    for _txn, group in groupby(rows, lambda row: row.txn):
        whole = list(group)
        weight = sum(len(row.body) for row in whole)
        if pack and (len(pack) + len(whole) > PACK or size + weight > PACK_BYTES):
            yield pack
            pack, size = [], 0
        pack, size = pack + whole, size + weight
    if pack:
        yield pack


def _write(path: Path, data: bytes) -> None:
    from sync.keyfile import write_whole
    from sync.platform import make_private

    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path.parent)
    write_whole(path, data)


def forget(home: Path, device: str) -> None:
    """Remove a device's envelopes: everything in them has been handed in."""
    for file in files_in(home):
        if file.device == device:
            file.path.unlink(missing_ok=True)


# ---------------------------------------------------------------------------- others'


class SpoolRequest(msgspec.Struct):
    """`POST /v1/spool`: envelopes of other devices of this laptop."""

    protocol: int
    device: str
    envelopes: list[bytes]


class SpoolResponse(msgspec.Struct):
    verdicts: list[str] = []
    """One for each envelope: `taken`, or why not (sync/errors.py)."""


TAKEN = "taken"
WAITS = frozenset({"full", "envelope_gap"})
"""The county takes no more from that device just now, or lacks an envelope before this one: carried
again next time."""


def of_others(home: Path, device: str) -> list[tuple[Sealed, bytes]]:
    """What the laptop's other users have left to deliver, in order of number, up to `MAX_CARRIED`
    bytes."""
    found: list[tuple[Sealed, bytes]] = []
    size = 0
    for file in files_in(home):
        if file.device != device and file.suffix == _SUFFIX:
            with suppress(OSError):  # sealed anew under another name, just now
                data = file.path.read_bytes()
                size += len(data)
                if size > MAX_CARRIED:
                    break
                found.append((file, data))
    return found


def deliver(home: Path, device: str, post: Callable[[bytes, str], bytes]) -> int:
    """Bring the others' envelopes to the county; how many it has taken.

    `post(body, media)` asks `/v1/spool`; what it raises ends the delivery, and what was not
    answered is delivered again next time.
    """
    waiting = of_others(home, device)
    taken = 0
    while waiting:
        size = n = 0
        while n < len(waiting) and (not n or size + len(waiting[n][1]) <= MAX_REQUEST):
            size += len(waiting[n][1])
            n += 1
        batch, waiting = waiting[:n], waiting[n:]
        request = SpoolRequest(PROTOCOL, device, [data for _file, data in batch])
        answer = post(*pack(request))
        verdicts = msgspec.json.decode(answer, type=SpoolResponse).verdicts
        taken += sum(
            settle(file, verdict) for (file, _data), verdict in zip(batch, verdicts, strict=False)
        )
    return taken


def settle(file: Sealed, verdict: str) -> bool:
    """What the county said of an envelope; True when it has what is in it."""
    from sync.platform import replace

    with suppress(OSError):
        if verdict == TAKEN:
            file.path.unlink(missing_ok=True)
            return True
        if verdict not in WAITS:
            replace(file.path, file.path.with_suffix(_REFUSED))
    return verdict == TAKEN


def settle_named(home: Path, verdicts: dict[str, str]) -> int:
    """The same from a bundle's answer, which names envelopes as their files are named."""
    return sum(
        settle(file, verdicts[file.name])
        for file in files_in(home)
        if file.suffix == _SUFFIX and file.name in verdicts
    )
