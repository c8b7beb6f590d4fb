"""Trouble with disk and store, whichever module it comes from, told by the code of the numbered
list."""

from __future__ import annotations

import errno

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
_WORDS = {"database or disk is full": "SQLITE_FULL", "disk I/O error": "SQLITE_IOERR"}
"""SQLite's sentences: sqlcipher3 gives an error of a backup no name."""
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def storage_code(error: BaseException) -> str:
    """`disk_full`, `read_only`, `busy` or `damaged`; empty for anything that is not the storage's.

    sqlcipher3's errors share no base class with sqlite3's, so SQLite's own name decides.
    """
    name = str(getattr(error, "sqlite_errorname", "") or _WORDS.get(str(error), ""))
    number = error.errno if isinstance(error, OSError) else None
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")) or number in _FULL:
        return "disk_full"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) or number in _CLOSED:
        return "read_only"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "busy"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return "damaged"
    return ""
