"""What a released program said is still understood, and what it is told it understands."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec

from sync.change import Grant
from sync.client import sync_once
from sync.protocol import unpack
from sync.replica import Replica
from sync.storage import open_plain
from sync.transport import Rejected
from sync.views import Identity
from tools.release_fixture import values_of

CHANGES_WITH_TIME = frozenset({"now", "token", "cursor", "message", "backup"})
"""Keys of answers whose content is the moment's or the reader's own."""
ROWS = frozenset({"entries", "rows", "own", "runs", "drops", "verdicts", "grants", "taken"})
"""Lists of an answer; in every other list fields may have been added at the end."""


def differences(old: Any, new: Any, where: str = "", is_list: bool = False) -> list[str]:
    """What an old reader would miss in a new answer: a key, a field, another value."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = [f"{where}.{key} is gone" for key in old if key not in new]
        for key in old.keys() & new.keys() - CHANGES_WITH_TIME:
            found += differences(old[key], new[key], f"{where}.{key}", key in ROWS)
        return found
    if isinstance(old, list) and isinstance(new, list):
        if len(new) < len(old) or (is_list and len(new) != len(old)):
            return [f"{where} has {len(new)}, not {len(old)}"]
        return [
            d
            for n, (a, b) in enumerate(zip(old, new, strict=False))
            for d in differences(a, b, f"{where}[{n}]")
        ]
    return [] if old == new else [f"{where} was {old!r}, is {new!r}"]


def without_refusals(message: dict[str, Any]) -> dict[str, Any]:
    """A county may refuse in another way than it did: verdicts are compared by their numbers."""
    known = ("invalid", "quarantined", "cloned", "duplicate")
    verdicts = [v[:1] for v in message.get("verdicts", []) if v[1] in known]
    return message | {"verdicts": verdicts} if "verdicts" in message else message


def test_todays_county_answers_an_old_conversation_as_it_was_answered(release, county):
    """Word by word what an old device said; only tokens and cursors are those it is given now."""
    county.start()
    tokens: dict[str, str] = {}
    cursors: dict[str, str] = {}
    found: list[str] = []
    filled: dict[str, dict[str, Any]] = {"old": {}, "new": {}}
    with httpx.Client(base_url=county.url, trust_env=False, timeout=30) as client:
        for n, exchange in enumerate(release.conversation):
            body = exchange.body
            if exchange.media == "application/json" and exchange.body:
                asked = exchange.asked
                if asked.get("cursor") in cursors:
                    old, new = asked["cursor"], cursors[asked["cursor"]]
                    body = body.replace(old.encode(), new.encode())
            headers = {"content-type": exchange.media} if exchange.media else {}
            if exchange.token:
                token = tokens.get(exchange.token, exchange.token)
                headers["authorization"] = f"Bearer {token}"
            answer = client.request(exchange.method, exchange.path, content=body, headers=headers)
            if exchange.path == "/v1/schema":
                continue  # grows with the declarations
            told = msgspec.json.decode(unpack(answer.content, answer.headers["content-type"]))
            where = f"{n} {exchange.path}"
            was = exchange.told
            # Which page brings a record is the county's affair, that it comes is not.
            for age, message in (("old", was), ("new", told)):
                for row in message.pop("rows", []):
                    filled[age][f"{exchange.token} {row[1]}"] = row
            if answer.status_code != exchange.status:
                found.append(f"{where}: {answer.status_code}, not {exchange.status}: {told}")
            found += differences(without_refusals(was), without_refusals(told), where)
            if "token" in told:
                tokens[exchange.told["token"]] = told["token"]
            if "cursor" in told:
                cursors[exchange.told["cursor"]] = told["cursor"]
    found += differences(filled["old"], filled["new"], "rows")
    assert found == []


class Recorded:
    """A county that has said all it will ever say."""

    def __init__(self, exchanges: list[Any]) -> None:
        self.exchanges = exchanges

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        exchange = self.exchanges.pop(0)
        if exchange.status == 200:
            return exchange.answer, exchange.answer_media
        raise Rejected(exchange.told["error"])


def test_todays_device_takes_the_answers_of_an_old_county(release):
    """A first fill in pages, then what others did: as the device of the day saw it, in step."""
    login, *rest = release.conversation
    device, token = login.told["device"], login.told["token"]
    mine = [e for e in rest if e.token == token and e.path == "/v1/sync" and e.status == 200]
    replica = Replica(open_plain())
    grants = msgspec.convert(login.told["grants"], tuple[Grant, ...])
    replica.become(Identity(login.told["user"], device, grants))
    line = Recorded(mine)
    report = sync_once(replica, line, token, release.about["page"])
    assert report.in_step and report.round_trips > 1
    held = values_of(replica)
    assert {i: held.get(i) for i in release.seen["filled"]} == release.seen["filled"]
    for change in line.exchanges[0].asked["changes"]:  # what it saved, as its outbox held it
        replica.connection.execute(
            "INSERT INTO outbox(seq, record, txn, body) VALUES (?, ?, ?, ?)",
            (change[1], change[5], change[2], json.dumps(change).encode()),
        )
    report = sync_once(replica, line, token)
    assert report.sent == 2 and report.conflicts == 2
    assert line.exchanges and not replica.has_unsent()
    held = values_of(replica)
    assert {i: held.get(i) for i in release.seen["shown"]} == release.seen["shown"]
