"""How the cursor of a list moves: the same keys in every place that has one."""

from __future__ import annotations

FAR = 1 << 30
"""Further than any list is long: each place stops at its ends."""


class Moving:
    """For a place: the six ways of moving, told as steps to `_move`, which stops at both ends."""

    @property
    def _page_rows(self) -> int:
        """How far a page goes."""
        return 10

    def _move(self, step: int) -> None:
        raise NotImplementedError

    def do_down(self) -> None:
        self._move(1)

    def do_up(self) -> None:
        self._move(-1)

    def do_page_down(self) -> None:
        self._move(self._page_rows)

    def do_page_up(self) -> None:
        self._move(-self._page_rows)

    def do_home_end(self) -> None:
        self._move(-FAR)

    def do_to_end(self) -> None:
        self._move(FAR)
