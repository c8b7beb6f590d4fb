"""A laptop that has to bring hundreds of changes up and thousands down over a line that keeps
breaking."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from bench.relay import Relay, Weather
from sync.protocol import Cursor
from tests.faults.hand import PARTS
from tests.faults.scene import Broken, Laptop, Scene

PATIENCE_S = 3.0
"""Of the client with a silent line; 30 otherwise. Longer than the latency, which is all that
matters."""


class Measured(Struct):
    """What one laptop's way to the county cost."""

    tries: int = 0
    idle: int = 0
    """Tries after which neither an own change more was at the county nor a page more here."""
    idle_in_a_row: int = 0
    up: int = 0
    down: int = 0
    seconds: float = 0.0


def carry_over(
    scene: Scene,
    up: int,
    down: int,
    weather: Weather,
    most_tries: int,
    say: Callable[[str], None],
    patience_s: float = PATIENCE_S,
) -> tuple[Measured, Measured]:
    """The same work over a good line and over a poor one; what each cost.

    Raises:
        Broken: something was lost or doubled, or it never came to its end.
    """
    scene.start()
    relay = Relay(scene.url, Weather())
    try:
        good, poor = (scene.laptop("李国华", url=relay.address) for _ in range(2))
        others = scene.laptop("陈德福")
        with others.opened() as session:
            scene.save_in(session, down // PARTS, others.village)
            session.sync()
        measured = []
        for laptop, sky in ((good, Weather()), (poor, weather)):
            # The second gets the first one's changes too, so it has no less to do.
            scene.save(laptop, up // PARTS)
            relay.weather = sky
            measured.append(_until_done(relay, laptop, most_tries, patience_s))
        relay.weather = Weather()
        say(f"  faults of the line: {dict(relay.faults)}")
        scene.prove()
        scene.prove_by_commands()
    finally:
        relay.close()
    return measured[0], measured[1]


def _until_done(relay: Relay, laptop: Laptop, most: int, patience_s: float) -> Measured:
    cost = Measured()
    relay.up = relay.down = 0
    began, before, row = time.monotonic(), _progress(laptop), 0
    for cost.tries in range(1, most + 1):
        ran = laptop("sync", "2000", program="hand", CUNCAO_FAULT_TIMEOUT=str(patience_s))
        after = _progress(laptop)
        row = row + 1 if after == before else 0
        cost.idle += after == before and ran.code != 0
        cost.idle_in_a_row = max(cost.idle_in_a_row, row)
        before = after
        if ran.expect(0, 3).code == 0:
            cost.up, cost.down = relay.up, relay.down
            cost.seconds = time.monotonic() - began
            return cost
    raise Broken(f"not done after {most} tries: {before}")


def _progress(laptop: Laptop) -> tuple[int, str]:
    """Unsent changes, and where the laptop is in the log."""
    with laptop.opened() as session:
        cursor = session.replica.get_state("cursor") or ""
        where = Cursor.decode(cursor)
        return session.replica.pending_count(), f"{where.seq} {where.fill}" if where else ""
