"""One county per test module; laptops are made by the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from county import TOWNSHIP, County


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    made = County(tmp_path_factory.mktemp("county"))
    made.user("何秀英", "director", TOWNSHIP)
    made.user("周晓燕", "teacher", TOWNSHIP)
    made.start()
    yield made
    made.stop()
