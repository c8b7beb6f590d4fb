"""Bytes of papers: bounded, whole or not at all, going on after a break, gone with their paper."""

from __future__ import annotations

import msgspec
import pytest

from schema.record import DELETED
from server import scans as desk_scans
from server.scans import _take
from sync import paperbytes, scans
from sync.scans import PIECE, GetRequest, GetResponse, PutRequest, PutResponse, Unfit
from sync.transport import Offline, Rejected
from tests.sync.town import Town, child

CONTENT = bytes(range(256)) * 2000  # three pieces


class Counter:
    """The county's half over its store, without HTTP; the line breaks after `pieces` messages."""

    def __init__(self, town, pieces=99):
        self.store, self.left, self.posts = town.store, pieces, []

    def __call__(self, path, body, _media):
        self.posts.append(path)
        if self.left == 0:
            raise Offline("broken off")
        self.left -= 1
        if path.endswith("put"):
            asked = msgspec.json.decode(body, type=PutRequest)
            values = self.store.states([asked.paper])[asked.paper].values
            with self.store.write():
                return msgspec.json.encode(PutResponse(_take(self.store, values, asked))), ""
        asked = msgspec.json.decode(body, type=GetRequest)
        values = self.store.states([asked.paper])[asked.paper].values
        row = self.store.connection.execute(
            "SELECT body FROM paper_scan WHERE paper = ?", (asked.paper,)
        ).fetchone()
        piece = bytes(row[0])[asked.at : asked.at + PIECE]
        return msgspec.json.encode(GetResponse(values["size"], piece)), ""


@pytest.fixture
def town():
    return Town("li", "sup")


def put_in(town, content=CONTENT):
    li = town.replicas["li"]
    paper = scans.add(li, {"child": child(li), "sort": "photo"}, content)
    town.sync("li", "sup")
    return paper


def test_a_hand_over_goes_on_where_the_line_broke(town):
    put_in(town)
    li = town.replicas["li"]
    with pytest.raises(Offline):
        scans.deliver(li, Counter(town, 2))
    assert paperbytes.unsent(li.connection) == 1
    again = Counter(town)
    scans.deliver(li, again)
    assert len(again.posts) == 3, "one asks how far it came, two pieces were left"
    assert paperbytes.unsent(li.connection) == 0


def test_a_fetch_goes_on_where_the_line_broke(town):
    paper = put_in(town)
    scans.deliver(town.replicas["li"], Counter(town))
    sup = town.replicas["sup"]
    with pytest.raises(Offline):
        scans.fetch(sup, paper, Counter(town, 1))
    assert scans.held(sup, paper) is None
    again = Counter(town)
    assert scans.fetch(sup, paper, again) == CONTENT
    assert len(again.posts) == 2
    assert scans.held(sup, paper) == CONTENT


def test_bytes_that_are_not_what_they_are_called_are_dropped_at_both_ends(town):
    paper = put_in(town)
    values = town.store.states([paper])[paper].values
    with town.store.write():
        for n in range(0, len(CONTENT), PIECE):
            spoilt = bytes(len(CONTENT[n : n + PIECE]))
            have = _take(town.store, values, PutRequest(paper, n, spoilt))
        assert have == 0
    scans.deliver(town.replicas["li"], Counter(town))
    town.store.connection.execute("UPDATE paper_scan SET body = zeroblob(length(body))")
    with pytest.raises(Unfit, match="scan_differs"):
        scans.fetch(town.replicas["sup"], paper, Counter(town))
    assert scans.held(town.replicas["sup"], paper) is None


def test_papers_of_the_same_bytes_are_handed_over_each_by_itself(town):
    papers = [put_in(town), put_in(town)]
    li, sup = town.replicas["li"], town.replicas["sup"]
    scans.deliver(li, Counter(town))
    assert [scans.fetch(sup, paper, Counter(town)) for paper in papers] == [CONTENT] * 2


def test_bytes_not_handed_over_stay_when_their_child_leaves(town):
    paper = put_in(town)
    sup, li = town.replicas["sup"], town.replicas["li"]
    root = li.rows("paper", [paper])[0]["_root"]
    sup.save("child", {"village": "112"}, id=root)
    town.sync("sup", "li")
    assert li.get(paper) is None
    scans.deliver(li, Counter(town))
    assert scans.fetch(sup, paper, Counter(town)) == CONTENT
    assert li.connection.execute("SELECT count(*) FROM paper_scan").fetchone()[0] == 0


def test_one_paper_that_is_not_taken_does_not_keep_the_next_back(town):
    papers = [put_in(town), put_in(town)]
    li = town.replicas["li"]
    county = Counter(town)

    def picky(path, body, media):
        if papers[0].encode() in body:
            raise Rejected("not_found")
        return county(path, body, media)

    assert scans.deliver(li, picky) == 1
    assert paperbytes.unsent(li.connection) == 1


def test_bytes_spoilt_on_the_laptop_are_fetched_again(town):
    paper = put_in(town)
    scans.deliver(town.replicas["li"], Counter(town))
    sup = town.replicas["sup"]
    scans.fetch(sup, paper, Counter(town))
    sup.connection.execute("UPDATE paper_scan SET body = zeroblob(length(body))")
    assert scans.held(sup, paper) is None
    assert scans.fetch(sup, paper, Counter(town)) == CONTENT


def test_a_county_put_back_to_before_the_bytes_came_gets_them_again(town):
    li = town.replicas["li"]
    paper = scans.add(li, {"child": child(li), "sort": "photo"}, CONTENT)
    early = town.backup()
    town.sync("li", "sup")
    scans.deliver(li, Counter(town))
    town.restore(early, "later")
    town.sync("li", "sup")
    assert paperbytes.unsent(li.connection) == 1
    scans.deliver(li, Counter(town))
    assert scans.fetch(town.replicas["sup"], paper, Counter(town)) == CONTENT


def test_what_is_asked_for_offline_comes_with_the_next_synchronisation(town):
    paper = put_in(town)
    scans.deliver(town.replicas["li"], Counter(town))
    sup = town.replicas["sup"]
    scans.wish(sup, paper)
    scans.wish(sup, paper)
    assert paperbytes.wished(sup.connection) == [paper]
    scans.fetch_wished(sup, Counter(town))
    assert scans.held(sup, paper) == CONTENT and not paperbytes.wished(sup.connection)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "scan_empty"), (bytes(scans.MOST + 1), "scan_large")]
)
def test_nothing_and_too_much_are_no_paper(town, content, code):
    li = town.replicas["li"]
    with pytest.raises(Unfit, match=code):
        scans.add(li, {"child": child(li), "sort": "photo"}, content)
    assert li.count("paper") == 0


def test_bytes_leave_the_laptop_with_their_child(town):
    paper = put_in(town)
    scans.deliver(town.replicas["li"], Counter(town))
    sup, li = town.replicas["sup"], town.replicas["li"]
    root = li.rows("paper", [paper])[0]["_root"]
    sup.save("child", {"village": "112"}, id=root)
    town.sync("sup", "li")
    assert li.connection.execute("SELECT count(*) FROM paper_scan").fetchone()[0] == 0


def test_erased_papers_take_their_bytes_along_at_the_county(town):
    paper = put_in(town)
    scans.deliver(town.replicas["li"], Counter(town))
    state = town.store.states([paper])[paper]
    state.values = {DELETED: "抹去"}
    with town.store.write():
        town.store.put_states([state])
        desk_scans.sweep(town.store)
    assert town.store.connection.execute("SELECT count(*) FROM paper_scan").fetchone()[0] == 0
