"""Work in quarantine is taken after all or dropped, by an admin's word, and never lost in between."""

from __future__ import annotations

import msgspec
import pytest

from server import decisions
from server.check import check
from sync import ids
from sync.twins import content_hash
from tests.sync.town import Town, child


def _kept(server):
    return server.done("quarantine", "list", "--json").json


def test_what_a_revoked_laptop_wrote_is_released_in_its_authors_name(running):
    dong, boss = running.login("dong"), running.login("boss")
    dong.sync(dong.create("child", "c1", name="陈小溪", village="510101"))
    boss.sync()
    running.done("device", "revoke", dong.id)
    dong.ask(dong.create("child", "c2", name="李小河", village="510101"))
    (kept,) = _kept(running)
    done = running.done("quarantine", "release", kept["id"], "--reason", "电话核实过", "--json")
    assert done.json == {"id": kept["id"], "released": True, "refused": []}
    assert _kept(running) == []
    boss.sync()
    (entry,) = (e for e in boss.entries if e.change.id == "c2")
    assert (entry.change.author, entry.change.fields["name"]) == ("dong", "李小河")
    assert running.done("check", "--json").json["ok"]
    dong.ask(dong.create("child", "c3", name="又一个", village="510101"))
    assert [k["record"] for k in _kept(running)] == ["c3"]


def test_what_cannot_be_taken_yet_stays_and_says_why(running):
    dong = running.login("dong")
    dong.sync(dong.create("contact", "v1", child="nobody", on="2026-11-02", kind="talk"))
    (kept,) = _kept(running)
    done = running.cli("quarantine", "release", kept["id"], "--reason", "看过", "--json")
    assert done.code == 1 and done.json["refused"] == ["unknown_record"]
    (again,) = _kept(running)
    assert again == kept


def test_what_can_never_be_taken_is_not_lost_by_trying(running):
    dong = running.login("dong")
    running.done("device", "revoke", dong.id)
    dong.ask(dong.create("child", "c1", village="510101"))
    (kept,) = _kept(running)
    done = running.cli("quarantine", "release", kept["id"], "--reason", "看过", "--json")
    assert done.code == 1 and done.json["refused"] == ["required"]
    assert _kept(running) == [kept]


def test_out_of_scope_is_released_into_the_file_of_the_new_keeper(running):
    dong, xi = running.login("dong"), running.login("xi")
    xi.sync(xi.create("child", "c1", name="陈小溪", village="510201"))
    dong.sync(dong.create("contact", "v1", child="c1", on="2026-11-02", kind="talk"))
    (kept,) = _kept(running)
    assert kept["reason"] == "out_of_scope"
    running.done("quarantine", "release", kept["id"], "--reason", "孩子刚搬走")
    xi.sync()
    (entry,) = (e for e in xi.entries if e.change.id == "v1")
    assert entry.change.author == "dong"


def test_what_met_a_child_gone_is_taken_when_the_child_is_back(running):
    dong, boss = running.login("dong"), running.login("boss")
    made = boss.create("child", "c1", name="陈小溪", village="510201")
    boss.sync(made)
    dong.sync(dong.create("contact", "v1", child="c1", on="2026-11-02", kind="talk"))
    dong.sync(dong.create("contact", "v2", child="c2", on="2026-11-02", kind="talk"))
    assert [k["reason"] for k in _kept(running)] == ["out_of_scope", "unknown_record"]
    boss.sync(boss.put("child", "c1", {"village": made.version}, village="510101"))
    assert [k["record"] for k in _kept(running)] == ["v2"]
    dong.sync()
    assert {id for id, (kind, _) in dong.records.items() if kind == "contact"} == {"v1"}
    assert running.done("check").code == 0


def test_what_is_dropped_is_listed_no_more_and_comes_back_by_no_resending(running):
    dong = running.login("dong")
    running.done("device", "revoke", dong.id)
    change = dong.create("child", "c1", name="陈小溪", village="510101")
    dong.ask(change)
    (kept,) = _kept(running)
    assert running.done("quarantine", "drop", kept["id"], "--reason", "写重了", "--json").json == {
        "id": kept["id"], "dropped": 1
    }  # fmt: skip
    assert dong.ask(change).json()["taken"] == [1]
    assert _kept(running) == []


def test_a_decision_needs_something_to_decide_and_a_drop_its_reason(running):
    dong = running.login("dong")
    running.done("device", "revoke", dong.id)
    dong.ask(dong.create("child", "c1", name="陈小溪", village="510101"))
    (kept,) = _kept(running)
    for words in ((kept["id"], "--reason", "  "), ("nothing.1", "--reason", "看过"), (kept["id"],)):
        assert running.cli("quarantine", "drop", *words).code == 2
    assert running.cli("quarantine", "release", "nothing.1").code == 2
    assert _kept(running) == [kept]
    running.done("quarantine", "release", kept["id"])
    assert _kept(running) == []


def test_what_was_saved_together_is_decided_together(running):
    dong = running.login("dong")
    running.done("device", "revoke", dong.id)
    one = dong.create("child", "c1", name="陈小溪", village="510101")
    two = dong.create("contact", "v1", child="c1", on="2026-11-02", kind="talk")
    two = msgspec.structs.replace(two, txn=one.txn)
    dong.ask(one, two)
    kept = _kept(running)
    assert len(kept) == 2
    running.done("quarantine", "release", kept[1]["id"], "--reason", "核实过")
    assert _kept(running) == []


class _Desk:
    """The store of a town, as an admin's commands have it."""

    def __init__(self, town: Town) -> None:
        self.store = town.store


def _brought_twice(town: Town) -> tuple[str, str]:
    """A visit that waits under the ids of both laptops of one disk; its two versions."""
    sup, li = town.replicas["sup"], town.replicas["li"]
    record = child(sup)
    town.sync("sup", "li")
    sup.save("child", {"village": "112"}, record)
    town.sync("sup")
    li.save("contact", {"child": record, "on": "2026-11-02", "kind": "talk"})
    town.sync("li")
    ((change, verdict, at),) = town.store.quarantined()
    assert verdict.code == "out_of_scope"
    twin = ids.twin_id("the other laptop")
    other = msgspec.structs.replace(change, device=twin, txn=f"{twin}.{change.seq}")
    with town.store.write():
        town.store.quarantine(other, content_hash(other), verdict, at + 1)
    return change.version, other.version


@pytest.mark.parametrize("which", [0, 1])
def test_what_two_laptops_of_one_disk_brought_waits_once_and_is_decided_once(which):
    for decide in ("release", "drop"):
        town = Town("sup", "li", "wu")
        versions = _brought_twice(town)
        desk = _Desk(town)
        assert [c.version for c, _verdict, _at in decisions.waiting(desk)] == [versions[0]]
        done = getattr(decisions, decide)(desk, versions[which], "看过")
        assert done == ([] if decide == "release" else 1)
        assert decisions.waiting(desk) == []
        for version in versions:
            device, _, seq = version.partition(".")
            (told,) = decisions.told(desk, device, [int(seq)])
            assert told.what == {"release": "released", "drop": "dropped"}[decide]
        town.sync("wu")
        (*visits,) = town.replicas["wu"].select("contact")
        assert len(visits) == (decide == "release")
        assert not [f for f in check(town.store).faults if f.code != "user"]
