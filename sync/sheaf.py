"""Several pages of an answered synchronisation in one local transaction.

A commit writes again what the pages before it wrote: the search, whose order is not the order of
coming, nearly whole. Pages wait for each other only while the next one has come already, or is due
within a hundredth of a second: else the store is never held while the line is waited for, and on a slow
line each page is kept as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sync.replica import Replica

MOST_PAGES = 10
MOST_MS = 400
"""So long may whoever saves at the screen meanwhile have to wait for the store."""


class Sheaf:
    """A context: the whole pages in it are kept, whatever ends it. A page that fails takes those of
    its transaction along; they come again. (A savepoint a page would spare them that, and cost more
    than it saves: SQLCipher encrypts each page's former state.)"""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.connection = replica.connection
        self._is_open = False
        self._pages = self._all = 0
        """In the transaction that is open, and since the beginning."""
        self._since = 0

    def __enter__(self) -> Sheaf:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            self.keep()
        else:
            with suppress(Exception):  # what ended it is what to tell
                self.keep()
        if self._all > 1:  # 5 MB of what was just written, which nobody reads again soon
            with suppress(Exception):
                self.connection.execute("PRAGMA shrink_memory")

    @contextmanager
    def page(self) -> Iterator[None]:
        """Another page is applied."""
        if not self._is_open:
            self.connection.execute("BEGIN IMMEDIATE")
            self._is_open = True
            self._pages, self._since = 0, self.replica.clock.now_ms()
        self._pages += 1
        self._all += 1
        try:
            yield
        except BaseException:
            self._undo()
            raise

    @property
    def is_full(self) -> bool:
        """True when it is time to keep what there is, by a clock that may jump."""
        spent = abs(self.replica.clock.now_ms() - self._since)
        return self._pages >= MOST_PAGES or spent >= MOST_MS

    def keep(self) -> None:
        """Commit the pages there are."""
        if not self._is_open:
            return
        try:
            self.connection.execute("COMMIT")
            self._is_open = False
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        self._is_open = False
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.replica.reload()
        self.replica.forget_units()
