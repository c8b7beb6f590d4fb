"""Bundles on a disk or stick: read up to a limit, written whole or not at all, never over another's
file."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sync import bundle
from sync.bundle import BadBundle


def read(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        BadBundle: `bundle_missing`, or larger than any bundle.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(bundle.MAX_FILE + 1)
    except OSError:
        raise BadBundle("bundle_missing") from None
    if len(data) > bundle.MAX_FILE:
        raise BadBundle("bundle_large")
    return data


def try_out(path: Path) -> None:
    """Find out whether a bundle may be written there, before anything is done for its sake.

    Raises:
        BadBundle: `bundle_kept`, `bundle_room`.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        if path.exists() and path.stat().st_size and not bundle.is_bundle(_begin(path)):
            raise BadBundle("bundle_kept")
        with open(fresh, "wb"):
            pass
        fresh.unlink()
    except OSError:
        raise BadBundle("bundle_room") from None


def write(path: Path, data: bytes) -> None:
    """Write a bundle; one that is there is replaced, anything else stays.

    Raises:
        BadBundle: `bundle_kept`, `bundle_room`.
    """
    from sync import platform

    try_out(path)
    fresh = path.with_name(path.name + ".new")
    try:
        with open(fresh, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        platform.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise BadBundle("bundle_room") from None


def _begin(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(64)
