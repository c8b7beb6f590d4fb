"""Opening a store: SQLCipher with a raw 32-byte key, WAL, full synchronisation, explicit
transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

Connection = Any
"""A DB-API connection: sqlcipher3's, or sqlite3's where tests and simulations need no cipher."""

SCHEMA_OF_SQLITE = "sqlite_master"


_NO_DAMAGE = ("BUSY", "LOCKED", "NOMEM", "READONLY", "IOERR", "FULL", "CANTOPEN", "PERM", "AUTH")
"""SQLite's words for what lies around a store, not in it: a full disk, a folder nobody may
write."""


class DamagedStore(Exception):
    """The file is no store of ours, is damaged, or the key is not its key."""


def open_encrypted(path: Path | str, key: bytes, *, same_thread: bool = True) -> Connection:
    """A connection in autocommit; `transaction` makes transactions.

    A wrong key and a damaged first page look the same to SQLCipher; the passphrase is checked
    before, by the key file (sync/keyfile.py), so here it means damage.

    Raises:
        DamagedStore: see above.
    """
    from sqlcipher3 import dbapi2  # type: ignore[import-untyped,unused-ignore]

    if len(key) != 32:
        raise ValueError("a store key has 32 bytes")
    # For each value that is no text, number or bytearray sqlcipher3 looks for somebody who makes one of
    # it, and where nobody does, words an exception: 0.9 µs for bytes, 0.8 for None; so 0.25 and 0.15.
    dbapi2.register_adapter(bytes, bytearray)
    dbapi2.register_adapter(type(None), _nothing)
    connection = dbapi2.connect(
        str(path), isolation_level=None, check_same_thread=same_thread, timeout=30
    )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # else its log goes to stderr
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute(f"SELECT count(*) FROM {SCHEMA_OF_SQLITE}").fetchone()  # noqa: S608
    except dbapi2.DatabaseError as error:
        connection.close()
        name = str(getattr(error, "sqlite_errorname", "") or "").removeprefix("SQLITE_")
        if name.startswith(_NO_DAMAGE):
            raise
        raise DamagedStore(str(path)) from error
    return prepared(connection)


def _nothing(_: None) -> None:
    return None


def open_plain(path: Path | str = ":memory:", *, same_thread: bool = True) -> Connection:
    """An unencrypted connection, for simulations in memory."""
    import sqlite3

    return prepared(
        sqlite3.connect(str(path), isolation_level=None, check_same_thread=same_thread, timeout=30)
    )


def prepared(connection: Connection) -> Connection:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")  # nothing readable in temporary files
    connection.execute("PRAGMA foreign_keys = OFF")
    return connection


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT; rolled back when the block raises.

    Inside another one it is a part of it that can fail alone: a savepoint.
    """
    if connection.in_transaction:
        connection.execute("SAVEPOINT inner")
        try:
            yield
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO inner")
                connection.execute("RELEASE inner")
            raise
        connection.execute("RELEASE inner")
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    try:
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may leave it open, and the next one would become a part of it.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert(
    connection: Connection,
    into: str,
    rows: Sequence[tuple[Any, ...]],
    clash: str = "FAIL",
    then: str = "",
) -> None:
    """Rows by the hundred: a sixth faster than one by one. `into`: table and columns; `clash`: what
    becomes of a row that is there, FAIL, IGNORE or REPLACE; `then`: what stands behind the rows.

    Whoever calls undoes the whole transaction when this raises: SQLite is told so (FAIL, not ABORT),
    and need not keep, nor SQLCipher encrypt, what each page was before each statement.
    """
    if not rows:
        return
    row = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _TOGETHER
    into = f"INSERT OR {clash} INTO {into} VALUES {row}"  # noqa: S608
    one, many = f"{into} {then}", f"{into}{f', {row}' * (_TOGETHER - 1)} {then}"
    for n in range(0, whole, _TOGETHER):
        connection.execute(many, tuple(chain.from_iterable(rows[n : n + _TOGETHER])))
    connection.executemany(one, rows[whole:])


_TOGETHER = 100


def damages(connection: Connection) -> list[str]:
    """What is wrong with an open store's file; empty when nothing is.

    Both checks are needed: SQLCipher's finds altered pages, SQLite's a file cut at a page border.
    """
    found: list[str] = []
    try:
        found += [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")]
        found += [str(row[0]) for row in connection.execute("PRAGMA quick_check") if row[0] != "ok"]
    except Exception as error:  # sqlcipher3 and sqlite3 share no base class but Exception
        if "Error" not in type(error).__name__:
            raise
        found.append(str(error))
    return found
