"""The project's own files as the tests of the ground read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schema", "sync", "casework", "server", "tui")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file git knows, or, outside a clone, every file that is not hidden or built."""
    done = subprocess.run(
        ["git", "-c", "core.quotepath=off", "ls-files", "-z"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    names = [n for n in done.stdout.split("\0") if n]
    return tuple(path for path in (ROOT / n for n in sorted(names)) if path.is_file())


def named(path: Path) -> str:
    """The path as messages name it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def modules(*folders: str) -> list[Path]:
    """The Python files of these top-level folders, all of them when none is named."""
    found = [path for path in tracked() if path.suffix == ".py"]
    return [p for p in found if not folders or p.relative_to(ROOT).parts[0] in folders]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), named(path))
