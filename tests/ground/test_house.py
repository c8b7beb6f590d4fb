"""The house is in order: small modules that say what they are for, nothing printed, nothing of a
machine."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib import metadata

from sources import ROOMS, ROOT, modules, named, tracked, tree

TOP_LEVEL = frozenset({*ROOMS, "tests", "bench", "tools", "tasks"})
LONGEST = 600
"""Lines at which a module is split."""
LARGER: dict[str, int] = {}
"""Modules that were allowed to be longer, with the length at which they are looked at again."""
WIDEST = 115
"""Lines have 100 characters; a row of a table of literals may run over by a word or two."""
PRAGMA = re.compile(r"\s+# (?:type: ignore|noqa|fmt:).*$")
"""A word to a tool at the end of a line, which nobody reads."""
TABLES = ("schema/kinds/", "schema/cadences.py", "casework/heading_words.py", "tui/actions.py")
"""Where one entry is one line, however long."""
MAY_PRINT = ("tui/cli.py", "tui/commands/", "server/cli.py", "server/__main__.py")

MACHINE = re.compile(
    r"(?<![\w.~-])/(?:work|root|tmp|opt)/|/home/(?!user\b|username\b)[a-z][a-z0-9_-]*/|[A-Z]:\\+Users\\"
)
REGISTRY = re.compile(
    r"(?i)python" r"hosted\.org|pypi\.(?:org|python)|(?:extra-)?index-" r"url|UV_(?:DEFAULT_)?INDEX"
    r"|\bmirrors?\.[a-z0-9-]+\.[a-z]{2,}|artifac" r"tory|registry\.npm|npm" r"(?:mirror|js\.org)"
)  # fmt: skip


def texts() -> list[tuple[str, str]]:
    """Every tracked text file but this one as (name, text)."""
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data[:8000] and named(path) != "tests/ground/test_house.py":
            found.append((named(path), data.decode("utf-8", "replace")))
    return found


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number} {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_every_module_says_what_it_is_for():
    for path in modules(*ROOMS, "tools", "bench"):
        docstring = ast.get_docstring(tree(path))
        assert docstring, f"{named(path)} does not say what it is for"
        sentence = docstring.split("\n\n")[0].rstrip()
        assert sentence.endswith((".", ":", "?", "`")), f"{named(path)}: {sentence}"


def test_no_module_is_longer_than_one_idea():
    lengths = {named(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules(*ROOMS)}
    assert {name: n for name, n in lengths.items() if n >= LONGEST} == {}


def test_no_line_is_wider_than_the_editor():
    """Counted in characters: a Chinese one is one."""
    found = [
        f"{named(path)}:{number} ({len(line)})"
        for path in modules()
        if not named(path).startswith(TABLES)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(PRAGMA.sub("", line)) > WIDEST and "https://" not in line
    ]
    assert found == []


def test_only_command_lines_print():
    found = [
        f"{named(path)}:{node.lineno}"
        for path in modules(*ROOMS)
        if not named(path).startswith(MAY_PRINT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert found == []


def test_nothing_names_a_path_of_some_machine():
    assert lines_matching(MACHINE) == []


def test_nothing_names_a_package_registry():
    assert lines_matching(REGISTRY) == []


def test_text_files_are_utf_8_and_end_lines_as_git_keeps_them():
    for name, text in texts():
        if not name.endswith(".csv"):  # rosters come as Excel writes them: GBK, Windows line ends
            assert "\ufffd" not in text, f"{name} is not UTF-8"
            assert "\r\n" not in text, f"{name} has Windows line ends"


def test_what_one_machine_made_is_not_kept():
    names = {named(path) for path in tracked()}
    made = re.compile(r"(^|/)uv\.lock$|\.(pyc|db|sqlite|key|pem|log)$|-wal$|-shm$")
    assert [name for name in names if made.search(name)] == []
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_no_dependency_brings_a_module_named_like_a_room():
    """Rooms have short names; a distribution with the same one would shadow them or be shadowed."""
    guilty = {
        f"{distribution.name}: {top}"
        for distribution in metadata.distributions()
        if distribution.name != "cuncao"
        for top in _top_level(distribution) & TOP_LEVEL
    }
    assert guilty == set()


def _top_level(distribution: metadata.Distribution) -> set[str]:
    found = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if len(file.parts) == 1 and first.endswith(".py"):
            found.add(first.removesuffix(".py"))
        elif len(file.parts) > 1 and file.suffix == ".py":
            found.add(first)
    return found


def test_the_ci_script_can_be_run():
    listed = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert not listed.stdout or listed.stdout.startswith("100755")


def test_helpers_of_the_tests_have_names_of_their_own():
    """All folders of tests are on one path, so a second `town.py` would shadow the first."""
    helpers = [p.stem for p in modules("tests") if not p.stem.startswith(("test_", "conftest"))]
    assert sorted(helpers) == sorted(set(helpers))
    assert not set(helpers) & TOP_LEVEL
