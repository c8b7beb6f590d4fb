"""A program too old for what is sent keeps it, byte for byte, works on with the rest, and reads it
once it is updated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from programs import NEWER, OLDER, knowing

from casework import search
from casework.search import Indexer
from server.decisions import drop
from server.erasing import erase_here
from server.quarantine import Taken, take_again
from server.workers import Desk
from sync import scrub
from sync.change import State
from sync.protocol import SyncResponse
from sync.receive import receive
from sync.replica import InvalidRecord, Replica
from sync.verify import problems_of
from sync.views import Identity
from tests.sync.fragile import memory
from tests.sync.town import Town, child, contact, value


class MixedTown(Town):
    """A county and laptops with programs of different age; `adm` and the county are the newer."""

    def __init__(self) -> None:
        self.old = {"li", "wu"}
        self.county = NEWER
        with knowing(NEWER):
            super().__init__("adm")
        for user in ("li", "wu"):
            self.join(user)

    def join(self, user: str) -> None:
        with self.at(user):
            replica = Replica(memory(), wall_ms=lambda: self.now_ms, indexers=[Indexer()])
            replica.become(Identity(user, f"dev{user}", self.grants[user]))
            self.replicas[user] = replica
        self.sync(user)

    @contextmanager
    def at(self, user: str) -> Iterator[Replica]:
        """Before the laptop of a user."""
        with knowing(OLDER if user in self.old else NEWER):
            yield self.replicas.get(user)  # type: ignore[misc]

    def sync(self, *names, limit=2000):
        report = None
        for name in names:
            with self.at(name):
                report = super().sync(name, limit=limit)
        return report

    def answering(self):
        """Whoever is asked at the county knows what the county knows."""
        return knowing(self.county)

    def update(self, user: str) -> Replica:
        """A newer program opens the same store."""
        self.old.discard(user)
        with knowing(NEWER):
            replica = Replica(
                self.replicas[user].connection, wall_ms=lambda: self.now_ms, indexers=[Indexer()]
            )
        self.replicas[user] = replica
        return replica


@pytest.fixture
def town():
    return MixedTown()


def keepsake(replica: Replica, child_id: str, **values) -> str:
    given = {"child": child_id, "what": "铜铃铛", "story": "太奶奶留下的。", **values}
    return replica.save("keepsake", given)


def rows_of(town: Town, user: str) -> list[bytes]:
    """What the last answer to a user brought, as it came."""
    answers: list[SyncResponse] = [a for name, a in town.answers if name == user]
    return [bytes(raw) for answer in answers for raw in answer.rows]


def test_a_kind_of_tomorrow_is_kept_byte_for_byte_and_the_rest_goes_on(town):
    with town.at("adm") as adm:
        home = child(adm)
        kept = keepsake(adm, home, giver="太奶奶", given_on="满月")
        contact(adm, home)
    town.sync("adm", "li")
    with town.at("li") as li:
        assert value(li, home, "name") == "罗静" and li.get(kept) is None
        assert li.records.unread.count() == 1
        child(li)
    report = town.sync("li")
    assert report.sent == 1 and report.in_step
    town.join("li")  # a new laptop: by rows, not by entries
    with town.at("li") as li:
        assert li.get_state("in_step") == 1
        (body,) = li.connection.execute("SELECT body FROM unread").fetchone()
        assert body in rows_of(town, "li")
        assert problems_of(li) == []


def test_edits_of_what_cannot_be_read_are_counted_as_the_county_counts_them(town):
    with town.at("adm") as adm:
        home = child(adm)
        kept = keepsake(adm, home, giver="太奶奶")
    town.sync("adm", "li")
    with town.at("adm") as adm:
        adm.save("keepsake", {"story": "丢了又找回来。", "given_on": "三岁"}, kept)
    town.sync("adm")
    assert town.sync("li").in_step
    with town.at("adm") as adm:
        adm.delete(kept, "记错了")
    town.sync("adm")
    assert town.sync("li").in_step
    with town.at("li") as li:
        assert problems_of(li) == [] and li.get_state("repairs", 0) == 0


def test_fields_codes_and_groups_of_tomorrow_stay_with_their_record(town):
    with town.at("adm") as adm:
        home = child(
            adm, nickname="石头", shoe_left="31", shoe_right="32", economy="of_tomorrow",
            likes=["wages", "of_tomorrow"],
        )  # fmt: skip
    town.sync("adm")
    assert town.sync("li").in_step
    with town.at("li") as li:
        assert value(li, home, "nickname") == "石头"
        li.save("child", {"hobbies": "唱歌"}, home)
        assert problems_of(li) == []
    report = town.sync("li")
    assert report.sent == 1 and report.in_step
    with town.at("adm") as adm:
        adm.save("child", {"shoe_left": "33", "nickname": None}, home)
    town.sync("adm")
    assert town.sync("li").in_step
    with town.at("li") as li:
        assert value(li, home, "shoe_left") == "33" and value(li, home, "nickname") is None
        assert problems_of(li) == [] and li.get_state("repairs", 0) == 0
    town.sync("adm")
    with town.at("adm") as adm:
        assert value(adm, home, "hobbies") == "唱歌" and value(adm, home, "shoe_right") == "32"


def test_a_code_of_tomorrow_in_a_group_does_not_stop_the_rest_of_it(town):
    with town.at("adm") as adm:
        home = child(adm, id_type="of_tomorrow", income=["wages", "of_tomorrow"])
    town.sync("adm", "li")
    with town.at("li") as li:
        li.save("child", {"id_number": "720101201503010015"}, home)
        with pytest.raises(InvalidRecord):  # what it cannot check it does not write
            li.save("child", {"economy": "of_tomorrow"}, home)
    assert town.sync("li").sent == 1
    town.sync("adm")
    with town.at("adm") as adm:
        assert value(adm, home, "id_type") == "of_tomorrow"
        assert value(adm, home, "id_number") == "720101201503010015"


def test_a_meeting_over_a_field_of_tomorrow_waits_for_who_can_read_it(town):
    with town.at("adm") as adm:
        home = child(adm, nickname="石头", phone="13800000001")
    town.sync("adm", "li")
    town.old.discard("wu")
    town.grants["wu"] = town.grants["li"]
    town.join("wu")
    for user, name, phone in (("adm", "小石", "13800000002"), ("wu", "石蛋", "13800000003")):
        with town.at(user) as replica:
            replica.save("child", {"nickname": name, "phone": phone}, home)
    town.sync("adm", "wu")
    assert town.sync("li").in_step
    with town.at("li") as li:
        assert [c.slot for c in li.conflicts()] == ["phone"] and li.sync_state().conflicts == 1
        assert problems_of(li) == []
    li = town.update("li")
    with town.at("li"):
        assert {c.slot for c in li.conflicts()} == {"phone", "nickname"}
        assert problems_of(li) == []


def test_after_the_update_everything_is_read_without_being_fetched(town):
    with town.at("adm") as adm:
        home = child(adm, nickname="石头", likes=["wages"], shoe_left="31")
        kept = keepsake(adm, home)
    town.sync("adm", "li")
    with town.at("li") as li:
        li.save("child", {"hobbies": "唱歌"}, home)  # unsent, over the update
        before = li.get_state("cursor"), li.get_state("digest")
    li = town.update("li")
    with town.at("li"):
        assert li.records.unread.count() == 0
        assert value(li, kept, "what") == "铜铃铛"
        assert li.select("child", {"nickname": "石头"})[0]["likes"] == ["wages"]
        assert value(li, home, "hobbies") == "唱歌" and li.has_unsent()
        assert (li.get_state("cursor"), li.get_state("digest")) == before
        assert problems_of(li) == []
        found = search.ids(li, "keepsake", "铜铃铛", 9)
        assert found == [kept]
    report = town.sync("li")
    assert report.in_step and report.received == 0 and report.round_trips == 1


def test_what_cannot_be_read_leaves_with_its_child(town):
    with town.at("adm") as adm:
        home = child(adm)
        keepsake(adm, home)
    town.sync("adm", "li")
    with town.at("adm") as adm:
        adm.save("child", {"village": "112"}, home)
    town.sync("adm")
    assert town.sync("li").in_step and town.sync("wu").in_step
    with town.at("li") as li:
        assert li.records.unread.count() == 0 and problems_of(li) == []
    with town.at("wu") as wu:
        assert wu.records.unread.count() == 1 and problems_of(wu) == []


def test_a_restored_county_leaves_the_unread_where_it_is_and_counts_it_anew(town):
    with town.at("adm") as adm:
        home = child(adm)
        kept = keepsake(adm, home)
    town.sync("adm", "li")
    backup = town.backup()
    town.restore(backup, "e1")
    assert town.sync("li").in_step
    with town.at("li") as li:
        assert problems_of(li) == [] and li.records.unread.count() == 1
        (body,) = li.connection.execute("SELECT body FROM unread").fetchone()
        assert msgspec.json.decode(body, type=State).id == kept


@pytest.fixture
def older_county(town):
    """The laptops are newer than the county this time."""
    town.county = OLDER
    town.old.clear()
    for user in ("li", "adm"):
        town.join(user)
    desk = Desk(town.store)
    desk.accounts.add_user("li", "a long enough password", town.grants["li"])
    town.store.connection.execute(
        "INSERT INTO device (id, user, token, created, issued) VALUES ('devli', 'li', x'00', 0, 0)"
    )
    return desk


def test_a_county_that_is_older_keeps_what_it_does_not_know_and_takes_it_when_updated(
    town, older_county
):
    with town.at("li") as li:
        home = child(li)
    assert town.sync("li").sent == 1
    with town.at("li") as li:
        kept = keepsake(li, home, giver="太奶奶")
        li.save("child", {"economy": "of_tomorrow"}, home)
        li.save("child", {"shoe_left": "31"}, home)
        li.save("keepsake", {"story": "丢了又找回来。"}, kept)
        li.save("child", {"hobbies": "唱歌"}, home)
    report = town.sync("li")
    assert (report.sent, report.rejected) == (1, 4) and report.in_step
    with town.at("li") as li:
        assert {r.code for r in li.returned()} == {"newer_program"}
    with knowing(OLDER):
        assert take_again(older_county) == Taken(0, 4)
    with knowing(NEWER):
        town.county = NEWER
        assert take_again(older_county) == Taken(4, 0)
        assert take_again(older_county) == Taken(0, 0)
    assert town.sync("li").in_step and town.sync("adm").in_step
    with town.at("li") as li:
        assert li.returned() == []
    for user in ("li", "adm"):
        with town.at(user) as replica:
            assert value(replica, kept, "story") == "丢了又找回来。"
            assert value(replica, home, "economy") == "of_tomorrow"
            assert value(replica, home, "shoe_left") == "31"
            assert problems_of(replica) == []


def test_what_waits_at_the_county_is_kept_as_it_was_sent(town, older_county):
    with town.at("li") as li:
        home = child(li)
        keepsake(li, home, giver="太奶奶", given_on="满月")
        sent = [row[0] for row in li.connection.execute("SELECT body FROM outbox ORDER BY seq")]
    town.sync("li")
    rows = town.store.connection.execute("SELECT change FROM quarantine ORDER BY device_seq")
    assert [bytes(row[0]) for row in rows] == sent[1:]


@pytest.mark.parametrize("where", ["unread", "unread rotten", "unread double", "r_child"])
def test_an_altered_row_is_healed_where_some_cannot_be_read(town, where):
    """The unread count in the tree that finds what differs, and are fetched again like all else."""
    with town.at("adm") as adm:
        homes = [child(adm, name=f"罗静{n}") for n in range(5)]
        keepsake(adm, homes[0])
        keepsake(adm, homes[1])
    town.sync("adm", "li")
    with town.at("li") as li:
        if where.startswith("unread"):
            # A letter of the state's JSON, as a fault of the program might leave it; or most of it.
            body = "replace(body, '铜', '铁')" if where == "unread" else "substr(body, 9)"
            if where == "unread double":  # two that the county has never had
                copied = "SELECT id || 'x', kind, root, replace(body, id, id || 'x') FROM unread"
                li.connection.execute(f"INSERT INTO unread {copied}")
            else:
                li.connection.execute(f"UPDATE unread SET body = {body}")
            scrub.look(li)
        else:
            li.connection.execute(f"UPDATE r_child SET name = '别人' WHERE id = '{homes[0]}'")
    report = town.sync("li")
    assert report.in_step and report.healed == (1 if where == "r_child" else 2)
    with town.at("li") as li:
        assert problems_of(li) == [] and li.records.unread.count() == 2
        assert not [s for s in li.records.unread.every() if s.values["what"] != "铜铃铛"]
        assert value(li, homes[0], "name") == "罗静0"


def test_what_was_erased_leaves_no_words_where_it_could_not_be_read(town):
    with town.at("adm") as adm:
        home = child(adm)
        kept = keepsake(adm, home)
        other = keepsake(adm, home, what="木梳", story="外婆的。")
    town.sync("adm", "li")
    with knowing(NEWER), town.store.write():
        erase_here(town.store, [kept], town.now_ms, "家长要求", "adm")
    assert town.sync("li").in_step
    with town.at("li") as li:
        dump = "\n".join(li.connection.iterdump())
        assert "铜铃铛" not in dump and "铜铃铛".encode().hex() not in dump.lower()
        assert {s.id for s in li.records.unread.every()} == {kept, other}
        assert problems_of(li) == []


def test_an_entry_after_a_row_on_one_page_is_what_is_kept(town):
    """A page of a fill brings a record as it stood; what the log says after it counts."""
    with town.at("adm") as adm:
        kept = keepsake(adm, child(adm))
    town.sync("adm", "li")
    with town.at("li") as li:
        (raw,) = li.connection.execute("SELECT body FROM unread").fetchone()
    with town.at("adm") as adm:
        adm.save("keepsake", {"story": "丢了又找回来。"}, kept)
    town.sync("adm", "li")
    (answer,) = [a for name, a in town.answers if name == "li"][-1:]
    answer.rows = [msgspec.Raw(raw)]
    with town.at("li") as li:
        li.connection.execute("DELETE FROM unread")
        receive(li, answer)
        (state,) = li.records.unread.every()
        assert state.values["story"] == "丢了又找回来。"


def test_what_an_admin_dropped_stays_dropped_after_the_update(town, older_county):
    with town.at("li") as li:
        kept = keepsake(li, child(li))
    town.sync("li")
    ((change, _verdict, _at),) = town.store.quarantined()
    assert change.id == kept
    with knowing(OLDER):
        assert drop(older_county, change.version, "不用了") == 1
    with knowing(NEWER):
        assert take_again(older_county) == Taken(0, 0)
        assert town.store.states([kept]) == {}
