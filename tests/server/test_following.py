"""Two pages of one laptop under way at once, by two connections: the real server keeps their order."""

from __future__ import annotations

import asyncio
import threading
import time

from server import queue
from server.queue import Queue
from sync.protocol import PROTOCOL, pack
from sync.turns import FROM

VILLAGE = "510101"


def _pages(device):
    def made(n):
        return device.create("child", f"c{n}", name=f"陈{chr(0x4E00 + n)}", village=VILLAGE)

    return [made(n) for n in range(FROM)], [made(n) for n in range(FROM, FROM + 3)]


def _ask(device, client, changes, **more):
    message = {"protocol": PROTOCOL, "device": device.id, "cursor": device.cursor, **more}
    body, media = pack(message | {"changes": changes})
    headers = {"content-type": media, "authorization": f"Bearer {device.token}"}
    return client.post("/v1/sync", content=body, headers=headers)


def test_the_later_page_waits_for_the_one_it_follows(running):
    dong = running.login("dong")
    dong.sync()
    first, second = _pages(dong)
    answers = {}

    def later():
        answers["second"] = _ask(dong, running.http(), second, follows=FROM, held=1)

    thread = threading.Thread(target=later)
    thread.start()
    time.sleep(0.3)  # it is at the server before the other is
    answers["first"] = _ask(dong, running.http(), first, held=1)
    thread.join()
    assert [answers[name].status_code for name in ("first", "second")] == [200, 200]
    one, two = (dong.told(answers[name]) for name in ("first", "second"))
    assert one["may_follow"] and two["since"] == one["cursor"]
    dong.sync()
    assert [e.change.seq for e in dong.entries] == list(range(1, FROM + 4))
    assert running.done("check").code == 0


def test_nothing_is_to_follow_while_somebody_else_is_asking(running):
    """Who sends little would wait for a second big page too."""
    dong, boss = running.login("dong"), running.login("boss")
    dong.sync()
    first, _ = _pages(dong)
    over = threading.Event()

    def asking():
        client = running.http()
        while not over.wait(0.01):
            _ask(boss, client, [])

    thread = threading.Thread(target=asking)
    thread.start()
    try:
        time.sleep(0.1)
        answer = dong.told(_ask(dong, running.http(), first, held=1))
    finally:
        over.set()
        thread.join()
    assert answer["runs"] and not answer.get("may_follow")


def test_a_page_is_not_taken_when_the_one_before_was_not(running):
    dong, boss = running.login("dong"), running.login("boss")
    dong.sync()
    first, second = _pages(dong)
    dong.cursor = dong.cursor[:-8] + "AAAAAAAA"  # of no log that is known here
    assert dong.told(_ask(dong, running.http(), first))["reset"]
    refusal = _ask(dong, running.http(), second, follows=FROM)
    assert (refusal.status_code, refusal.json()["error"]) == (409, "early")
    boss.sync()
    assert not [id for id in boss.records if id.startswith("c")]
    dong.cursor = ""
    assert dong.sync(*first, *second) == []


def test_what_never_comes_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(queue, "WAIT_S", 0.05)

    async def waiting() -> list[str]:
        order: list[str] = []
        line = Queue()

        async def later(seq: int, name: str) -> None:
            await line.behind("d1", seq)
            order.append(name)

        line.join("d1", 4)
        await later(4, "already there")
        both = asyncio.gather(later(9, "comes"), later(7, "never comes"))
        await asyncio.sleep(0)
        line.join("another", 7)
        line.join("d1", 9)
        await both
        return order

    assert asyncio.run(waiting()) == ["already there", "comes", "never comes"]
