"""The task runner: it helps, it refuses what it does not know, and every task it lists can be
started."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys

from tests.ground.sources import ROOT, tree


def asked(*words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "tasks.py", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False)


def test_help_is_what_one_gets_for_asking_nothing_and_names_every_task() -> None:
    nothing, help_ = asked(), asked("help")
    assert nothing.returncode == help_.returncode == 0
    assert nothing.stdout == help_.stdout
    listed = set(re.findall(r"python tasks\.py (\S+)", help_.stdout.decode("utf-8")))
    decorated = {
        node.name
        for node in tree(ROOT / "tasks.py").body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    assert listed == decorated
    assert {"check", "test", "lint", "types", "contracts", "messages"} <= listed


def test_a_task_that_is_not_there_is_wrong_usage() -> None:
    done = asked("nosuch")
    assert done.returncode == 2
    assert b"python tasks.py test" in done.stdout


def test_every_module_a_task_runs_is_there() -> None:
    for node in ast.walk(tree(ROOT / "tasks.py")):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run":
            module = node.args[0]
            assert isinstance(module, ast.Constant)
            assert importlib.util.find_spec(str(module.value)), module.value


def test_the_runner_itself_needs_nothing_but_python() -> None:
    imported = {
        alias.name.split(".")[0]
        for node in tree(ROOT / "tasks.py").body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (
            [*node.names] if isinstance(node, ast.Import) else [ast.alias(str(node.module))]
        )
    }
    assert imported <= sys.stdlib_module_names
