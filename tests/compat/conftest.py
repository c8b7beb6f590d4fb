"""Every test here runs once a release."""

from __future__ import annotations

import pytest
from releases import RELEASES


@pytest.fixture(params=RELEASES, ids=lambda release: f"release-{release.name}")
def release(request):
    return request.param


@pytest.fixture
def county(release, tmp_path):
    """The county of the release under today's program; not running yet."""
    server = release.server(tmp_path)
    yield server
    server.close()
