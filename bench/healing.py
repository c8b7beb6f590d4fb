"""One altered record among 20,000: `python -m bench.healing [COUNT]`. What noticing and healing it
costs, as JSON; bytes are HTTP both ways, headers included, TLS aside."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from bench.exchange import _go_by, _login, _save, _timed
from bench.people import children
from bench.relay import Relay
from bench.server import running
from sync import scrub


def measure(count: int = 20_000) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with running(folder / "server") as (address, _):
            device = _login(folder / "admin", address, "admin")
            device.sync()
            made = _save(device, children(count))
            device.sync()
            relay = Relay(address)
            _go_by(device, relay.address)
            device.sync()  # opens the line
            found: dict[str, object] = {"records": count}
            for name, statement in (
                ("nothing", "SELECT 1 WHERE 'x' = ?"),
                ("value", "UPDATE r_child SET phone = '1' WHERE id = ?"),
                ("village", "UPDATE r_child SET village = '510811101201' WHERE id = ?"),
                ("row gone", "DELETE FROM r_child WHERE id = ?"),
            ):
                device.replica.connection.execute(statement, (made[count // 2],))
                up, down = relay.up, relay.down
                seconds, report = _timed(device.sync)
                time.sleep(0.05)  # the relay counts a moment later
                found[name] = {
                    "seconds": seconds,
                    "http_bytes": relay.up - up + relay.down - down,
                    "round_trips": report.round_trips,
                    "healed": report.healed,
                    "in_step": report.in_step,
                }
            found["look_s"], _none = _timed(lambda: scrub.look(device.replica))
            relay.close()
            device.close()
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000), indent=1))
