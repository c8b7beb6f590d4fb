"""Where the data are and what opens them, without click: the terminal program needs no more to
start."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from sync.home import Home


def _prepare(replica: Any) -> None:
    from casework import rules
    from casework.contacts import last_seen

    replica.last_seen = last_seen
    replica.rules = rules.problems


def home_at(path: Path) -> Home:
    """A home whose stores keep the search and know when a child was last seen."""
    from casework.search import Indexer

    return Home(path, indexers=[Indexer()], prepare=_prepare)


def passphrase_given() -> str | None:
    """From `CUNCAO_PASSPHRASE` or the file that `CUNCAO_PASSPHRASE_FILE` names.

    A file that cannot be read ends the program: to ask instead would hang whoever set it.
    """
    given = os.environ.get("CUNCAO_PASSPHRASE")
    if given:
        return given
    named = os.environ.get("CUNCAO_PASSPHRASE_FILE")
    if named:
        from sync.typed import line_of

        try:
            return line_of(Path(named).read_bytes())
        except (OSError, UnicodeDecodeError):
            from sync import errors

            sys.stderr.write(errors.sentence("passphrase_file", detail=Path(named).name) + "\n")
            raise SystemExit(2) from None
    return None
