"""Within a protocol version declarations only grow, in the ways that older programs can bear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SAYS = Path(__file__).parent / "old_declarations.py"


def declarations(program: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, str(SAYS)], capture_output=True, encoding="utf-8", check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(program)},
    )  # fmt: skip
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@pytest.fixture
def both(release, tmp_path):
    """What the release declared and what is declared today."""
    return declarations(release.program(tmp_path)), declarations(Path(__file__).parents[2])


def test_no_kind_field_or_code_was_taken_away(both):
    """A laptop that was away a month holds them still; a code no longer offered is retired."""
    old, new = both
    assert old.keys() <= new.keys()
    for kind, was in old.items():
        assert was["fields"].keys() <= new[kind]["fields"].keys(), kind
        for name, field in was["fields"].items():
            assert set(field["codes"]) <= set(new[kind]["fields"][name]["codes"]), (kind, name)


def test_what_was_declared_still_means_the_same(both):
    """The kind's place, a field's type and its group decide what both ends make of a change."""
    old, new = both
    for kind, was in old.items():
        now = new[kind]
        assert (was["scope"], was["parent"], was["units"]) == (
            now["scope"], now["parent"], now["units"],
        ), kind  # fmt: skip
        for name, field in was["fields"].items():
            for part in ("type", "slot", "fixed"):
                assert field[part] == now["fields"][name][part], (kind, name, part)


def test_a_group_keeps_its_members_and_nothing_new_is_required(both):
    """An older program writes a group whole, and makes records without what it does not know."""
    old, new = both
    for kind, was in old.items():
        for group, members in was["groups"].items():
            assert new[kind]["groups"][group] == members, (kind, group)
        for name, field in new[kind]["fields"].items():
            was_required = was["fields"].get(name, {}).get("required", False)
            assert was_required or not field["required"], (kind, name)


def test_the_order_of_codes_is_kept(both):
    """Sets travel in the order of their list; an older program sorts by what it knows."""
    old, new = both
    for kind, was in old.items():
        for name, field in was["fields"].items():
            now = new[kind]["fields"][name]["codes"]
            assert [c for c in now if c in field["codes"]] == field["codes"], (kind, name)
