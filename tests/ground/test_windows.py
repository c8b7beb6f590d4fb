"""What Windows lacks or does otherwise is not in the program: found by reading the syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.ground.sources import ROOMS, modules, named, tracked, tree

PLATFORM = "sync/platform.py"
"""The one module in which systems may differ."""

MODULES = frozenset(
    "fcntl pty pwd grp resource termios tty curses readline syslog spwd crypt uvloop".split()
)
OS_CALLS = frozenset(
    """fork forkpty kill killpg getuid geteuid getgid setuid setgid setsid getpgid setpgid getppid
    getloadavg uname mkfifo chown lchown statvfs nice wait3 wait4 WIFEXITED WEXITSTATUS sync
    openpty ttyname fchmod pread pwrite sendfile O_DIRECTORY O_NOFOLLOW O_CLOEXEC""".split()
)
SIGNALS = frozenset({
    "SIGINT",
    "SIGTERM",
    "SIGBREAK",
    "CTRL_C_EVENT",
    "CTRL_BREAK_EVENT",
    "SIGABRT",
})
"""The ones that exist everywhere or are asked for by name where they exist; every other is
POSIX."""


def posix_only(source: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls, constants and imports that Windows does not have, with their lines."""
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in MODULES:
                    yield node.lineno, f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] in MODULES:
                yield node.lineno, f"from {node.module} import"
            for alias in node.names if node.module == "os" else ():
                if alias.name in OS_CALLS:
                    yield node.lineno, f"from os import {alias.name}"
            for alias in node.names if node.module == "signal" else ():
                if alias.name.startswith("SIG") and alias.name not in SIGNALS:
                    yield node.lineno, f"from signal import {alias.name}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in OS_CALLS:
                yield node.lineno, f"os.{node.attr}"
            is_signal = node.attr.startswith("SIG") and not node.attr.startswith("SIG_")
            if node.value.id == "signal" and is_signal and node.attr not in SIGNALS:
                yield node.lineno, f"signal.{node.attr}"
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in ("preexec_fn", "close_fds", "pass_fds", "start_new_session"):
                    yield node.lineno, f"{keyword.arg}="


def unstated_encodings(source: ast.AST) -> Iterator[tuple[int, str]]:
    """Text read or written in whatever the machine happens to use, which is GBK on a Chinese
    Windows."""
    for node in ast.walk(source):
        if not isinstance(node, ast.Call):
            continue
        name = _last_name(node.func)
        given = {k.arg: k.value for k in node.keywords}
        if "encoding" in given or None in given:
            continue
        if name in ("read_text", "write_text"):
            if len(node.args) < (1 if name == "read_text" else 2):
                yield node.lineno, f"{name} without an encoding"
        elif name in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile", "TextIOWrapper"):
            if name == "open" and not _opens_a_file(node):
                continue
            if name == "TextIOWrapper" or not _is_binary(node, given):
                yield node.lineno, f"{name} without an encoding"
        elif _is_true(given.get("text")) or _is_true(given.get("universal_newlines")):
            yield node.lineno, f"{name}(text=True) without an encoding"


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _opens_a_file(call: ast.Call) -> bool:
    """`open(path)` and `path.open()`, not `store.open(user)`: a mode, if any, looks like a mode."""
    if isinstance(call.func, ast.Name):
        return True
    return (not call.args and not call.keywords) or _mode(call, 0) is not None


def _mode(call: ast.Call, place: int) -> str | None:
    found = next((k.value for k in call.keywords if k.arg == "mode"), None)
    if found is None and len(call.args) > place:
        found = call.args[place]
    if isinstance(found, ast.Constant) and isinstance(found.value, str):
        return found.value if re.fullmatch(r"[rwaxbt+]{1,4}", found.value) else None
    return None


def _is_binary(call: ast.Call, given: dict[str | None, ast.expr]) -> bool:
    name = _last_name(call.func)
    at_name = isinstance(call.func, ast.Name)
    place = 0 if name in ("NamedTemporaryFile", "TemporaryFile") or not at_name else 1
    mode = _mode(call, place)
    if mode is None:
        return name in ("NamedTemporaryFile", "TemporaryFile") and "mode" not in given
    return "b" in mode


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def where(found: Callable[[ast.AST], Iterator[tuple[int, str]]], *folders: str) -> list[str]:
    paths = [p for p in modules(*folders) if named(p) != PLATFORM]
    return [f"{named(p)}:{line} {what}" for p in paths for line, what in found(tree(p))]


def test_the_program_calls_nothing_that_windows_lacks():
    assert where(posix_only, *ROOMS, "tools") == []


def test_no_text_is_read_or_written_in_an_unstated_encoding():
    assert where(unstated_encodings) == []


def test_no_file_is_named_in_a_way_windows_refuses():
    reserved = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
    for path in tracked():
        for part in named(path).split("/"):
            assert not re.search(r'[<>:"|?*\\]|[. ]$', part), named(path)
            assert not reserved.fullmatch(part), named(path)


def test_no_two_files_differ_by_case_alone():
    names = [named(path).lower() for path in tracked()]
    assert len(names) == len(set(names))


FILE_SUFFIX = re.compile(r"\.(db|json|txt|log|key|csv|xlsx?|html|zst|tmp|new|bak|lock|sqlite)$")


def test_no_file_name_written_in_the_program_has_a_colon():
    found = [
        f"{named(path)}:{node.lineno} {node.value}"
        for path in modules(*ROOMS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if FILE_SUFFIX.search(node.value) and ":" in node.value and " " not in node.value
        if not re.match(r"\w+://|file:", node.value)
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl",
        "from os import fork",
        "import os\nos.kill(1, 2)",
        "import signal\nsignal.SIGKILL",
        "import subprocess\nsubprocess.Popen([], preexec_fn=print)",
    ],
)
def test_the_scan_sees_what_windows_lacks(code):
    assert list(posix_only(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    ["open('a')", "open('a', 'w')", "p.read_text()", "p.write_text('a')", "p.open()", "p.open('w')",
     "subprocess.run(['a'], text=True)", "os.fdopen(3, 'w')"],
)  # fmt: skip
def test_the_scan_sees_an_unstated_encoding(code):
    assert list(unstated_encodings(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    ["open('a', 'rb')", "open('a', encoding='utf-8')", "p.open('wb')", "home.open(user, word)",
     "p.read_text('utf-8')", "subprocess.run(['a'], text=True, encoding='utf-8')", "open(p, **how)"],
)  # fmt: skip
def test_the_scan_lets_stated_encodings_pass(code):
    assert not list(unstated_encodings(ast.parse(code)))
