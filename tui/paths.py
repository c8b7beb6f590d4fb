"""Where the data are and what opens them, without click: the terminal program needs no more to start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sync.session import Home


def _prepare(replica: Any) -> None:
    from casework.contacts import last_seen

    replica.last_seen = last_seen


def home_at(path: Path) -> Home:
    """A home whose stores keep the search and know when a child was last seen."""
    from casework.search import Indexer

    return Home(path, indexers=[Indexer()], prepare=_prepare)


def passphrase_given() -> str | None:
    """From `CUNCAO_PASSPHRASE` or the file that `CUNCAO_PASSPHRASE_FILE` names."""
    given = os.environ.get("CUNCAO_PASSPHRASE")
    if given:
        return given
    named = os.environ.get("CUNCAO_PASSPHRASE_FILE")
    if named:
        return Path(named).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    return None
