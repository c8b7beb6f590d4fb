"""What the first paint may cost: heavy modules stay out until they are needed."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "httpx", "sqlite_utils", "pypinyin", "click", "python_calamine", "starlette", "uvicorn", "openpyxl",
    "textual.widgets._text_area", "textual.widgets._data_table", "textual.widgets._markdown",
    "textual.widgets._tabbed_content", "rich.markdown", "rich.syntax", "pygments", "xlsxwriter",
    "sync.client", "sync.hub", "casework.rosters", "tui.demo",
)  # fmt: skip

SCRIPT = """
import asyncio, sys, tempfile
from pathlib import Path
from sync.home import Home
from tui.paths import home_at

def start(folder):
    home = home_at(Path(folder))
    home.make("谁", "a passphrase").write_card()
    for name in [m for m in sys.modules if m.split(".")[0] in ("sqlite_utils", "click")]:
        del sys.modules[name]  # making a store needs its migrations; opening one does not
    from tui.app import Opening
    from tui.program import CuncaoApp
    account = home.account()
    app = CuncaoApp(home, account, Opening(home, account, "a passphrase"))

    async def go():
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            print(type(app.screen).__name__)
            print(" ".join(sorted(sys.modules)))

    asyncio.run(go())

with tempfile.TemporaryDirectory() as folder:
    start(folder)
"""


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, encoding="utf-8", timeout=60,
        env={**__import__("os").environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    place, modules = done.stdout.splitlines()[-2:]
    assert place == "HomePlace"
    loaded = set(modules.split())
    assert [name for name in HEAVY if name in loaded] == []
