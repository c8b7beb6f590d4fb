"""Everything a developer runs, under one name: `python tasks.py help`. Needs nothing but Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CORE = ("schema", "sync", "server")
"""The rooms under strict typing."""

Task = Callable[[list[str]], int]
TASKS: dict[str, Task] = {}


def task(function: Task) -> Task:
    TASKS[function.__name__.replace("_", "-")] = function
    return function


def run(*command: str) -> int:
    """One command of this Python's environment, its words on the screen."""
    say("$ " + " ".join(command))
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@task
def help(_arguments: list[str]) -> int:
    """what can be run"""
    for name, function in TASKS.items():
        say(f"python tasks.py {name:<10} {function.__doc__}")
    return 0


@task
def check(_arguments: list[str]) -> int:
    """all that must hold before a commit: lint, types, contracts, catalogues, tests"""
    steps = (lint, types, contracts, catalogues, test)
    return max(step([]) for step in steps)


@task
def test(arguments: list[str]) -> int:
    """the tests; further words go to pytest"""
    return run("pytest", *arguments)


@task
def lint(arguments: list[str]) -> int:
    """ruff over everything; --fix mends what it can"""
    return run("ruff", "check", ".", *arguments)


@task
def types(_arguments: list[str]) -> int:
    """mypy, strict, over schema, sync and server"""
    return run("mypy", *CORE)


@task
def contracts(_arguments: list[str]) -> int:
    """who may import whom"""
    say("$ lint-imports")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode


@task
def messages(_arguments: list[str]) -> int:
    """collects messages, updates the .po files, compiles the .mo files"""
    sys.path.insert(0, str(ROOT))
    from tools import messages as catalogues_

    missing = catalogues_.update()
    for text in missing:
        say(f"translate: {text}")
    say(f"{len(missing)} without an English text in sync/locale/en/LC_MESSAGES/cuncao.po")
    return 1 if missing else 0


@task
def catalogues(_arguments: list[str]) -> int:
    """says what is wrong with the committed catalogues, changes nothing"""
    sys.path.insert(0, str(ROOT))
    from tools import messages as catalogues_

    found = catalogues_.faults()
    for fault in found:
        say(fault)
    say(f"catalogues: {len(found)} faults")
    return 1 if found else 0


@task
def pictures(_arguments: list[str]) -> int:
    """draws docs/screens anew; look at each before you commit it (needs Pillow, Noto CJK)"""
    return run("tools.pictures")


@task
def bench(arguments: list[str]) -> int:
    """the budgets, measured here, as JSON; a number gives the size (20000)"""
    return run("bench", *arguments)


@task
def stick(arguments: list[str]) -> int:
    """fills a folder that installs and updates laptops by USB stick; DIR, --help for more"""
    return run("tools.stick", *arguments)


@task
def simulate(arguments: list[str]) -> int:
    """N simulated counties under faults, seed by seed (docs/simulation.md); --help for more"""
    return run("tools.simulate", *arguments)


@task
def faults(arguments: list[str]) -> int:
    """kills, poor lines, full disks, restores, with real processes (docs/faults.md); --help"""
    return run("tools.faults", *arguments)


def main(arguments: list[str]) -> int:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    name, *rest = arguments or ["help"]
    if name not in TASKS:
        say(f"no task {name}")
        help([])
        return 2
    return TASKS[name](rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
