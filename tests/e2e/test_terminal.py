"""The real program in a real terminal, by keyboard alone, and what a day of it leaves on the
disk."""

from __future__ import annotations

import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from county import PASSPHRASE, TOWNSHIP, County, Laptop

if sys.platform == "win32":
    pytest.skip("a pty is needed", allow_module_level=True)

F2, F5, F7 = b"\x1bOQ", b"\x1b[15~", b"\x1b[18~"
CTRL_Q, CTRL_S, ENTER, ESCAPE = b"\x11", b"\x13", b"\r", b"\x1b"


class Terminal:
    """A pty of 80 by 24 with the program in it, and the screen as it stands."""

    def __init__(self, laptop: Laptop, **more: str) -> None:
        import fcntl
        import pty
        import termios

        import pyte

        self.screen: Any = pyte.Screen(80, 24)
        self.stream: Any = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {**os.environ, **laptop.env, "TERM": "xterm-256color", "CUNCAO_LANG": "zh", **more}
        env.pop("CUNCAO_PASSPHRASE")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli"],
            stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def _read(self, wait: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], wait)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        if b"\x1b[?2026$p" in data:
            os.write(self.master, b"\x1b[?2026;2$y")
        # pyte does not know the kitty keyboard protocol and would print its words.
        self.stream.feed(data.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))
        return bool(data)

    def rows(self) -> list[str]:
        """The screen row by row; pyte's own `display` stumbles over half a wide character."""
        screen = self.screen
        return [
            "".join(screen.buffer[y][x].data for x in range(screen.columns))
            for y in range(screen.lines)
        ]

    def text(self) -> str:
        return "\n".join(self.rows()).replace(" ", "")

    def until(self, words: str, limit: float = 30.0) -> str:
        """Wait until `words` stand on the screen, spaces aside."""
        wanted, end = words.replace(" ", ""), time.monotonic() + limit
        while time.monotonic() < end:
            self._read(0.2)
            if wanted in self.text():
                return self.text()
        raise AssertionError(f"{words!r} never came:\n" + "\n".join(self.rows()))

    def press(self, *keys: bytes | str) -> None:
        for key in keys:
            os.write(self.master, key.encode() if isinstance(key, str) else key)
            while self._read(0.25):
                pass

    def close(self) -> int:
        try:
            for _ in range(50):
                self._read(0.1)
                if self.process.poll() is not None:
                    break
            else:
                self.process.kill()
            return self.process.wait(10)
        finally:
            os.close(self.master)


@pytest.fixture(scope="module")
def laptop(county: County) -> Laptop:
    made = county.laptop("何秀英", "terminal").login()
    units = county("unit", "list", "--json").json
    village = next(u["code"] for u in units if u["level"] == "village" and u["parent"] == TOWNSHIP)
    for name, phone in (("独孤求败", "13987654321"), ("罗静", "13900002741")):
        made.add("child", f"name={name}", f"village={village}", f"phone={phone}")
    made.sync()
    return made


def test_a_visit_is_recorded_and_sent_by_keyboard_alone(
    laptop: Laptop, county: County, tmp_path: Path
) -> None:
    terminal = Terminal(laptop, TMPDIR=str(tmp_path))
    terminal.until("口令")
    terminal.press("not the passphrase", ENTER)
    terminal.until("口令不对")
    terminal.press(PASSPHRASE, ENTER)
    terminal.until("等您看")
    terminal.press(F7, "dgqb")
    terminal.until("独孤求败")
    terminal.press(F2)
    terminal.until("存成 1 条")
    terminal.press("屋里只有这孩子一个人", CTRL_S)
    terminal.until("1 条未上传")
    terminal.press(F5)
    terminal.until("交上 1 条")
    terminal.press(CTRL_Q)
    assert terminal.close() == 0

    (contact,) = laptop("list", "contact", "--json").json
    assert contact["summary"] == "屋里只有这孩子一个人" and contact["kind"] == "home_visit"
    assert laptop("status", "--json").json["pending"] == 0
    words = ("独孤求败", "13987654321", "屋里只有这孩子", PASSPHRASE)
    readable = [w.encode(c) for w in words for c in ("utf-8", "gb18030", "utf-16-le")]
    files = [p for folder in (laptop.folder, tmp_path) for p in folder.rglob("*") if p.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        assert not [w for w in readable if w in data], path.name


def test_a_draft_outlives_the_program(laptop: Laptop) -> None:
    terminal = Terminal(laptop)
    terminal.until("口令")
    terminal.press(PASSPHRASE, ENTER)
    terminal.until("等您看")
    terminal.press(F7, "罗静", F2)
    terminal.until("存成 1 条")
    terminal.press("写到一半停电了", ESCAPE, CTRL_Q)
    assert terminal.close() == 0
    terminal = Terminal(laptop)
    terminal.until("口令")
    terminal.press(PASSPHRASE, ENTER)
    terminal.until("等您看")
    terminal.press(F7, "罗静", F2)
    terminal.until("写到一半停电了")
    terminal.press(CTRL_Q)
    assert terminal.close() == 0


def test_a_closed_window_ends_the_program_and_keeps_the_draft(laptop: Laptop) -> None:
    terminal = Terminal(laptop)
    terminal.until("口令")
    terminal.press(PASSPHRASE, ENTER)
    terminal.until("等您看")
    terminal.press(F7, "独孤", F2)
    terminal.until("存成 1 条")
    terminal.press("窗口关了")
    os.close(terminal.master)
    terminal.process.wait(30)
    terminal = Terminal(laptop)
    terminal.until("口令")
    terminal.press(PASSPHRASE, ENTER)
    terminal.until("等您看")
    terminal.press(F7, "独孤", F2)
    terminal.until("窗口关了")
    terminal.press(CTRL_Q)
    assert terminal.close() == 0
