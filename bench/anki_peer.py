"""Anki's own synchronisation of the same rows, for comparison: `python -m bench.anki_peer [N]`.

Run by a Python that has the package `anki` (26.9 was tried), named by CUNCAO_BENCH_ANKI; nothing of it is
needed for anything else. Its server is Anki's (Rust), in a process of its own; nothing there is encrypted.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

VARIABLE = "CUNCAO_BENCH_ANKI"
"""Names the Python that has Anki."""


def measure(rows: list[dict[str, Any]]) -> dict[str, float] | str:
    """Seconds of push and pull of the rows, each the median of 3 runs; or why there are none."""
    python = os.environ.get(VARIABLE)
    if not python:
        return f"not measured: {VARIABLE} names no Python that has the package anki"
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [python, __file__, "peer"], input=json.dumps(rows), capture_output=True, text=True,
            encoding="utf-8", check=True, timeout=300,
        )  # fmt: skip
        runs.append(json.loads(done.stdout))
    return {name: sorted(run[name] for run in runs)[1] for name in runs[0]}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _peer() -> None:
    """What runs in the Python that has Anki."""
    rows = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as text:
        folder, port = Path(text), _free_port()
        env = {
            **os.environ, "SYNC_USER1": "user:password", "SYNC_BASE": str(folder / "server"),
            "SYNC_HOST": "127.0.0.1", "SYNC_PORT": str(port), "RUST_LOG": "error",
        }  # fmt: skip
        command = [sys.executable, "-m", "anki.syncserver"]
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            print(json.dumps(_exchange(rows, folder, f"http://127.0.0.1:{port}/")))
        finally:
            server.terminate()
            server.wait(20)


def _exchange(rows: list[dict[str, Any]], folder: Path, address: str) -> dict[str, float]:
    from anki.collection import Collection  # type: ignore[import-not-found,unused-ignore]

    def opened(name: str) -> Any:
        return Collection(str(folder / f"{name}.anki2"))

    first = opened("first")
    kind = first.models.new("child")
    for field in rows[0]:
        first.models.add_field(kind, first.models.new_field(field))
    template = first.models.new_template("card")
    template["qfmt"] = "{{" + next(iter(rows[0])) + "}}"
    first.models.add_template(kind, template)
    first.models.add_dict(kind)
    for _ in range(100):
        try:
            auth = first.sync_login("user", "password", address)
            break
        except Exception:  # noqa: BLE001 - the server is not there yet
            time.sleep(0.05)
    _whole(first, auth, upload=True)
    second = opened("second")
    _whole(second, auth, upload=False)
    kind, deck = first.models.by_name("child"), first.decks.id("Default")
    for row in rows:
        note = first.new_note(kind)
        note.fields = [str(value) for value in row.values()]
        first.add_note(note, deck)
    found = {}
    for name, device in (("push_s", first), ("pull_s", second)):
        began = time.perf_counter()
        told = device.sync_collection(auth, sync_media=False)
        found[name] = round(time.perf_counter() - began, 3)
        assert told.required == told.NO_CHANGES, told
    assert second.note_count() == len(rows)
    first.close()
    second.close()
    return found


def _whole(device: Any, auth: Any, *, upload: bool) -> None:
    """A first synchronisation, which Anki makes of whole files."""
    told = device.sync_collection(auth, sync_media=False)
    device.close_for_full_sync()
    device.full_upload_or_download(auth=auth, server_usn=told.server_media_usn, upload=upload)
    device.reopen(after_full_sync=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["peer"]:
        _peer()
    else:
        from bench.people import children

        count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
        print(json.dumps(measure(list(children(count))), indent=1))
