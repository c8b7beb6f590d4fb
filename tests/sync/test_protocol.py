"""Messages on the line: packed, bounded, and cut or foreign ones told apart."""

from __future__ import annotations

import gzip

import msgspec
import pytest

from sync.change import Grant
from sync.protocol import (
    MEDIA_GZIP,
    MEDIA_PLAIN,
    MEDIA_ZSTD,
    Cursor,
    Fill,
    SyncRequest,
    SyncResponse,
    TooLarge,
    compress,
    pack,
    unpack,
)
from sync.transport import HttpTransport, Rejected, check_address
from tests.sync.town import Town, child, value


def test_a_small_message_travels_plain_and_a_large_one_compressed():
    small, media = pack(SyncRequest(1, "dev"))
    assert media == MEDIA_PLAIN
    assert len(small) < 40
    large, media = pack(SyncRequest(1, "dev", cursor="x" * 5000))
    assert media == MEDIA_ZSTD
    assert len(large) < 100
    assert msgspec.json.decode(unpack(large, media), type=SyncRequest).cursor == "x" * 5000


def test_a_bomb_is_refused_before_it_goes_off():
    bomb = compress(b"0" * 50_000_000)
    assert len(bomb) < 10_000
    with pytest.raises(TooLarge):
        unpack(bomb, MEDIA_ZSTD, 1_000_000)
    with pytest.raises(TooLarge):
        unpack(b"0" * 11, MEDIA_PLAIN, 10)


def test_a_frame_cut_anywhere_is_an_error_and_never_half_a_message():
    body, media = pack(SyncRequest(1, "dev", cursor="天地" * 2000))
    for end in range(len(body)):
        with pytest.raises(ValueError):  # noqa: PT011
            unpack(body[:end], media)
    with pytest.raises(ValueError, match="zstd"):
        unpack(b"no frame at all", media)


def test_what_stands_behind_the_end_of_a_message_is_refused_and_never_passed_over():
    body, media = pack(SyncRequest(1, "dev", cursor="天地" * 2000))
    for packed, kind in ((body, media), (gzip.compress(b"{}" * 600), MEDIA_GZIP)):
        for behind in (b"\0", b"more", packed):
            with pytest.raises(ValueError, match="after the end"):
                unpack(packed + behind, kind)


def test_a_cursor_comes_back_as_it_was_and_noise_is_none_of_ours():
    cursor = Cursor("e1", 7, (Grant("director", "111"),), Fill((Grant("admin", "1"),), "r5"), 3)
    assert Cursor.decode(cursor.encode()) == cursor
    for noise in ("", "noise", "天", "W10", cursor.encode()[:-4], "bnVsbA"):
        assert Cursor.decode(noise) is None


@pytest.mark.parametrize(
    "cursor", ["noise", Cursor("other", 3).encode(), Cursor("", 10**9).encode()]
)
def test_a_foreign_cursor_starts_over_and_touches_no_unsent_work(cursor):
    town = Town("li", "tea")
    record = child(town.replicas["li"], phone="13900000001")
    town.rest()
    tea = town.replicas["tea"]
    tea.set_state(cursor=cursor)
    tea.save("child", {"hobbies": "画画"}, record)
    report = town.sync("tea")
    assert report.in_step
    assert report.rejected == 0
    assert any(answer.reset for _, answer in town.answers)
    town.rest()
    assert value(town.replicas["li"], record, "hobbies") == "画画"
    assert value(tea, record, "phone") == "13900000001"


def test_a_sync_with_nothing_new_is_small_and_one_round_trip():
    town = Town("li")
    child(town.replicas["li"])
    town.sync("li")
    report = town.sync("li")
    assert report.round_trips == 1
    assert report.bytes_up + report.bytes_down < 450


def test_an_empty_answer_says_only_the_time():
    assert msgspec.json.encode(SyncResponse(5)) == b'{"now":5}'


def test_plain_http_leaves_the_machine_only_when_told():
    for url in (
        "http://127.0.0.1:8000/",
        "http://localhost",
        "http://[::1]:1",
        "https://county.example",
    ):
        assert check_address(url) == url.rstrip("/")
    for url in ("http://county.example", "http://10.0.0.7", "ftp://127.0.0.1", "county.example"):
        with pytest.raises(Rejected):
            check_address(url)
    assert HttpTransport("http://10.0.0.7/", insecure=True).url == "http://10.0.0.7"
