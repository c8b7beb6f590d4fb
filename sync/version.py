"""Which program this is: its own version, the protocol it speaks, the store it keeps."""

from __future__ import annotations

from sync.protocol import PROTOCOL


def program() -> str:
    """The version of the installed program; '0' when it runs from bare source files."""
    from importlib import metadata  # 20 ms

    try:
        return metadata.version("cuncao")
    except metadata.PackageNotFoundError:
        return "0"


def line(name: str, schema: str) -> str:
    """What `--version` prints. `schema`: of the store that the program keeps."""
    return f"{name} {program()} (protocol {PROTOCOL}, schema {schema})"
