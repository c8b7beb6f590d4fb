"""Receipts: the county has a change, under which number and since when; never before it has."""

from __future__ import annotations

from sync.receipts import Receipt
from sync.views import Past
from tests.sync.town import Town, child


def steps(town: Town, name: str, record: str) -> list[Past]:
    return town.replicas[name].history(record)


def test_no_receipt_before_the_county_has_the_change() -> None:
    town = Town("adm", "li")
    li = town.replicas["li"]
    record = child(li)
    assert [p.receipt for p in steps(town, "li", record)] == [None, None]
    town.break_off("li", pages=0)  # stored at the county, but nobody told us
    assert {p.receipt for p in steps(town, "li", record)} == {None}
    assert town.store.head() > 0
    town.sync("li")
    taken = {p.receipt for p in steps(town, "li", record)}
    assert taken == {Receipt(town.store.head(), town.now_ms)}


def test_every_change_has_its_own_receipt_and_keeps_it() -> None:
    town = Town("adm", "li")
    li = town.replicas["li"]
    record = child(li)
    town.sync("li")
    first = li.receipts(record)
    li.save("child", {"address": "2组"}, record)
    assert li.receipts(record) == first
    town.sync("li")
    town.sync("li")
    both = li.receipts(record)
    assert list(both.items())[:1] == list(first.items())
    seqs = [r.seq for r in both.values()]
    times = [r.at_ms for r in both.values()]
    assert seqs == sorted(set(seqs))
    assert times == sorted(set(times))


def test_the_changes_of_others_carry_no_receipt_of_ours() -> None:
    town = Town("adm", "li")
    record = child(town.replicas["adm"])
    town.sync("adm", "li")
    assert {p.receipt for p in steps(town, "li", record)} == {None}


def test_a_receipt_is_withdrawn_when_the_county_lost_the_change() -> None:
    town = Town("adm", "li")
    li = town.replicas["li"]
    record = child(li)
    town.sync("li")
    copy = town.backup()
    li.save("child", {"address": "2组"}, record)
    town.sync("li")
    assert len(li.receipts(record)) == 2
    town.restore(copy, "after")
    town.break_off("li", pages=1)
    lost = [p for p in steps(town, "li", record) if p.field == "address"]
    assert [(p.is_sent, p.receipt) for p in lost] == [(False, None)]
    town.sync("li", "li")
    again = [p.receipt for p in steps(town, "li", record) if p.field == "address"]
    assert again == [Receipt(town.store.head(), again[0].at_ms if again[0] else 0)]
    assert town.store.entry(f"{li.identity.device}.{li.get_state('device_seq')}") is not None
