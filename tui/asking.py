"""A field that finds a user by name: who is asked, of those who may be."""

from __future__ import annotations

from typing import Any

from sync import pinyin
from sync.language import _
from tui.fields import Typed

SHOWN = 8


class WhomField(Typed):
    """Typed letters or characters leave fewer users; the first of them is taken. `users`: (login,
    name), in the order in which they are offered."""

    def __init__(self, users: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(placeholder=_("姓名或拼音首字母；Enter 问第一个"), **kwargs)
        self.users = users

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
