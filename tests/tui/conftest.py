"""A fresh village for every test of a screen, and Chinese as its language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from village import Village

from sync import language


@pytest.fixture
def village() -> Iterator[Village]:
    language.use("zh")
    yield Village()
    language.use(None)
