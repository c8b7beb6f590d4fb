"""The `cuncao` command. Without an argument it opens the terminal program.

Subcommands are imported when they are named: the terminal program starts without click's 29 ms.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

COMMANDS = {
    "login": "account",
    "logout": "account",
    "passphrase": "account",
    "recover": "account",
    "status": "account",
    "sync": "account",
    "bundle": "bundle",
    "find": "records",
    "list": "records",
    "show": "records",
    "history": "records",
    "older": "older",
    "add": "records",
    "set": "records",
    "delete": "records",
    "case": "case",
    "paper": "paper",
    "conflicts": "review",
    "resolve": "review",
    "undo": "review",
    "settled": "settled",
    "ask": "questions",
    "tasks": "questions",
    "answer": "questions",
    "notices": "notices",
    "returned": "returned",
    "figures": "figures",
    "duplicates": "review",
    "due": "duty",
    "defer": "duty",
    "rules": "duty",
    "merge": "merge",
    "unmerge": "merge",
    "unplaced": "partings",
    "propose": "duty",
    "import": "roster",
    "check": "check",
    "demo": "demo",
}
"""Command to the module of `tui.commands` that holds it, in the order of the help."""


def home_path() -> Path:
    """The data folder: `CUNCAO_HOME`, else where the system keeps a user's data."""
    named = os.environ.get("CUNCAO_HOME")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("cuncao", False))


def main() -> None:
    """Entry point."""
    if sys.getfilesystemencoding() == "ascii":
        from sync.platform import take_every_character

        take_every_character()
    # Where bytecode is not written, each start compiles 400 modules anew: 0.8 s in place of 0.3.
    sys.dont_write_bytecode = False
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the console or the file's encoding cannot hold must not end the program.
            stream.reconfigure(errors="replace")
    arguments = sys.argv[1:]
    user = None
    if arguments[:1] == ["--user"] and len(arguments) == 2:
        user = arguments[1]
    elif len(arguments) == 1 and arguments[0].startswith("--user="):
        user = arguments[0].removeprefix("--user=")
    if not arguments or user:
        from tui.app import run

        sys.exit(run(home_path(), user=user))
    from tui.commands import group

    group(prog_name="cuncao")


if __name__ == "__main__":
    main()
