"""What a person at a laptop does, in a process of its own: several saves in one go, a
synchronisation page by page.

    save N TOKEN VILLAGE    N times a child, a record of it and an edit of the one before, one txn
                            each; prints `ok TOKEN.I` when the save has returned
    sync LIMIT              one synchronisation in pages of LIMIT; prints its report
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from sync.replica import Replica
from sync.session import Session
from sync.transport import Offline
from tui.paths import home_at

PASSPHRASE = "battery staple 村"
PARTS = 3
"""Changes of one txn: they are there together or not at all."""
OFFLINE = 3
SOUNDS = "安白蔡丁方高黄金康李马牛欧潘秦石唐王许杨朱春夏秋冬江河湖海雪"
"""No two of one sound."""


def open_laptop(folder: Path, user: str | None = None) -> Session:
    home = home_at(folder)
    return home.unlock(home.account(user), PASSPHRASE)


def save(replica: Replica, token: str, village: str) -> None:
    """One txn of three changes, each of which carries the token."""
    with replica.together():
        edited = replica.get_state("edited")
        child = {"name": name_for(token), "village": village, "address": f"{token}/1"}
        made = replica.save("child", child)
        contact = {"child": made, "on": "2026-09-01", "kind": "talk", "place": f"{token}/2"}
        fresh = replica.save("contact", contact)
        replica.save("contact", {"follow_up": f"{token}/3"}, id=edited or fresh)
        replica.set_state(edited=fresh)


def name_for(token: str) -> str:
    """A name like no other: of two alike the county would keep a pair, which nobody here counts."""
    number = int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "big")
    letters = []
    for _ in range(8):
        number, n = divmod(number, len(SOUNDS))
        letters.append(SOUNDS[n])
    return "".join(letters)


def tokens_of(body: dict[str, Any]) -> list[str]:
    """The tokens in the values of a change or a record, with their parts."""
    texts = (body.get(name) for name in ("address", "place", "follow_up"))
    return [text for text in texts if isinstance(text, str) and "/" in text]


def main(words: Sequence[str]) -> None:
    session = open_laptop(Path(os.environ["CUNCAO_HOME"]))
    if words[0] == "save":
        for i in range(int(words[1])):
            save(session.replica, f"{words[2]}.{i}", words[3])
            print(f"ok {words[2]}.{i}", flush=True)
    else:
        try:
            report = session.sync(int(words[1]))
        except Offline as error:
            print(error, file=sys.stderr)
            sys.exit(OFFLINE)
        print(msgspec.json.encode(report).decode())
    session.close()
