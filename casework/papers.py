"""Papers of a child's file as files: one is taken in from a path, and saved as a file again."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schema.kinds import KINDS
from sync import scans
from sync.replica import Refused, Replica

KIND, CHILD = KINDS[scans.PAPER], KINDS["child"]
LONGEST_NAME = 120


def add(replica: Replica, child: str, file: Path, given: Mapping[str, Any]) -> str:
    """The file's bytes with what is said about them (`given`); returns the paper's id.

    Raises:
        Unfit: `scan_missing`, `scan_large`, `scan_empty`; nothing was written.
        Refused, InvalidRecord: see `Replica.save`.
    """
    try:
        if file.stat().st_size > scans.MOST:
            raise scans.Unfit("scan_large")
        content = file.read_bytes()
    except OSError as error:
        raise scans.Unfit("scan_missing") from error
    if replica.get(child, "child") is None:
        raise Refused("not_found", child)
    media = mimetypes.guess_type(file.name)[0]
    values = {
        "sort": "photo" if (media or "").startswith("image/") else "other",
        "file_name": file.name[-LONGEST_NAME:],
        **({"media_type": media} if media else {}),
        **given,
    }
    return scans.add(replica, {**values, KIND.parent: child}, content)


def save(content: bytes, file: Path) -> None:
    """Write the bytes of a paper to a file that is not there yet.

    Raises:
        Unfit: `scan_kept` (another file has the name), `bundle_room` (it cannot be written).
    """
    if file.exists():
        raise scans.Unfit("scan_kept")
    try:
        file.write_bytes(content)
    except OSError as error:
        raise scans.Unfit("bundle_room") from error


def file_name(row: Mapping[str, Any]) -> str:
    """The name under which a paper is offered as a file."""
    return str(row.get("file_name") or f"{KIND.name}-{row['id'][-6:]}")
