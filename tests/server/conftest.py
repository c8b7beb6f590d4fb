"""A county of two townships, made once; each test gets a copy of its folder."""

from __future__ import annotations

import shutil

import pytest
from server_process import CountyServer


@pytest.fixture(scope="session")
def made_county(tmp_path_factory):
    folder = tmp_path_factory.mktemp("county")
    server = CountyServer(folder / "home")
    server.init(folder / "divisions.csv")
    server.add_user("dong", "director", "5101")
    server.add_user("xi", "director", "5102")
    server.add_user("du", "inspector", "51")
    return server.home


@pytest.fixture
def county(made_county, tmp_path):
    """Not running yet; users boss (admin of 51), dong (5101), xi (5102), du (inspector of 51)."""
    shutil.copytree(made_county, tmp_path / "home")
    server = CountyServer(tmp_path / "home")
    yield server
    server.close()


@pytest.fixture
def running(county):
    county.start()
    return county
