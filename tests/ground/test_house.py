"""The house is in order: small modules that say what they are for, nothing printed, nothing of a machine."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib import metadata

from tests.ground.sources import ROOMS, ROOT, modules, named, tracked, tree

TOP_LEVEL = frozenset({*ROOMS, "tests", "bench", "tools", "tasks"})
LONGEST = 600
"""Lines at which a module is split."""
WIDEST = 110
"""The formatter aims at 100; a sentence may run over by a word."""
LARGER = {"sync/hub.py": 760}
"""Modules that were allowed to be longer, with the length at which they are looked at again."""
TABLES = ("schema/kinds/", "sync/errors.py")
"""Data tables, where one entry is one line."""
MAY_PRINT = ("tui/cli.py", "tui/demo.py", "tui/commands/", "server/cli.py", "server/__main__.py")

MACHINE = re.compile(
    r"(?<![\w.~-])/(?:wo" r"rk|ro" r"ot|tm" r"p|opt/venv)(?:/|\b(?=[\s\"'`)]))"
    r"|/home/(?!user\b|username\b)[a-z][a-z0-9_-]*/|[A-Z]:\\Users\\\w+"
)  # fmt: skip
REGISTRY = re.compile(
    r"(?i)python" r"hosted\.org|pypi\.(?:org|python\.org)|(?:index|extra-index)-" r"url"
    r"|\bmirrors?\.[a-z0-9-]+\.[a-z]{2,}|artifac" r"tory|npm" r"js\.(?:org|com)|/simple/[a-z]"
)  # fmt: skip


def texts() -> list[tuple[str, str]]:
    """Every tracked text file as (name, text)."""
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data[:8000]:
            found.append((named(path), data.decode("utf-8", "replace")))
    return found


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number} {line.strip()[:100]}"
        for name, text in texts()
        if name != "tests/ground/test_house.py" and pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_scans_read_the_whole_program() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in modules(*ROOMS)} == set(ROOMS)


def test_every_module_says_in_a_sentence_what_it_is_for() -> None:
    for path in modules(*ROOMS, "tools", "bench"):
        docstring = ast.get_docstring(tree(path))
        assert docstring, f"{named(path)} does not say what it is for"
        paragraph = docstring.split("\n\n")[0].rstrip()
        assert paragraph.endswith((".", ":", "?", "…", "`")), f"{named(path)}: {paragraph}"


def test_no_module_is_longer_than_one_idea() -> None:
    lengths = {named(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules(*ROOMS)}
    assert {name: n for name, n in lengths.items() if n >= LARGER.get(name, LONGEST)} == {}


def test_no_line_is_wider_than_the_editor() -> None:
    """Counted in characters: a Chinese one is one."""
    found = [
        f"{named(path)}:{number} ({len(line)})"
        for path in modules()
        if not named(path).startswith((*TABLES, "tests/"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > WIDEST and "https://" not in line
    ]
    assert found == []


def test_only_command_lines_print() -> None:
    found = [
        f"{named(path)}:{node.lineno}"
        for path in modules(*ROOMS)
        if not named(path).startswith(MAY_PRINT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_nothing_names_a_path_of_some_machine() -> None:
    assert lines_matching(MACHINE) == []


def test_nothing_names_a_package_registry() -> None:
    assert lines_matching(REGISTRY) == []


def test_text_files_are_utf_8_and_end_lines_as_git_keeps_them() -> None:
    for name, text in texts():
        if not name.endswith(".csv"):  # rosters come as Excel writes them: GBK, Windows line ends
            assert "\ufffd" not in text or name.startswith("tests/"), f"{name} is not UTF-8"
            assert "\r\n" not in text, f"{name} has Windows line ends"


def test_the_lock_file_is_nobodys_but_the_machines() -> None:
    names = {named(path) for path in tracked()}
    assert "uv.lock" not in names
    assert not [name for name in names if name.endswith((".pyc", ".db", ".sqlite", ".key"))]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "uv.lock" in ignored


def test_no_dependency_brings_a_module_named_like_a_room() -> None:
    """Rooms have short names; a distribution with the same one would shadow them or be shadowed."""
    guilty = {
        f"{distribution.name}: {top}"
        for distribution in metadata.distributions()
        if distribution.name != "cuncao"
        for top in top_level(distribution) & TOP_LEVEL
    }
    assert guilty == set()


def top_level(distribution: metadata.Distribution) -> set[str]:
    """The names a distribution adds to what can be imported."""
    found = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if len(file.parts) == 1 and first.endswith(".py"):
            found.add(first.removesuffix(".py"))
        elif len(file.parts) > 1 and file.suffix == ".py":
            found.add(first)
    return found


def test_the_ci_script_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").startswith("#!")
    listed = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert not listed.stdout or listed.stdout.startswith("100755")
