"""Backup and restore of the county's store, both while the server runs."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import msgspec

from schema.problems import InvalidValue, Problem
from server.check import check, check_quickly
from server.erasing import erase_again
from server.home import Home
from server.store import open_store
from server.store.sqlite import SqliteStore
from server.syncing import BACKUP
from sync import ids
from sync.change import Change, Entry
from sync.hub import content_hash
from sync.platform import make_private
from sync.protocol import Verdict
from sync.storage import Connection, DamagedStore, open_encrypted
from sync.trouble import storage_code

_KEPT_NEWER = ("quarantine", "quarantine_decision", "erasure")
"""Not put back but added to: what waits for a person, and what may never come back."""
_KEPT = "healing"
"""Left as it is: what laptops had wrong."""


def back_up(home: Home, target: Path, *, may_replace: bool = False) -> int:
    """Write an encrypted copy of the store to `target`, look at it, and only then call it a backup.

    Returns the log number up to which it goes.

    Raises:
        InvalidValue: the file is there already, or cannot be written.
        DamagedStore: the copy is not whole, hence the store is not.
    """
    if target.exists() and not may_replace:
        raise InvalidValue(
            Problem("file_exists", "{file} 已经有了。要换掉它，请加 --force。", args=_file(target))
        )
    part = target.with_name(target.name + ".part")
    store = open_store(home)
    try:
        _remove(part)
        part.touch()
        make_private(part)
        copy = open_encrypted(part, home.key())
        try:
            store.connection.backup(copy)
            copied = SqliteStore(copy)
            if check_quickly(copied):
                raise DamagedStore(str(home.store_file))
            head = copied.head()
            _close_whole(copy)
        except BaseException:
            copy.close()
            raise
        os.replace(part, target)
    except Exception as error:
        if not isinstance(error, OSError) and storage_code(error) != "disk_full":
            raise
        raise InvalidValue(
            Problem("file_unwritable", "写不了文件 {file}。", args=_file(target))
        ) from error
    else:
        with store.write():
            store.put_meta(BACKUP, str(head).encode())
        return head
    finally:
        _remove(part)
        store.connection.close()


def restore(home: Home, source: Path) -> int:
    """Put a backup in place of the store, as a new epoch: every device fetches its scope anew.

    In one transaction of the running store, so that no server has to stop. Devices revoked and
    users disabled since the backup stay so. A store too damaged to be opened is moved aside.

    Raises:
        InvalidValue: no such file.
        DamagedStore: the backup is damaged or of another key; nothing was changed.
    """
    key = home.key()
    if not source.is_file():
        raise InvalidValue(Problem("file_unreadable", "读不了文件 {file}。", args=_file(source)))
    part = home.path / "restore.part"
    try:
        _remove(part)  # a restore that was cut off left its own, and SQLite would go on with its log
        shutil.copyfile(source, part)
        make_private(part)
        head = _prepare(part, key, source)
        try:
            live = open_store(home) if home.store_file.exists() else None
        except DamagedStore:
            live = None
            _set_aside(home)
        if live is None:
            os.replace(part, home.store_file)
        else:
            try:
                _put_back(live, part, key)
            finally:
                live.connection.close()
        _erase_again(home)
        return head
    finally:
        _remove(part)


def _erase_again(home: Home) -> None:
    """What was erased since the backup was made does not come back with it."""
    store = open_store(home)
    try:
        erase_again(home, store)
    finally:
        store.connection.close()


def _prepare(part: Path, key: bytes, source: Path) -> int:
    """Bring a copy of a backup up to date, prove it whole, and open its new epoch."""
    connection = open_encrypted(part, key)
    try:
        store = SqliteStore(connection)
        if not check(store).is_whole:
            raise DamagedStore(str(source))
        head = store.head()
        with store.write():
            store.put_meta("epoch", ids.new_device_id(secrets.token_bytes).encode())
            store.put_meta(BACKUP, str(head).encode())
        _close_whole(connection)
    except BaseException:
        connection.close()
        raise
    return head


def _put_back(live: SqliteStore, part: Path, key: bytes) -> None:
    run = live.connection.execute
    run(f"ATTACH DATABASE ? AS old KEY \"x'{key.hex()}'\"", (str(part),))
    with live.write():
        tables = [
            row[0]
            for row in run(
                "SELECT name FROM old.sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlite_%'"
            )
        ]
        revoked = run("SELECT id FROM device WHERE revoked = 1").fetchall()
        work = work_of(live, [id for (id,) in revoked])
        disabled = run("SELECT name FROM user WHERE disabled = 1").fetchall()
        for table in tables:
            if table in _KEPT_NEWER:
                run(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table}")
            elif table != _KEPT:
                run(f"DELETE FROM main.{table}")
                run(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
        live.connection.executemany("UPDATE device SET revoked = 1 WHERE id = ?", revoked)
        live.connection.executemany("UPDATE user SET disabled = 1 WHERE name = ?", disabled)
        quarantine_lost(live, work)
    run("DETACH DATABASE old")


def work_of(store: SqliteStore, devices: Collection[str]) -> list[Change]:
    """What these devices wrote into a log: once wiped, they cannot send it again."""
    rows = store.connection.execute(
        "SELECT body FROM log JOIN body USING (seq)"
        " WHERE device IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (msgspec.json.encode(list(devices)).decode(),),
    )
    return [msgspec.json.decode(body, type=Entry).change for (body,) in rows]


def quarantine_lost(store: SqliteStore, work: Collection[Change]) -> None:
    """Keep for a person what a log put back to a backup has lost of `work`."""
    for change in work:
        if change.seq not in store.known(change.device, [change.seq]):
            verdict = Verdict(change.seq, "quarantined", "device_revoked")
            store.quarantine(change, content_hash(change), verdict, store.now_ms())


def _set_aside(home: Home) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    for suffix in ("", "-wal", "-shm"):
        file = home.store_file.with_name(home.store_file.name + suffix)
        if file.exists():
            file.rename(file.with_name(f"{file.name}.damaged-{stamp}"))


def _close_whole(connection: Connection) -> None:
    """Close a store so that it is one file."""
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _file(path: Path) -> tuple[tuple[str, str], ...]:
    return (("file", path.name),)
