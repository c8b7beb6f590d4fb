"""20,000 records of twelve Chinese fields: push, pull on an empty device, 1,000 edits, no-op; all
encrypted."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench import anki_peer, floor
from bench.machine import cpu_s, peak_mb
from bench.people import children
from bench.relay import Relay
from bench.server import PASSWORD, running

PASSPHRASE = "bench passphrase"


def _login(home: Path, address: str, user: str) -> Any:
    from casework.search import Indexer
    from sync.home import Home

    return Home(home, indexers=[Indexer()]).login(address, user, PASSWORD, lambda _new: PASSPHRASE)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return round(time.perf_counter() - began, 3), result


def _report(device: Any, server: int) -> dict[str, object]:
    """One synchronisation; processor times too, as the machine may have others to serve."""
    own, theirs = cpu_s(os.getpid()), cpu_s(server)
    seconds, report = _timed(device.sync)
    return {
        "seconds": seconds,
        "cpu_client_s": round(cpu_s(os.getpid()) - own, 2),
        "cpu_server_s": round(cpu_s(server) - theirs, 2),
        "sent": report.sent,
        "received": report.received,
        "round_trips": report.round_trips,
        "kb_up": round(report.bytes_up / 1024, 1),
        "kb_down": round(report.bytes_down / 1024, 1),
        "in_step": report.in_step,
    }


def _save(device: Any, rows: Iterable[dict[str, Any]]) -> list[str]:
    """Save children in one transaction, fifty to a txn as an import does."""
    with device.replica.together():
        made: list[str] = []
        for n, values in enumerate(rows):
            if n % 50 == 0:
                seq = device.replica._next_seq()
                device.replica._txn = f"{device.replica.identity.device}.{seq}"
            made.append(device.replica.save("child", values))
        return made


def _small(device: Any, address: str, child: str) -> dict[str, object]:
    """HTTP bytes both ways, headers included, on a kept connection: nothing to send, and one
    visit."""
    relay = Relay(address)
    _go_by(device, relay.address)
    device.sync()  # opens the line
    found: dict[str, object] = {}
    for name in ("nothing", "visit"):
        if name == "visit":
            values = {
                "child": child,
                "on": "2026-11-20",
                "kind": "home_visit",
                "summary": "与奶奶谈了。",
            }
            device.replica.save("contact", values)
        up, down = relay.up, relay.down
        device.sync()
        time.sleep(0.05)  # the relay counts a moment later
        found[f"{name}_http_bytes"] = relay.up - up + relay.down - down
    _go_by(device, address)
    relay.close()
    return found


def _go_by(device: Any, address: str) -> None:
    device.account.card.server = address
    device.transport.close()
    device._transport = None


def _beside(first: Any, other: Any, address: str, count: int) -> dict[str, object]:
    """What another device waits for an empty exchange while `first` sends `count` children."""
    village = other.replica.identity.grants[0].unit
    _save(first, (c for c in children(count, seed=2) if c["village"] != village))
    command = [sys.executable, "-m", "bench.bystander", address, other.replica.identity.device]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(other.replica.get_state("token") + "\n")
    process.stdin.flush()
    process.stdout.readline()  # it is level
    first.sync()
    waits = sorted(float(line) for line in process.communicate("")[0].split())
    return {
        "exchanges": len(waits),
        "p50_ms": waits[len(waits) // 2],
        "p95_ms": waits[int(len(waits) * 0.95)],
        "max_ms": waits[-1],
    }


def _own_peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def measure(count: int = 20_000) -> dict[str, object]:
    """Every phase in this process, the server in its own."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with running(folder / "server") as (address, pid):
            first, second, third = (
                _login(folder / user, address, user) for user in ("admin", "second", "third")
            )
            first.sync()
            found: dict[str, object] = {"records": count, "fields": 12, "cipher": "both ends"}
            found["save_s"], made = _timed(lambda: _save(first, children(count)))
            found["client_peak_mb_saved"] = _own_peak_mb()
            found["push"] = _report(first, pid)
            found["client_peak_mb_one_device"] = _own_peak_mb()
            found["pull"] = _report(second, pid)
            found["client_peak_mb_two_devices"] = _own_peak_mb()
            with first.replica.together():
                for id_ in made[:1000]:
                    first.replica.save("child", {"hobbies": "下棋"}, id=id_)
            found["push_1000_edits"] = _report(first, pid)
            found["pull_1000_edits"] = _report(second, pid)
            found["nothing"] = _report(first, pid)
            found["server_peak_mb"] = peak_mb(pid)
            found |= _small(first, address, made[0])
            found["nothing_beside_a_push"] = _beside(first, third, address, count)
            for device in (first, second, third):
                device.close()
    rows = list(children(count))  # last: they would count as the device's
    found["floor"] = floor.measure(rows)
    found["anki"] = anki_peer.measure(rows)
    return found


if __name__ == "__main__":
    import json

    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000), indent=1))
