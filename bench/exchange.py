"""20,000 records of twelve Chinese fields: push, pull on an empty device, 1,000 edits, no-op; all encrypted."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import peak_mb
from bench.people import children
from bench.server import PASSWORD, running

PASSPHRASE = "bench passphrase"


def _login(home: Path, address: str, user: str) -> Any:
    from casework.search import Indexer
    from sync.session import Home

    return Home(home, indexers=[Indexer()]).login(address, user, PASSWORD, lambda _new: PASSPHRASE)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return round(time.perf_counter() - began, 3), result


def _report(seconds: float, report: Any) -> dict[str, object]:
    return {
        "seconds": seconds,
        "sent": report.sent,
        "received": report.received,
        "round_trips": report.round_trips,
        "kb_up": round(report.bytes_up / 1024, 1),
        "kb_down": round(report.bytes_down / 1024, 1),
        "in_step": report.in_step,
    }


def measure(count: int = 20_000) -> dict[str, object]:
    """Every phase in this process, the server in its own."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with running(folder / "server") as (address, pid):
            first = _login(folder / "a", address, "admin")
            second = _login(folder / "b", address, "second")
            first.sync()
            found: dict[str, object] = {"records": count, "fields": 12, "cipher": "both ends"}

            def save() -> list[str]:
                with first.replica.together():
                    made = []
                    for n, values in enumerate(children(count)):
                        if n % 50 == 0:  # one txn a roster page, not one for all
                            first.replica._txn = f"{first.replica.identity.device}.t{n}"
                        made.append(first.replica.save("child", values))
                    return made

            seconds, made = _timed(save)
            found["save_s"] = seconds
            found["push"] = _report(*_timed(first.sync))
            found["pull"] = _report(*_timed(second.sync))
            with first.replica.together():
                for id_ in made[:1000]:
                    first.replica.save("child", {"hobbies": "下棋"}, id=id_)
            found["push_1000_edits"] = _report(*_timed(first.sync))
            found["pull_1000_edits"] = _report(*_timed(second.sync))
            found["nothing"] = _report(*_timed(first.sync))
            found["client_peak_mb"] = round(
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1
            )
            found["server_peak_mb"] = peak_mb(pid)
            first.close()
            second.close()
    return found


if __name__ == "__main__":
    import json

    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000), indent=1))
