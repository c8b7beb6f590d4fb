"""Passwords: argon2id, and a brake on guessing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from schema.problems import InvalidValue, Problem

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 8, 128
"""Characters of a password; any characters, no composition rules."""


def check(password: str) -> None:
    """Raises `InvalidValue` when a password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidValue(Problem("password_length", "密码要 8 到 128 个字符，什么字符都可以。"))


@lru_cache(maxsize=2)
def _hasher(is_fast: bool) -> PasswordHasher:
    from argon2 import PasswordHasher

    if is_fast:
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # OWASP's 19 MiB


def _chosen() -> PasswordHasher:
    return _hasher(os.environ.get("CUNCAO_TEST_FAST_HASH") == "1")


def hashed(password: str) -> str:
    return _chosen().hash(password)


@lru_cache(maxsize=2)
def _nobody(is_fast: bool) -> str:
    return _hasher(is_fast).hash("nobody has this password")


def matches(stored: str | None, password: str) -> bool:
    """True when `password` is the one stored. An unknown user (None) takes as long as a known
    one."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        return False
    is_fast = os.environ.get("CUNCAO_TEST_FAST_HASH") == "1"
    try:
        _hasher(is_fast).verify(stored if stored is not None else _nobody(is_fast), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


class Brake:
    """Counts failed logins in memory: a bucket of tries per name and place that fills up slowly."""

    def __init__(
        self,
        tries: int,
        refill_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        most_keys: int = 10_000,
    ) -> None:
        self.tries = tries
        self.refill_s = refill_s
        self._now = monotonic
        self._most_keys = most_keys
        self._spent: dict[tuple[str, ...], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def spend(self, *key: str) -> float:
        """Take one try; 0 when there was one, else seconds until there is."""
        with self._lock:
            now = self._now()
            spent = self._at(key, now)
            if spent > self.tries - 1:
                return (spent - (self.tries - 1)) * self.refill_s
            self._make_room(now)
            self._spent[key] = spent + 1, now
            return 0.0

    def give_back(self, *key: str) -> None:
        """The try was a good one."""
        with self._lock:
            now = self._now()
            self._spent[key] = max(self._at(key, now) - 1, 0.0), now

    def _at(self, key: tuple[str, ...], now: float) -> float:
        spent, when = self._spent.get(key, (0.0, now))
        return max(spent - (now - when) / self.refill_s, 0.0)

    def _make_room(self, now: float) -> None:
        """Forget whoever has all tries again; under a flood, the oldest."""
        if len(self._spent) < self._most_keys:
            return
        for key in [k for k in self._spent if self._at(k, now) == 0.0]:
            del self._spent[key]
        while len(self._spent) >= self._most_keys:
            del self._spent[next(iter(self._spent))]
