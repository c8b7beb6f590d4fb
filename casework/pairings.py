"""Rules of pairing over several records: a helper who may help and still has room, the 3+1 team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schema.problems import Problem
from sync.reading import Reading

MOST = {"love_counsellor": 2, "love_mother": 2, "acting_parent": 2}
"""How many children one of a sort helps, where no number stands in their own record: 001-3c."""
TEAM = ("love_mother", "acting_parent", "playmate")
"""Who makes a 3+1 (002-3)."""


def running(rows: Sequence[dict[str, Any]], on: str) -> list[dict[str, Any]]:
    """The pairings that hold on a day or begin later."""
    return [r for r in rows if not r.get("until") or r["until"] >= on]


def helped(replica: Reading, helpers: Sequence[str], on: str) -> dict[str, int]:
    """Helper to the number of children they help on a day, as far as this device holds them."""
    found = {}
    for helper in helpers:
        rows = running(replica.select("pairing", {"helper": helper}), on)
        found[helper] = len({r["child"] for r in rows})
    return found


def most(helper: Mapping[str, Any]) -> int | None:
    """How many children a helper may have; None: nobody has said."""
    return helper.get("most_children") or MOST.get(str(helper.get("sort")))


def problems(
    replica: Reading, values: Mapping[str, Any], id: str | None
) -> list[tuple[str, Problem]]:
    """What is wrong with a pairing, seen with its helper and the child's other pairings."""
    held = replica.rows("helper", [str(values["helper"])])
    if not held or (values.get("until") and id):
        return []  # not on this device; or a pairing that ends, which asks nothing of anyone
    helper, on = held[0], str(values["from_on"])
    found: list[tuple[str, Problem]] = []
    if helper.get("status") == "left":
        found.append(("helper", Problem("helper_left", "这个人不再帮了。")))
    elif helper.get("screening") == "refused":
        found.append(("helper", Problem("helper_refused", "这个人没通过审核，不能结对。")))
    elif helper.get("screening") != "passed":
        found.append(("helper", Problem("helper_not_screened", "先审核这个人，再结对。")))
    theirs = running(replica.select("pairing", {"helper": helper["id"]}), on)
    others = [r for r in theirs if r["id"] != id]
    limit = most(helper)
    children = {r["child"] for r in others} - {values["child"]}
    if limit is not None and len(children) >= limit:
        most_ = (("n", str(limit)),)
        problem = Problem("helper_full", "这个人最多帮 {n} 个孩子，已经满了。", args=most_)
        found.append(("helper", problem))
    paired = running(replica.children_of("pairing", values["child"]), on)
    mine = [r for r in paired if r["id"] != id]
    if any(r["helper"] == helper["id"] for r in mine):
        found.append(("helper", Problem("paired_already", "这两个人已经结了对。")))
    if values.get("form") == "one_to_one" and any(r["form"] == "one_to_one" for r in mine):
        found.append(("form", Problem("one_already", "这个孩子已有一对一的帮扶人。")))
    if values.get("form") == "three_plus_one":
        there = {r.get("role") for r in mine if r["form"] == "three_plus_one"}
        there.add(values.get("role"))
        if lacking := [role for role in TEAM if role not in there]:
            args = (("n", str(len(lacking))),)
            found.append(("form", Problem("team_incomplete", "3+1 还差 {n} 人。", True, args)))
    return found
