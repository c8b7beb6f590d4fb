"""Tries the program where it has just been installed: everything imported, a store of its own made,
written, read and thrown away.

`python -m tui.trial` prints the version and ends with 0, or with 1 and what is wrong. It touches
nobody's data: `tools/stick_install.py` asks it before it lets a new program take the old one's
place.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

LATE = (
    "argon2", "casework.rosters", "casework.search", "cryptography", "httpx", "python_calamine",
    "server.app", "sync.client", "sync.courier", "textual", "tui.app", "tui.commands", "uvicorn",
)  # fmt: skip
"""What a start imports late or not at all."""


def try_out() -> str:
    """The version of this program, which works here. Raises whatever does not."""
    from sync import keyfile, protocol, version
    from sync.change import Grant
    from sync.replica import Replica
    from sync.storage import open_encrypted
    from sync.verify import problems_of
    from sync.views import Identity

    for name in LATE:
        importlib.import_module(name)
    key, passphrase = bytes(range(32)), "a passphrase to try"
    with tempfile.TemporaryDirectory() as folder:
        connection = open_encrypted(Path(folder) / "store.db", key)
        try:
            replica = Replica(connection)
            replica.become(Identity("try", "trial", (Grant("director", "1"),)))
            if problems_of(replica) or replica.identity.user != "try":
                raise RuntimeError("a new store is not whole")
        finally:
            connection.close()
    if keyfile.unwrap(keyfile.wrap(key, passphrase), passphrase) != key:
        raise RuntimeError("a wrapped key does not open")
    body, media = protocol.pack({"text": "寸草心" * 1000})
    if "寸草心" not in protocol.unpack(body, media).decode():
        raise RuntimeError("a message does not unpack")
    return version.program()


def main() -> int:
    try:
        sys.stdout.write(try_out() + "\n")
    except Exception as error:  # noqa: BLE001 - whatever it is, the program is not fit to be used here
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
