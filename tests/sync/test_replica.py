"""What a store on one laptop promises: migrations, two programs at once, history, damage,
sealing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schema.kinds import KINDS
from sync import storage, tables
from sync.change import Grant
from sync.replica import InvalidRecord, Refused, Replica
from sync.sealing import new_keypair, seal, unseal
from sync.views import Identity
from tests.sync.county_facts import YEAR_MS
from tests.sync.town import Town, child, contact, value


def test_a_field_added_to_a_kind_migrates_an_old_store_by_itself(monkeypatch):
    connection = storage.open_plain()
    whole = KINDS["child"]
    old = replace(
        whole, fields=tuple(f for f in whole.fields if f.name not in ("hobbies", "school"))
    )
    with monkeypatch.context() as earlier:
        earlier.setitem(KINDS, "child", old)
        earlier.setitem(tables.CODECS, "child", tables.Codec(old))
        store = Replica(connection)
        store.become(Identity("li", "dev", (Grant("director", "111"),)))
        _units(store)
        record = child(store, phone="13900000001")
        assert tables.fingerprint() == connection.execute("PRAGMA user_version").fetchone()[0]
    store = Replica(connection)
    assert value(store, record, "phone") == "13900000001"
    store.save("child", {"hobbies": "画画"}, record)
    assert store.select("child", {"hobbies": "画画"})[0]["id"] == record
    assert store.pending_count() == 2
    indexes = {r[1] for r in connection.execute("PRAGMA index_list('r_child')")}
    assert "child_school" in indexes


def _units(store):
    """A store that knows its village without ever having met a hub."""
    from sync.change import Mark, State

    mark = Mark("hub.1", "server", 1)
    values = {"code": "111", "name": "村", "level": "village"}
    with storage.transaction(store.connection):
        store.records.put([(State("unit", "111", "", mark, mark, values, {}, 1), 0)])
    store.forget_units()


def test_opening_a_store_of_today_runs_no_migration(monkeypatch):
    connection = storage.open_plain()
    Replica(connection)
    monkeypatch.setattr(tables, "_runner", None)
    Replica(connection)


def test_a_second_program_on_the_same_store_sees_new_units_and_grants(tmp_path):
    town = Town("adm")
    files = [storage.open_plain(tmp_path / "store.db") for _ in "12"]
    screen = Replica(files[0], wall_ms=lambda: town.now_ms)
    town.replicas["li"] = screen
    screen.become(Identity("li", "devli", town.grants["li"]))
    town.sync("li")
    command = Replica(files[1], wall_ms=lambda: town.now_ms)
    assert screen.unit("113") is None
    assert not screen.may("write", "child", ["112"])
    town.hub.write("unit", "113", {"code": "113", "name": "新", "level": "village", "parent": "11"})
    town.grants["li"] = (Grant("director", "112"), Grant("director", "113"))
    town.replicas["li"] = command
    town.sync("li")
    assert screen.unit("113") is not None
    assert screen.path_of("113") == ["113", "11", "1"]
    assert screen.may("write", "child", ["113"])
    first, second = child(screen, "113", name="甲"), child(command, "112", name="乙")
    assert [p.id for p in screen.pending()] == [second, first]
    assert [p.seq for p in command.pending()] == [2, 1]
    for file in files:
        file.close()


def test_history_is_told_in_the_order_in_which_people_saw_it_though_clocks_lie():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li, hobbies="一")
    town.rest()
    town.skew["tea"] = -30 * YEAR_MS
    tea.save("child", {"hobbies": "二"}, record)
    town.rest()
    town.skew["li"] = 30 * YEAR_MS
    li.save("child", {"hobbies": "三"}, record)
    town.rest()
    town.skew["li"] = -YEAR_MS
    li.save("child", {"hobbies": "四"}, record)
    assert [p.value for p in li.history(record, "hobbies")] == ["一", "二", "三", "四"]
    town.rest()
    assert [p.value for p in tea.history(record, "hobbies")] == ["一", "二", "三", "四"]
    assert [p.author for p in tea.history(record, "hobbies")] == ["li", "tea", "li", "li"]
    newcomer = town.add("adm")
    town.sync("adm")
    assert [p.value for p in newcomer.history(record, "hobbies")] == ["四"]


def test_the_history_of_a_groups_member_is_its_own():
    town = Town("li")
    li = town.replicas["li"]
    record = child(li, id_type="resident")
    li.save("child", {"id_number": "123"}, record)
    assert [p.value for p in li.history(record, "id_number")] == [None, "123"]
    assert [p.value for p in li.history(record, "id_type")] == ["resident", "resident"]


def test_a_save_that_changes_nothing_writes_nothing():
    town = Town("li")
    li = town.replicas["li"]
    record = child(li, phone="13900000001")
    li.save("child", {"phone": "13900000001", "hobbies": None}, record)
    assert li.pending_count() == 1


def test_saves_made_together_are_kept_together_or_not_at_all():
    town = Town("li")
    li = town.replicas["li"]
    with pytest.raises(InvalidRecord), li.together():
        record = child(li)
        contact(li, record, on="2026-02-30")
    assert (li.pending_count(), li.count("child")) == (0, 0)
    with li.together():
        contact(li, child(li))
    assert len({c.txn for cs in li.records.unsent().values() for c in cs}) == 1


def test_a_txn_larger_than_a_page_travels_whole():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    with li.together():
        record = child(li)
        for _ in range(4):
            contact(li, record)
    child(li, name="别的")
    town.answers.clear()
    report = town.sync("li", limit=1)
    assert (report.sent, report.rejected, li.pending_count()) == (6, 0, 0)
    town.answers.clear()
    town.sync("tea", limit=1)
    sizes = [len(a.entries) for _, a in town.answers]
    assert sizes == [5, 1]
    assert tea.count("contact") == 4


def test_synchronising_twice_changes_nothing_more():
    town = Town("li", "tea")
    li = town.replicas["li"]
    child(li)
    town.rest()
    before = list(li.connection.real.iterdump())
    report = town.sync("li")
    assert (report.sent, report.received, report.conflicts) == (0, 0, 0)
    changed = set(li.connection.real.iterdump()) ^ set(before)
    assert all('INTO "state"' in line for line in changed), changed


def test_only_its_author_takes_back_a_record_and_only_while_nobody_else_wrote_in_it():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    record, other = child(li, name="甲"), child(li, name="乙")
    li.delete(record, "建错了")
    town.rest()
    assert tea.count("child") == 1
    tea.save("child", {"hobbies": "画画"}, other)
    town.rest()
    with pytest.raises(Refused):
        li.delete(other, "建错了")
    with pytest.raises(InvalidRecord):
        li.delete(record, "  ")


def test_a_stale_form_makes_a_conflict_and_not_a_loss():
    town = Town("li", "tea")
    li, tea = town.replicas["li"], town.replicas["tea"]
    record = child(li, phone="13900000000")
    town.rest()
    form = li.get(record)
    tea.save("child", {"phone": "13900000009"}, record)
    town.rest()
    li.save("child", {"phone": "13900000001", "hobbies": "画画"}, record, base=form)
    town.rest()
    (conflict,) = tea.conflicts()
    assert {h.value for h in conflict.heads} == {"13900000009", "13900000001"}


def test_a_store_is_unreadable_without_its_key_and_damage_is_found(tmp_path):
    path, key = tmp_path / "store.db", bytes(range(32))
    connection = storage.open_encrypted(path, key)
    store = Replica(connection)
    store.become(Identity("li", "dev"))
    assert storage.damages(connection) == []
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'state'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    assert b"SQLite format" not in path.read_bytes()
    with pytest.raises(storage.DamagedStore):
        storage.open_encrypted(path, bytes(32))
    with path.open("r+b") as file:
        file.seek((page - 1) * int(size) + 2000)  # not of the schema, without which nothing opens
        file.write(b"\0" * 100)
    connection = storage.open_encrypted(path, key)
    assert storage.damages(connection)
    connection.close()


def test_what_is_sealed_opens_with_the_countys_key_only():
    private, public = new_keypair()
    sealed = seal(public, b"secret")
    assert unseal(private, sealed) == b"secret"
    assert b"secret" not in sealed
    assert seal(public, b"secret") != sealed
    for broken in (sealed[:-1], sealed[:20], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(ValueError, match="sealed"):
            unseal(private, broken)
    with pytest.raises(ValueError, match="sealed"):
        unseal(new_keypair()[0], sealed)
