"""A field that finds a user by name: who is asked."""

from __future__ import annotations

from typing import Any

from sync import pinyin
from sync.language import _
from sync.reading import Reading
from tui.fields import Typed

SHOWN = 8


class WhomField(Typed):
    """Typed letters or characters leave fewer users; the first of them is taken. `first`: those who
    are offered before anything is typed."""

    def __init__(self, replica: Reading, first: list[str], **kwargs: Any) -> None:
        super().__init__(placeholder=_("姓名或拼音首字母；Enter 问第一个"), **kwargs)
        me = replica.identity.user
        rows = [r for r in replica.select("user") if not r.get("is_disabled") and r["id"] != me]
        rows.sort(key=lambda r: (first.index(r["id"]) if r["id"] in first else len(first)))
        self.users = [(str(r["id"]), str(r.get("name") or r["id"])) for r in rows]

    def found(self) -> list[tuple[str, str]]:
        """(login, name) of those the typed text fits."""
        text = self.value.strip().casefold()
        return [
            (login, name)
            for login, name in self.users
            if text in login.casefold() or text in name.casefold() or text in pinyin.initials(name)
        ]

    def options(self) -> list[str]:
        return [name for _login, name in self.found()[:SHOWN]]
